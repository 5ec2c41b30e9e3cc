"""Carrying out what was planned, without the write path."""

from collections.abc import Mapping

from engine.changes import Move, Put
from engine.moving import AnchorPlan, MovePlan

Files = Mapping[str, str | bytes]


def applied(files: Files, plan: MovePlan | AnchorPlan) -> dict[str, bytes]:
    """Return the files after the changes of a plan."""
    made = {
        path: content.encode() if isinstance(content, str) else content for path, content in files.items()
    }
    moves = [change for change in plan.changes if isinstance(change, Move)]
    gone = {move.path: made.pop(move.path) for move in moves}
    for move in moves:
        assert move.to not in made
        made[move.to] = gone[move.path] if move.content is None else move.content
    for change in plan.changes:
        if isinstance(change, Put):
            assert (change.base is None) == (change.path not in made)
            made[change.path] = change.content
    return made


def after(files: Files, made: MovePlan | AnchorPlan) -> dict[str, str]:
    """Return the texts that differ when a plan is carried out."""
    new = applied(files, made)
    old = {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}
    return {path: content.decode() for path, content in new.items() if old.get(path) != content}
