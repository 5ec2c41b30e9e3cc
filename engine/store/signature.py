"""Who, when and why, as a commit can hold it: the same cleaning for every store."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.ids import BIDI_CONTROLS
from engine.model import Author

_CONTROLS = frozenset(["Cc", "Cs", "Zl", "Zp"])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a commit says besides its files."""

    author: Author
    message: str  # ends in a line end, unless it is empty
    time: datetime  # aware, whole seconds, not before 1970: git knows no time before

    @classmethod
    def make(cls, author: Author, message: str, time: datetime | None) -> "Signature":
        """Clean what somebody gave; *time* is now if there is none.

        Raises:
            ValueError: *time* says no time zone.
        """
        moment = datetime.now(UTC) if time is None else time
        if moment.tzinfo is None:
            raise ValueError(f"{moment} says no time zone")
        return cls(person(author), _message(message), max(moment.replace(microsecond=0), _EPOCH))

    @property
    def summary(self) -> str:
        """The first paragraph on one line."""
        return " ".join(self.message.partition("\n\n")[0].splitlines())


def person(author: Author) -> Author:
    """Leave out of name and address what would end them, or the line, or hide in it."""
    email = _clean(author.email).replace(" ", "")
    return Author(_clean(author.name) or email.partition("@")[0] or "Unknown", email)


def _clean(text: str) -> str:
    return " ".join("".join(" " if _is_control(c) or c in "<>" else c for c in text).split())


def _message(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ("".join(c for c in line if c == "\t" or not _is_control(c)).rstrip() for line in lines)
    message = "\n".join(kept).strip("\n")
    return f"{message}\n" if message else ""


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in _CONTROLS or character in BIDI_CONTROLS
