r"""Front matter as text, key by key: one key is changed, and every other byte stays.

::

    ---                         preamble, with a byte order mark before it
    # about the title           lead   \
    title: "Llamas"  # or not   text   /  one entry
                                lead   \
    tags:                       text    |
      - animals                 text   /  another
    # the end                   closing
    ---                         closing

What cannot be taken apart surely is left alone: what YAML cannot read, a mapping in braces, a key given twice.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import yaml
from yaml.resolver import Resolver

from engine.frontmatter import is_opened, split

_LINE_END = re.compile(r"\r\n|\n|\r")
_YAML_BREAK = re.compile("[\x85\u2028\u2029]")  # ends a line in YAML 1.1, and nowhere else
_EMPTY_LINES = re.compile(r"(?:[ \t]*+(?:#[^\r\n]*+)?(?:\r\n|\n|\r))*+")
# A mapping without keys, which makes front matter of a block that has but comments.
_NO_KEYS = re.compile(r"(?:(?<=[\r\n])|\A)\{\}[ \t]*(?:\r\n|\n|\r)")
_LAST_LINE = re.compile(r"(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r)?\Z")
# Plain words that some reader of YAML takes for a number or a truth; others are known to PyYAML.
_AMBIGUOUS = re.compile(r"[-+]?(?:\.?\d[\d_.,:]*(?:[eE][-+]?\d+)?|0[xob][\da-fA-F_]+)|[yYnN]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_ESCAPED = re.compile(rf'["\\]|{_CONTROL.pattern}')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_RESOLVER: Any = Resolver()
_TEXT = "tag:yaml.org,2002:str"

Value = str | Sequence[Any]
"""What can be written: a text, or a list of texts; among them may be whatever else stands in the list already."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key with its value."""

    key: str
    lead: str  # comments and blank lines above it
    text: str  # its lines
    value: Any  # as `engine.frontmatter` reads it

    @property
    def whole(self) -> str:
        """All its lines."""
        return self.lead + self.text


@dataclass(frozen=True, slots=True)
class Parts:
    """Front matter taken apart; of a page that has none, only what stands before it could be there."""

    preamble: str = ""  # a byte order mark, and the first line
    entries: tuple[Entry, ...] = ()
    closing: str = ""  # comments and blank lines at the end, and the last line

    @property
    def raw(self) -> str:
        """The whole, byte for byte."""
        return self.preamble + "".join(entry.whole for entry in self.entries) + self.closing


def parts(raw: str) -> Parts | None:
    """Take front matter apart.

    Args:
        raw: As in `engine.frontmatter.FrontMatter`; without a block empty, or a byte order mark.

    Returns:
        The parts; ``None`` where they cannot be told surely.
    """
    front = split(raw)
    first, last = _LINE_END.search(raw), _LAST_LINE.search(raw)
    if first is None or last is None:
        return Parts(raw)
    if front.problems or front.body or _YAML_BREAK.search(raw):
        return None
    nodes = _nodes(raw[first.end() : last.start()])
    if nodes is None or len(nodes) != len(front.properties):
        return None
    entries = []
    at = start = first.end()
    for node, (key, value) in zip(nodes, front.properties.items(), strict=True):
        entry = Entry(key, raw[at : start + node.start], raw[start + node.start : start + node.end], value)
        if not _is_sure(entry):
            return None
        entries.append(entry)
        at = start + node.end
    rest = raw[at : last.start()]
    if not _EMPTY_LINES.fullmatch(rest if entries else _NO_KEYS.sub("", rest, count=1)):
        return None
    return Parts(raw[:start], tuple(entries), raw[at:])


def is_changeable(text: str) -> bool:
    """Say whether keys of a page can be changed, and all that stands there goes on to mean what it meant.

    Not where `parts` cannot tell them; nor where there is no front matter, but a first line that may open some: it was
    never closed, holds a list or only comments, or is a thematic break. Other programs may read such a block, and would
    not below another one.
    """
    raw = split(text).raw
    return not is_opened(text) if raw in {"", "\ufeff"} else parts(raw) is not None


def _is_sure(entry: Entry) -> bool:
    """Whether an entry means by itself what it means among others."""
    alone = split(f"---\n{entry.text}---\n")
    return (
        _EMPTY_LINES.fullmatch(entry.lead) is not None
        and not alone.problems
        and alone.properties == {entry.key: entry.value}
    )


def set_key(text: str, key: str, value: Value | None) -> str:
    """Set one key in the front matter of a page, and keep every other byte.

    A list that was there keeps its style, and its items as they were written. A new key comes last. A page gets a block
    with its first key, and loses it with the last one, unless there are comments in it.

    Args:
        text: The page.
        key: Any text.
        value: What `engine.frontmatter` is to read; ``None`` to remove the key.

    Raises:
        ValueError: The front matter cannot be taken apart (`parts` says so before), would become too large, or the key
            or value cannot be written in YAML: it holds NUL, half of a surrogate pair, or in a list what is no text
            and was not there.
    """
    front = split(text)
    found = parts(front.raw)
    if found is None:
        raise ValueError("the front matter of this page cannot be changed key by key")
    wanted = {each: other for each, other in front.properties.items() if each != key or value is not None}
    if value is not None:
        wanted[key] = value if isinstance(value, str) else list(value)
    if wanted == front.properties:
        return text
    changed = _without(found, key, front.body) if value is None else _with(found, key, value, _line_end(text))
    made = changed.raw + front.body
    read = split(made)
    if read.properties != wanted or read.problems or read.body != front.body:
        raise ValueError(f"{key[:80]!r} cannot be written so that it is read as it should")
    return made


def valued(entry: Entry, value: Value) -> Entry:
    """Return an entry with another value; a list keeps its style, and its items as they were written."""
    nodes = _nodes(entry.text)
    if not nodes:
        raise ValueError(f"{entry.key[:80]!r} is no entry")
    return replace(
        entry, text=_changed(entry, nodes[0], value), value=value if isinstance(value, str) else [*value]
    )


def _line_end(text: str) -> str:
    found = _LINE_END.search(text)
    return found[0] if found else "\n"


def _with(found: Parts, key: str, value: Value, line_end: str) -> Parts:
    if any(entry.key == key for entry in found.entries):
        entries = tuple(valued(entry, value) if entry.key == key else entry for entry in found.entries)
        return replace(found, entries=entries)
    text = f"{_scalar(key)}: {_scalar(value) if isinstance(value, str) else _flow(value)}{line_end}"
    entries = (*found.entries, Entry(key, "", text, value))
    if found.closing:
        return Parts(found.preamble, entries, _NO_KEYS.sub("", found.closing, count=1))
    return Parts(f"{found.preamble}---{line_end}", entries, f"---{line_end}")


def _without(found: Parts, key: str, body: str) -> Parts:
    """Remove an entry; what stands above it stays. *body* must not become front matter where the block goes."""
    entries: list[Entry] = []
    lead = ""
    for entry in found.entries:
        if entry.key == key:
            lead += entry.lead
        else:
            entries.append(replace(entry, lead=lead + entry.lead))
            lead = ""
    closing = lead + found.closing
    if entries:
        return Parts(found.preamble, tuple(entries), closing)
    mark = "\ufeff" if found.preamble.startswith("\ufeff") else ""
    if "#" in closing:
        return Parts(found.preamble, (), f"{{}}{_line_end(closing)}{closing}")
    removed = split(mark + body)
    return Parts(mark if removed.raw == mark else f"{found.preamble}{closing}")


@dataclass(frozen=True, slots=True)
class _Node:
    """Where a key and its value are in a block."""

    start: int  # of the key
    colon: int  # behind it
    value: int  # where the value begins
    value_end: int
    end: int  # of the last line
    style: str | None  # of a scalar: one of ' " | >
    block: bool  # its value is a list or a mapping on lines of their own
    items: Sequence[tuple[int, int]]  # of a list: where each begins and ends


def _nodes(block: str) -> list[_Node] | None:
    """Find the keys of a mapping; ``None`` where they do not all begin a line."""
    if not block.strip():
        return None if "\t" in block else []  # YAML may not know what to do with a tab
    if _NO_KEYS.search(block):
        return []
    events: Iterator[Any] = iter(yaml.parse(block, Loader=yaml.CSafeLoader))
    mapping = next((event for event in events if isinstance(event, yaml.NodeEvent)), None)
    if not isinstance(mapping, yaml.MappingStartEvent) or mapping.flow_style:
        return None
    found = []
    while isinstance(key := next(events), yaml.ScalarEvent):
        start = _begin(key)
        if start and block[start - 1] not in "\r\n":
            return None
        found.append(_node(block, key, events))
    return found


def _begin(event: Any) -> int:
    return int(event.start_mark.index)


def _finish(event: Any) -> int:
    return int(event.end_mark.index)


def _node(block: str, key: Any, events: Iterator[Any]) -> _Node:
    event = next(events)
    end, items = _extent(event, events)
    return _Node(
        start=_begin(key),
        colon=block.find(":", _finish(key)) + 1,
        value=_begin(event),
        value_end=end,
        end=_end_of_line(block, end),
        style=event.style if isinstance(event, yaml.ScalarEvent) else None,
        block=isinstance(event, yaml.CollectionStartEvent) and not event.flow_style,
        items=tuple(items) if isinstance(event, yaml.SequenceStartEvent) else (),
    )


def _extent(event: Any, events: Iterator[Any]) -> tuple[int, list[tuple[int, int]]]:
    """Return where a value ends, without the comments behind it, and where its items begin and end."""
    if not isinstance(event, yaml.CollectionStartEvent):
        return _finish(event), []
    items = []
    while not isinstance(child := next(events), yaml.CollectionEndEvent):
        items.append((_begin(child), _extent(child, events)[0]))
    end = _finish(child) if event.flow_style else max((item[1] for item in items), default=0)
    return end, items


def _end_of_line(block: str, index: int) -> int:
    """Return where the line ends that is written up to *index*; a text in lines of its own ends behind its last one."""
    if index and block[index - 1] in "\r\n":
        return index
    found = _LINE_END.search(block, index)
    return found.end() if found else len(block)


def _changed(entry: Entry, node: _Node, value: Value) -> str:
    """Write the lines of an entry with another value."""
    text = entry.text
    if node.block:
        cut = text.rfind("\n", 0, node.value) + 1 or text.rfind("\r", 0, node.value) + 1
        if node.items and value and not isinstance(value, str):
            return text[:cut] + _lines(entry, node, value, cut)
        written = _scalar(value) if isinstance(value, str) else _flow(value)
        return f"{text[: node.colon]} {written}{text[node.colon : cut]}"
    written = _scalar(value, node.style) if isinstance(value, str) else _flow(value, entry, node)
    old = text[node.value : node.value_end]
    if node.style in {"|", ">"}:
        written += old[len(old.rstrip()) :]
    space = " " if node.value == node.colon else ""
    return f"{text[: node.value]}{space}{written}{text[node.value_end :]}"


def _lines(entry: Entry, node: _Node, value: Sequence[Any], start: int) -> str:
    """Write a list of one item a line, as it was written from *start* on; a comment belongs to the item below it."""
    ends = [start, *(_end_of_line(entry.text, end) for _, end in node.items)]
    kept = _Kept(entry.value, [entry.text[one:other] for one, other in pairwise(ends)])
    indent = entry.text[start : node.value]
    line_end = _line_end(entry.text)
    return "".join(kept.take(item) or f"{indent}- {_scalar(item)}{line_end}" for item in value)


def _flow(value: Sequence[Any], entry: Entry | None = None, node: _Node | None = None) -> str:
    """Write a list in brackets, of which *entry* may have held some items before."""
    if entry is None or node is None or not node.items or not value:
        return f"[{', '.join(_scalar(item, flow=True) for item in value)}]"
    text, spans = entry.text, node.items
    gaps = [text[end:start] for (_, end), (start, _) in pairwise(spans)]
    usual = next((gap for gap in gaps if "#" not in gap), ", ")
    # An item that is kept keeps what stands between it and the next, too.
    items = _Kept(entry.value, [text[start:end] for start, end in spans])
    behind = _Kept(entry.value, [*gaps, usual])
    made = [(items.take(item) or _scalar(item, flow=True), behind.take(item) or usual) for item in value]
    inside = "".join(item + gap for item, gap in made[:-1]) + made[-1][0]
    return f"{text[node.value : spans[0][0]]}{inside}{text[spans[-1][1] : node.value_end]}"


class _Kept:
    """How the items of a list are written, to be taken once each."""

    def __init__(self, values: Sequence[Any], texts: Sequence[str]) -> None:
        self._texts: dict[str, list[str]] = {}
        for value, text in reversed([*zip(values, texts, strict=True)]):
            self._texts.setdefault(repr(value), []).append(text)  # as 1 is not True

    def take(self, value: Any) -> str | None:
        texts = self._texts.get(repr(value))
        return texts.pop() if texts else None


def _scalar(value: Any, style: str | None = None, *, flow: bool = False) -> str:
    """Write a text, in quotes where it has or needs some."""
    if not isinstance(value, str):
        raise ValueError("what is no text can only stay where it stands")
    if _UNWRITABLE.search(value):
        raise ValueError("text for YAML may not hold NUL or half of a surrogate pair")
    if style not in {"'", '"'}:
        if _is_plain(value, flow):
            return value
        has_signs, has_quote = '"' in value or "\\" in value, "'" in value
        style = "'" if has_signs and not has_quote else '"'
    if style == "'" and not _CONTROL.search(value):
        return "'" + value.replace("'", "''") + "'"
    return '"' + _ESCAPED.sub(_escape, value) + '"'


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    return _ESCAPES.get(sign) or (f"\\x{ord(sign):02x}" if ord(sign) < 256 else f"\\u{ord(sign):04x}")


def _is_plain(value: str, flow: bool) -> bool:
    """Whether a text needs no quotes: for any reader of YAML, not only for ours."""
    if not value or value != value.strip() or _CONTROL.search(value) or _AMBIGUOUS.fullmatch(value):
        return False
    if flow and not set(",:[]{}").isdisjoint(value):
        return False
    if _RESOLVER.resolve(yaml.ScalarNode, value, (True, False)) != _TEXT:
        return False
    written, read = (f"[{value}]", [value]) if flow else (value, value)
    return split(f"---\nkey: {written}\n---\n").properties == {"key": read}
