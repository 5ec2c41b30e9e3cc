"""Links that lead to nothing, to a part that is not there, or to more than one file are found, and no others."""

import pytest

from engine.access import Action, Actor, Policy, RolePolicy
from engine.model import Name
from tests.engine.checking.conftest import Check

PAGES: dict[str, str | bytes | None] = {
    "home.md": "# Home\n",
    "docs/guide.md": "---\ntitle: The Long Guide\naliases: [handbook]\n---\n# Start here\n\nA block. ^why\n",
    "docs/index.md": "# Docs\n",
    "media/logo.png": b"x",
    "uses.md": "![](media/logo.png) [[guide#Start here]]",
}


@pytest.mark.parametrize(
    "text",
    [
        "[[guide]] [[Docs/Guide]] [[handbook]] [[The Long Guide]] [[docs]]",
        "[[guide#Start here]] [[guide#start-here]] [[guide#^why]] [[#Here]] [x](#here)\n\n## Here\n",
        "[[guide#Before#Start here]] [[#Before#Here]]\n\n# Here\n",
        "[x](docs/guide.md#start-here) [x](/docs/guide) [x](./docs/) [x](docs/guide.md?raw=1#start-here)",
        "![[guide]]\n\n![[guide#Start here]]\n\n![[guide#^why]]\n\n![](media/logo.png) ![[logo.png|30]]",
        "[x](https://example.org/none) [x](//example.org/none) [x](mailto:a@b.c) [[https://example.org/none]]",
        "`[[none]]` %%[[none]]%% \\[[none]]\n\n```\n[[none]]\n```\n",
        '<a href="docs/guide.md">x</a> <img src="media/logo.png">',
        '<a id="spot"></a><a name="place"></a> [x](#spot) [x](#place) [x](#top) [x](#:~:text=word)',
        "Said[^1]. [x](#note-1) [x](#references)\n\n[^1]: Why.",
        "[[logo.png#outline]] [x](media/logo.png#page=2)",
        "[x](/-/search?q=none)",
    ],
)
def test_what_leads_somewhere_is_not_found(check: Check, text: str) -> None:
    assert check({**PAGES, "page.md": text}) == []


@pytest.mark.parametrize(
    ("text", "code", "line", "near"),
    [
        ("a\n\n[[giude]]", "missing-page", 3, "docs/guide.md"),
        ("[[nothing like it]]", "missing-page", 1, ""),
        ("[[the long gudie]]", "missing-page", 1, "docs/guide.md"),
        ("[x](guide.md)\n[x](./guide.md)", "missing-page", 2, "docs/guide.md"),
        ("![[none/of it]]", "missing-page", 1, ""),
        ("![](media/lgoo.png)", "missing-media", 1, "media/logo.png"),
        ("![[none.png]]", "missing-media", 1, ""),
        ('<p>\n<img src="none.png"></p>', "missing-media", 2, ""),
        ("[x](/windows/other)", "absolute-link", 1, ""),
        ("[x](/reference/guide.md)", "absolute-link", 1, "docs/guide.md"),
        ("[x](../other/page.md)", "outside-link", 1, ""),
        ("[x](docs/../../guide.md)", "missing-page", 1, "docs/guide.md"),
        ("[[guide#Strat here]]", "missing-anchor", 1, "Start here"),
        ("[x](docs/guide.md#Start-Here)", "missing-anchor", 1, "start-here"),
        ("[[guide#Nothing]]", "missing-anchor", 1, ""),
        ("[[guide#^whi]]", "missing-anchor", 1, ""),
        ("Text.\n[[#Nothing]]", "missing-anchor", 2, ""),
        ("[x](#nothing)", "missing-anchor", 1, ""),
        ("![[guide#Nothing]]", "missing-anchor", 1, ""),
        ("![[guide#Nothing#Start here]]", "missing-anchor", 1, "Start here"),
        ("---\nlang: de\nredirect: giude\n---\n", "redirect-missing", 3, "docs/guide.md"),
        ("---\nredirect: page\n---\n", "redirect-loop", 2, ""),
    ],
)
def test_what_leads_nowhere_is_found(check: Check, text: str, code: str, line: int, near: str) -> None:
    found = [finding for finding in check({**PAGES, "page.md": text}) if finding.code != "ambiguous-link"]
    assert [(each.code, each.path, each.line, each.near) for each in found] == [(code, "page.md", line, near)]
    assert near in found[0].message


def test_a_finding_ends_when_it_is_mended(check: Check) -> None:
    assert check({"a.md": "[[b#Here]]"})
    assert check({"b.md": "# There\n"})
    assert not check({"b.md": "# Here\n"})


def test_each_line_is_told_once(check: Check) -> None:
    found = check({"a.md": "[[b]] [[b]]\n[[b]]\n"})
    assert [finding.line for finding in found] == [1, 2]


def test_an_ambiguous_link_names_what_was_taken_and_the_others(check: Check) -> None:
    files = {"a.md": "[[same]]", "one/same.md": "1", "two/same.md": "2", "three/deep/same.md": "3"}
    (found,) = check(files)
    assert (found.code, found.near) == ("ambiguous-link", "one/same.md")
    assert "one/same.md, which was taken" in found.message
    assert "two/same.md" in found.message
    assert "three" not in found.message
    assert check({"a.md": "[[two/same]]"}) == []


def test_an_ambiguous_title_or_alias_is_found_too(check: Check) -> None:
    files = {
        "a.md": "[[A Title]]\n[[nick]]",
        "b/one.md": "---\ntitle: A title\naliases: [nick]\nlang: de\n---\n",
        "c/two.md": "---\ntitle: A Title\naliases: [Nick]\nlang: fr\n---\n",
    }
    assert [(each.code, each.line) for each in check(files)] == [("ambiguous-link", 1), ("ambiguous-link", 2)]


def test_redirects_in_a_circle_are_told_at_each_of_their_pages(check: Check) -> None:
    files = {
        "a.md": "---\nredirect: b\n---\n",
        "b.md": "---\nredirect: c\n---\n",
        "c.md": "---\nredirect: b\n---\n",
        "d.md": "---\nredirect: e\n---\n",
        "e.md": "The end.",
    }
    found = check(files)
    assert [(each.code, each.path) for each in found] == [("redirect-loop", f"{page}.md") for page in "abc"]
    assert "b.md → c.md → b.md" in found[1].message


def test_a_long_way_of_redirects_is_told(check: Check) -> None:
    files = {f"p{number}.md": f"---\nredirect: p{number + 1}\n---\n" for number in range(14)}
    found = check({**files, "p14.md": "The end."})
    assert {(each.code, each.path) for each in found} == {("redirect-loop", f"p{n}.md") for n in range(4)}


def test_a_page_that_embeds_itself_is_found(check: Check) -> None:
    found = check({"a.md": "Text.\n\n![[b]]\n", "b.md": "![[a]]\n"})
    assert {(each.code, each.path) for each in found} == {("embed-cycle", "a.md"), ("embed-cycle", "b.md")}


def test_what_scanning_found_is_told(check: Check) -> None:
    files: dict[str, str | bytes | None] = {
        "a.md": "---\ntitle: [\n---\nNo[^1].\n\n```\ncode\n",
        "b.md": b"\xff\xfe",
    }
    assert {(each.code, each.path, each.line) for each in check(files)} == {
        ("front-matter", "a.md", 3),
        ("undefined-note", "a.md", 4),
        ("unclosed-fence", "a.md", 6),
        ("not-utf-8", "b.md", 0),
    }


def test_a_part_with_no_words_is_no_surprise(check: Check) -> None:
    check(
        {
            "a.md": "[[a#]] [x](#) [[#^]] [x](a.md#%20) [[a#^]] [x](%00.md) [x](.) [x](..) [x](../..) [[/]] [[..]]"
        }
    )


class HidesAFolder(RolePolicy):
    """Readers do not see the folder ``board``."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        return not name.path.startswith("board/")

    def scope(self, actor: Actor) -> str:
        return "some"

    def is_open(self, actor: Actor) -> bool:
        return False


class TestRights:
    """What an actor may not see is in no finding."""

    @pytest.fixture
    def policy(self) -> Policy:
        return HidesAFolder()

    def test_hidden_files_are_as_if_they_were_not_there(self, check: Check) -> None:
        files = {
            "a.md": "---\naliases: [plan]\n---\n[[board/plan]] [[secret one]] ![](board/x.png) [[pln]]\n",
            "Board/b.md": "---\nredirect: ../board/plan\n---\n",
            "board/plan.md": "---\ntitle: Secret one\naliases: [plan, a]\n---\n[[none]]\n",
            "board/x.png": "x",
        }
        found = check(files)
        codes = [(each.code, each.path) for each in found]
        assert codes == [
            ("redirect-missing", "Board/b.md"),
            ("missing-page", "a.md"),
            ("missing-page", "a.md"),
            ("missing-media", "a.md"),
            ("missing-page", "a.md"),
        ]
        assert not any("board" in each.near or "Secret" in each.message for each in found)
