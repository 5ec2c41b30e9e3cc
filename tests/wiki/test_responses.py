"""Freshness: 304 before anything is rendered, and whole answers kept by the commit that they describe."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.access import Action, Actor, RolePolicy
from engine.errors import StoreError
from engine.following import Follower
from engine.model import Name
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore
from engine.wiki import Snapshot, Wiki
from tests.conftest import Commit
from tests.people import cookie_name, signed_in
from tests.repositories import Repository, chain, make
from wiki import create_app
from wiki.settings import Settings


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is asked of snapshots beyond the commit."""
    seen: list[str] = []
    for name in ("find", "page", "source", "folder", "search"):
        real = getattr(Snapshot, name)

        def spy(
            self: Snapshot, *args: object, _real: object = real, _name: str = name, **more: object
        ) -> object:
            seen.append(_name)
            return _real(self, *args, **more)  # type: ignore[operator]

        monkeypatch.setattr(Snapshot, name, spy)
    return seen


@pytest.fixture
def uncached(wiki: Wiki) -> FlaskClient:
    """Ask an application that keeps no answers."""
    return create_app(Settings(response_cache=0), wiki).test_client()


ADDRESSES = ["/a", "/a.md", "/", "/f/", "/m.png", "/-/search?q=text"]


def fill(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "Some text.\n", "f/b.md": "Other text.\n", "m.png": b"\x89PNG\r\n\x1a\n"})
    wiki.catch_up()


# -- 304


@pytest.mark.parametrize("address", [address for address in ADDRESSES if address != "/m.png"])
def test_a_reader_who_has_the_answer_gets_304_before_anything_is_rendered(
    commit: Commit, wiki: Wiki, uncached: FlaskClient, rendered: list[str], address: str
) -> None:
    fill(commit, wiki)
    first = uncached.get(address)
    rendered.clear()
    again = uncached.get(address, headers={"If-None-Match": f'"x", {first.headers["ETag"]}'})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Vary"] == first.headers["Vary"]
    assert not rendered


@pytest.mark.parametrize("address", ADDRESSES)
def test_304_comes_from_kept_answers_too(
    commit: Commit, wiki: Wiki, client: FlaskClient, rendered: list[str], address: str
) -> None:
    fill(commit, wiki)
    etag = client.get(address).headers["ETag"]
    rendered.clear()
    for sent in (etag, f"W/{etag}", f'"x", {etag}'):
        again = client.get(address, headers={"If-None-Match": sent})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == etag
    assert not rendered


def test_an_etag_changes_with_the_commit_and_is_another_for_markdown(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    fill(commit, wiki)
    html = client.get("/a").headers["ETag"]
    markdown = client.get("/a", headers={"Accept": "text/markdown", "If-None-Match": html})
    assert markdown.status_code == 200
    assert markdown.headers["ETag"] != html
    commit({"c.md": "[[a]]\n"})
    assert client.get("/a", headers={"If-None-Match": html}).status_code == 200


@pytest.mark.parametrize(
    "accept",
    [
        "TEXT/MARKDOWN",
        "text/*, text/html;q=0.5",
        "text/markdown;q=0",
        "Text/Markdown, text/html;q=0.9",
        "markdown",
        "*/markdown",
        "text/markdown;q=x",
        "text/markdown, */*",
    ],
)
def test_no_reader_decides_what_others_get(
    commit: Commit, wiki: Wiki, client: FlaskClient, accept: str
) -> None:
    fill(commit, wiki)
    alone = client.get("/a", headers={"Accept": accept})
    assert client.get("/a").mimetype == "text/html"
    assert client.get("/a", headers={"Accept": "text/markdown"}).mimetype == "text/markdown"
    assert client.get("/a", headers={"Accept": accept}).mimetype == alone.mimetype
    commit({"c.md": "[[a]]\n"})
    assert client.get("/a", headers={"Accept": "text/markdown"}).mimetype == "text/markdown"
    assert client.get("/a", headers={"Accept": accept}).mimetype == alone.mimetype
    assert client.get("/a").mimetype == "text/html"


def test_a_star_is_no_etag_that_a_reader_could_have(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    fill(commit, wiki)
    assert client.get("/missing", headers={"If-None-Match": "*"}).status_code == 404
    assert client.get("/a", headers={"If-None-Match": "*"}).status_code == 200


def test_errors_and_redirects_have_no_etag(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    fill(commit, wiki)
    for address in ("/missing", "/A", "/f", "/-/search?q=a&page=x"):
        assert "ETag" not in client.get(address).headers


def test_an_answer_that_may_still_grow_is_not_kept(
    commit: Commit, wiki: Wiki, client: FlaskClient, rendered: list[str]
) -> None:
    commit({"b.md": "Text\n", "a.md": "[[A title]]\n"})
    commit({f"p{i}.md": f"# Title {i}\n" for i in range(300)})
    first = client.get("/a")
    assert "still being read" in first.text
    assert "ETag" not in first.headers
    wiki.catch_up()
    rendered.clear()
    assert "still being read" not in client.get("/a").text
    assert "page" in rendered


def test_results_of_an_older_index_are_not_kept(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    fill(commit, wiki)
    commit({"new.md": "Llamas here.\n"})
    before = client.get("/-/search?q=llamas")
    assert "being brought up to date" in before.text
    assert "ETag" not in before.headers
    wiki.catch_up()
    after = client.get("/-/search?q=llamas")
    assert 'href="/new"' in after.text
    assert "ETag" in after.headers


# -- kept answers


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_answer_is_rendered_once_a_commit(
    commit: Commit, wiki: Wiki, client: FlaskClient, rendered: list[str], address: str
) -> None:
    fill(commit, wiki)
    first = client.get(address)
    rendered.clear()
    again = client.get(address)
    assert not rendered
    assert again.data == first.data
    kept, made = dict(again.headers), dict(first.headers)
    assert kept == made


def test_a_kept_answer_has_the_same_head(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    fill(commit, wiki)
    fresh = client.head("/a")
    full = client.get("/a")
    kept = client.head("/a")
    assert kept.data == fresh.data == b""
    assert kept.headers["Content-Length"] == str(len(full.data)) == full.headers["Content-Length"]
    assert fresh.headers.get("Content-Length") == str(len(full.data))


def test_a_commit_shows_at_once(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    fill(commit, wiki)
    for version in range(20):
        commit({"a.md": f"Version {version}.\n"})
        assert f"Version {version}." in client.get("/a").text
        assert f"Version {version}." in client.get("/a").text
        assert client.get("/a.md").data == b"Version %d.\n" % version
    commit({"a.md": None})
    assert client.get("/a").status_code == 404


def test_a_shallow_clone_that_is_deepened_shows_its_history_at_once(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.git")
    chain(whole, *({"a.md": "a" * number} for number in range(1, 5)))
    address = f"file://{whole.path}"
    whole.git("clone", "-q", "--bare", "--depth", "2", address, str(tmp_path / "clone.git"))
    store = GitStore.open(tmp_path / "clone.git")
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, RolePolicy(), processes=0)
    client = create_app(Settings(), wiki).test_client()
    wiki.catch_up()
    before = client.get("/-/history/a")
    assert "2 revisions" in before.text
    Repository(tmp_path / "clone.git").git("fetch", "-q", "--unshallow", address, "main")
    old = client.get("/-/history/a")  # not followed yet
    assert "2 revisions" in old.text
    wiki.catch_up()
    for etag in (before.headers["ETag"], "*", ""):
        assert "4 revisions" in client.get("/-/history/a", headers={"If-None-Match": etag}).text
    wiki.close()


def test_a_branch_that_is_set_back_shows_at_once(
    store: MemoryStore, commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    first = commit({"a.md": "One.\n"})
    assert "One." in client.get("/a").text
    commit({"a.md": "Two.\n"})
    assert "Two." in client.get("/a").text
    store.set_head(first)
    assert "One." in client.get("/a").text
    store.set_head(None)
    assert client.get("/a").status_code == 404


@pytest.mark.parametrize("headers", [{"Authorization": "Basic x"}, {"Range": "bytes=0-3"}], ids=str)
def test_who_may_be_somebody_else_is_not_answered_from_what_was_kept(
    commit: Commit, wiki: Wiki, client: FlaskClient, rendered: list[str], headers: dict[str, str]
) -> None:
    fill(commit, wiki)
    client.get("/a")
    rendered.clear()
    client.get("/a", headers=headers)
    assert "page" in rendered


def test_answers_to_who_names_a_password_are_not_kept(
    commit: Commit, wiki: Wiki, client: FlaskClient, rendered: list[str]
) -> None:
    fill(commit, wiki)
    client.get("/a", headers={"Authorization": "Basic x"})
    rendered.clear()
    client.get("/a")
    assert "page" in rendered


def test_a_cookie_that_says_nothing_changes_nothing(
    commit: Commit, wiki: Wiki, client: FlaskClient, rendered: list[str]
) -> None:
    fill(commit, wiki)
    first = client.get("/a")
    rendered.clear()
    for name, value in (("session", "x"), (cookie_name(client.application), "x"), ("a", "b; c=d")):
        client.set_cookie(name, value)
        assert client.get("/a").text == first.text
    assert rendered == []


def test_markdown_and_html_are_kept_apart(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    fill(commit, wiki)
    for _ in range(2):
        assert client.get("/a").mimetype == "text/html"
        assert client.get("/a", headers={"Accept": "text/markdown"}).mimetype == "text/markdown"
        assert client.get("/a?x=1").mimetype == "text/html"


def test_what_is_kept_is_bounded(commit: Commit, wiki: Wiki) -> None:
    fill(commit, wiki)
    app = create_app(Settings(response_cache=100_000), wiki)
    client = app.test_client()
    for number in range(200):
        assert client.get(f"/a?{number}").status_code == 200
    kept = app.extensions["quire"].responses._kept
    assert 0 < kept.size <= 100_000
    assert len(kept) < 100


def test_large_answers_are_not_kept(commit: Commit, wiki: Wiki, app: Flask) -> None:
    commit({"large.bin": b"\0" * 3_000_000, "a.md": "Text\n"})
    wiki.catch_up()
    app.test_client().get("/large.bin")
    assert len(app.extensions["quire"].responses._kept) == 0


def test_answers_say_their_commit_and_that_they_are_to_be_checked(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    made = commit({"a.md": "Text\n"})
    answer = client.get("/a")
    assert answer.headers["Quire-Commit"] == made
    assert answer.headers["Cache-Control"] == "no-cache"
    assert f'<meta name="quire-commit" content="{made}">' in answer.text


# -- stale snapshots


def test_an_older_snapshot_is_marked_and_not_kept(
    commit: Commit, wiki: Wiki, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = commit({"a.md": "Old.\n"})
    wiki.catch_up()
    with monkeypatch.context() as patch:
        patch.setattr(
            Follower, "follow", lambda self, wait, leave=None: False
        )  # as when another process takes long
        new = commit({"a.md": "New.\n"})
        stale = client.get("/a")
        assert "Old." in stale.text
        assert stale.headers["Quire-Stale"] == "1"
        assert stale.headers["Quire-Commit"] == old
    fresh = client.get("/a", headers={"If-None-Match": stale.headers["ETag"]})
    assert fresh.status_code == 200
    assert "New." in fresh.text
    assert fresh.headers["Quire-Commit"] == new
    assert "Quire-Stale" not in fresh.headers


def test_where_the_branch_cannot_be_read_the_commit_before_is_served(
    commit: Commit, wiki: Wiki, client: FlaskClient, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(commit, wiki)
    client.get("/a")

    def broken(self: MemoryStore) -> str:
        raise StoreError("the repository is locked")

    monkeypatch.setattr(MemoryStore, "head", broken)
    answer = client.get("/a")
    assert answer.status_code == 200
    assert answer.headers["Quire-Stale"] == "1"
    assert client.get("/-/healthz").status_code == 503


# -- policies


class Shifting(RolePolicy):
    """One that hides a folder from some day on."""

    hides = False

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        return not (self.hides and name.path.startswith("f/")) and super().allows(actor, action, name)

    def scope(self, actor: Actor) -> str:
        return f"hides {self.hides}"

    def is_open(self, actor: Actor) -> bool:
        return not self.hides


@pytest.fixture
def shifting(store: MemoryStore, tmp_path: Path) -> Iterator[Wiki]:
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, Shifting(), processes=0)
    yield wiki
    wiki.close()


def test_a_kept_answer_never_crosses_scopes(commit: Commit, shifting: Wiki) -> None:
    commit({"f/b.md": "Secret text.\n", "a.md": "See [[f/b]]. ![[f/b]]\n", "c.md": "C\n"})
    shifting.catch_up()
    client = create_app(Settings(), shifting).test_client()
    seen = {address: client.get(address) for address in ("/f/b", "/a", "/f/", "/-/search?q=secret", "/")}
    assert "Secret text." in seen["/f/b"].text
    policy = shifting.policy
    assert isinstance(policy, Shifting)
    policy.hides = True
    for address, before in seen.items():
        now = client.get(address, headers={"If-None-Match": before.headers["ETag"]})
        assert now.status_code in {200, 404}
        assert "Secret text" not in now.text
        assert address == "/a" or 'href="/f/' not in now.text


def test_two_wikis_in_one_process_keep_apart(
    commit: Commit, wiki: Wiki, client: FlaskClient, tmp_path: Path
) -> None:
    fill(commit, wiki)
    other_store = MemoryStore()
    other_store.set_head(other_store.commit_tree({"a.md": b"Another wiki.\n"}))
    folder = tmp_path / "other"
    folder.mkdir()
    other = Wiki.open(other_store, WhooshIndex(folder / "search"), folder, RolePolicy(), processes=0)
    try:
        other_client = create_app(Settings(), other).test_client()
        assert "Some text." in client.get("/a").text
        assert "Another wiki." in other_client.get("/a").text
        assert "Some text." in client.get("/a").text
    finally:
        other.close()


def test_a_kept_answer_is_for_the_host_that_was_asked(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    fill(commit, wiki)
    one, other = (client.get("/a", base_url=f"http://{host}.example") for host in ("one", "other"))
    assert one.headers["ETag"] != other.headers["ETag"]
    crossed = client.get(
        "/a", base_url="http://other.example", headers={"If-None-Match": one.headers["ETag"]}
    )
    assert crossed.status_code == 200
    assert crossed.headers["ETag"] == other.headers["ETag"]


# -- packed


GZIP = {"Accept-Encoding": "br, gzip"}


def test_an_answer_is_packed_for_who_takes_it_so(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a.md": "Some text.\n" * 200})
    wiki.catch_up()
    plain = client.get("/a")
    first, again = client.get("/a", headers=GZIP), client.get("/a", headers=GZIP)
    assert gzip.decompress(first.data) == gzip.decompress(again.data) == plain.data
    assert len(first.data) < len(plain.data) / 2
    assert first.headers["Content-Encoding"] == again.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] != first.headers["ETag"] == again.headers["ETag"]
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/a", headers=GZIP | known).status_code == 304
    assert client.get("/a", headers=known).status_code == 200
    assert client.head("/a", headers=GZIP).headers["Content-Length"] == str(len(first.data))


@pytest.mark.parametrize("header", ["", "identity", "br", "gzip;q=0", "gzip; q=0, br"])
def test_who_does_not_take_gzip_gets_the_answer_as_it_is(
    commit: Commit, wiki: Wiki, client: FlaskClient, header: str
) -> None:
    fill(commit, wiki)
    assert "Content-Encoding" not in client.get("/", headers={"Accept-Encoding": header}).headers


def test_what_is_not_for_everybody_is_not_packed(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    fill(commit, wiki)
    assert "Content-Encoding" not in client.get("/", headers=GZIP, auth=("x", "y")).headers
    ada = signed_in(client.application, "ada")
    for _ in range(2):
        assert "Content-Encoding" not in ada.get("/", headers=GZIP).headers


def test_files_are_not_packed_as_parts_of_them_may_be_asked_for(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({"a.txt": "Some text.\n" * 200})
    wiki.catch_up()
    assert "Content-Encoding" not in client.get("/a.txt", headers=GZIP).headers
