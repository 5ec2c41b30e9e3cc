"""What was written last, told without asking git: whoever has just saved wants to know at once what is different.

It is exactly what git would answer. Where that takes more than is known here, git is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from engine.model import Commit, Difference, Entry, Touch
from engine.store import Change
from engine.store.git_listing import form_of
from engine.store.git_trees import Child
from engine.store.signature import Signature
from engine.store.trailers import KEY, MOVED, trailer

Changed = tuple[Change, Child | None, Child | None]
"""A change, and its file before and after."""


@dataclass(frozen=True, slots=True)
class Written:
    """A commit that has just been made, and the one before."""

    old: str | None
    new: str
    differences: Sequence[Difference]
    commit: Commit | None  # None where git has to look for renames

    @classmethod
    def of(cls, old: str | None, new: str, changed: Sequence[Changed], signature: Signature) -> "Written":
        """Make it of what was changed."""
        differences = [
            Difference(change.path, _entry(change.path, before), _entry(change.path, after))
            for change, before, after in sorted(changed, key=lambda each: each[0].path)
        ]
        return cls(old, new, differences, _commit(old, new, differences, signature))


def _entry(path: str, child: Child | None) -> Entry | None:
    return Entry(path, child.id, form_of(child.mode, path)) if child is not None else None


def _commit(
    old: str | None, new: str, differences: Sequence[Difference], signature: Signature
) -> Commit | None:
    message = signature.message
    key = trailer(message, KEY)
    odd = message.lower().count(KEY.lower()) != bool(key)  # git finds trailers where we would not
    added, deleted = (any(getattr(d, side) is None for d in differences) for side in ("old", "new"))
    if odd or (added and deleted) or MOVED.lower() in message.lower():
        return None
    touches = [
        Touch(d.path, None, d.new.blob if d.new is not None else None, d.old is None) for d in differences
    ]
    return Commit(
        new,
        (old,) if old is not None else (),
        signature.author,
        signature.time.astimezone(UTC),
        signature.summary,
        tuple(touches),
        key,
    )
