"""The work that hostile text makes grows with its length, and no faster."""

import time

import pytest

from engine.markup import Markup
from tests.engine.markup.hostile import HOME, HOSTILE, Loop

MARKUP = Markup()


@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_with_length_and_no_faster(name: str) -> None:
    def seconds(length: int) -> float:
        text = HOSTILE[name](length)
        start = time.thread_time()
        parsed = MARKUP.parse(text)
        MARKUP.scan(parsed)
        MARKUP.render(parsed, HOME, Loop("a"))
        MARKUP.trace(text)
        return time.thread_time() - start

    short = min(seconds(12_500) for _ in range(3))
    long = min(seconds(50_000) for _ in range(3))
    assert long < max(12 * short, 1.0)  # four times the length; quadratic work would be sixteen times
