"""Commits that somebody pushes: looked at before the branch moves, and shown by every answer after it.

::

    objects in quarantine ── Pushing.check ──> refused, with every reason        nothing has changed
                                  |
                                  v
    objects in the repository ── Pushing.publish ──> the branch ──> catalog and index follow

Both are asked by git's hooks, see `wiki.transport`.
"""

from engine.pushing.pushing import Pushing
from engine.pushing.rules import Limits, Update

__all__ = ["Limits", "Pushing", "Update"]
