"""Where a policy hides a page it is hidden from everything: nobody can tell it from a page that does not exist."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.access import ANONYMOUS, Action, Actor, Kind, Policy, Role, RolePolicy
from engine.errors import MediaNotFoundError, NotFoundError, PageNotFoundError
from engine.model import Author, Form, Name
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Snapshot, Wiki
from tests.conftest import Commit
from tests.shown import main
from wiki import create_app
from wiki.identity import Door, Identity
from wiki.settings import Settings

INSIDER = Actor(Kind.PERSON, "ada", Role.READER)


class HidesAFolder(RolePolicy):
    """Visitors do not see the folder ``board``, whatever it holds."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        hidden = name.path.startswith("board/") or name.path == "board.md"
        return super().allows(actor, action, name) and not (hidden and actor.kind is Kind.ANONYMOUS)

    def scope(self, actor: Actor) -> str:
        return "visitors" if actor.kind is Kind.ANONYMOUS else "all"

    def is_open(self, actor: Actor) -> bool:
        return actor.kind is not Kind.ANONYMOUS


@pytest.fixture
def policy() -> Policy:
    return HidesAFolder()


FILES: dict[str, str | bytes | None] = {
    "open.md": """---
redirect: ""
---
# Open

See [[plan]], [[Board/Plan]], [[The Great Plan]], [[masterplan]], [the plan](board/plan.md) and [[board]].

![[board/plan]]

![[diagram.png]]

![](board/diagram.png)
""",
    "plan of mine.md": "# My plan\n\nNothing about foxes.\n",
    "moved.md": "---\nredirect: board/plan\n---\nStays here.\n",
    "board/plan.md": """---
title: The Great Plan
aliases: [masterplan]
tags: [secret-tag]
---
Zebras shall rule. See [[open]] for the rest of zebras.
""",
    "board/index.md": "# Board\n\nZebras meet here.\n",
    "board/open.md": "# Another Open\n\nZebras.\n",
    "board/diagram.png": b"\x89PNG\r\n\x1a\nzebra",
    "board/deep/er.md": "Zebras.\n",
}
SECRETS = ("zebra", "secret-tag", "another open", 'src="/board')  # nothing that an open page says itself


@pytest.fixture
def visitor(commit: Commit, wiki: Wiki, client: FlaskClient) -> FlaskClient:
    commit(FILES)
    wiki.catch_up()
    return client


@pytest.fixture
def insider(wiki: Wiki, app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The same application, asked by somebody who carries a cookie and may see everything."""

    def identify(door: Door, environ: Mapping[str, str]) -> Identity:
        return Identity(INSIDER) if "HTTP_COOKIE" in environ else door.visitor

    monkeypatch.setattr(Door, "identify", identify)
    client = app.test_client()
    client.set_cookie("session", "x")
    return client


@pytest.fixture
def seen(commit: Commit, wiki: Wiki) -> Iterator[Snapshot]:
    """What a visitor sees."""
    commit(FILES)
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        yield snapshot


HIDDEN = [
    "/board/plan",
    "/board/plan.md",
    "/board/index",
    "/board/",
    "/board",
    "/Board/Plan",
    "/BOARD",
    "/Board/",
    "/board/deep/",
    "/board/deep",
    "/board/deep/er",
    "/board/diagram.png",
    "/board/Diagram.PNG",
    "/masterplan",
    "/The Great Plan",
]


@pytest.mark.parametrize("address", HIDDEN)
def test_a_hidden_page_answers_as_one_that_is_not_there(
    visitor: FlaskClient, insider: FlaskClient, address: str
) -> None:
    assert insider.get(address, follow_redirects=True).status_code in {200, 404}
    absent = visitor.get("/nowhere/at all")
    for headers in ({}, {"Accept": "text/markdown"}, {"If-None-Match": "*"}, {"Range": "bytes=0-3"}):
        answer = visitor.get(address, headers=headers)
        assert answer.status_code == 404
        assert set(answer.headers.keys()) == set(absent.headers.keys())
        assert "zebra" not in answer.text.lower()


def test_no_page_that_is_shown_tells_of_what_is_hidden(visitor: FlaskClient, insider: FlaskClient) -> None:
    assert "Zebras shall rule" in insider.get("/open").text
    assert "The Great Plan" in insider.get("/open").text
    for address in ("/", "/open", "/open.md", "/plan of mine", "/moved", "/quire.toml"):
        for _ in range(2):
            text = visitor.get(address).text.lower()
            for secret in SECRETS:
                assert secret not in text, (address, secret)


def test_links_to_hidden_pages_look_like_links_to_nowhere(visitor: FlaskClient) -> None:
    text = visitor.get("/open").text
    assert text.count('class="missing"') >= 7
    assert "board/diagram.png</a>" in text or "No file board/diagram.png" in text
    assert 'src="/board' not in text


def test_a_hidden_page_is_no_backlink(visitor: FlaskClient, insider: FlaskClient) -> None:
    assert 'href="/board/plan">The Great Plan</a>' in insider.get("/open").text
    assert "No page links here" in visitor.get("/open").text


def test_a_page_does_not_send_visitors_to_a_hidden_one(visitor: FlaskClient, insider: FlaskClient) -> None:
    assert insider.get("/moved").headers["Location"] == "/board/plan?from=moved"
    answer = visitor.get("/moved")
    assert answer.status_code == 200
    assert "Stays here." in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "zebras",
        "title:great",
        '"the great plan"',
        "masterplan",
        "path:board",
        "tag:secret-tag",
        "zebra*",
        "-foxes",
    ],
)
def test_the_search_does_not_find_what_is_hidden(
    visitor: FlaskClient, insider: FlaskClient, query: str
) -> None:
    address = f"/-/search?q={query}"
    assert "/board/" in insider.get(address).text
    text = visitor.get(address).text
    assert 'href="/board' not in text
    assert "zebras shall" not in text.lower()
    assert "zebras meet" not in text.lower()


def test_hidden_hits_leave_no_gaps_and_no_further_pages(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit(
        {f"board/{i:03}.md": "Giraffe giraffe giraffe.\n" for i in range(120)}
        | {f"open{i:02}.md": f"A giraffe and {i} other animals are in this page.\n" for i in range(20)}
    )
    wiki.catch_up()
    text = client.get("/-/search?q=giraffe").text
    assert text.count('class="where"') == 20
    assert 'rel="next"' not in text
    commit({"board/x.md": "giraffe\n"})
    wiki.catch_up()
    assert client.get("/-/search?q=giraffe").text.count('class="where"') == 20


def test_a_hidden_page_makes_no_choice_and_no_ambiguity(
    commit: Commit, wiki: Wiki, client: FlaskClient, seen: Snapshot
) -> None:
    commit(
        {
            "Fair Use.md": "---\naliases: [fu]\n---\nOpen.\n",
            "board/fu.md": "---\naliases: [fair use]\n---\n",
            "x/topic.md": "X\n",
            "board/topic.md": "Y\n",
            "links.md": "[[topic]] and [[fu]].\n",
        }
    )
    wiki.catch_up()
    assert client.get("/FU").headers["Location"] == "/Fair%20Use"
    text = client.get("/links").text
    assert 'href="/x/topic"' in text
    assert 'href="/Fair%20Use"' in text
    assert "Problems" not in text


def test_home_is_the_first_that_is_seen(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"quire.toml": 'home = "board/plan"', "board/plan.md": "Zebras.\n", "index.md": "Welcome.\n"})
    wiki.catch_up()
    assert "Welcome." in client.get("/").text


def test_a_folder_where_everything_is_hidden_is_none(visitor: FlaskClient) -> None:
    assert "board" not in visitor.get("/?x").text.lower()


def test_a_folder_is_listed_for_what_is_seen_of_it(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"f/board/a.md": "A\n", "board/f/b.md": "B\n", "board.md": "Hidden\n", "f/c.md": "C\n"})
    wiki.catch_up()
    text = client.get("/").text
    assert 'href="/f/"' in text
    assert 'href="/board' not in text
    assert client.get("/f/board/").status_code == 200


def test_health_tells_visitors_no_numbers(visitor: FlaskClient, insider: FlaskClient) -> None:
    told = visitor.get("/-/healthz").json
    assert told is not None
    assert not {"pages", "unknown", "work"} & set(told)


@pytest.mark.parametrize(
    "typed",
    [
        "z",
        "zebra",
        "great",
        "the great plan",
        "master",
        "b",
        "board",
        "er",
        "another open",
        "plan",
    ],
)
def test_what_is_hidden_is_never_suggested(visitor: FlaskClient, insider: FlaskClient, typed: str) -> None:
    theirs = insider.get(f"/-/suggest?q={typed}").text
    mine = visitor.get(f"/-/suggest?q={typed}").text
    assert "/board" in theirs or typed in {"z", "zebra"}
    assert "board" not in mine.replace(f'"{typed}"', "")


def test_the_site_map_does_not_tell_of_what_is_hidden(visitor: FlaskClient, insider: FlaskClient) -> None:
    assert "/board/plan" in insider.get("/sitemap.xml").text
    text = visitor.get("/sitemap.xml").text
    assert "/open" in text
    assert "board" not in text


@pytest.mark.parametrize(
    "address",
    [
        "/-/missing",
        "/-/orphans",
        "/-/tags",
        "/-/pages",
        "/-/pages?part=1",
        "/-/backlinks/open",
        "/-/backlinks/plan%20of%20mine",
    ],
)
def test_lists_do_not_tell_of_what_is_hidden(
    visitor: FlaskClient, insider: FlaskClient, address: str
) -> None:
    insider.get(address)
    text = visitor.get(address).text.lower()
    for secret in SECRETS:
        assert secret not in text
    assert 'href="/board/index"' not in text


@pytest.mark.parametrize(
    "address",
    [
        "/-/tags/secret-tag",
        "/-/pages?folder=board",
        "/-/pages?folder=board&part=1",
        "/-/pages?folder=board/deep",
        "/-/backlinks/board/plan",
        "/-/backlinks/Board/Plan",
        "/-/backlinks/board/diagram.png",
    ],
)
def test_lists_of_what_is_hidden_are_not_there(
    visitor: FlaskClient, insider: FlaskClient, address: str
) -> None:
    assert insider.get(address, follow_redirects=True).status_code == 200
    assert visitor.get(address).status_code == 404


def test_what_is_hidden_is_missing_and_links_from_nowhere(
    commit: Commit, wiki: Wiki, visitor: FlaskClient, insider: FlaskClient
) -> None:
    """To a visitor the page that a hidden one links to is an orphan, and what is hidden is as good as not written."""
    commit({"lone.md": "Text\n", "board/names it.md": "[[lone]]\n"})
    wiki.catch_up()
    for _ in range(2):
        assert 'href="/lone"' in main(visitor.get("/-/orphans").text)
        assert 'href="/Board/Plan"' in visitor.get("/-/missing").text  # the open page names it itself
        assert 'href="/lone"' not in main(insider.get("/-/orphans").text)
        assert "Nothing is missing" in insider.get("/-/missing").text


def test_kept_html_never_crosses_from_one_reader_to_another(
    visitor: FlaskClient, insider: FlaskClient
) -> None:
    for _ in range(3):
        for address in ("/open", "/", "/-/search?q=zebras"):
            mine, theirs = insider.get(address), visitor.get(address)
            assert "zebras " not in theirs.text.lower()
            assert mine.headers.get("ETag") != theirs.headers.get("ETag")
            crossed = visitor.get(address, headers={"If-None-Match": mine.headers["ETag"]})
            assert crossed.status_code == 200
    assert "Zebras shall rule" in insider.get("/open").text
    assert insider.get("/board/plan").status_code == 200
    assert visitor.get("/board/plan").status_code == 404


def test_embeds_of_embeds_are_hidden_too(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit(
        {
            "a.md": "![[b]]\n",
            "b.md": "Before.\n\n![[board/c]]\n\nAfter.\n",
            "board/c.md": "Zebras.\n\n![[d]]\n",
            "d.md": "Open text.\n",
        }
    )
    wiki.catch_up()
    text = client.get("/a").text
    assert "Before." in text
    assert "After." in text
    assert "Zebras" not in text
    assert "Open text." not in text


@pytest.mark.parametrize("question", ["diff", "blame"])
@pytest.mark.parametrize("page", ["board/plan", "board/plan.md", "board/diagram.png", "board/deep/er"])
def test_the_past_of_a_hidden_page_answers_as_that_of_one_that_never_was(
    visitor: FlaskClient, insider: FlaskClient, question: str, page: str
) -> None:
    assert insider.get(f"/-/{question}/{page}", follow_redirects=True).status_code == 200
    answer, absent = visitor.get(f"/-/{question}/{page}"), visitor.get(f"/-/{question}/never/was")
    assert answer.status_code == absent.status_code == 404
    assert set(answer.headers.keys()) == set(absent.headers.keys())
    assert "zebra" not in answer.text.lower()


def test_what_a_page_was_where_it_was_hidden_stays_hidden(
    store: MemoryStore, wiki: Wiki, client: FlaskClient, insider: FlaskClient
) -> None:
    secret = "Zebras shall rule.\n" + "".join(f"Line {number} of the plan.\n" for number in range(20))
    public = secret.replace("Zebras shall rule.", "Nobody shall rule.")
    author = Author("Zebra Zoe", "zoe@example.org")
    texts = [{"board/plan.md": secret}, {"board/plan.md": public}, {"plan.md": public}]
    commits: list[str] = []
    for number, files in enumerate(texts):
        whole = {path: text.encode() for path, text in files.items()} | {"open.md": b"%d\n" % number}
        commits.append(store.commit_tree(whole, commits[-1:], author=author, summary=f"Zebra {number}"))
    commits.append(
        store.commit_tree({"plan.md": f"{public}More.\n".encode(), "open.md": b"3\n"}, commits[-1:])
    )
    store.set_head(commits[-1])
    wiki.catch_up()
    assert "Zebra 0" in insider.get("/-/blame/plan").text
    for address in (
        "/-/blame/plan",
        f"/-/blame/plan?rev={commits[2]}",
        "/-/diff/plan",
        *(f"/-/diff/plan?from={commit}" for commit in commits[:3]),
        *(f"/-/diff/plan?from={commit}&to={commits[3]}" for commit in commits[:3]),
        *(f"/-/diff/plan?to={commit}" for commit in commits[2:]),
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
        text = answer.text.lower()
        assert "zebras" not in text, address
        assert "board" not in text, address
        # That commit is known for what else it changed, but not for these lines.
        assert "blame" not in address or "zebra 0" not in text
    assert "An earlier change" in client.get("/-/blame/plan").text
    for address in (f"/-/blame/plan?rev={commits[1]}", f"/-/diff/plan?from={commits[0]}&to={commits[1]}"):
        assert insider.get(address).status_code == 200
        assert client.get(address).status_code == 404


# -- the past


@pytest.fixture
def told(commit: Commit, wiki: Wiki) -> dict[str, str]:
    """A history in which pages come out of what is hidden, and go there."""
    made = {
        "first": commit(FILES | {"later.md": "Secret okapi.\n", "out.md": "x\n"}),
        "second": commit({"board/plan.md": "Zebras plan a coup.\n"}),
        "hidden": commit({"later.md": None, "board/later.md": "Secret okapi.\n"}),
        "shown": commit({"board/open.md": None, "came.md": FILES["board/open.md"] or ""}),
        "deleted": commit({"board/deep/er.md": None, "out.md": None}),
    }
    wiki.catch_up()
    return made


PAST = [
    "/-/history/board/plan",
    "/-/history/board/later",
    "/-/history/later",
    "/-/history/board/deep/er",
    "/-/history/board/diagram.png",
    "/-/diff/board/plan",
    "/-/diff/later",
    "/-/blame/board/plan",
    "/-/blame/later",
    "/-/recent?folder=board",
    "/-/recent?folder=board/deep",
    "/-/feed.atom?path=board",
    "/-/feed.atom?path=board/",
    "/-/feed.atom?path=board/plan",
    "/-/feed.atom?path=later",
]


@pytest.mark.parametrize("address", PAST)
def test_what_is_hidden_has_no_past(
    told: dict[str, str], client: FlaskClient, insider: FlaskClient, address: str
) -> None:
    assert insider.get(address, follow_redirects=True).status_code == 200
    absent = client.get(address.replace("board", "nowhere").replace("later", "never"))
    answer = client.get(address)
    assert (answer.status_code, absent.status_code) == (404, 404)
    assert set(answer.headers.keys()) == set(absent.headers.keys())
    assert "zebra" not in answer.text.lower()


def test_old_revisions_of_what_is_hidden_are_hidden(
    told: dict[str, str], client: FlaskClient, insider: FlaskClient
) -> None:
    for path in ("board/plan", "board/diagram.png", "later", "board/later", "board/deep/er", "came"):
        for suffix in ("", ".md"):
            for rev in (told["first"], told["first"][:8]):
                address = f"/{path}{suffix}?rev={rev}"
                answer = client.get(address, follow_redirects=True)
                assert answer.status_code == 404, address
                assert "zebra" not in answer.text.lower()
                assert "okapi" not in answer.text.lower()
    assert "okapi" in insider.get(f"/later?rev={told['first']}", follow_redirects=True).text
    assert "Zebras" in insider.get(f"/came?rev={told['first']}").text


def test_a_page_in_the_place_of_one_that_was_hidden_does_not_tell_of_it(
    commit: Commit, wiki: Wiki, client: FlaskClient, insider: FlaskClient
) -> None:
    first = commit({"plan.md": "Secret okapi.\n", "open.md": "1\n"})
    commit({"plan.md": None, "board/plan.md": "Secret okapi.\n"})
    last = commit({"plan.md": "The plan is the board's now.\n"})
    wiki.catch_up()
    for address in (
        f"/plan?rev={first}",
        f"/plan.md?rev={first}",
        f"/-/blame/plan?rev={first}",
        f"/-/diff/plan?from={first}&to={last}",
    ):
        assert "okapi" in insider.get(address).text, address
        answer = client.get(address)
        assert "okapi" not in answer.text, address
        assert answer.status_code == (200 if "diff" in address else 404), address
    assert client.get(f"/open?rev={first}").status_code == 200


def test_a_commit_that_touched_only_what_is_hidden_is_unknown(
    told: dict[str, str], client: FlaskClient, insider: FlaskClient
) -> None:
    for name in ("second", "hidden"):
        assert insider.get(f"/open?rev={told[name]}").status_code == 200
        assert client.get(f"/open?rev={told[name]}").status_code == 404
        assert client.get(f"/open?rev={told[name][:7]}").status_code == 404
    assert client.get(f"/open?rev={told['shown']}").status_code == 200


def test_lists_of_the_past_leave_out_what_is_hidden(
    told: dict[str, str], client: FlaskClient, insider: FlaskClient
) -> None:
    for address in (
        "/-/recent",
        "/-/by/Nobody",
        "/-/feed.atom",
        "/-/deleted",
        "/-/changes",
        "/-/history/came",
        "/-/history/out",
    ):
        mine, theirs = insider.get(address).text, client.get(address).text
        for secret in ("board/", "zebra", "later", told["second"], told["hidden"]):
            assert secret not in theirs, (address, secret)
        assert "board/" in mine or address == "/-/history/out"
    assert "Renamed" not in client.get("/-/history/came").text
    assert "1 revision<" in client.get("/-/history/came").text.replace("\n", "<")
    text = client.get("/-/deleted").text
    assert 'href="/out?rev=' in text
    assert text.count("?rev=") == 1


def test_no_fate_tells_of_what_is_hidden(
    told: dict[str, str], client: FlaskClient, insider: FlaskClient
) -> None:
    assert "It was moved to" in insider.get("/later").text
    for address in ("/later", "/board/deep/er", "/board/open"):
        assert "fate" in insider.get(address).text
        text = client.get(address).text
        assert "fate" not in text
        assert "was moved" not in text
    assert "It was deleted on" in client.get("/out").text


def test_a_page_without_a_revision_that_is_seen_has_an_empty_history(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    def commit(files: dict[str, str], *parents: str) -> str:
        return store.commit_tree({path: text.encode() for path, text in files.items()}, parents)

    base = commit({"p.md": "one\ntwo\nthree\n"})
    kept = commit({"p.md": "one\ntwo\nthree\nfour\n"}, base)
    moved = commit({"board/p.md": "one\ntwo\nthree\n"}, base)
    files = {"p.md": "one\ntwo\nthree\nfour\n", "board/p.md": "one\ntwo\nthree\n"}
    store.set_head(commit(files, kept, moved))
    wiki.catch_up()
    assert "0 revisions" in client.get("/-/history/p").text
    assert client.get("/-/diff/p").status_code == client.get("/-/blame/p").status_code == 404


# -- the engine, whoever asks it


def test_names_that_a_reader_should_not_have_open_nothing(seen: Snapshot) -> None:
    name = Name("board/plan.md", "0" * 40, Form.PAGE)
    for ask in (seen.page, seen.source):
        with pytest.raises(NotFoundError):
            ask(name)
    assert seen.text(name) is None
    with pytest.raises(PageNotFoundError):
        seen.folder("board")
    with pytest.raises(PageNotFoundError):
        seen.folder("board/deep")
    with pytest.raises(MediaNotFoundError):
        seen.source(Name("board/diagram.png", "0" * 40, Form.MEDIA))
    assert seen.folder_page("board") is None


def test_nobody_sees_nothing(commit: Commit, wiki: Wiki) -> None:
    commit(FILES)
    wiki.catch_up()
    client = create_app(Settings(anonymous="nobody"), wiki).test_client()
    elsewhere = ["/", "/-/search?q=zebras", "/-/missing", "/sitemap.xml", "/-/suggest?q=o", "/nowhere"]
    for address in (*HIDDEN, "/open", "/open.md", "/plan of mine", "/moved", *elsewhere):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/-/login?next=/")
        sign_in = client.get(answer.headers["Location"])
        assert sign_in.status_code == 200
        text = re.sub(r'name="next" value="[^"]*"', "", sign_in.text).lower()
        assert not any(secret in text for secret in SECRETS)


def test_the_catalog_of_a_policy_is_not_left_behind(
    store: MemoryStore, commit: Commit, tmp_path: Path
) -> None:
    """A wiki opened with another policy shows by that one at once, from the same derived data."""
    commit(FILES)
    for policy, code in ((RolePolicy(), 200), (HidesAFolder(), 404), (RolePolicy(), 200)):
        wiki = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, policy, processes=0)
        try:
            wiki.catch_up()
            assert create_app(Settings(), wiki).test_client().get("/board/plan").status_code == code
        finally:
            wiki.close()


def test_what_is_hidden_stands_beside_no_page(
    commit: Commit, wiki: Wiki, visitor: FlaskClient, insider: FlaskClient
) -> None:
    """Neither in the tree at the side, nor as a sidebar, nor among the related pages."""
    commit({"mine.md": "#okapi\n", "board/theirs.md": "# Theirs\n\n#okapi\n"})
    wiki.catch_up()
    assert 'href="/board/"' in insider.get("/mine").text
    assert 'href="/board/theirs"' in insider.get("/mine").text
    assert "/board" not in visitor.get("/mine").text
    commit({"board/sidebar.md": "Zebras only.\n"})
    wiki.catch_up()
    assert "Zebras only." in insider.get("/board/theirs").text
    assert "Zebras only." not in visitor.get("/board/theirs").text
    assert "Zebras only." not in visitor.get("/mine").text
