"""Facts <-> what a row holds: JSON for the small parts, zlib for the plain text."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.catalog.labels import label_words
from engine.ids import fold, fold_path, page_stem
from engine.messages import Message
from engine.model import Facts, Heading, Link, LinkKind, Problem


@dataclass(frozen=True, slots=True)
class FactRows:
    """One page's facts, ready to be written; made in the scanning processes."""

    blob: str
    title: str
    title_key: str
    data: str
    text: bytes
    links: tuple[tuple[str, str, str], ...]  # target, tail, sentence
    aliases: tuple[tuple[str, str], ...]  # alias, key
    tags: tuple[tuple[str, str], ...]  # tag, key
    redirects: bool = False
    unlisted: bool = False
    labels: tuple[str, ...] = ()  # the words of the title, then of each alias


def tail(target: str) -> str:
    """Return the key of a link target's last part, by which backlinks are found; empty for ``..`` and the like."""
    stem = page_stem(target) or target
    last = stem.rstrip("/").rpartition("/")[2]
    return "" if last in {".", ".."} else fold(last)


def encode(blob: str, facts: Facts) -> FactRows:
    """Turn *facts* into rows."""
    data = asdict(facts)
    del data["text"]
    data["problems"] = [_written(problem) for problem in facts.problems]
    links = {
        link.target: (link.target, tail(link.target), link.sentence)
        for link in reversed(facts.links)
        if link.target
    }
    return FactRows(
        blob=blob,
        title=facts.title,
        title_key=fold(facts.title),
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode(),
        text=zlib.compress(facts.text.encode("utf-8", "replace"), 1),
        links=tuple(reversed(links.values())),
        aliases=tuple((alias, fold_path(alias)) for alias in facts.aliases),
        tags=tuple((tag, fold_path(tag)) for tag in facts.tags),
        redirects=bool(facts.redirect),
        unlisted=is_unlisted(facts),
        labels=tuple(map(label_words, (facts.title, *facts.aliases))),
    )


def is_unlisted(facts: Facts) -> bool:
    """Say whether a page's author wants no search engine to list it: ``robots: noindex`` in the front matter.

    Source:
        The values of ``<meta name="robots">``, HTML Living Standard, section 4.2.5.1 and its wiki page of extensions.
    """
    values = str(facts.properties.get("robots", "")).lower().replace(",", " ").split()
    return not {"noindex", "none"}.isdisjoint(values)


def decode(data: str, text: bytes) -> Facts:
    """Turn what `encode` stored back into facts."""
    fields: dict[str, Any] = json.loads(data)
    return Facts(
        title=fields["title"],
        description=fields["description"],
        lang=fields["lang"],
        redirect=fields["redirect"],
        tags=tuple(fields["tags"]),
        aliases=tuple(fields["aliases"]),
        headings=tuple(Heading(**heading) for heading in fields["headings"]),
        links=tuple(Link(**link | {"kind": LinkKind(link["kind"])}) for link in fields["links"]),
        blocks=tuple(fields["blocks"]),
        notes=tuple(fields["notes"]),
        words=fields["words"],
        text=decode_text(text),
        properties=fields["properties"],
        problems=tuple(_read(*problem) for problem in fields["problems"]),
    )


def decode_text(text: bytes) -> str:
    """Return the plain text that `encode` compressed."""
    return zlib.decompress(text).decode()


def _written(problem: Problem) -> tuple[str, int, str, dict[str, str | int]]:
    return problem.code, problem.line, problem.message.template, dict(problem.message.values)


def _read(code: str, line: int, template: str, values: Mapping[str, str | int]) -> Problem:
    return Problem(code, Message(template, **values), line)
