"""One commit: what it says, what it did to each file, what a merge brought; and what of it nobody may know."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine import commits
from engine.access import Role
from engine.commits import FILES, LINES, MESSAGE, TRAILERS
from engine.model import Author
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import signed_in, with_token
from tests.repositories import Repository
from tests.shown import main
from tests.wiki.test_hidden import HidesAFolder
from wiki import create_app
from wiki.settings import Settings
from wiki.state import State

ADA = Author("Ada Byron", "ada@secret.example")
JSON = {"Accept": "application/json"}


def told_of(client: FlaskClient, commit: str, page: int = 1) -> Any:
    """Return what a program is told of a commit."""
    answer = client.get(f"/-/commit/{commit}?page={page}", headers=JSON)
    assert answer.status_code == 200
    assert answer.json is not None
    return answer.json


def test_it_shows_what_was_said_and_what_was_done(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    first = store.commit_tree(
        {"a.md": b"# First\n\nOne.\n", "pic.png": b"\x89PNG"}, author=ADA, summary="Begin"
    )
    told = "Say more\n\nBecause <b>it</b> was\nnot enough.\n\nSigned-off-by: Ada\nQuire-Actor: ada\nQuire-Key: secret-key"
    made = store.commit_tree(
        {"b.md": b"# First\n\nTwo.\n", "pic.png": b"\x89PNG"},
        [first],
        author=ADA,
        summary=told,
        time=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    store.set_head(made)
    wiki.catch_up()
    text = main(client.get(f"/-/commit/{made}").text)
    assert "Say more</h1>" in text
    assert "Because &lt;b&gt;it&lt;/b&gt; was\nnot enough." in text
    assert re.search(r"Signed-off-by</th>\s*<td[^>]*>Ada<", text)
    assert re.search(r"Asked for by</th>\s*<td[^>]*>ada<", text)
    assert "secret-key" not in text
    assert "ada@secret.example" not in text
    assert made in text
    assert f'href="/-/commit/{first}"' in text
    assert 'datetime="2026-03-01T12:00:00Z"' in text
    assert "Deleted" in text
    assert "Added" in text
    assert '<del class="text" dir="auto">One.</del>' in text
    assert '<ins class="text" dir="auto">Two.</ins>' in text
    assert len(set(re.findall(r' id="([^"]+)"', text))) == len(re.findall(r' id="([^"]+)"', text))
    assert 'class="lines split"' in client.get(f"/-/commit/{made}?view=split").text
    assert client.get(f"/-/commit/{made}?view=none").status_code == 400


def test_the_beginning_of_an_id_leads_to_the_whole(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    made = commit({"a.md": "Text"})
    wiki.catch_up()
    for named in (made[:7], made[:39], made.upper()):
        answer = client.get(f"/-/commit/{named}?view=split")
        assert (answer.status_code, answer.location) == (302, f"/-/commit/{made}?view=split")
    for wrong in (made[:6], "0" * 40, "main", "HEAD", "--help", f"{made}x", "%00", "g" * 40):
        assert client.get(f"/-/commit/{wrong}").status_code == 404


def test_only_what_arrived_at_the_branch_is_there(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    first = store.commit_tree({"a.md": b"a"})
    aside = store.commit_tree({"a.md": b"secret"}, [first])
    store.set_head(first)
    wiki.catch_up()
    assert client.get(f"/-/commit/{aside}").status_code == 404
    store.set_head(aside)
    wiki.catch_up()
    assert client.get(f"/-/commit/{aside}").status_code == 200
    store.set_head(first)
    wiki.catch_up()
    assert client.get(f"/-/commit/{aside}").status_code == 404


def test_of_many_files_a_page_is_shown_at_once(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    made = commit({f"p{number:03}.md": f"{number}\n" for number in range(FILES + 5)})
    wiki.catch_up()
    first, second = (main(client.get(f"/-/commit/{made}?page={page}").text) for page in (1, 2))
    assert (first.count('class="touched"'), second.count('class="touched"')) == (FILES, 5)
    assert 'href="/-/commit/' + made + '?page=2"' in first
    assert client.get(f"/-/commit/{made}?page=3").status_code == 404
    assert client.get(f"/-/commit/{made}?page=0").status_code == 400
    told = told_of(client, made, 2)
    assert (told["count"], told["page"], told["pages"], len(told["changes"])) == (FILES + 5, 2, 2, 5)


def test_what_is_large_is_cut_and_leads_to_the_whole(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a.md": "a\n"})
    lines = "".join(f"Line {number}\n" for number in range(LINES + 50))
    made = commit({"a.md": lines, "b.md": "x" * 1_200_000 + "\n", "c.md": "x" * 1_200_000 + "\n"})
    wiki.catch_up()
    text = main(client.get(f"/-/commit/{made}").text)
    assert text.count("<ins class=") < LINES + 20
    assert "more changed lines are not shown." in text
    assert "There was no room on this page to compare it." in text
    own = re.findall(r'<a href="(/-/diff/[^"]+)" rel="nofollow">All changes of this file', text)
    assert own
    for address in own:
        assert client.get(address.replace("&amp;", "&")).status_code == 200


def test_a_merge_tells_what_it_made_itself_and_what_it_brought(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    first = store.commit_tree({"a.md": b"one\n", "b.md": b"b\n"}, summary="Begin")
    ours = store.commit_tree({"a.md": b"ours\n", "b.md": b"b\n"}, [first], summary="Of ours")
    theirs = store.commit_tree({"a.md": b"theirs\n", "b.md": b"changed\n"}, [first], summary="Of theirs")
    merge = store.commit_tree({"a.md": b"both\n", "b.md": b"changed\n"}, [ours, theirs], summary="Join")
    clean = store.commit_tree(
        {"a.md": b"both\n", "b.md": b"changed\n"}, [merge, theirs], summary="Join again"
    )
    store.set_head(clean)
    wiki.catch_up()
    text = main(client.get(f"/-/commit/{merge}").text)
    assert "compared with the first one" in text
    assert re.search(r'<del class="text" dir="auto">(<del class="word">)?ours', text)
    assert "Of theirs" in text
    assert text.count('class="touched"') == 1
    assert "/-/revert/" not in text
    told = told_of(client, merge)
    assert told["parents"] == [ours, theirs]
    assert told["brought"] == [theirs]
    assert [each["path"] for each in told["changes"]] == ["a.md"]
    assert told["changes"][0]["kind"] == "changed"
    assert "each file is as one of the parents had it" in client.get(f"/-/commit/{clean}").text


def test_programs_get_json(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    first = commit({"a.md": "one", "pic.png": b"\x89PNG"})
    second = commit({"a.md": "two", "pic.png": None})
    wiki.catch_up()
    page, answer = client.get(f"/-/commit/{second}"), client.get(f"/-/commit/{second}", headers=JSON)
    again = client.get(f"/-/commit/{second}")
    assert (page.mimetype, answer.mimetype, again.mimetype) == ("text/html", "application/json", "text/html")
    assert page.headers["ETag"] != answer.headers["ETag"]
    told = answer.json
    assert told is not None
    assert (told["commit"], told["parents"], told["author"]) == (second, [first], "Nobody")
    assert told["time"] == "2026-01-01T00:00:00Z"
    kinds = {each["path"]: (each["kind"], each.get("id"), bool(each["blob"])) for each in told["changes"]}
    assert kinds == {"a.md": ("changed", "a", True), "pic.png": ("deleted", None, False)}
    assert client.get("/-/commit/0000000", headers=JSON).json is not None


def test_it_is_linked_wherever_a_commit_is_named(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    first = commit({"a.md": "one\n"})
    second = commit({"a.md": "one\n\ntwo\n"})
    wiki.catch_up()
    for address, named in (
        ("/-/history/a", (first, second)),
        ("/-/recent", (first, second)),
        ("/-/by/Nobody", (first, second)),
        ("/-/blame/a", (first, second)),
        ("/-/diff/a", (first, second)),
        (f"/a?rev={first}", (first,)),
        ("/-/feed.atom", (first, second)),
    ):
        text = client.get(address).text
        for each in named:
            assert f"/-/commit/{each}" in text, address


def test_reverting_is_offered_to_whoever_may(commit: Commit, wiki: Wiki, state: State) -> None:
    commit({"a.md": "one\n"})
    made = commit({"a.md": "two\n"})
    wiki.catch_up()
    app = create_app(Settings(), wiki, state)
    address = f"/-/commit/{made}"
    assert f"/-/revert/{made}" in signed_in(app, "edi", Role.EDITOR).get(address).text
    assert f"/-/revert/{made}" not in signed_in(app, "rea", Role.READER).get(address).text
    assert f"/-/revert/{made}" not in app.test_client().get(address).text


def test_what_is_hidden_is_not_shown(store: MemoryStore, tmp_path: Path, state: State) -> None:
    files = {"open.md": b"Open\n", "board/plan.md": b"Zebra\n"}
    first = store.commit_tree(files, summary="Begin both")
    hidden = store.commit_tree(files | {"board/plan.md": b"Zebras\n"}, [first], summary="Only the board")
    moved = store.commit_tree(
        {"open.md": b"Open\n", "plan.md": b"Zebras\n"},
        [hidden],
        summary='Publish it\n\nQuire-Moved: [["board/plan.md","plan.md"]]\nQuire-Merged: board/plan.md, plan.md',
    )
    merge = store.commit_tree({"open.md": b"Open\n", "plan.md": b"Zebras\n"}, [moved, hidden], summary="Join")
    store.set_head(merge)
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "i"), tmp_path, HidesAFolder(), processes=0)
    wiki.catch_up()
    client = create_app(Settings(), wiki, state).test_client()
    assert client.get(f"/-/commit/{hidden}").status_code == 404
    assert client.get(f"/-/commit/{merge}").status_code == 404
    for address, headers in (
        (f"/-/commit/{first}", {}),
        (f"/-/commit/{moved}", {}),
        (f"/-/commit/{moved}", JSON),
    ):
        answer = client.get(address, headers=headers)
        assert answer.status_code == 200
        assert "board" not in main(answer.text).replace("Only the board", "")
        assert hidden not in answer.text
    assert told_of(client, first)["count"] == 1
    told = told_of(client, moved)
    assert [(each["path"], each["kind"], each["old_blob"]) for each in told["changes"]] == [
        ("plan.md", "added", None)
    ]
    wiki.close()


def test_what_came_from_a_file_that_is_hidden_now_is_not_shown(
    store: MemoryStore, tmp_path: Path, state: State
) -> None:
    first = store.commit_tree({"a.md": b"Zebra secrets\n"}, summary="Begin")
    swapped = store.commit_tree(
        {"a.md": b"Nothing of it\n", "board/a.md": b"Zebra secrets\n"},
        [first],
        summary='Hide it\n\nQuire-Moved: [["a.md","board/a.md"]]',
    )
    after = store.commit_tree(
        {"a.md": b"Nothing at all\n", "board/a.md": b"Zebra secrets\n"}, [swapped], summary="Go on"
    )
    store.set_head(after)
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "i"), tmp_path, HidesAFolder(), processes=0)
    wiki.catch_up()
    client = create_app(Settings(), wiki, state).test_client()
    assert client.get(f"/-/commit/{first}").status_code == 404
    for each in (swapped, after):
        answer = client.get(f"/-/commit/{each}")
        assert answer.status_code == 200
        assert "Zebra" not in answer.text
    wiki.close()


def test_what_a_branch_began_from_is_not_shown_where_it_is_hidden_since(
    store: MemoryStore, tmp_path: Path, state: State
) -> None:
    first = store.commit_tree({"a.md": b"Zebra secrets\n"}, summary="Begin")
    hidden = store.commit_tree(
        {"a.md": b"Another page\n", "board/a.md": b"Zebra secrets\n"},
        [first],
        summary='Hide it\n\nQuire-Moved: [["a.md","board/a.md"]]',
    )
    aside = store.commit_tree({"a.md": b"Nothing of it\n"}, [first], summary="Aside")
    merge = store.commit_tree(
        {"a.md": b"Nothing of it\n", "board/a.md": b"Zebra secrets\n"}, [hidden, aside], summary="Join"
    )
    store.set_head(merge)
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "i"), tmp_path, HidesAFolder(), processes=0)
    wiki.catch_up()
    client = create_app(Settings(), wiki, state).test_client()
    answer = client.get(f"/-/commit/{aside}")
    assert answer.status_code == 200
    assert "Nothing of it" in answer.text
    assert "Zebra" not in answer.text
    wiki.close()


def test_a_token_of_a_folder_sees_that_folder(commit: Commit, wiki: Wiki, state: State) -> None:
    made = commit({"notes/a.md": "a\n", "secret.md": "zebra\n"})
    only = commit({"secret.md": "zebras\n"})
    wiki.catch_up()
    client = with_token(create_app(Settings(), wiki, state), "notes", reads=("notes/**",))
    told = told_of(client, made)
    assert [each["path"] for each in told["changes"]] == ["notes/a.md"]
    assert client.get(f"/-/commit/{only}").status_code == 404


def test_git_tells_committers_encodings_and_odd_messages(
    repository: Repository, git_client: FlaskClient
) -> None:
    tree = repository.tree({"a.md": "# A\n"})
    body = (
        f"tree {tree}\nauthor Ada <ada@example.org> 1767225600 +0100\n"
        "committer Bot <bot@example.org> 1767229200 +0000\nencoding ISO-8859-1\n"
        "gpgsig -----BEGIN-----\n x\n -----END-----\n\nStra\xdfe\n\nMehr \xfcber sie.\n"
    ).encode("latin-1")
    made = repository.raw_commit(body)
    repository.git("update-ref", "refs/heads/main", made)
    wiki = git_client.application.extensions["quire"].wiki
    wiki.catch_up(10)
    told = told_of(git_client, made)
    assert (told["author"], told["committer"]) == ("Ada", "Bot")
    assert (told["time"], told["committed"]) == ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")
    assert told["body"] == "Mehr über sie."
    text = main(git_client.get(f"/-/commit/{made}").text)
    assert "Straße" in text
    assert re.search(r"Committed by</th>\s*<td><bdi>Bot", text)


def test_while_the_history_is_read_it_says_so(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    made = commit({f"p{number}.md": "x" for number in range(250)})
    answer = client.get(f"/-/commit/{made}")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_what_trailers_name_is_seen_only_by_who_sees_it_in_this_commit(
    store: MemoryStore, tmp_path: Path, state: State
) -> None:
    base = {"open.md": b"1", "b.md": b"1", "c.md": b"1", "board/a, b.md": b"1"}
    first = store.commit_tree(base, summary="Begin")
    hidden = store.commit_tree(base | {"board/a, b.md": b"2"}, [first], summary="Hidden")
    said = (
        "Merge\n\nQuire-Merged: board/a, b.md, c, d.md, open.md\n"
        'Quire-Moved: [["gone.md","never.md"],["x/","y/"]]\n'
    )
    merged = store.commit_tree(
        base | {"board/a, b.md": b"3", "b.md": b"2", "c, d.md": b"1", "open.md": b"2"},
        [hidden],
        summary=f"{said}Quire-Reverts: {hidden}\nQuire-Restores: {first}",
    )
    store.set_head(merged)
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "i"), tmp_path, HidesAFolder(), processes=0)
    wiki.catch_up()
    app = create_app(Settings(), wiki, state)
    trailers = {each["name"]: each["value"] for each in told_of(app.test_client(), merged)["trailers"]}
    assert sorted(trailers) == ["Quire-Merged", "Quire-Restores"]
    assert set(trailers["Quire-Merged"].split(", ")) == {"c", "d.md", "open.md"}
    assert trailers["Quire-Restores"] == first
    everything = {
        each["name"]: each["value"]
        for each in told_of(signed_in(app, "edi", Role.EDITOR), merged)["trailers"]
    }
    assert everything["Quire-Reverts"] == hidden
    assert everything["Quire-Moved"] == "gone.md → never.md; x/ → y/"
    assert everything["Quire-Merged"].startswith("board/a, b.md, c, d.md")
    wiki.close()


def test_what_is_said_at_length_is_cut_and_that_is_said(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    lines = "\n".join(f"Note: {number}" for number in range(TRAILERS + 20))
    made = store.commit_tree({"a.md": b"1"}, summary=f"{'s' * 3_000}\n\n{'b' * 30_000}\n\n{lines}")
    store.set_head(made)
    wiki.catch_up()
    told = told_of(client, made)
    assert (len(told["summary"]), told["more_summary"]) == (1_000, True)
    assert (len(told["body"]), told["more_body"]) == (MESSAGE, True)
    assert (len(told["trailers"]), told["more_trailers"]) == (TRAILERS, True)
    page = client.get(f"/-/commit/{made}").text
    assert "s" * 1_001 not in page
    assert "More lines of its message are not shown." in page


def test_nothing_is_compared_that_is_not_shown(
    commit: Commit, wiki: Wiki, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "1"})
    made = commit({"a.md": "2"})
    wiki.catch_up()
    with monkeypatch.context() as patch:
        patch.setattr(commits, "contents", None)
        patch.setattr(commits, "side_of", None)
        assert client.get(f"/-/commit/{made[:10]}").status_code == 302
        assert client.get(f"/-/commit/{made}?page=2").status_code == 404
        assert told_of(client, made)["changes"][0]["old_blob"]
    assert client.get(f"/-/commit/{made}").status_code == 200
