"""Headings that an edit renames, and the links that lead to them."""

from collections.abc import Callable

import pytest

from engine.moving import AnchorPlan
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.engine.moving.conftest import EDITOR
from tests.moves import Files, applied

Renamed = Callable[..., AnchorPlan]


@pytest.fixture
def renamed(wiki: Wiki, commit: Commit) -> Renamed:
    """Commit files, and edit ``P.md``."""

    def make(files: Files, text: str) -> AnchorPlan:
        commit(files)
        assert wiki.catch_up(10)
        with wiki.at(EDITOR) as snapshot:
            name = snapshot.find("P").name
            assert name is not None
            return snapshot.moving.renamed(name, str(files["P.md"]), text)

    return make


@pytest.mark.parametrize(
    ("link", "rewritten"),
    [
        ("[[P#Old part]]", "[[P#The new one]]"),
        ("[[P#old part|x]]", "[[P#The new one|x]]"),
        ("[[P#old-part]]", "[[P#the-new-one]]"),
        ("![[P#Old part]]", "![[P#The new one]]"),
        ("![[P#Top#Old part]]", "![[P#Top#The new one]]"),
        ("[x](P.md#old-part)", "[x](P.md#the-new-one)"),
        ("[x](P.md#Old%20part)", "[x](P.md#The%20new%20one)"),
        ("[[P#Top]] [[P]] [[P#^b]] [[Q#Old part]] `[[P#Old part]]`", None),
    ],
)
def test_links_follow_a_heading_that_is_renamed(renamed: Renamed, link: str, rewritten: str | None) -> None:
    files = {"x.md": f"{link}\n", "P.md": "# Top\n\n## Old part\n\nText. ^b\n", "Q.md": "# Old part\n"}
    made = renamed(files, "# Top\n\n## The new one\n\nText. ^b\n")
    assert [(each.before.text, each.after.text) for each in made.renamed] == [("Old part", "The new one")]
    assert applied(files, made)["x.md"].decode() == f"{rewritten or link}\n"
    assert made.links == (1 if rewritten else 0)
    assert not made.unsure


def test_links_within_the_page_follow_in_the_text_of_the_edit(renamed: Renamed) -> None:
    made = renamed(
        {"P.md": "[[#Old]] [x](#old) [[P#Old]]\n\n# Old\n"}, "[[#Old]] [x](#old) [[P#Old]] more\n\n# New\n"
    )
    assert made.text == "[[#New]] [x](#new) [[P#New]] more\n\n# New\n"
    assert made.changes == ()
    assert made.links == 3


def test_a_heading_that_cannot_stand_in_a_wikilink_is_named_by_its_anchor(renamed: Renamed) -> None:
    files = {"x.md": "[[P#Old]] [y](P.md#old)\n", "P.md": "# Old\n"}
    assert applied(files, renamed(files, "# A [b] #c\n"))["x.md"] == b"[[P#a-b-c]] [y](P.md#a-b-c)\n"


def test_headings_are_known_by_their_place_and_by_what_stands_under_them(renamed: Renamed) -> None:
    before = "# A\n\none\n\n## B\n\ntwo\n\n## C\n\nthree\n\n# D\n"
    files = {"P.md": before}

    def pairs(text: str) -> list[tuple[str, str]]:
        return [(each.before.text, each.after.text) for each in renamed(files, text).renamed]

    assert pairs("# A2\n\none\n\n## B\n\ntwo\n\n## C2\n\nthree\n\n# D\n") == [("A", "A2"), ("C", "C2")]
    assert pairs("# A\n\none\n\n## X\n\nnew\n\n## B2\n\ntwo\n\n## C\n\nthree\n\n# D\n") == [("B", "B2")]
    assert pairs("# A\n\none\n\n### B2\n\ntwo\n\n## C\n\nthree\n\n# D\n") == []
    assert pairs("# A\n\none\n\n## X\n\n## Y\n\n## Z\n\n# D\n") == []
    assert pairs(before.replace("# D", "# D\n\n# E")) == []


def test_a_heading_whose_number_changes_is_followed(renamed: Renamed) -> None:
    files = {"x.md": "[y](P.md#a) [z](P.md#a-1)\n", "P.md": "# A\n\none\n\n# A\n\ntwo\n"}
    assert (
        applied(files, renamed(files, "# B\n\none\n\n# A\n\ntwo\n"))["x.md"] == b"[y](P.md#b) [z](P.md#a)\n"
    )


def test_pages_that_may_not_be_changed_keep_their_links_to_headings(renamed: Renamed) -> None:
    files = {"locked.md": "[[P#Old]]\n", "P.md": "# Old\n", "secret.md": "[[P#Old]]\n"}
    made = renamed(files, "# New\n")
    assert [each.name.path for each in made.locked] == ["locked.md"]
    assert not made.rewritten
    assert not made.changes


def test_an_edit_that_renames_nothing_asks_for_nothing(renamed: Renamed) -> None:
    made = renamed({"P.md": "# Old\n"}, "# Old\n\nmore\n")
    assert made == AnchorPlan((), (), (), (), "# Old\n\nmore\n", ())
