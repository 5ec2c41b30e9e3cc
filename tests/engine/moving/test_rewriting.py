"""Rewriting the targets of links: their characters, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.markup import Limits, Markup
from engine.moving.rewriting import UNPLACED, UNWRITABLE, Rewritten, Wish, rewrite
from tests.engine.markup.test_places import text as pages

MARKUP = Markup()


def written(text: str, target: str | None = None, fragment: str | None = None, number: int = 0) -> Rewritten:
    return rewrite(MARKUP, MARKUP.trace(text), {number: Wish(target, fragment)})


def check(text: str, made: str, target: str | None = None, fragment: str | None = None) -> None:
    found = written(text, target, fragment)
    assert not found.unsure
    assert found.text == made
    link = MARKUP.scan(MARKUP.parse(made)).links[0]
    assert target is None or link.target == target
    assert fragment is None or link.fragment == fragment


@pytest.mark.parametrize(
    ("text", "target", "made"),
    [
        ("[[Old]]", "New", "[[New]]"),
        ("[[ Old#Part|said ]]", "a/New name", "[[ a/New name#Part|said ]]"),
        ("![[old.png|300]]", "new.png", "![[new.png|300]]"),
        ("| [[Old\\|x]] | b |\n|---|---|", "New", "| [[New\\|x]] | b |\n|---|---|"),
        ("| [x](old.md) |\n|---|", "a|b.md", "| [x](a%7Cb.md) |\n|---|"),
        ("[x](old.md?raw=1#y 'title')", "new.md", "[x](new.md?raw=1#y 'title')"),
        ("[x](old.md)", "a b.md", "[x](a%20b.md)"),
        ("[x](<old.md>)", "a b.md", "[x](<a b.md>)"),
        ("[x](<o%20ld.md>)", "a b.md", "[x](<a%20b.md>)"),
        ("[x](old.md)", "c(1).md", "[x](c(1).md)"),
        ("[x](old.md)", "c).md", "[x](c%29.md)"),
        ("[x](<old.md>)", "c)<.md", "[x](<c)%3C.md>)"),
        ("[x](old.md)", "ü.md", "[x](ü.md)"),
        ("[x](%C3%A4.md)", "ü.md", "[x](%C3%BC.md)"),
        ("[x](ä%C3%A4.md)", "ü.md", "[x](ü.md)"),
        ("[x](old.md)", "50%.md", "[x](50%.md)"),
        ("[x](old.md)", "50%41.md", "[x](50%2541.md)"),
        ("[x](old.md)", "a#b?c.md", "[x](a%23b%3Fc.md)"),
        ("[x](old.md)", "R&D.md", "[x](R&D.md)"),
        ("[x](old.md)", "a&amp;b.md", "[x](a%26amp;b.md)"),
        (r"[x](o\_ld.md)", "new_name.md", "[x](new_name.md)"),
        ("[x][y]\n\n> [y]:\n> <old.md>\n> 'title'", "a b.md", "[x][y]\n\n> [y]:\n> <a b.md>\n> 'title'"),
        ('<a class=k href="old.md#x">y</a>', "a b&c.md", '<a class=k href="a%20b&amp;c.md#x">y</a>'),
        ("<a href='o ld.md'>y</a>", "it's a.md", "<a href='it%27s a.md'>y</a>"),
        ("<a href=old.md>y</a>", "a=b c.md", "<a href=a%3Db%20c.md>y</a>"),
        ("<img src='old.png'>", "new.png", "<img src='new.png'>"),
        ("# On [[Old]]", "New", "# On [[New|Old]]"),
        ("# On [[Old#Part]]", "New", "# On [[New#Part|Old > Part]]"),
        ("# On [[Old|old]]", "New", "# On [[New|old]]"),
        ("# On [old](old.md)", "new.md", "# On [old](new.md)"),
        ("\ufeff---\r\ntitle: x\r\n---\r\n[[Old]]\r\n`[[Old]]`", "New", "\ufeff---\r\ntitle: x\r\n---\r\n[[New]]\r\n`[[Old]]`"),
        ("x^[see [[Old]]] y^[see [[Old]]]", "New", "x^[see [[New]]] y^[see [[New]]]"),
        ("%%[[Old]]%% $[[Old]]$ <!-- [[Old]] --> [[Old]]", "New", "%%[[Old]]%% $[[Old]]$ <!-- [[Old]] --> [[New]]"),
    ],
)  # fmt: skip
def test_a_target_is_written_as_the_old_one_was(text: str, target: str, made: str) -> None:
    check(text, made, target)


@pytest.mark.parametrize(
    ("text", "fragment", "made"),
    [
        ("[[A#Old]]", "New part", "[[A#New part]]"),
        ("[[#Old|x]]", "New", "[[#New|x]]"),
        ("[x](#old)", "new-part", "[x](#new-part)"),
        ("[x](a.md#Old%20part)", "New part", "[x](a.md#New%20part)"),
        ("![[A#Old]]", "New", "![[A#New]]"),
        ("## See [[#Old]]", "New", "## See [[#New|Old]]"),
    ],
)
def test_a_fragment_is_written_as_the_old_one_was(text: str, fragment: str, made: str) -> None:
    check(text, made, fragment=fragment)


def test_links_by_one_definition_change_together() -> None:
    page = MARKUP.trace("[a] [b][a]\n\n[a]: old.md")
    made = rewrite(MARKUP, page, {0: Wish("new.md"), 1: Wish("new.md")})
    assert made.text == "[a] [b][a]\n\n[a]: new.md"
    assert set(made.samples) == {0, 1}


def test_a_definition_leads_to_one_place_only() -> None:
    page = MARKUP.trace("[a] [b][a] [[c]]\n\n[a]: old.md")
    made = rewrite(MARKUP, page, {0: Wish("new.md"), 1: Wish("other.md"), 2: Wish("d")})
    assert made.text == page.text.replace("[[c]]", "[[d]]")
    assert made.unsure == {0: UNWRITABLE, 1: UNWRITABLE}


def test_what_would_change_other_things_is_not_written() -> None:
    text = "It costs $5 [[Old]], or [[x]]"
    made = rewrite(MARKUP, MARKUP.trace(text), {0: Wish("a$b"), 1: Wish("y")})
    assert made.unsure == {0: UNWRITABLE}
    assert made.text == "It costs $5 [[Old]], or [[y]]"


def test_a_page_is_not_read_without_end() -> None:
    page = MARKUP.trace("It costs $5. " + "[[Old]] " * 1_000)
    made = rewrite(MARKUP, page, dict.fromkeys(range(1_000), Wish("a$b")))
    assert len(made.unsure) + len(made.samples) == 1_000
    assert len(made.unsure) >= 999


def test_an_address_that_would_change_other_things_is_encoded() -> None:
    assert written("It costs $5 [x](old.md)", "a$b.md").text == "It costs $5 [x](a%24b.md)"
    assert written("a ` b [x](old.md)", "c`d.md").text == "a ` b [x](c%60d.md)"


def test_a_link_without_a_place_is_left() -> None:
    text = '> <a title="x"\n> href="a\n> .md">y</a> [[Old]]'
    page = MARKUP.trace(text)
    made = rewrite(MARKUP, page, {0: Wish("b"), 1: Wish("New")})
    assert made.text == text.replace("Old", "New")
    assert made.unsure == {0: UNPLACED}


def test_a_page_at_its_limit_is_not_cut_by_a_longer_name() -> None:
    markup = Markup(Limits(page_bytes=30))
    text = "[[Old]]\n" + "x" * 10 + "\n[[y]]\n"
    made = rewrite(markup, markup.trace(text), {0: Wish("A name that is longer")})
    assert made.text == text
    assert made.unsure == {0: UNWRITABLE}


def test_samples_show_what_stood_there_and_what_stands_there() -> None:
    made = written("a\r\nb\r\n> [x](<old.md#y>)", "new.md")
    assert [(each.line, each.before, each.after) for each in made.samples.values()] == [
        (3, "<old.md#y>", "<new.md#y>")
    ]


NAMES = st.text(alphabet="aZ0 /.-_%&#?()<>[]|$`'\"\\*~=^!ü首é:;,", min_size=1, max_size=8)


@given(pages, NAMES, st.integers(0, 50))
def test_only_what_was_asked_for_changes(text: str, target: str, number: int) -> None:
    page = MARKUP.trace(text)
    wishes = {
        each: Wish(target)
        for each, link in enumerate(page.facts.links)
        if link.target and (number >= 40 or each == number)
    }
    made = rewrite(MARKUP, page, wishes)
    facts = MARKUP.scan(MARKUP.parse(made.text))
    assert len(facts.links) == len(page.facts.links)
    for each, (before, after) in enumerate(zip(page.facts.links, facts.links, strict=True)):
        shared = not wishes.keys().isdisjoint(_by_same_definition(page.links, each))
        wanted = target if each in made.samples or (shared and after.target == target) else before.target
        assert (after.kind, after.target, after.fragment) == (before.kind, wanted, before.fragment)
    assert made.samples.keys() | made.unsure.keys() == wishes.keys()
    assert [each.anchor for each in facts.headings] == [each.anchor for each in page.facts.headings]
    assert (facts.tags, facts.blocks, len(facts.notes)) == (
        page.facts.tags,
        page.facts.blocks,
        len(page.facts.notes),
    )


def _by_same_definition(links: object, number: int) -> set[int]:
    assert isinstance(links, tuple)
    return {each for each, link in enumerate(links) if set(link.places) & set(links[number].places)}
