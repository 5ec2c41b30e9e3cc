"""What people type -> Query: a small tree of words, phrases, fields and negations.

::

    llama "release notes" tag:guide -draft title:search path:help

All parts must match. Nothing is an error: what cannot be read is searched as words, and `Query.notes` says so.
Everything in the tree is folded, so that two queries that find the same are equal.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from engine.ids import fold_path
from engine.messages import Message
from engine.search import analysis

MAX_LENGTH = 500
"""How long the text of a query may be, in characters."""

MAX_WORDS = 32
"""How many words a query may have, those in phrases and fields counted."""

FIELDS = ("title", "path", "tag")


@dataclass(frozen=True, slots=True)
class Word:
    """One word, in any inflection."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words one after the other, exactly as they stand here."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return f'"{" ".join(self.words)}"'


@dataclass(frozen=True, slots=True)
class Field:
    """A value in one field.

    ``title``: a word in any inflection, or several as a phrase, in the title or an alias.
    ``tag``: the key of a tag, or of a tag above it.
    ``path``: words of the path, or the keys of its first folders; after a ``/``, or with one in it, only these.
    """

    name: str
    value: str  # words with blanks between for a title, else a key

    def __str__(self) -> str:
        return f'{self.name}:"{self.value}"' if " " in self.value else f"{self.name}:{self.value}"


@dataclass(frozen=True, slots=True)
class Not:
    """What a page must not have."""

    part: Word | Phrase | Field

    def __str__(self) -> str:
        return f"-{self.part}"


Part = Word | Phrase | Field | Not


@dataclass(frozen=True, slots=True)
class Query:
    """What a page must have. Its text, parsed again, is the same query."""

    parts: tuple[Part, ...] = ()
    notes: tuple[Message, ...] = field(default=(), compare=False)  # sentences about what was read otherwise

    def __str__(self) -> str:
        return " ".join(map(str, self.parts))


# One piece of a query: a dash, a name with a colon, then a quoted text or all up to a blank or quotation mark.
_PIECE = re.compile(
    r'(?P<dash>-(?=[^\s-]))?(?:(?P<name>[^\W\d_]{2,20}):(?=[^\s:])(?!//))?(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+)|")'
)
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″＂", '"'))


def _too_long() -> Message:
    return Message.counting(
        "The search is longer than %(num)s character; its end was left out.",
        "The search is longer than %(num)s characters; its end was left out.",
        MAX_LENGTH,
    )


def parse(text: str) -> Query:
    """Read what somebody typed; see the top of this module for how."""
    reader = _Reader()
    if len(text) > MAX_LENGTH:
        reader.note(_too_long())
    text = unicodedata.normalize("NFKC", text[: 3 * MAX_LENGTH]).translate(_QUOTES)
    if text.count('"') % 2:
        reader.note(Message("A quotation mark has no partner; what follows it was searched as words."))
    for piece in _PIECE.finditer(text):
        if not reader.read(piece):
            break
    return Query(tuple(reader.parts), tuple(reader.notes))


class _Reader:
    """Collects the parts of a query, within its bounds."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.notes: list[Message] = []
        self._length = 0
        self._words = 0

    def note(self, sentence: Message) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

    def read(self, piece: re.Match[str]) -> bool:
        """Add what *piece* says; return whether there is room for more."""
        name, quoted = (piece["name"] or "").lower(), piece["quoted"] is not None
        value = piece["quoted"] if quoted else piece["plain"] or ""
        parts: list[Word | Phrase | Field] = []
        if name in FIELDS:
            parts = _field(name, value)
        elif name:
            self.note(
                Message(
                    "There is no field “%(name)s”; it was searched as a word. Fields are %(names)s.",
                    name=name,
                    names=", ".join(FIELDS),
                )
            )
            parts = _words(name, exact=False)
        elif value.endswith(":") and value[:-1].lower() in FIELDS:
            self.note(
                Message(
                    "“%(value)s” needs its value right behind the colon; it was searched as a word.",
                    value=value,
                )
            )
        if not parts or name not in FIELDS:
            parts += _words(value, exact=quoted)
        if not parts and len(value) > 1:
            self.note(Message("“%(value)s” has no letter and no digit to search for.", value=value))
        return all(self._add(Not(part) if piece["dash"] else part) for part in parts)

    def _add(self, part: Part) -> bool:
        if part in self.parts:
            return True
        words = len(str(part).split())
        length = len(str(part)) + 1
        if self._words + words > MAX_WORDS:
            self.note(
                Message.counting(
                    "The search has more than %(num)s word; the rest was left out.",
                    "The search has more than %(num)s words; the rest was left out.",
                    MAX_WORDS,
                )
            )
            return False
        if self._length + length > MAX_LENGTH + 1:
            self.note(_too_long())
            return False
        self._words += words
        self._length += length
        self.parts.append(part)
        return True


def _words(text: str, *, exact: bool) -> list[Word | Phrase | Field]:
    """Read a piece of text: several words that no blank parts, as in ``std::vector``, belong together."""
    found = analysis.words(analysis.fold(text))
    if not found:
        return []
    return [Phrase(tuple(found))] if exact or len(found) > 1 else [Word(found[0])]


def _field(name: str, value: str) -> list[Word | Phrase | Field]:
    if name == "title":
        key = " ".join(analysis.words(analysis.fold(value)))
    else:
        key = fold_path(value.strip().lstrip("#" if name == "tag" else "")).rstrip("/")
        key = key.lstrip("/") if name == "tag" else key
    return [Field(name, key)] if key.strip("/") else []
