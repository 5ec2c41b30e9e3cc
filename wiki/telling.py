"""What arrived, as programs are told it: the same in answers and in webhooks."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.change_feed import SUMMARY, Arrived, Span
from engine.ids import page_stem
from engine.model import Revision, TouchKind
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


def made(revision: Revision) -> Record:
    """Return what is told of who made a commit, when and why; of a long summary the beginning."""
    told = {
        "commit": revision.id,
        "time": moment(revision.time),
        "author": revision.author.name[:SUMMARY],
        "summary": revision.summary[:SUMMARY],
    }
    return told | ({"more_summary": True} if len(revision.summary) > SUMMARY else {})


def change(path: str, kind: TouchKind, old_path: str | None, blob: str | None) -> Record:
    """Return what is told of one file that a commit touched."""
    told: dict[str, Any] = {"path": path}
    if (stem := page_stem(path)) is not None:
        told["id"] = stem
    told["kind"] = TouchKind.CHANGED.value if kind is TouchKind.MERGED else kind.value
    if old_path is not None:
        told["from"] = old_path
    return told | {"blob": blob}


def _commit(arrived: Arrived) -> Record:
    changes = [change(each.path, each.kind, each.old_path, each.blob) for each in arrived.changes]
    told = {**made(arrived.revision), "parents": list(arrived.parents), "changes": changes}
    return told | ({"more_changes": True} if arrived.more else {})
