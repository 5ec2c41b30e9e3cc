"""Sentences for readers: English, and knowing what they were made of, so that they can be said in other languages."""

from collections.abc import Mapping
from typing import Self


class Message(str):
    """A sentence with its values filled in.

    It is the English text wherever text is wanted; `template` and `values` are what a translation begins with.

    Args:
        template: The sentence, with ``%(name)s`` for each value; without values a ``%`` is just that.
        values: Texts and numbers.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, str | int]

    def __new__(cls, template: str, **values: str | int) -> Self:
        """Fill the values in."""
        self = super().__new__(cls, template % values if values else template)
        self.template, self.values = template, values
        return self
