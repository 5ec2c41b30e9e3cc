"""The same branch in another repository: what is new there comes here, what is new here goes there.

::

    the branch there, and here
        ├── is behind   -> pushed there
        ├── is ahead    -> checked, and taken
        └── went apart  -> joined file by file: a commit with both as its parents, pushed there
                             └── both changed the same lines: a conflict, which a person decides; until then each side
                                 stays as it is

Nothing is ever reset. Whatever happens in between, the branches move by compare-and-swap, and each step can be taken
again.
"""

from engine.mirroring.deciding import Choice, Decision, Disagreement, Why
from engine.mirroring.exchange import Exchange, Outcome, Standing

__all__ = ["Choice", "Decision", "Disagreement", "Exchange", "Outcome", "Standing", "Why"]
