"""``#tag``."""

from collections.abc import Callable

import pytest

from engine.markup import Rendered
from engine.model import Facts

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#one and #two/three, #four-5_6.", ("one", "two/three", "four-5_6")),
        ("#日本語。 #été, #हिन्दी", ("日本語", "été", "हिन्दी")),
        ("#12 #1a # a#b (#c) C#", ("1a",)),
        ("[#a](x.md) [[b#c]] `#d` https://e.org/#f &#35;g \\#h", ()),
        ("# #heading\n\n#One #one", ("heading", "One")),
        ("#a/ #-/ #/b #//c", ("a",)),
        ("*#a* **b #c**", ("c",)),
    ],
)
def test_tags_are_found(scan: Scan, text: str, tags: tuple[str, ...]) -> None:
    assert scan(text).tags == tags


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ("tags: [a, '#b', c d]", ("a", "b", "c-d")),
        ("tags: a, b  c", ("a", "b", "c")),
        ("tags: [/a, '#/b/', //c/d]", ("a", "b", "c/d")),
        ("tags:\n  - A\n  - a\n  - 2024\n  - y2024", ("A", "y2024")),
        ("tags: {a: b}", ()),
        ("tags: ", ()),
    ],
)
def test_front_matter_has_tags(scan: Scan, written: str, tags: tuple[str, ...]) -> None:
    assert scan(f"---\n{written}\n---\n").tags == tags


def test_a_tag_is_shown_as_typed(render: Render) -> None:
    assert render("x #Tag/Sub.").html == '<p>x <span class="tag">#Tag/Sub</span>.</p>\n'
