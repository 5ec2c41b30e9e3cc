"""How long a page takes to read."""

import pytest

from engine.reading_time import reading_minutes


@pytest.mark.parametrize(
    ("words", "language", "minutes"),
    [
        (0, "en", 1),
        (100, "en", 1),
        (2_280, "en", 10),
        (2_280, "en-GB", 10),
        (2_550, "zh-Hant", 10),
        (2_000, "xh", 10),
    ],
)
def test_it_depends_on_the_language(words: int, language: str, minutes: int) -> None:
    assert reading_minutes(words, language) == minutes
