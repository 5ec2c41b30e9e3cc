"""Split a page into front matter and body, and join them again.

Front matter is a YAML mapping between a first line ``---`` and the next line ``---`` or ``...``.
A page that merely begins with a thematic break has none: what stands there is read as text.

Values are kept as their author wrote them wherever a reader of YAML might change them: of plain scalars only
``true``, ``false``, ``null`` and numbers that print as they are written mean more than their text (the JSON schema
of YAML 1.2, section 10.2). So ``no`` is Norwegian, ``1.10`` a version, ``007`` an agent and ``2026-03-09`` a date
in ISO 8601.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.messages import Message
from engine.model import Problem

MAX_BYTES = 64 * 1024
"""Size of the block between its two lines; a larger one is set aside unread."""

MAX_DEPTH = 16
"""How deep lists and mappings may nest."""

_LARGEST_INTEGER = 2**53 - 1  # what every reader of JSON keeps exact (RFC 8259, section 6)
_LINE_END = r"(?>\r\n|\n|\r)"
_OPENING = re.compile(rf"\ufeff?---[ \t]*(?={_LINE_END})")
_CLOSING = re.compile(rf"(?P<newline>{_LINE_END})(?:---|\.\.\.)[ \t]*(?:{_LINE_END}|\Z)")
_LINE_ENDS = re.compile(_LINE_END)
# A first line that is meant as "key: value", for blocks that YAML cannot read or that are too large to try. What it
# has passed it never tries again, so that lines before that line cost no more than to read them.
_FIRST_KEY = re.compile(
    rf"""(?:[ \t]*+(?:\#[^\r\n]*+)?{_LINE_END})*+[ \t]*+(?:\{{[ \t]*)?["']?\w[^:\r\n]*:(?:[ \t]|{_LINE_END}|\Z)""",
    re.VERBOSE,
)
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A page in two parts; ``raw + body`` is the whole of it, byte for byte."""

    raw: str = ""  # a byte order mark, and the block with its two lines; often empty
    body: str = ""
    body_line: int = 1  # the line of the file that the body begins on, counted from 1
    properties: Mapping[str, Any] = field(default_factory=dict)  # JSON-safe
    problems: tuple[Problem, ...] = ()


class _RefusedError(Exception):
    """YAML that this wiki does not read; *line* is counted from 0 within the block."""

    def __init__(self, message: Message, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def split(text: str) -> FrontMatter:
    r"""Take a page apart. Never fails: what is wrong with its front matter is among ``problems``.

    Lines may end in ``\n``, ``\r\n`` or ``\r``; a leading byte order mark belongs to ``raw``.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    plain = FrontMatter(raw=mark, body=text[len(mark) :])
    opening = _OPENING.match(text)
    closing = _CLOSING.search(text, opening.end()) if opening else None
    if opening is None or closing is None:
        return plain
    block = text[
        opening.end() : closing.end("newline")
    ]  # from the end of the first line, so its lines count from 0
    properties, problems = _read(block)
    if properties is None:
        return plain
    raw = text[: closing.end()]
    return FrontMatter(
        raw=raw,
        body=text[closing.end() :],
        body_line=1 + len(_LINE_ENDS.findall(raw)),
        properties=properties,
        problems=tuple(problems),
    )


def is_opened(text: str) -> bool:
    """Say whether a page's first line is one that may open front matter, whatever follows it."""
    return _OPENING.match(text) is not None


def join(front: FrontMatter) -> str:
    """Put a page together again; ``join(split(text)) == text``."""
    return front.raw + front.body


def _read(block: str) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return the properties, ``None`` when the block is ordinary text, and what is odd about them."""
    if not block.strip():
        return {}, []
    try:
        if len(block.encode()) > MAX_BYTES:
            raise _RefusedError(
                Message(
                    "Front matter is larger than %(limit)s kB and was not read.", limit=MAX_BYTES // 1024
                ),
                0,
            )
        reader = _Reader(block)
        value = reader.document()
    except (_RefusedError, yaml.YAMLError, ValueError) as error:
        return ({}, [_problem(error, block)]) if _FIRST_KEY.match(block) else (None, [])
    if not isinstance(value, dict):
        return None, []
    return value, reader.problems


def _problem(error: Exception, block: str) -> Problem:
    line = 0
    if isinstance(error, _RefusedError):
        line, message = error.line, error.message
    elif isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        line = error.problem_mark.line
        message = Message("Front matter is not valid YAML: %(reason)s.", reason=error.problem or "")
    else:
        message = Message("Front matter holds characters that YAML does not allow.")
    last = len(_LINE_ENDS.findall(block))  # YAML also counts lines that no editor does
    return Problem("front-matter", message, 1 + min(line, last))


class _Reader:
    """Builds a value from YAML's events, one by one, so that nothing is expanded or recursed into unseen."""

    def __init__(self, block: str) -> None:
        self.problems: list[Problem] = []
        self._events: Iterator[Any] = yaml.parse(block, Loader=yaml.CSafeLoader)

    def document(self) -> Any:
        """Return the value of the only document; ``None`` when there is none."""
        value: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _RefusedError(Message("Front matter must be one YAML document."), _line(event))
            elif isinstance(event, yaml.NodeEvent):
                value = self._value(event, 0)
        return value

    def _value(self, event: Any, depth: int) -> Any:
        self._check(event, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        text = _clean(event.value)
        return _scalar(text) if event.implicit[0] else text

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for event in self._until(yaml.MappingEndEvent):
            self._check(event, depth)
            if not isinstance(event, yaml.ScalarEvent):
                raise _RefusedError(Message("A key in front matter must be plain text."), _line(event))
            key = _clean(event.value)
            if key in mapping:
                message = Message("Front matter has “%(key)s” twice; the last one counts.", key=key[:80])
                self.problems.append(Problem("front-matter", message, _line(event) + 1))
            mapping[key] = self._value(next(self._events), depth + 1)
        return mapping

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event

    @staticmethod
    def _check(event: Any, depth: int) -> None:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _RefusedError(
                Message("Front matter may not use YAML anchors or aliases (& and *); quote the value."), line
            )
        if event.tag is not None:
            raise _RefusedError(Message("Front matter may not use YAML tags (!); quote the value."), line)
        if depth > MAX_DEPTH:
            raise _RefusedError(
                Message("Front matter nests deeper than %(limit)s levels.", limit=MAX_DEPTH), line
            )


def _line(event: Any) -> int:
    """Return the line of the block that an event is from, counted from 0."""
    return int(event.start_mark.line)


def _clean(text: str) -> str:
    """Replace NUL, which YAML can spell and databases cannot store, as CommonMark does (section 2.3)."""
    return text.replace("\0", "\ufffd")


def _scalar(text: str) -> Any:
    """Return what a plain scalar means; see the head of this module."""
    if text in _WORDS:
        return _WORDS[text]
    if (match := _NUMBER.fullmatch(text)) is None:
        return text
    if match["fraction"]:
        number = float(text)
        return number if str(number) == text else text
    return int(text) if len(text) <= 17 and abs(int(text)) <= _LARGEST_INTEGER else text


USED = frozenset(
    "title alias aliases tag tags description lang date author references verified review-by redirect robots".split()
)
"""Keys that mean something to Quire; all others are the author's own, shown and searched as they are."""


def others(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the author's own keys with their values as text: lists with commas, mappings with colons."""
    return {key: printed(value) for key, value in properties.items() if key not in USED and value is not None}


def printed(value: Any) -> str:
    """Return a value as text: lists with commas, mappings with colons; nothing for null."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {printed(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(printed, value))
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
