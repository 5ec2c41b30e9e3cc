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

    __slots__ = ("num", "plural", "template", "values")
    template: str
    values: Mapping[str, str | int]
    plural: str  # the template for other numbers than one; empty: the sentence counts nothing
    num: int  # what it counts

    def __new__(cls, template: str, **values: str | int) -> Self:
        """Fill the values in."""
        self = super().__new__(cls, template % values if values else template)
        self.template, self.values, self.plural, self.num = template, values, "", 0
        return self

    @classmethod
    def counting(cls, singular: str, plural: str, num: int, **values: str | int) -> Self:
        """Make a sentence that counts something.

        Args:
            singular, plural: The sentence for one, and for other numbers; ``%(num)s`` stands for the number.
            num: How many.
            values: As of any message; `num` among them, where it is to be written in another way.
        """
        values = {"num": num, **values}
        self = cls(singular if num == 1 else plural, **values)
        self.template, self.plural, self.num = singular, plural, num
        return self
