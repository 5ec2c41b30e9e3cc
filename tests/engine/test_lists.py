"""Lists of a snapshot: what is missing, what nobody links to."""

from engine.access import ANONYMOUS
from engine.lists import LISTED
from engine.wiki import Wiki
from tests.conftest import Commit


def missing(wiki: Wiki) -> list[tuple[str, int, list[tuple[str, str]]]]:
    with wiki.at(ANONYMOUS) as snapshot:
        found = snapshot.lists.missing()
        assert found is not None
        return [
            (each.target, each.pages, [(source.name.path, source.sentence) for source in each.sources])
            for each in found.listing.items
        ]


def orphans(wiki: Wiki) -> list[str]:
    with wiki.at(ANONYMOUS) as snapshot:
        found = snapshot.lists.orphans()
        assert found is not None
        return [line.name.path for line in found.listing.items]


def test_missing_targets_are_named_with_where_they_stand(commit: Commit, wiki: Wiki) -> None:
    commit(
        {
            "a.md": "See [[No Such]] and [[no_such]].\n\nLook at [it](x/other.md).",
            "b.md": "And [[no such]] here.",
            "x/c.md": "Here is [it](./other.md), and ![a picture](gone.png), and [up](../../out.md).",
            "d.md": "[[a]] [[B]] [[c]] [web](https://example.org/nowhere)",
        }
    )
    wiki.catch_up()
    assert missing(wiki) == [
        ("No Such", 2, [("a.md", "See No Such and no_such."), ("b.md", "And no such here.")]),
        ("x/other", 2, [("a.md", "Look at it."), ("x/c.md", "Here is it, and a picture, and up.")]),
        ("../../out.md", 1, [("x/c.md", "Here is it, and a picture, and up.")]),
        ("gone.png", 1, [("x/c.md", "Here is it, and a picture, and up.")]),
    ]


def test_no_more_than_three_pages_are_named_for_a_missing_target(commit: Commit, wiki: Wiki) -> None:
    commit({f"{number}.md": "[[nowhere]]" for number in range(7)})
    wiki.catch_up()
    ((target, pages, sources),) = missing(wiki)
    assert (target, pages, [path for path, _ in sources]) == ("nowhere", 7, ["0.md", "1.md", "2.md"])


def test_a_page_that_appears_is_missing_no_more(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "[[later]]"})
    wiki.catch_up()
    assert [target for target, *_ in missing(wiki)] == ["later"]
    commit({"deep/Later.md": "Here"})
    wiki.catch_up()
    assert missing(wiki) == []


def test_orphans_are_pages_that_nobody_else_links_to(commit: Commit, wiki: Wiki) -> None:
    commit(
        {
            "start.md": "[[linked]], ![[embedded]]",
            "linked.md": "Text",
            "embedded.md": "Text",
            "self.md": "[[self]]",
            "f/index.md": "speaks for a folder",
            "f/README.md": "does too",
            "f.md": "and this one",
            "f/alone.md": "Text",
            "old.md": "---\nredirect: New Place\n---\n",
            "new place.md": "where an old page leads",
            "picture.png": "x",
        }
    )
    wiki.catch_up()
    assert orphans(wiki) == ["f/alone.md", "self.md"]


def test_lists_come_in_pages(commit: Commit, wiki: Wiki) -> None:
    count = 2 * LISTED + 1
    commit({f"{number:03}.md": f"[[no{number:03}]]" for number in range(count)})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        for ask in (snapshot.lists.orphans, snapshot.lists.missing):
            pages = [ask(number) for number in (1, 2, 3, 4)]
            sizes = [
                (len(page.listing.items), page.listing.more, page.listing.total) for page in pages if page
            ]
            assert sizes == [
                (LISTED, True, count),
                (LISTED, True, count),
                (1, False, count),
                (0, False, count),
            ]
