"""Pages are light: what a page and its style and scripts weigh on the way to a reader who was never there."""

import pytest

from tests.browser.conftest import Visitor
from tests.browser.kinds import KINDS, Kind
from tests.browser.lighthouse import WEIGHT

SENT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter(entry => !["img", "css"].includes(entry.initiatorType) || /[.](css|js)/.test(entry.name))
  .map(entry => [new URL(entry.name).pathname, entry.encodedBodySize, entry.decodedBodySize])"""


HEAVY = ("home", "entry", "search", "manual", "long", "side by side", "blame", "recent changes")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name in HEAVY], ids=lambda kind: kind.name)
def test_a_page_is_light(visitor: Visitor, kind: Kind) -> None:
    sent = visitor.visit(kind).evaluate(SENT)
    assert len(sent) >= 3  # with its style and scripts
    assert sum(packed for _, packed, _ in sent) < WEIGHT, sent
