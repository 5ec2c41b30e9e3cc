"""Rights are those of the page that is changed in the end: whatever it is called, and by whatever way it is reached."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access import Role, RolePolicy
from engine.changes import Delete, Edit, Move, Put
from engine.errors import WikiError
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import form_token, signed_in
from tests.states import ADMIN
from wiki.state import State

PNG = b"\x89PNG\r\n\x1a\nx"


@pytest.fixture
def wiki(store: MemoryStore, state: State, tmp_path: Path) -> Iterator[Wiki]:
    index = WhooshIndex(tmp_path / "search")
    opened = Wiki.open(store, index, tmp_path, RolePolicy(), protections=state.protections, processes=0)
    yield opened
    opened.close()


class Place:
    """A wiki in which some pages are protected, and an editor who wants to change them."""

    def __init__(self, app: Flask, wiki: Wiki, store: MemoryStore, state: State) -> None:
        self.wiki, self.store, self.state = wiki, store, state
        self.editor = signed_in(app, "ada", Role.EDITOR)
        self.admin = signed_in(app, "root", Role.ADMIN)
        self._token = form_token(self.editor, "/-/account")
        self._admins = form_token(self.admin, "/-/account")

    def post(self, address: str, **fields: object) -> TestResponse:
        return self.editor.post(address, data={"csrf": self._token, **fields})

    def post_as_admin(self, address: str, **fields: object) -> TestResponse:
        return self.admin.post(address, data={"csrf": self._admins, **fields})

    def protect(self, page: str) -> None:
        self.wiki.catch_up()
        answer = self.post_as_admin(f"/-/protect/{page}", level="admin")
        assert answer.status_code == 303, answer.status

    def files(self) -> dict[str, bytes]:
        head = self.store.head()
        return {e.path: self.store.read(e.blob) for e in self.store.tree(head)} if head else {}

    def blob(self, path: str) -> str:
        entry = self.store.entry(self.store.head() or "", path)
        return entry.blob if entry is not None else ""

    def move(self, what: str, to: str, client: FlaskClient | None = None) -> TestResponse:
        shown = (client or self.editor).get(f"/-/rename/{what}", query_string={"to": to})
        seen = shown.text.partition('name="seen" value="')[2].partition('"')[0]
        send = self.post_as_admin if client is self.admin else self.post
        return send(f"/-/rename/{what}", to=to, seen=seen)


@pytest.fixture
def place(app: Flask, wiki: Wiki, store: MemoryStore, state: State, commit: Commit) -> Place:
    commit(
        {
            "secret.md": "# Secret\n\nkept\n",
            "a.md": "# A\n\n[[secret]]\n",
            "n/Straße.md": "kept\n",
            "n/b.md": "b\n",
            "m.png": PNG,
        }
    )
    wiki.catch_up()
    return Place(app, wiki, store, state)


VARIANTS = [
    "secret", "Secret", "SECRET", "s\u00adecret", "\uff53ecret", "secre\uff54", "\u017fecret", "secret.md", "secret.MD",
    "secret.markdown", "Secret.Markdown", "secret ", " secret", "secret/", "./secret", "/secret", "secret%00", "secret\0",
    "secret.", "secret\u200b", "\ufeffsecret", "secret\u200d", "sec\u202eret", "x/../secret", "secre\u0442",
]  # fmt: skip
"""What reads as ``secret``, or is it for some system of files."""


@pytest.mark.parametrize("gone", [False, True], ids=["there", "deleted"])
def test_no_spelling_of_its_name_gets_round_a_protection(place: Place, gone: bool) -> None:
    """Neither while the page is there, nor where it was deleted and another could be put in its place."""
    place.protect("secret")
    if gone:
        blob = place.blob("secret.md")
        assert place.post_as_admin("/-/delete/secret", base=blob).status_code == 303
        place.wiki.catch_up()
    kept = place.files().get("secret.md")
    for name in VARIANTS:
        before = place.files()
        for base in ("", place.blob("secret.md")):
            place.post(f"/-/edit/{name}", text="taken\n", base=base)
        place.post(f"/-/delete/{name}", base=place.blob("secret.md"))
        place.move("a", name)
        shown = place.editor.get("/secret", follow_redirects=True)
        assert "taken" not in shown.text, name
        assert "A" not in {line.strip() for line in shown.text.split("<h1>")[1:2]}, name
        for path in place.files().keys() - before.keys():  # another page, with another address
            address = quote(path.removesuffix(".md"))
            assert place.editor.get(f"/{address}").status_code == 200, path
        if "a.md" not in place.files():
            moved = next(path for path, content in place.files().items() if content == before["a.md"])
            change = Move(moved, "a.md", place.blob(moved))
            _commit(place, change)
    assert place.files().get("secret.md") == kept


def _commit(place: Place, *changes: Put | Edit | Delete | Move) -> None:
    actor = place.state.accounts.get("root").actor
    place.wiki.commit(list(changes), actor, "x")
    place.wiki.catch_up()


@pytest.mark.parametrize("name", ["n/Straße", "n/STRASSE", "N/strasse", "n/strasse", "n/stra\u1e9ee"])
def test_folders_and_letters_that_fold_are_the_same_page(place: Place, name: str) -> None:
    place.protect("n/Straße")
    _commit(place, Delete("n/Straße.md", place.blob("n/Straße.md")))
    assert place.post(f"/-/edit/{name}", text="taken\n").status_code == 403
    assert "Straße" not in str(place.files())


def test_a_file_is_not_replaced_by_another_spelling(place: Place) -> None:
    place.protect("m.png")
    for path in ("m.png", "M.PNG", "m.png ", "./m.png", "\uff4d.png"):
        for more in (
            {"path": path, "replace": "yes", "base": place.blob("m.png")},
            {"name": path, "folder": ""},
        ):
            place.post("/-/media", file=(BytesIO(b"taken"), path), **more)
            assert place.files()["m.png"] == PNG
    assert all(path == "m.png" or not path.lower().startswith("m.png") for path in place.files())


def test_what_is_written_to_is_asked_about_and_not_what_was_named(place: Place) -> None:
    """An edit that began before a page was moved goes there, and is refused where its author may not write."""
    base = place.blob("a.md")
    assert place.move("a", "board", place.admin).status_code == 303
    place.protect("board")
    answer = place.post("/-/edit/a", text="taken\n", base=base)
    assert answer.status_code == 403
    assert "taken" in answer.text  # which its author keeps
    assert place.post("/-/delete/a", base=base).status_code in {302, 403, 404}
    assert b"taken" not in b"".join(place.files().values())
    assert "board.md" in place.files()


def test_links_in_protected_pages_are_not_rewritten(place: Place) -> None:
    place.protect("a")
    before = place.files()["a.md"]
    assert place.move("secret", "other").status_code == 303
    assert place.files()["a.md"] == before


def test_a_folder_is_not_moved_with_a_protected_page_in_it(place: Place) -> None:
    place.protect("n/b")
    before = place.files()
    assert place.move("n/", "elsewhere").status_code in {403, 409, 422}
    assert place.files() == before


def test_each_page_of_what_is_taken_back_is_asked_about(place: Place, state: State) -> None:
    """A commit that changed a protected page and another one is reverted in the other one alone."""
    both = [Edit(path, f"by bob {path}\n", place.blob(path)) for path in ("secret.md", "a.md")]
    bob = state.accounts.add("bob", role=Role.ADMIN, by=ADMIN)
    place.wiki.commit(both, bob.actor, "Both")
    place.wiki.catch_up()
    place.protect("secret")
    done = place.store.head()
    for address, fields in (
        (f"/-/revert/{done}", {}),
        (f"/-/revert/{done}", {"page": "secret"}),
        ("/-/undo", {"author": "bob", "email": "bob@localhost"}),
    ):
        shown = place.editor.get(address, query_string=fields)
        seen = shown.text.partition('name="seen" value="')[2].partition('"')[0]
        place.post(address, seen=seen, **fields)
        place.wiki.catch_up()
        assert place.files()["secret.md"] == b"by bob secret.md\n", address
    assert place.files()["a.md"] != b"by bob a.md\n"
    first = place.store.chain(place.store.head() or "")[-1][0]
    assert place.post("/-/restore/secret", rev=first).status_code == 403
    assert place.files()["secret.md"] == b"by bob secret.md\n"


SPECIAL: Mapping[str, bytes | str] = {
    "quire.toml": "title = 'taken'\n",
    "Quire.TOML": "title = 'taken'\n",
    ".gitattributes": "* filter=x\n",
    ".gitmodules": "[submodule]\n",
    ".github/workflows/x.yml": "x\n",
    ".hidden/page.md": "x\n",
    "n/.gitignore": "*\n",
}


@pytest.mark.parametrize("path", SPECIAL)
def test_settings_and_hidden_files_are_written_by_no_editor(place: Place, path: str) -> None:
    """By no way there is: not as a page, not by moving there, not as a file, and not by taking back a change."""
    before = place.files()
    name = path.removesuffix(".md")
    folder, _, last = path.rpartition("/")
    place.post(f"/-/edit/{name}", text="x\n")
    place.move("m.png", path)
    place.move("a", name)
    place.move("n/", path)
    place.post("/-/media", file=(BytesIO(b"x"), last), folder=folder)
    place.post("/-/media", file=(BytesIO(b"x"), "x"), name=last, folder=folder)
    place.post("/-/media", file=(BytesIO(b"x"), "x"), path=path, replace="yes")
    assert place.files() == before
    root = place.state.accounts.get("root").actor
    place.wiki.commit([Put(path, b"one\n", None)], root, "One")
    place.wiki.commit([Put(path, b"two\n", place.blob(path))], root, "Two")
    place.wiki.catch_up()
    head = place.store.head()
    for address in (f"/-/revert/{head}", "/-/undo"):
        fields = {"author": "root", "email": "root@localhost"} if address == "/-/undo" else {}
        shown = place.editor.get(address, query_string=fields)
        seen = shown.text.partition('name="seen" value="')[2].partition('"')[0]
        place.post(address, seen=seen, **fields)
        assert place.files()[path] == b"two\n", address


def test_readers_are_refused_by_every_action_of_a_form(place: Place, app: Flask) -> None:
    """Also by those that save nothing: who may not write a page is shown no form for it."""
    reader = signed_in(app, "rea", Role.READER)
    token = form_token(reader, "/-/account")
    for action in ("save", "preview", "changes", "resolve", "by-hand"):
        answer = reader.post("/-/edit/a", data={"csrf": token, "text": "x", "action": action})
        assert answer.status_code == 403, action
    assert reader.post("/-/preview", data={"csrf": token, "path": "a.md", "text": "x"}).status_code == 403


def test_a_draft_is_for_its_author_also_where_the_page_is_protected(place: Place) -> None:
    place.protect("secret")
    assert place.post("/-/drafts", key="secret.md", text="mine").status_code == 204
    assert place.admin.get("/-/drafts", query_string={"key": "secret.md"}).status_code == 204
    with pytest.raises(WikiError):
        _as_editor(place, Put("secret.md", b"mine", place.blob("secret.md")))


def _as_editor(place: Place, change: Put) -> None:
    place.wiki.commit([change], place.state.accounts.get("ada").actor, "x")
