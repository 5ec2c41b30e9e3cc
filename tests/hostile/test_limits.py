"""What is too much is refused with its reason, and leaves nothing half done: no commit, no file, no account."""

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from engine.access import Role, RolePolicy
from engine.search.whoosh_index import WhooshIndex
from engine.settling import Limits
from engine.store.memory_store import MemoryStore, blob_id
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import form_token, signed_in
from tests.states import ADMIN, PASSWORD
from wiki import PARTS, create_app, uploading
from wiki.settings import Settings
from wiki.state import State, drafts
from wiki.views import account

PAGE, FILE = 2_000, 5_000  # bytes


@pytest.fixture
def wiki(store: MemoryStore, tmp_path: Path) -> Iterator[Wiki]:
    index = WhooshIndex(tmp_path / "search")
    opened = Wiki.open(store, index, tmp_path, RolePolicy(), limits=Limits(PAGE, FILE), processes=0)
    yield opened
    opened.close()


@pytest.fixture
def app(wiki: Wiki, state: State, commit: Commit) -> Flask:
    commit({"a.md": "# A\n", "m.png": b"\x89PNG\r\n\x1a\n"})
    wiki.catch_up()
    settings = Settings(page_bytes=PAGE, upload_bytes=FILE, registration="open")
    made = create_app(settings, wiki, state)
    made.config["PROPAGATE_EXCEPTIONS"] = False
    state.accounts.add("root", password=PASSWORD, role=Role.ADMIN, by=ADMIN)
    return made


Send = Callable[[FlaskClient, str], TestResponse]


def posting(address: str, **fields: object) -> Send:
    return lambda client, token: client.post(address, data={"csrf": token, **fields})


def sending(address: str, *files: tuple[str, bytes], **fields: str) -> Send:
    def send(client: FlaskClient, token: str) -> TestResponse:
        sent: list[tuple[str, object]] = [("csrf", token), *fields.items()]
        sent += [("file", (BytesIO(content), name)) for name, content in files]
        return client.post(address, data=MultiDict(sent), content_type="multipart/form-data")

    return send


BIG = "x" * (PAGE + 1)

REFUSED: Mapping[str, tuple[int, Send]] = {
    "a page beyond its size": (413, posting("/-/edit/new", text=BIG)),
    "a page that grows beyond it": (413, posting("/-/edit/a", text=BIG, base=blob_id(b"# A\n"))),
    "a page of wide characters": (413, posting("/-/edit/new", text="中" * (PAGE // 3 + 1))),
    "a form beyond any page": (413, posting("/-/edit/new", text="x" * (9 * PAGE))),
    "a preview beyond any page": (413, posting("/-/preview", path="a.md", text="x" * (9 * PAGE))),
    "too many fields": (413, posting("/-/edit/new", text="x", **{f"{n}": "" for n in range(PARTS + 1)})),
    "a file beyond its size": (413, sending("/-/media", ("x.png", b"x" * (FILE + 1)))),
    "a file that replaces a smaller one": (
        413,
        sending("/-/media", ("m.png", b"x" * (FILE + 1)), path="m.png", replace="yes"),
    ),
    "files beyond the size of a request": (413, sending("/-/media", *[("x.png", b"x" * FILE)] * 4)),
    "one large file among small ones": (
        413,
        sending("/-/media", ("y.png", b"y"), ("z.png", b"z" * (FILE + 1))),
    ),
    "too many files": (413, sending("/-/media", *[(f"{n}.txt", b"x") for n in range(uploading.FILES + 1)])),
    "too many parts": (413, sending("/-/media", **{f"f{n}": "x" for n in range(1_100)})),
    "a draft beyond any page": (413, posting("/-/drafts", key="a.md", text="x" * (9 * PAGE))),
    "a path beyond any path": (400, posting("/-/edit/" + "x/" * 600 + "x", text="x")),
    "a part beyond any part": (400, posting("/-/edit/" + "x" * 300, text="x")),
    "a new name beyond any path": (400, posting("/-/rename/a", to="x/" * 600 + "x")),
    "a new name with too long a part": (400, posting("/-/rename/a", to="x" * 300)),
    "a folder beyond any path": (400, sending("/-/media", ("x.png", b"x"), folder="x/" * 600)),
    "a key of a draft beyond any path": (400, posting("/-/drafts", key="x" * 5_000, text="x")),
    "no file": (422, sending("/-/media")),
    "an edit of what is no text": (422, posting("/-/edit/m.png", text="x")),
    "a base that never was": (422, posting("/-/edit/a", text="x", base="0" * 40, section="a")),
    "no new name": (422, posting("/-/rename/a")),
    "an undo that was not shown": (422, posting("/-/undo", author="Nobody of that name")),
    "a login name beyond its length": (422, posting("/-/register", login="x" * 99, password=PASSWORD, again=PASSWORD)),
    "a password beyond its length": (422, posting("/-/register", login="new", password="x" * 2_000, again="x" * 2_000)),
    "a name beyond its length": (422, posting("/-/account/profile", name="x" * 400, email="", language="")),
    "an address beyond its length": (
        422,
        posting("/-/account/profile", name="", email="x" * 300 + "@x", language=""),
    ),
    "too many patterns": (422, posting("/-/account/tokens", name="t-of-root", reads="a\n" + "\n".join(f"p{n}" for n in range(60)))),
    "a number beyond any": (400, posting("/-/account/tokens", name="t-of-root", days="9" * 20)),
    "a number that is none": (400, posting("/-/admin/tokens", action="revoke", token="٣")),
}  # fmt: skip
"""What is sent, and the status that it is answered with."""


def told(store: MemoryStore, state: State, folder: Path) -> object:
    waiting = sorted(path.name for path in (folder / "data").rglob("pending/**/*") if path.is_file())
    accounts = [(each.login, each.name, each.email) for each in state.accounts.all()]
    return store.head(), accounts, state.tokens.all(), state.drafts.of("root"), waiting


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_too_much_is_refused_and_nothing_is_half_done(
    app: Flask, store: MemoryStore, state: State, tmp_path: Path, what: str
) -> None:
    code, send = REFUSED[what]
    client = signed_in(app, "root", Role.ADMIN)
    token = form_token(client, "/-/account")
    before = told(store, state, tmp_path)
    answer = send(client, token)
    assert answer.status_code == code, answer.status
    assert "<h1" in answer.text  # a page that says so
    assert "Traceback" not in answer.text
    assert told(store, state, tmp_path) == before


def test_an_author_gets_the_text_back_that_is_too_large(app: Flask) -> None:
    client = signed_in(app, "root", Role.ADMIN)
    sent = posting("/-/edit/a", text=BIG, base=blob_id(b"# A\n"), summary="mine")
    answer = sent(client, form_token(client, "/-/account"))
    assert answer.status_code == 413
    assert BIG in answer.text
    assert 'value="mine"' in answer.text


def test_who_guesses_has_to_wait(app: Flask, state: State) -> None:
    """For logging in, for a password that is confirmed, and for making accounts; and is told for how long."""
    client = app.test_client()
    token = form_token(client, "/-/login")
    codes = [
        client.post("/-/login", data={"csrf": token, "login": "root", "password": f"wrong {n}"})
        for n in range(12)
    ]
    assert [each.status_code for each in codes] == [403] * 10 + [429] * 2
    assert int(codes[-1].headers["Retry-After"]) > 0
    right = client.post("/-/login", data={"csrf": token, "login": "ROOT", "password": PASSWORD})
    assert right.status_code == 429  # however the name is spelled
    made = [
        client.post(
            "/-/register", data={"csrf": token, "login": f"new{n}x", "password": PASSWORD, "again": PASSWORD}
        )
        for n in range(1)
    ]
    assert made[0].status_code == 303
    before = len(state.accounts.all())
    for n in range(account.REGISTRATIONS + 2):
        other = app.test_client()
        fields = {"login": f"other{n}x", "password": PASSWORD, "again": PASSWORD}
        last = other.post("/-/register", data={"csrf": form_token(other, "/-/login"), **fields})
    assert last.status_code == 429
    assert len(state.accounts.all()) == before + account.REGISTRATIONS - 1


def test_drafts_are_bounded(app: Flask, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "OF_ONE", 3)
    client = signed_in(app, "root", Role.ADMIN)
    token = form_token(client, "/-/account")
    codes = [posting("/-/drafts", key=f"d{n}.md", text="x")(client, token).status_code for n in range(5)]
    assert codes == [204] * 3 + [413] * 2
    assert len(state.drafts.of("root")) == 3
