"""Protected pages: set by admins, and kept to wherever a page could be changed."""

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.access import ANONYMOUS, Actor, Kind, Role, RolePolicy
from engine.catalog.past import Arrivals
from engine.changes import Put
from engine.errors import ForbiddenError, NotReadyError
from engine.locks import HostLock
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import form_token, send, signed_in
from tests.states import ADMIN
from wiki import create_app
from wiki.settings import Settings
from wiki.state import State
from wiki.theming import Themes

MARK = "Only admins may change this page."


@pytest.fixture
def wiki(store: MemoryStore, state: State, tmp_path: Path) -> Iterator[Wiki]:
    opened = Wiki.open(
        store,
        WhooshIndex(tmp_path / "search"),
        tmp_path,
        RolePolicy(),
        protections=state.protections,
        processes=0,
    )
    yield opened
    opened.close()


@pytest.fixture
def story(commit: Commit, wiki: Wiki) -> dict[str, str]:
    """Two pages, one of which is to be protected; it has two revisions."""
    made = {"first": commit({"a.md": "one\n", "b.md": "b\n"}), "second": commit({"a.md": "two\n"})}
    wiki.catch_up()
    return made


@pytest.fixture
def admin(app: Flask, story: dict[str, str]) -> FlaskClient:
    return signed_in(app, "root", Role.ADMIN)


@pytest.fixture
def editor(app: Flask, story: dict[str, str]) -> FlaskClient:
    return signed_in(app, "ada", Role.EDITOR)


def protect(admin: FlaskClient, page: str = "a", level: str = "admin", reason: str = "") -> None:
    answer = send(admin, f"/-/protect/{page}", level=level, reason=reason)
    assert (answer.status_code, answer.location) == (303, f"/{page}")


def test_a_protected_page_says_so_and_why(
    admin: FlaskClient, editor: FlaskClient, client: FlaskClient
) -> None:
    for reader in (client, editor):
        assert MARK not in reader.get("/a").text
    assert "/-/edit/a" in editor.get("/a").text
    protect(admin, reason="The <law>")
    for reader in (client, editor, admin):
        shown = reader.get("/a").text  # also where the page was shown and kept before
        assert MARK in shown
        assert "The &lt;law&gt;" in shown
    assert "/-/edit/a" not in editor.get("/a").text
    assert "/-/edit/a" in admin.get("/a").text
    assert MARK not in client.get("/b").text
    protect(admin, level="contributor")
    assert MARK not in client.get("/a").text
    assert "/-/edit/a" in editor.get("/a").text


@pytest.mark.parametrize("level", [Role.ADMIN, Role.CONTRIBUTOR])
def test_an_answer_that_was_begun_before_its_page_was_protected_is_kept_for_nobody(
    app: Flask,
    admin: FlaskClient,
    editor: FlaskClient,
    wiki: Wiki,
    state: State,
    level: Role,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if level is Role.CONTRIBUTOR:
        protect(admin)
    real, meanwhile = Themes.render, [level]

    def render(themes: Themes, template: str, **context: Any) -> str:
        shown = real(themes, template, **context)
        if meanwhile and template == "pages/view.html":
            with wiki.at(ANONYMOUS) as snapshot:
                lineage = snapshot.editing.lineage("a.md")
            assert lineage is not None
            state.protections.set("a.md", lineage, meanwhile.pop(), by=ADMIN)
        return shown

    monkeypatch.setattr(Themes, "render", render)
    before = editor.get("/a")
    assert "ETag" not in before.headers
    assert (MARK in before.text) == (level is Role.CONTRIBUTOR)
    for reader in (editor, signed_in(app, "bob", Role.EDITOR)):
        assert (MARK in reader.get("/a").text) == (level is Role.ADMIN)


def test_a_protected_page_is_changed_by_admins_alone(
    admin: FlaskClient, editor: FlaskClient, story: dict[str, str]
) -> None:
    protect(admin)
    token = form_token(editor, "/-/recent")
    for address in ("edit/a", "delete/a", f"restore/a?rev={story['first']}"):
        assert editor.get(f"/-/{address}").status_code == 403
        answer = editor.post(f"/-/{address}", data={"csrf": token, "text": "x", "rev": story["first"]})
        assert answer.status_code == 403
    assert "You may not change it." in editor.get(f"/-/revert/{story['second']}").text
    assert editor.get("/a.md").text == "two\n"
    assert send(admin, f"/-/restore/a?rev={story['first']}", rev=story["first"]).status_code == 303
    assert admin.get("/a.md").text == "one\n"


def test_only_admins_protect(
    admin: FlaskClient, editor: FlaskClient, client: FlaskClient, app: Flask, state: State
) -> None:
    reader = signed_in(app, "rea", Role.READER)
    for somebody in (editor, reader, client):
        assert somebody.get("/-/protect/a").status_code == 403
        token = "" if somebody is client else form_token(somebody, "/-/recent")
        answer = somebody.post("/-/protect/a", data={"csrf": token, "level": "admin"})
        assert answer.status_code == 403
        assert "/-/protect" not in somebody.get("/a").text
    assert not state.protections.any()
    assert 'href="/-/protect/a"' in admin.get("/a").text


def test_a_form_of_another_site_protects_nothing(admin: FlaskClient, state: State) -> None:
    token = form_token(admin, "/-/protect/a")
    for sent in ({"level": "admin"}, {"level": "admin", "csrf": "x"}):
        assert admin.post("/-/protect/a", data=sent).status_code == 403
    elsewhere = {"Origin": "https://evil.example"}
    data = {"level": "admin", "csrf": token}
    assert admin.post("/-/protect/a", data=data, headers=elsewhere).status_code == 403
    assert admin.get("/-/protect/a?level=admin").status_code == 200
    assert not state.protections.any()


@pytest.mark.parametrize("level", ["", "reader", "nobody", "--admin", "ADMIN"])
def test_a_level_is_one_of_those_that_there_are(admin: FlaskClient, state: State, level: str) -> None:
    assert send(admin, "/-/protect/a", level=level).status_code == 400
    assert not state.protections.any()


def test_a_level_is_said_once(admin: FlaskClient, state: State) -> None:
    assert send(admin, "/-/protect/a", level=["admin", "contributor"]).status_code == 400
    assert not state.protections.any()


@pytest.mark.parametrize("text", ["nowhere", "-x", "--all", "..%2Fa", "a%00"])
def test_what_never_was_is_not_protected(admin: FlaskClient, text: str) -> None:
    assert admin.get(f"/-/protect/{text}").status_code == 404


def test_the_form_shows_what_is_set_and_by_whom(admin: FlaskClient) -> None:
    assert _checked(admin.get("/-/protect/a").text) == "contributor"
    protect(admin, reason="The law")
    shown = admin.get("/-/protect/a").text
    assert _checked(shown) == "admin"
    assert 'value="The law"' in shown
    assert "<bdi>root</bdi>" in shown
    assert admin.get("/-/protect/A").location == "/-/protect/a"


def _checked(html: str) -> str:
    found = re.search(r'name="level" value="(\w+)" checked', html)
    assert found is not None
    return found[1]


def test_a_deleted_page_stays_protected(
    admin: FlaskClient, editor: FlaskClient, commit: Commit, wiki: Wiki, story: dict[str, str]
) -> None:
    protect(admin)
    commit({"a.md": None})
    wiki.catch_up()
    assert editor.get(f"/-/restore/a?rev={story['first']}").status_code == 403
    assert editor.get("/-/edit/a").status_code == 403
    assert "/-/restore/a" not in editor.get("/-/deleted").text
    assert "/-/restore/a" in admin.get("/-/deleted").text


def test_a_deleted_page_is_protected_at_the_address_that_it_had_last(
    admin: FlaskClient, editor: FlaskClient, commit: Commit, wiki: Wiki
) -> None:
    protect(admin)
    commit({"a.md": None, "c/d.md": "two\n"})
    commit({"c/d.md": None})
    wiki.catch_up()
    ada = Actor(Kind.PERSON, "ada", Role.EDITOR)
    for path in ("c/d.md", "c/D.md", "C/d.markdown"):
        with pytest.raises(ForbiddenError):
            wiki.commit([Put(path, b"Another.\n", None)], ada)
    assert editor.get("/-/edit/c/D").status_code == 403
    for page in ("a", "A", "c/e"):
        assert editor.get(f"/-/edit/{page}").status_code == 200
    assert wiki.commit([Put("A.md", b"Another.\n", None)], ada).changed


def test_what_is_protected_is_asked_of_many_files_at_once(
    admin: FlaskClient, commit: Commit, wiki: Wiki, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect(admin)
    commit({f"f/{number}.md": f"{number}\n" for number in range(60)})
    wiki.catch_up()
    asked, real = list[int](), Arrivals.lineages

    def lineages(arrivals: Arrivals, paths: Iterable[str]) -> dict[str, int]:
        of = list(paths)
        asked.append(len(of))
        return real(arrivals, of)

    monkeypatch.setattr(Arrivals, "lineages", lineages)
    with wiki.at(Actor(Kind.PERSON, "ada", Role.EDITOR)) as snapshot:
        assert len(snapshot.moving.plan("f", "g").moves) == 60
        assert len(asked) < 6
        paths = ["a.md", "b.md", "f/1.md", "g/1.md", ".hidden"]
        assert snapshot.locked(paths) == {"a.md", ".hidden"}
        assert snapshot.protected(paths) == {"a.md"}
        for path in paths:
            assert snapshot.may_write(path) == (path not in snapshot.locked(paths))


def test_a_moved_page_stays_protected(
    admin: FlaskClient, editor: FlaskClient, commit: Commit, wiki: Wiki
) -> None:
    protect(admin)
    commit({"a.md": None, "c/d.md": "two\n"})
    wiki.catch_up()
    assert MARK in editor.get("/c/d").text
    assert editor.get("/-/delete/c/d").status_code == 403
    protect(admin, page="c/d", level="contributor")
    assert editor.get("/-/delete/c/d").status_code == 200


def test_a_moved_page_stays_protected_while_the_history_is_read_anew(
    admin: FlaskClient,
    app: Flask,
    commit: Commit,
    wiki: Wiki,
    store: MemoryStore,
    state: State,
    tmp_path: Path,
) -> None:
    protect(admin)
    commit({"a.md": None, "c/d.md": "two\n"})
    index = WhooshIndex(tmp_path / "another" / "search")
    fresh = Wiki.open(
        store, index, tmp_path / "another", RolePolicy(), protections=state.protections, processes=0
    )
    try:
        again = create_app(Settings(), fresh, state)
        editor, root = signed_in(again, "ada", Role.EDITOR), signed_in(again, "root", Role.ADMIN)
        for form in ("edit", "rename"):  # it may be known by the time that it is sent
            assert editor.get(f"/-/{form}/c/d").status_code == 200
        assert editor.get("/-/delete/c/d").headers["Retry-After"] == "2"
        token = form_token(editor, "/-/drafts")
        answer = editor.post(
            "/-/edit/c/d", data={"csrf": token, "text": "x\n", "base": blob_of(store, "c/d.md")}
        )
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert "x\n" in answer.text  # it comes back
        assert editor.get("/c/d.md").text == "two\n"
        shown = editor.get("/c/d")
        assert shown.status_code == 200  # reading goes on
        assert "/-/edit/c/d" not in shown.text
        assert root.get("/-/edit/c/d").status_code == 200
        fresh.catch_up()
        assert editor.get("/-/edit/c/d").status_code == 403
        assert editor.get("/-/edit/b").status_code == 200
        assert editor.get("/-/edit/a").status_code == 200  # another page may be made where it was
    finally:
        fresh.close()


@pytest.fixture
def fresh(story: dict[str, str], store: MemoryStore, state: State, tmp_path: Path) -> Iterator[Wiki]:
    """The same wiki, with its history still to be read."""
    index = WhooshIndex(tmp_path / "another" / "search")
    opened = Wiki.open(
        store, index, tmp_path / "another", RolePolicy(), protections=state.protections, processes=0
    )
    yield opened
    opened.close()


@contextmanager
def reading_shortly(fresh: Wiki, lock: Path) -> Iterator[None]:
    """Let the history be known only a little later than somebody asks for it."""
    with ExitStack() as busy:
        assert busy.enter_context(HostLock(lock).held(1))
        fresh.start()
        timer = threading.Timer(0.3, busy.close)
        timer.start()
        yield
        timer.join()


def test_who_saves_while_the_history_is_read_waits_a_little(
    admin: FlaskClient, fresh: Wiki, store: MemoryStore, state: State, tmp_path: Path
) -> None:
    protect(admin)
    editor = signed_in(create_app(Settings(), fresh, state), "ada", Role.EDITOR)
    token = form_token(editor, "/-/drafts")
    with reading_shortly(fresh, tmp_path / "another" / "work.lock"):
        data = {"csrf": token, "text": "x\n", "base": blob_of(store, "b.md")}
        assert editor.post("/-/edit/b", data=data).status_code == 303
    assert store.read(blob_of(store, "b.md")) == b"x\n"


@pytest.mark.parametrize(
    ("form", "page", "code"),
    [
        ("rename", "a", 403),
        ("rename", "b", 409),  # what it changes is shown first
        ("delete", "a", 403),
        ("delete", "b", 303),
    ],
)
def test_who_renames_or_deletes_while_the_history_is_read_waits_a_little(
    admin: FlaskClient,
    fresh: Wiki,
    store: MemoryStore,
    state: State,
    tmp_path: Path,
    form: str,
    page: str,
    code: int,
) -> None:
    protect(admin)
    editor = signed_in(create_app(Settings(), fresh, state), "ada", Role.EDITOR)
    token = form_token(editor, "/-/drafts")
    with reading_shortly(fresh, tmp_path / "another" / "work.lock"):
        data = {"csrf": token, "base": blob_of(store, f"{page}.md"), "to": "new"}
        assert editor.post(f"/-/{form}/{page}", data=data).status_code == code


def test_whom_no_protection_concerns_goes_on_while_the_history_is_read_anew(
    admin: FlaskClient, fresh: Wiki
) -> None:
    protect(admin, level="editor")
    visitor, editor = (Actor(Kind.PERSON, "", role) for role in (Role.CONTRIBUTOR, Role.EDITOR))
    with fresh.at(editor) as snapshot:
        assert not snapshot.complete
        assert snapshot.may_write("a.md")
    with fresh.at(visitor) as snapshot:
        assert snapshot.may_try("b.md")
        assert not snapshot.offers_change("b.md")
        with pytest.raises(NotReadyError):
            snapshot.may_write("b.md")


def blob_of(store: MemoryStore, path: str) -> str:
    entry = store.entry(store.head() or "", path)
    assert entry is not None
    return entry.blob


def test_what_is_set_is_written_down(admin: FlaskClient, state: State) -> None:
    protect(admin, reason="The law")
    (entry, *_), _more = state.audit.entries(what="page.protect")
    assert (entry.who, entry.target, entry.detail) == ("root", "a.md", "admin The law")
