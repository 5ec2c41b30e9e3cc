"""Recent changes, of all, of a folder, by an author; and deletions."""

import re
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from engine.model import Author
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.shown import main

ADA, BOT = Author("Ada Byron", "ada@secret.example"), Author("sync-bot", "sync@secret.example")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def tell(store: MemoryStore, *told: tuple[dict[str, bytes], Author, int]) -> list[str]:
    """Commit trees by authors, some hours after the start."""
    made: list[str] = []
    for files, author, hours in told:
        when = START + timedelta(hours=hours)
        summary = f"Change {len(made)}"
        made.append(store.commit_tree(files, made[-1:], author=author, summary=summary, time=when))
    store.set_head(made[-1])
    return made


def test_changes_are_grouped_by_day_and_name_files(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    tell(
        store,
        ({"a.md": b"# First\n", "f/b.md": b"b"}, ADA, 0),
        ({"a.md": b"# First\n", "f/b.md": b"c"}, ADA, 1),
        ({"a.md": b"# First!\n", "f/b.md": b"c"}, ADA, 30),
    )
    wiki.catch_up()
    text = client.get("/-/recent").text
    assert text.count('class="day"') == 2
    assert client.get("/-/recent?folder=f").text.count("2 changes") == 1
    assert '<a href="/a" dir="auto">First!</a>' in text
    assert 'href="/-/by/Ada%20Byron"' in text
    assert text.index("Change 2") < text.index("Change 1") < text.index("Change 0")
    inside = client.get("/-/recent?folder=f").text
    assert "2 changes" in inside
    assert "Change 2" not in inside
    assert main(client.get("/-/recent?folder=f/").text) == main(inside)
    assert client.get("/-/recent?folder=F").status_code == 404


def test_an_author_is_told_by_name_and_nobodys_address_is_shown(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    tell(store, ({"a.md": b"1"}, ADA, 0), ({"a.md": b"2"}, BOT, 1), ({"a.md": b"3"}, ADA, 2))
    wiki.catch_up()
    for address in ("/-/by/Ada%20Byron", "/-/recent?author=Ada+Byron"):
        text = client.get(address).text
        assert "2 changes" in text
        assert "Change 1" not in text
    for address in (
        "/-/recent",
        "/-/history/a",
        "/-/by/sync-bot",
        "/-/feed.atom",
        "/-/feed.atom?path=a",
        "/a",
    ):
        assert "secret.example" not in client.get(address).text


def test_what_bots_did_in_a_row_is_folded(store: MemoryStore, wiki: Wiki, client: FlaskClient) -> None:
    bots = [({"a.md": b"%d" % number}, BOT, 0) for number in range(5)]
    tell(store, ({"a.md": b"x"}, ADA, 0), *bots, ({"a.md": b"y"}, ADA, 0))
    wiki.catch_up()
    text = client.get("/-/recent").text
    assert "5 changes by bots" in text
    folded = text[text.index("5 changes by bots") :]
    assert "Change 5" in folded[: folded.index("</details>")]
    assert "Change 0" not in folded[: folded.index("</details>")]


def test_changes_come_in_pages(store: MemoryStore, wiki: Wiki, client: FlaskClient) -> None:
    tell(store, *(({"a.md": b"%d" % number}, ADA, number) for number in range(51)))
    wiki.catch_up()
    first, second = (client.get(f"/-/recent?page={number}&folder=").text for number in (1, 2))
    assert len(re.findall('class="change"', first)) == 50
    assert 'rel="next" href="?page=2"' in first
    assert len(re.findall('class="change"', second)) == 1
    assert "page=1" in client.get("/-/by/Ada%20Byron?page=2").text
    for page in ("3", "0", "-1", "x", "9" * 40):
        assert client.get(f"/-/recent?page={page}").status_code in {400, 404}


def test_what_nobody_did_is_not_found(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a.md": "x"})
    wiki.catch_up()
    for asked in (
        "folder=nowhere",
        "author=Nobody+Else",
        "folder=%00",
        "author=%00",
        "folder=" + "x" * 10_000,
    ):
        assert client.get(f"/-/recent?{asked}").status_code == 404


def test_an_empty_wiki_has_no_changes(wiki: Wiki, client: FlaskClient) -> None:
    for address in ("/-/recent", "/-/deleted", "/-/feed.atom"):
        assert client.get(address).status_code in {200, 503}


def test_deletions_are_listed_with_their_last_revision(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    many = {f"p{number:03}.md": f"{number}" for number in range(60)}
    last = commit({"a.md": "Text.", **many})
    commit(dict.fromkeys(many))
    wiki.catch_up()
    text = client.get("/-/deleted").text
    assert f'href="/p000?rev={last}"' in text
    assert "p050" not in text
    following = re.search(r'rel="next" href="([^"]+)"', text)
    assert following is not None
    second = client.get(f"/-/deleted{following[1]}").text
    assert len(re.findall(r'href="/p\d+\?rev=', second)) == 10
    for after in ("x", "0" * 40, "--help", "%00", "HEAD~1", "x" * 10_000):
        assert client.get(f"/-/deleted?after={after}").status_code == 404


def test_nothing_leads_to_a_folder_that_is_gone(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    last = commit({"old/f/a.md": "Text.", "new/b.md": "b"})
    commit({"old/f/a.md": None})
    wiki.catch_up()
    for address in ("/-/history/old/f/a", f"/old/f/a?rev={last}", "/-/recent?folder=old/f", "/-/deleted"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert not re.search(r'href="/old/(f/)?"', answer.text)
    assert 'class="crumbs"' in client.get("/-/recent?folder=new").text
