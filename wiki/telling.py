"""What arrived, as programs are told it: the same in answers and in webhooks."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.change_feed import Arrived, PathChange, Span
from wiki.filters import moment

Record = Mapping[str, Any]


def records(span: Span) -> Iterator[Record]:
    """Yield one record for each commit of a span."""
    return map(_commit, span.commits)


def reset(span: Span) -> Record:
    """Return the record that tells of a place that is gone, and where this goes on instead."""
    return {"reset": True, "from": span.begins}


def end(span: Span) -> Record:
    """Return the record that tells where to go on."""
    return {"cursor": span.cursor, "more": span.more}


def _commit(arrived: Arrived) -> Record:
    revision = arrived.revision
    told: dict[str, Any] = {
        "commit": revision.id,
        "time": moment(revision.time),
        "author": revision.author.name,
        "summary": revision.summary,
        "parents": list(arrived.parents),
        "changes": [_change(change) for change in arrived.changes],
    }
    return told | ({"more_changes": True} if arrived.more else {})


def _change(change: PathChange) -> Record:
    told: dict[str, Any] = {"path": change.path}
    if change.id is not None:
        told["id"] = change.id
    told["kind"] = change.kind.value
    if change.old_path is not None:
        told["from"] = change.old_path
    return told | {"blob": change.blob}
