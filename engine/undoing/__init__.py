"""Taking back what was done: plans of changes that `Wiki.commit` makes, computed at one snapshot.

::

    asking      `Undoing`, reached by `Snapshot.undoing`: restore, revert, undo; finds the commits
    effects     what they did to which files
    folding     one file: what was done to it taken back, from what it is now
    lines       the lines of one change in a text that others have changed
    assembling  what becomes of all files -> changes that can be made together; rights, and places that are taken
    plans       what is answered

A plan changes nothing. What it holds begins from the files as they are at its snapshot, so that what others do before
it is committed is merged as with any other change, and the rights are asked again then.
"""

from engine.undoing.asking import COMMITS, FILES, Undoing
from engine.undoing.plans import FilePlan, Left, Reason, UndoPlan

__all__ = ["COMMITS", "FILES", "FilePlan", "Left", "Reason", "UndoPlan", "Undoing"]
