"""The small form for what stands in the front matter most often: title, tags, aliases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from engine.errors import InvalidChangeError
from engine.frontkeys import is_changeable, set_key
from engine.frontmatter import split
from engine.messages import Message
from wiki import forms

KEYS = ("title", "tags", "aliases")


@dataclass(frozen=True, slots=True)
class Properties:
    """Values as the form shows them; those with several words are separated by commas."""

    values: Mapping[str, str] = field(default_factory=dict)
    was: Mapping[str, str] = field(default_factory=dict)  # what the form began with

    @classmethod
    def of(cls, text: str) -> Self:
        """Read them from a page's text."""
        found = split(text).properties
        values = {key: _shown(found.get(key)) for key in KEYS}
        return cls(values, values)

    @classmethod
    def sent(cls) -> Self:
        """Read them from the form that was sent."""
        return cls({key: forms.field(key) for key in KEYS}, {key: forms.field(f"{key}-was") for key in KEYS})

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
        """Return a page's text with those values in its front matter that were changed in the form.

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
            words = list(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))
            try:
                text = set_key(text, key, (value if key == "title" else words) or None)
            except ValueError:
                raise InvalidChangeError(
                    Message(
                        "The new value of “%(key)s” cannot be put into the front matter; write it there.",
                        key=key,
                    )
                ) from None
        return text


def _shown(value: object) -> str:
    values = value if isinstance(value, list) else [value]
    words = (each for each in values if isinstance(each, str | int | float) and not isinstance(each, bool))
    return ", ".join(map(str, words))
