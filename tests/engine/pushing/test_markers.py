"""Markers of conflicts that a merge has left in a page."""

import pytest

from engine.pushing.markers import conflict_markers

CONFLICT = "<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> other\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (CONFLICT, [1]),
        (f"# A page\n\n{CONFLICT}\nmore\n\n{CONFLICT}", [3, 11]),
        ("<<<<<<< HEAD\nmine\n||||||| base\nbefore\n=======\ntheirs\n>>>>>>> other\n", [1]),
        ("<<<<<<<\n=======\n>>>>>>>\n", [1]),
        ("<<<<<<< HEAD\r\nmine\r\n=======\r\ntheirs\r\n>>>>>>> other\r\n", [1]),
        ("- an item\n\n```\ncode\n```\n" + CONFLICT, [6]),
        ("```` a fence that ``` is in\n```\n````\n" + CONFLICT, [4]),
        ("``` is `code`, and no fence\n" + CONFLICT, [2]),
        ("<<<<<<< HEAD\n~~~ python\n=======\n~~~ py\n>>>>>>> other\n~~~\n", [1]),
    ],
)
def test_conflicts_are_found(text: str, lines: list[int]) -> None:
    assert conflict_markers(text) == lines


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A heading\n=======\n\ntext\n",
        f"```\n{CONFLICT}```\n",
        f"   ~~~~ text\n{CONFLICT}~~~\n~~~~\n",
        f"```\n{CONFLICT}",
        "<<<<<<< HEAD\nmine\n=======\ntheirs\n",
        "=======\n<<<<<<< HEAD\n>>>>>>> other\n",
        "<<<<<<<< eight\n=======\n>>>>>>> other\n",
        " <<<<<<< HEAD\n =======\n >>>>>>> other\n",
        "".join(f"    {line}\n" for line in CONFLICT.splitlines()),
    ],
)
def test_what_is_no_conflict_is_left_alone(text: str) -> None:
    assert conflict_markers(text) == []
