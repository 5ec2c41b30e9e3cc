"""What changed since, for programs: lines of JSON with a cursor that nothing gets past in silence."""

import io
import json
import re
import threading
import time
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import change_feed
from engine.access import ANONYMOUS, Role
from engine.following import Follower
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.turns import Turns
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import with_token
from tests.repositories import Repository
from tests.states import ADMIN
from tests.wiki.processes import ROOT
from tests.wiki.test_hidden import HidesAFolder
from wiki import create_app, open_wiki
from wiki.settings import Settings
from wiki.state import State
from wiki.waiting import Waiting, waiting


def lines(client: FlaskClient, query: str = "", **options: Any) -> list[Any]:
    answer = client.get(f"/-/changes?{query}", multithread=True, **options)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def told(client: FlaskClient, query: str = "") -> list[str]:
    return [line["commit"] for line in lines(client, query) if "commit" in line]


def test_each_commit_is_a_line_and_the_last_one_a_cursor(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    first = commit({"a.md": "one\n", "pic.png": b"\x89PNG"})
    second = commit({"a.md": None, "f/b.md": "one\n", "pic.png": None})
    wiki.catch_up()
    found = lines(client)
    assert [line.get("commit") for line in found] == [first, second, None]
    assert found[0]["parents"] == []
    assert found[0]["time"] == "2026-01-01T00:00:00Z"
    assert found[0]["author"] == "Nobody"
    assert [(each["path"], each.get("id"), each["kind"]) for each in found[0]["changes"]] == [
        ("a.md", "a", "added"),
        ("pic.png", None, "added"),
    ]
    renamed, deleted = found[1]["changes"]
    assert (renamed["path"], renamed["kind"], renamed["from"]) == ("f/b.md", "renamed", "a.md")
    assert (deleted["path"], deleted["kind"], deleted["blob"]) == ("pic.png", "deleted", None)
    assert found[2] == {"cursor": second, "more": False}
    assert lines(client, f"since={second}") == [found[2]]
    assert lines(client, "since=head") == [found[2]]
    assert told(client, f"since={first}") == [second]


def test_a_part_at_a_time(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    made = [commit({"a.md": str(number)}) for number in range(7)]
    wiki.catch_up()
    found: list[str] = []
    cursor, more = "", True
    while more:
        *some, end = lines(client, f"since={cursor}&limit=3")
        found += [line["commit"] for line in some]
        cursor, more = end["cursor"], end["more"]
    assert found == made
    assert cursor == made[-1]


def test_a_merge_is_told_after_what_it_brought_and_can_be_cut_in_its_midst(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    first = store.commit_tree({"a.md": b"1"}, summary="first")
    ours = store.commit_tree({"a.md": b"2"}, [first], summary="ours")
    aside = store.commit_tree({"a.md": b"1", "b.md": b"1"}, [first], summary="aside")
    theirs = store.commit_tree({"a.md": b"1", "b.md": b"2"}, [aside], summary="theirs")
    merge = store.commit_tree({"a.md": b"2", "b.md": b"2"}, [ours, theirs], summary="merge")
    store.set_head(merge)
    wiki.catch_up()
    assert told(client) == [first, ours, aside, theirs, merge]
    *_, end = lines(client, f"since={ours}&limit=1")
    assert end == {"cursor": f"{merge}-2", "more": True}
    assert told(client, f"since={end['cursor']}") == [theirs, merge]
    # Another line of work becomes the first parent: nothing is told again, and nothing is left out.
    other = store.commit_tree({"a.md": b"9"}, [first], summary="other")
    foxtrot = store.commit_tree({"a.md": b"9", "b.md": b"2"}, [other, merge], summary="foxtrot")
    store.set_head(foxtrot)
    wiki.catch_up()
    *some, end = lines(client, f"since={merge}&limit=1")
    assert [line["commit"] for line in some] == [other]
    assert "reset" not in some[0]
    assert told(client, f"since={end['cursor']}") == [foxtrot]


def test_after_a_push_by_force_it_says_so_and_goes_on_from_what_both_have(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    first = store.commit_tree({"a.md": b"1"}, summary="first")
    gone = store.commit_tree({"a.md": b"2"}, [first], summary="gone")
    store.set_head(gone)
    wiki.catch_up()
    lines(client)
    other = store.commit_tree({"a.md": b"3"}, [first], summary="other")
    store.set_head(other)
    wiki.catch_up()
    assert lines(client, f"since={gone}")[0] == {"reset": True, "from": first}
    assert told(client, f"since={gone}") == [other]
    wiki.rebuild()
    assert lines(client, f"since={gone}")[0] == {"reset": True, "from": first}
    unrelated = store.commit_tree({"a.md": b"4"}, summary="unrelated")
    store.set_head(unrelated)
    wiki.catch_up()
    assert lines(client, f"since={other}")[0] == {"reset": True, "from": None}
    assert told(client, f"since={'0' * 40}") == [unrelated]


def test_a_page_a_folder_or_a_pattern(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    first = commit({"News/a.md": "1", "b.md": "1", "News.md": "News"})
    second = commit({"b.md": "2"})
    third = commit({"News/a.md": None, "old/a.md": "1"})
    wiki.catch_up()
    assert told(client, "path=News") == [first, third]
    assert told(client, "path=News/") == [first, third]
    assert told(client, "path=b") == told(client, "path=b.md") == told(client, "path=b.*") == [first, second]
    assert told(client, "path=**/a.md") == [first, third]
    assert told(client, "path=nowhere") == []
    assert [each["path"] for each in lines(client, "path=b")[0]["changes"]] == ["b.md"]
    assert lines(client, "path=nowhere")[-1] == {"cursor": third, "more": False}


def test_what_has_a_sign_of_patterns_in_its_name_is_found_by_it(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    first = commit({"What now?.md": "1", "b.md": "1"})
    second = commit({"What now?/a.md": "1"})
    third = commit({"a*b.md": "1"})
    wiki.catch_up()
    assert told(client, "path=What%20now%3F") == [first, second]
    assert told(client, "path=What%20now%3F/") == [second]
    assert told(client, "path=a*b") == [third]
    assert told(client, "path=*") == [first, third]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("since=HEAD~1", "cursor"),
        ("since=--help", "cursor"),
        ("since=1234567", "cursor"),
        (f"since={'a' * 40}..", "cursor"),
        ("since=head&since=head", "twice"),
        ("limit=0", "limit must be a whole number from 1 to 1000"),
        ("limit=1001", "limit"),
        ("wait=26", "wait"),
        ("wait=x", "wait"),
        ("path=a//b", "stands for no path"),
        ("path=../x", "stands for no path"),
        ("path=a**b", "**"),
        (f"path={'x' * 400}", "characters"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_do(
    client: FlaskClient, commit: Commit, query: str, says: str
) -> None:
    commit({"a.md": "a"})
    answer = client.get(f"/-/changes?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json is not None
    assert says in answer.json["error"]


def test_where_nothing_is_new_304_is_enough(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    made = commit({"a.md": "a"})
    wiki.catch_up()
    address = f"/-/changes?since={made}"
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    commit({"a.md": "b"})
    wiki.catch_up()
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_an_empty_wiki_has_an_empty_cursor(client: FlaskClient) -> None:
    assert lines(client) == [{"cursor": "", "more": False}]
    assert lines(client, f"since={'a' * 40}")[0] == {"reset": True, "from": None}


def test_while_the_history_is_read_it_says_so(commit: Commit, client: FlaskClient) -> None:
    commit({f"p{number}.md": "x" for number in range(250)})
    answer = client.get("/-/changes")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_what_is_hidden_is_left_out_and_the_cursor_goes_past_it(
    store: MemoryStore, tmp_path: Path, state: State
) -> None:
    first = store.commit_tree({"open.md": b"1", "board/a.md": b"1"}, summary="both")
    hidden = store.commit_tree({"open.md": b"1", "board/a.md": b"2"}, [first], summary="zebra")
    last = store.commit_tree({"open.md": b"2", "board/a.md": b"2"}, [hidden], summary="open")
    end = store.commit_tree({"open.md": b"2", "board/a.md": b"3"}, [last], summary="zebras")
    store.set_head(end)
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "i"), tmp_path, HidesAFolder(), processes=0)
    wiki.catch_up()
    client = create_app(Settings(), wiki, state).test_client()
    found = lines(client)
    assert [line.get("commit") for line in found] == [first, last, None]
    assert [each["path"] for each in found[0]["changes"]] == ["open.md"]
    assert found[1]["parents"] == []
    assert found[2] == {"cursor": end, "more": False}
    assert "board" not in client.get("/-/changes").text
    assert told(client, "path=board") == []
    for limit in (1, 2):
        cursor, all_told = "", []
        while True:
            *some, more = lines(client, f"since={cursor}&limit={limit}")
            all_told += [line["commit"] for line in some]
            cursor = more["cursor"]
            if not more["more"]:
                break
        assert all_told == [first, last]
    wiki.close()


def test_what_is_looked_through_is_bounded(
    commit: Commit, wiki: Wiki, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"notes/a.md": "1"})
    for number in range(20):
        commit({"secret.md": str(number)})
    last = commit({"notes/a.md": "2"})
    wiki.catch_up()
    monkeypatch.setattr(change_feed, "LOOKED_AT", 10)
    client = with_token(create_app(Settings(), wiki, state), "notes", Role.READER, reads=("notes/**",))
    first = lines(client)
    assert len(first) == 2
    assert first[-1]["more"]
    cursor, rounds = "", 0
    found: list[str] = []
    while True:
        *some, end = lines(client, f"since={cursor}")
        found += [line["commit"] for line in some]
        cursor, rounds = end["cursor"], rounds + 1
        if not end["more"]:
            break
    assert len(found) == 2
    assert found[-1] == last
    assert rounds > 2


def test_a_commit_of_many_files_tells_some_and_says_so(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({f"p{number:04}.txt": "x" for number in range(change_feed.FILES + 5)})
    wiki.catch_up()
    (line, _) = lines(client)
    assert (len(line["changes"]), line["more_changes"]) == (change_feed.FILES, True)


def test_of_a_commit_of_many_files_nothing_is_lost(
    commit: Commit, wiki: Wiki, state: State, client: FlaskClient
) -> None:
    many = commit({f"a/{number:04}.txt": "x" for number in range(change_feed.FILES + 200)} | {"z/p.md": "1"})
    other = commit({"b.md": "1"})
    last = commit({"z/p.md": "2", "b.md": "2"})
    wiki.catch_up()
    app = create_app(Settings(), wiki, state)
    reader = with_token(app, "z", Role.READER, reads=("z/**",))
    for found in (lines(client, "path=z/p"), lines(reader)):
        assert [line.get("commit") for line in found] == [many, last, None]
        assert [each["path"] for each in found[0]["changes"]] == ["z/p.md"]
        assert not any("more_changes" in line for line in found)
    assert found[1]["parents"] == []
    assert told(client) == [many, other, last]
    shown = reader.get(f"/-/commit/{many}", headers={"Accept": "application/json"}).json
    assert shown is not None
    assert (shown["count"], shown["changes"][0]["path"]) == (1, "z/p.md")


def test_what_is_outside_of_the_root_is_not_there(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"wiki/a.md": "1", "code.py": "1"}, message="both")
    code = repository.commit({"wiki/a.md": "1", "code.py": "zebra"}, first, message="only code")
    empty = repository.commit({"wiki/a.md": "1", "code.py": "zebra"}, code, message="nothing")
    aside = repository.commit({"wiki/a.md": "1", "code.py": "2"}, first, message="aside", branch=None)
    page = repository.commit({"wiki/a.md": "2", "code.py": "zebra"}, empty, message="page")
    files = {"wiki/a.md": "2", "wiki/b.md": "1", "code.py": "2"}
    merge = repository.commit(files, page, aside, message="merge")
    end = repository.commit(files | {"code.py": "3"}, merge, message="code again")
    for root, known in (("wiki", [first, page, merge]), ("", [first, code, empty, page, aside, merge, end])):
        settings = Settings(
            repository=str(repository.path), root=root, data=str(tmp_path / f"d{root}"), processes=1
        )
        wiki = open_wiki(settings)
        wiki.catch_up(10)
        client = create_app(settings, wiki).test_client()
        assert told(client) == known
        assert lines(client)[-1] == {"cursor": end, "more": False}
        for each in (first, code, empty, page, aside, merge, end):
            answer = client.get(f"/-/commit/{each}", headers={"Accept": "application/json"})
            assert answer.status_code == (200 if each in known else 404)
            if each == merge:
                assert answer.json is not None
                assert answer.json["brought"] == [aside] * (aside in known)
        assert (code in client.get("/-/changes").text) == (code in known)
        wiki.close()


def test_long_summaries_and_many_names_end_an_answer(
    store: MemoryStore, wiki: Wiki, client: FlaskClient
) -> None:
    head = store.commit_tree({"a.md": b"0"}, summary="x" * 5_000)
    names = {f"{number:03}" + "y" * 900 + ".txt": b"1" for number in range(500)}
    second = store.commit_tree(names, [head], summary="y" * change_feed.SUMMARY)
    store.set_head(second)
    wiki.catch_up()
    long, many, _ = lines(client)
    assert (len(long["summary"]), long["more_summary"]) == (change_feed.SUMMARY, True)
    assert "more_summary" not in many
    assert many["more_changes"]
    assert len(client.get("/-/changes").data) < 2 * change_feed.BYTES
    with wiki.at(ANONYMOUS) as snapshot:
        assert len(snapshot.change_feed.since(size=1).commits) == 1


def test_a_cursor_that_is_ahead_is_no_reset(
    store: MemoryStore, wiki: Wiki, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.commit_tree({"a.md": b"1"})
    store.set_head(first)
    wiki.catch_up()
    second = store.commit_tree({"a.md": b"2"}, [first])
    third = store.commit_tree({"a.md": b"3"}, [second])
    monkeypatch.setattr(Follower, "follow", lambda self, wait, leave=None: False)  # another process is at it
    store.set_head(third)
    answer = client.get(f"/-/changes?since={third}")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    monkeypatch.undo()
    assert lines(client, f"since={third}") == [{"cursor": third, "more": False}]


def test_what_git_is_asked_for_a_cursor_is_bounded(
    store: MemoryStore, wiki: Wiki, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.commit_tree({"a.md": b"1"})
    line = [first]
    for number in range(10):
        line.append(store.commit_tree({"a.md": b"1", "b.md": b"%d" % number}, line[-1:]))
    other = store.commit_tree({"a.md": b"2"}, [first])
    foxtrot = store.commit_tree({"a.md": b"2", "b.md": b"9"}, [other, line[-1]])
    store.set_head(foxtrot)
    wiki.catch_up()
    assert told(client, f"since={line[-1]}") == [other, foxtrot]
    monkeypatch.setattr(change_feed, "FOLLOWED", 5)
    assert lines(client, f"since={line[-1]}&limit=9")[0] == {"reset": True, "from": first}
    gone = store.commit_tree({"a.md": b"5"}, [foxtrot])
    assert lines(client, f"since={gone}")[0] == {"reset": True, "from": foxtrot}


def test_it_waits_for_what_is_new(commit: Commit, wiki: Wiki, app: Flask) -> None:
    first = commit({"a.md": "1"})
    wiki.catch_up()
    found: list[Any] = []
    address = f"since={first}&wait=20"
    thread = threading.Thread(target=lambda: found.append(lines(app.test_client(), address)))
    began = time.monotonic()
    thread.start()
    time.sleep(0.3)
    assert not found
    second = commit({"a.md": "2"})
    thread.join(10)
    assert time.monotonic() - began < 10
    assert [line.get("commit") for line in found[0]] == [second, None]


def test_who_has_waited_does_not_leave_it_to_who_saves_to_follow(
    commit: Commit, wiki: Wiki, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = commit({"a.md": "1"})
    wiki.catch_up()
    monkeypatch.setattr(Follower, "runs", True)
    monkeypatch.setattr("engine.following.LEAVE", 60.0)
    with Turns(tmp_path).writing(0) as alone:
        assert alone
        second = commit({"a.md": "2"})
        assert [line.get("commit") for line in lines(client, f"since={first}")] == [None]
        assert [line.get("commit") for line in lines(client, f"since={first}&wait=20")] == [second, None]


def test_waiting_ends_after_its_time_and_is_never_answered_from_what_was_kept(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    made = commit({"a.md": "1"})
    wiki.catch_up()
    for _ in range(2):
        began = time.monotonic()
        assert lines(client, f"since={made}&wait=1")[-1]["cursor"] == made
        assert time.monotonic() - began > 0.9
    began = time.monotonic()
    assert lines(client, "since=head&wait=20")
    assert lines(client, "wait=20")
    assert time.monotonic() - began < 5


def test_only_a_few_wait_and_the_others_are_answered_at_once(
    commit: Commit, wiki: Wiki, state: State
) -> None:
    made = commit({"a.md": "1"})
    wiki.catch_up()
    app = create_app(Settings(), wiki, state)
    waiting(app).share(8)
    threads = [
        threading.Thread(target=lambda: lines(app.test_client(), f"since={made}&wait=20")) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    assert lines(app.test_client(), f"since={made}&wait=20")
    assert time.monotonic() - began < 5
    waiting(app).end()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    began = time.monotonic()
    few = Waiting()
    few.share(3)
    few.until(lambda: False, 20)
    assert time.monotonic() - began < 1


def test_nobody_waits_where_a_process_answers_one_at_a_time(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    made = commit({"a.md": "1"})
    wiki.catch_up()
    began = time.monotonic()
    assert client.get(f"/-/changes?since={made}&wait=20").status_code == 200
    assert time.monotonic() - began < 5


def test_who_has_waited_is_asked_again(
    commit: Commit, wiki: Wiki, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = commit({"a.md": "1"})
    wiki.catch_up()
    client = with_token(create_app(Settings(), wiki, state), "follower")

    def revoke(self: Waiting, happened: object, seconds: float) -> None:
        (token,) = state.tokens.all()
        state.tokens.revoke(token.id, by=ADMIN)
        later.append(commit({"a.md": "2"}))

    later: list[str] = []
    monkeypatch.setattr(Waiting, "until", revoke)
    answer = client.get(f"/-/changes?since={made}&wait=20", multithread=True)
    assert answer.status_code == 401
    assert later[0] not in answer.text


def test_a_private_wiki_asks_for_a_token(commit: Commit, wiki: Wiki, state: State) -> None:
    commit({"a.md": "1"})
    wiki.catch_up()
    app = create_app(Settings(anonymous="nobody"), wiki, state)
    answer = app.test_client().get("/-/changes")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert lines(with_token(app, "follower"))


def test_git_tells_the_same(repository: Repository, git_client: FlaskClient) -> None:
    first = repository.commit({"a.md": "one\n"})
    second = repository.commit({"a.md": "one\n", "zh/首页.md": "two\n"}, first)
    git_client.application.extensions["quire"].wiki.catch_up(10)
    found = lines(git_client)
    assert [line.get("commit") for line in found] == [first, second, None]
    assert [each["path"] for each in found[1]["changes"]] == ["zh/首页.md"]
    other = repository.commit({"a.md": "three\n"}, first)
    git_client.application.extensions["quire"].wiki.catch_up(10)
    assert lines(git_client, f"since={second}")[0] == {"reset": True, "from": first}
    assert told(git_client, f"since={second}") == [other]


def test_the_loop_of_the_documents_pauses_and_waits_until_the_history_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "following.md").read_text(encoding="utf-8")
    (code,) = (part for part in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "urlopen" in part)
    record = {"commit": "a", "summary": "Say it", "changes": [{"path": "a.md"}]}
    busy = Message()
    busy["Retry-After"] = "7"
    answers: list[Any] = [
        HTTPError("", 503, "", busy, None),
        [record, {"cursor": "a", "more": True}],
        [{"cursor": "b", "more": False}],
    ]
    asked: list[str] = []
    slept: list[float] = []

    def urlopen(url: str) -> io.BytesIO:
        asked.append(url)
        if not answers:
            raise KeyboardInterrupt
        if isinstance(answers[0], HTTPError):
            raise answers.pop(0)
        return io.BytesIO("\n".join(map(json.dumps, answers.pop(0))).encode())

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    monkeypatch.setattr(time, "sleep", slept.append)
    with pytest.raises(KeyboardInterrupt):
        exec(code, {})
    assert [url.partition("since=")[2] for url in asked] == ["&wait=25", "&wait=25", "a&wait=25", "b&wait=25"]
    assert slept == [7, 2]
    assert "a Say it ['a.md']" in capsys.readouterr().out
