"""The small form for what stands in the front matter most often: title, tags, aliases.

A list is shown as words with commas between them. What cannot be shown so, as a name with a comma or a truth, stays as
it is: of what was typed the difference alone is applied to the list that stands in the text.
"""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Self

from engine.errors import InvalidChangeError
from engine.frontkeys import is_changeable, set_key
from engine.frontmatter import MAX_BYTES, split
from engine.messages import Message
from wiki import forms

NEW_WORDS = 500  # that are put into one list at once

KEYS = ("title", "tags", "aliases")
_TAG_SEPARATOR = re.compile(r"[,\s]+")  # between tags that are written as one text


@dataclass(frozen=True, slots=True)
class Properties:
    """Values as the form shows them; those with several words are separated by commas."""

    values: Mapping[str, str] = field(default_factory=dict)
    was: Mapping[str, str] = field(default_factory=dict)  # what the form began with

    @classmethod
    def of(cls, text: str) -> Self:
        """Read them from a page's text."""
        found = split(text).properties
        values = {key: _shown(key, found.get(key)) for key in KEYS}
        return cls(values, values)

    @classmethod
    def sent(cls) -> Self:
        """Read them from the form that was sent, whole."""
        return cls(
            {key: forms.whole_field(key) for key in KEYS},
            {key: forms.whole_field(f"{key}-was") for key in KEYS},
        )

    @classmethod
    def kept(cls, fields: Mapping[str, str]) -> Self:
        """Read them from what a draft holds, see `fields`."""
        names = [key for key in KEYS if key in fields]
        return cls({key: fields[key] for key in names}, {key: fields.get(f"{key}-was", "") for key in names})

    @property
    def fields(self) -> Mapping[str, str]:
        """What was changed, by the names of the form's fields."""
        return {
            name: text
            for key, value in self.changed.items()
            for name, text in ((key, value), (f"{key}-was", self.was.get(key, "")))
        }

    @property
    def changed(self) -> Mapping[str, str]:
        """The values that were changed in the form."""
        return {key: value for key, value in self.values.items() if value != self.was.get(key, "")}

    def beside(self, text: str) -> Self:
        """Return what the form shows beside a page's text: what was changed and is not in it yet, else what it says."""
        fresh, changed = self.of(text), self.changed
        return type(self)(
            {**fresh.values, **changed}, {**fresh.was, **{key: self.was.get(key, "") for key in changed}}
        )

    def applied(self, text: str) -> str:
        """Return a page's text with what was changed in the form in its front matter.

        Raises:
            InvalidChangeError: The front matter cannot be changed key by key, or not to these values.
        """
        if self.changed and not is_changeable(text):
            raise InvalidChangeError(
                Message(
                    "The front matter at the beginning of this text cannot be changed key by key;"
                    " write title, tags and other names there."
                )
            )
        for key, value in self.changed.items():
            if len(value.encode("utf-8", "replace")) > MAX_BYTES:
                raise _too_large(key)
            wanted = self._wanted(key, text)
            try:
                text = set_key(text, key, wanted or None)
            except ValueError:
                raise InvalidChangeError(
                    Message(
                        "The new value of “%(key)s” cannot be put into the front matter; write it there.",
                        key=key,
                    )
                ) from None
        return text

    def _wanted(self, key: str, text: str) -> str | Sequence[Any]:
        if key == "title":
            return self.values[key]
        was, now = _words(self.was.get(key, "")), _words(self.values[key])
        if len(set(now) - set(was)) > NEW_WORDS:
            raise _too_large(key)
        return _changed(_items(key, split(text).properties.get(key)), was, now)


def _too_large(key: str) -> InvalidChangeError:
    return InvalidChangeError(
        Message(
            "The new value of “%(key)s” is too large: all front matter may have %(limit)s kB.",
            key=key,
            limit=MAX_BYTES // 1024,
        )
    )


def _changed(items: Sequence[Any], was: Sequence[str], now: Sequence[str]) -> list[Any]:
    """Do to a list what was done to the words that the form showed of it: remove, move and add."""
    before, gone = set(was), set(was) - set(now)
    left = [item for item in items if _word(item) not in gone]
    shown = [word for item in left if (word := _word(item))]
    standing = set(shown)
    order = [word for word in now if word in standing]
    if len(order) == len(shown) and order != [word for word in was if word in standing]:
        moved = iter(order)  # each in the place of one that was shown, so that the others keep theirs
        by_word = {_word(item): item for item in left}
        left = [by_word[next(moved)] if _word(item) else item for item in left]
    return _joined(left, now, before, standing)


def _joined(left: Sequence[Any], now: Sequence[str], before: Set[str], standing: Set[str]) -> list[Any]:
    """Put in the words that are new.

    Each goes behind the one that was typed before it, the first in front of the next that stands there; where that one
    is gone, at the end.

    Args:
        left: The list.
        now: What was typed.
        before: What the form showed; it was taken out by others where it does not stand there, and stays out.
        standing: What the list has.
    """
    first, behind, last = list[str](), dict[str, list[str]](), list[str]()
    anchor = next((word for word in now if word in standing), None)
    place = first if anchor is not None else last
    for word in now:
        if word in standing:
            place = behind[word] = []
        elif word in before:
            place = last
        else:
            place.append(word)
    made: list[Any] = []
    for item in left:
        word = _word(item)
        if word and word == anchor:
            made += first
            anchor = None
        made.append(item)
        made += behind.pop(word, ())
    return made + last


def _items(key: str, value: Any) -> list[Any]:
    """Return the list that a value means; one text may name several tags, and one alias."""
    if isinstance(value, list):
        return value
    if key == "tags" and isinstance(value, str):
        return [word for word in _TAG_SEPARATOR.split(value) if word]
    return [] if value is None else [_text(value) or value]


def _shown(key: str, value: Any) -> str:
    if key == "title":
        return forms.one_line(_text(value))
    return ", ".join(dict.fromkeys(word for item in _items(key, value) if (word := _word(item))))


def _word(item: Any) -> str:
    """Return an item of a list as one of the words in the form; empty where it cannot be shown there."""
    text = _text(item)
    return text if "," not in text and text == forms.one_line(text) else ""


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _words(value: str) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))
