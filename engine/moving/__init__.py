"""Giving a page, a medium or a folder another path, with the links to it rewritten; and following renamed headings.

::

    path, to ──rules──> Moves ──relinking──> Needs ──repointing──> texts ──plan──> MovePlan
               what moves,      which links would mean     page by page         what to commit
               and may          something else, and what
                                they should name
                                    |                          |
                                spelling                   rewriting
                                the ways to write          the characters of a target,
                                a target                   and nothing else

    leaving    an alias, or a page that leads on        settings   the home page and the logo
    headings   which headings an edit renames           anchoring  the links that lead to them

Nothing here writes: a plan is shown first, and its changes go to `Wiki.commit`.
"""

from engine.moving.anchoring import AnchorPlan
from engine.moving.headings import Renamed
from engine.moving.leaving import Leave
from engine.moving.plan import FILES, MovePlan, Moving
from engine.moving.repointing import PageLinks, Unsure
from engine.moving.rewriting import Sample

__all__ = ["FILES", "AnchorPlan", "Leave", "MovePlan", "Moving", "PageLinks", "Renamed", "Sample", "Unsure"]
