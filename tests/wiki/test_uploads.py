"""Uploads and lists of media, with and without scripts: nothing is overwritten unseen, and no file can do harm."""

import os
import re
import time
from collections.abc import Callable, Sequence
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from engine.access import Action, Actor, Policy, Role, RolePolicy, Unprotected
from engine.model import Name
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests import images
from tests.conftest import Commit
from tests.images import image
from tests.people import form_token, locally, signed_in, with_token
from tests.states import end_sessions
from wiki import create_app, uploading
from wiki.current import site
from wiki.pending import SECONDS
from wiki.settings import Settings
from wiki.state import State

JSON = {"Accept": "application/json"}


class HidesBoard(RolePolicy):
    """Only admins see and change what is in the folder ``board``, spelled just so."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        hidden = name.path.startswith("board/") and actor.role is not Role.ADMIN
        return super().allows(actor, action, name) and not hidden

    def is_open(self, actor: Actor) -> bool:
        return actor.role is Role.ADMIN

    def scope(self, actor: Actor) -> str:
        return actor.role


@pytest.fixture
def policy() -> Policy:
    return HidesBoard()


class Browser:
    """Somebody who looks at media, and sends files."""

    def __init__(self, client: FlaskClient, wiki: Wiki, store: MemoryStore) -> None:
        self.client = client
        self._wiki = wiki
        self._store = store
        self.token = ""

    def get(self, address: str, **more: Any) -> TestResponse:
        self._wiki.catch_up()
        return self.client.get(address, **more)

    def upload(
        self,
        *files: tuple[str, bytes],
        json: bool = True,
        fields: Sequence[tuple[str, Any]] = (),
        **more: str,
    ) -> TestResponse:
        self._wiki.catch_up()
        self.token = self.token or form_token(self.client, "/-/media")
        sent = [("csrf", self.token), *more.items(), *fields]
        sent += [("file", FileStorage(BytesIO(content), name)) for name, content in files]
        boundary, body = encode_multipart(MultiDict(sent))
        return self.client.post(
            "/-/media",
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
            headers=JSON if json else {},
        )

    def files(self) -> dict[str, bytes]:
        """Return all files of the head."""
        head = self._store.head()
        return {} if head is None else {e.path: self._store.read(e.blob) for e in self._store.tree(head)}

    def blob(self, path: str) -> str:
        head = self._store.head()
        assert head is not None
        entry = self._store.entry(head, path)
        assert entry is not None
        return entry.blob

    @property
    def commits(self) -> int:
        head = self._store.head()
        return len(self._store.chain(head)) if head is not None else 0


def form(html: str, at: str = '<form method="post" action="/-/media"') -> dict[str, str]:
    """Read a form as a browser does that presses its first button."""
    text = html[html.index(at) :]
    text = text[: text.index("</form>")]
    found: dict[str, str] = {}
    for match in re.finditer(r"<input([^>]*)>", text):
        attributes = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', match[1])}
        if attributes.get("type") in {"radio", "checkbox"} and " checked" not in match[1]:
            continue
        if attributes.get("type") != "file":
            found[attributes["name"]] = attributes.get("value", "")
    return found


Make = Callable[..., Browser]


@pytest.fixture
def person(app: Flask, wiki: Wiki, store: MemoryStore) -> Make:
    def make(login: str = "ada", role: Role = Role.EDITOR) -> Browser:
        return Browser(signed_in(app, login, role), wiki, store)

    return make


@pytest.fixture
def ada(commit: Commit, person: Make) -> Browser:
    commit({"home.md": "# Home\n", "n/page.md": "# Page\n"})
    return person()


# -- uploading


def test_a_file_is_kept_and_its_target_told(ada: Browser) -> None:
    answer = ada.upload(("My Leaf.PNG", b"leaf"), page="n/page.md")
    assert answer.status_code == 201
    assert answer.json is not None
    assert {name: answer.json[name] for name in ("target", "path", "url")} == {
        "target": "my-leaf.png",
        "path": "n/my-leaf.png",
        "url": "/n/my-leaf.png",
    }
    assert ada.files()["n/my-leaf.png"] == b"leaf"
    assert ada.get("/n/my-leaf.png").data == b"leaf"


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ({"page": "n/page.md"}, "n/leaf.png"),
        ({"page": "n/page"}, "n/leaf.png"),
        ({"page": "not/yet.md"}, "not/leaf.png"),
        ({"page": "home.md"}, "leaf.png"),
        ({"folder": "N"}, "n/leaf.png"),
        ({"folder": "/a/b/"}, "a/b/leaf.png"),
        ({"folder": "", "page": "n/page.md"}, "leaf.png"),
        ({}, "leaf.png"),
    ],
)
def test_a_file_goes_beside_a_page_or_into_a_folder(ada: Browser, where: dict[str, str], path: str) -> None:
    answer = ada.upload(("leaf.png", b"leaf"), fields=list(where.items()))
    assert answer.json is not None
    assert answer.json["path"] == path


def test_a_commit_tells_who_sent_it_and_how(ada: Browser, wiki: Wiki, store: MemoryStore) -> None:
    ada.upload(("leaf.png", b"leaf"), summary="The leaf of the quire")
    history = ada.get("/-/history/leaf.png").text
    assert "The leaf of the quire" in history
    assert "ada" in history
    ada.upload(("b.png", b"leaf"))
    assert "Add b.png" in ada.get("/-/recent").text


def test_several_files_are_one_commit(ada: Browser) -> None:
    before = ada.commits
    answer = ada.upload(("a.png", b"1"), ("b.png", b"2"), ("A.png", b"3"), folder="n")
    assert answer.status_code == 201
    assert answer.json is not None
    assert [file["path"] for file in answer.json["files"]] == ["n/a.png", "n/b.png", "n/a-2.png"]
    assert ada.commits == before + 1
    assert "Add 3 files to n" in ada.get("/-/recent").text


def test_the_same_file_again_is_the_same_file(ada: Browser) -> None:
    ada.upload(("leaf.png", b"leaf"))
    before = ada.commits
    answer = ada.upload(("leaf.png", b"leaf"))
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["path"] == "leaf.png"
    assert ada.commits == before


def test_a_name_can_be_given(ada: Browser) -> None:
    for name, path in (("other.png", "other.png"), ("Third One", "third-one.png"), ("../x.gif", "x.gif")):
        answer = ada.upload(("leaf.png", b"leaf"), name=name)
        assert answer.json is not None
        assert answer.json["path"] == path
    assert ada.upload(("a.png", b"1"), ("b.png", b"2"), name="c.png").status_code == 400


def test_a_file_of_the_largest_size_is_kept_and_one_byte_more_is_not(ada: Browser) -> None:
    limit = Settings().upload_bytes
    before = ada.commits
    for json in (True, False):
        answer = ada.upload(("large.bin", b"x" * (limit + 1)), json=json)
        assert answer.status_code == 413
        assert f"{limit:,}" in (answer.json["error"] if answer.json else answer.text)
    assert ada.commits == before
    assert ada.upload(("large.bin", b"x" * limit)).status_code == 201


def test_what_is_far_too_large_is_refused_before_it_is_read(ada: Browser) -> None:
    whole = ada.client.application.config["MAX_CONTENT_LENGTH"]
    for json in (True, False):
        answer = ada.upload(("large.bin", b"x" * (whole + 1)), json=json)
        assert answer.status_code == 413
        assert "25,000,000" in (answer.json["error"] if answer.json else answer.text)
    assert len(ada.files()) == 2


def test_an_upload_after_the_session_says_to_choose_again(ada: Browser, app: Flask) -> None:
    ada.token = form_token(ada.client, "/-/media")
    end_sessions(site(app).state, "ada")
    for json in (True, False):
        sent = {"csrf": ada.token, "file": (BytesIO(b"x"), "x.png")}
        headers = {"Sec-Fetch-Site": "same-origin", **(JSON if json else {})}
        answer = ada.client.post("/-/media", data=sent, headers=headers)
        assert answer.status_code == 403
        said = answer.json["error"] if answer.json else answer.text
        assert "choose the files once more" in said
    assert len(ada.files()) == 2


def test_at_most_fifty_files_come_at_once(ada: Browser) -> None:
    files = [(f"{number}.png", b"x") for number in range(51)]
    refused = ada.upload(*files)
    assert refused.status_code == 413
    assert refused.json is not None
    assert "50" in refused.json["error"]
    assert len(ada.files()) == 2
    assert ada.upload(*files[:50]).status_code == 201
    assert len(ada.files()) == 52


def test_nothing_of_several_files_is_kept_where_one_is_refused(ada: Browser) -> None:
    before = ada.commits
    answer = ada.upload(("a.png", b"1"), ("b.md", b"2"))
    assert answer.status_code == 422
    assert answer.json is not None
    assert "would be a page" in answer.json["error"]
    assert ada.commits == before


# -- names that are taken


def test_a_taken_name_is_told_with_one_that_is_free(ada: Browser, commit: Commit) -> None:
    commit({"n/Leaf.png": b"theirs"})
    before = ada.commits
    answer = ada.upload(("leaf.png", b"mine"), folder="n")
    assert answer.status_code == 409
    assert answer.json == {
        "error": "There is a file “n/Leaf.png” already.",
        "suggested": "leaf-2.png",
        "existing": {"path": "n/Leaf.png", "url": "/n/Leaf.png"},
        "base": ada.blob("n/Leaf.png"),
    }
    assert ada.commits == before
    kept = ada.upload(("leaf.png", b"mine"), folder="n", name=answer.json["suggested"])
    assert kept.status_code == 201
    assert ada.files()["n/leaf-2.png"] == b"mine"
    replaced = ada.upload(("leaf.png", b"mine"), folder="n", replace="yes", base=answer.json["base"])
    assert replaced.json is not None
    assert replaced.json["path"] == "n/Leaf.png"
    assert ada.files()["n/Leaf.png"] == b"mine"


def test_replacing_keeps_the_history(ada: Browser, commit: Commit, wiki: Wiki) -> None:
    old = commit({"leaf.png": b"old"})
    wiki.catch_up()
    answer = ada.upload(("x.png", b"new"), path="leaf.png", replace="1", base=ada.blob("leaf.png"))
    assert answer.status_code == 201
    assert ada.files()["leaf.png"] == b"new"
    assert "2 revisions" in ada.get("/-/history/leaf.png").text
    assert "Replace leaf.png" in ada.get("/-/history/leaf.png").text
    assert ada.get(f"/leaf.png?rev={old}").data == b"old"


@pytest.mark.parametrize("base", ["", "0" * 40, "x"])
def test_nothing_is_replaced_that_was_not_seen(ada: Browser, commit: Commit, base: str) -> None:
    commit({"leaf.png": b"theirs"})
    answer = ada.upload(("leaf.png", b"mine"), replace="yes", base=base)
    assert answer.status_code == 409
    assert ada.files()["leaf.png"] == b"theirs"


def test_what_was_renamed_meanwhile_is_replaced_where_it_is(ada: Browser, commit: Commit, wiki: Wiki) -> None:
    commit({"leaf.png": b"theirs" * 100})
    base = ada.blob("leaf.png")
    commit({"leaf.png": None, "n/moved.png": b"theirs" * 100})
    wiki.catch_up()
    answer = ada.upload(("leaf.png", b"mine"), path="leaf.png", replace="yes", base=base)
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["path"] == "n/moved.png"
    assert ada.files()["n/moved.png"] == b"mine"


def test_for_what_was_deleted_meanwhile_its_sender_decides(ada: Browser, commit: Commit, wiki: Wiki) -> None:
    commit({"leaf.png": b"theirs"})
    base = ada.blob("leaf.png")
    commit({"leaf.png": None})
    wiki.catch_up()
    answer = ada.upload(("leaf.png", b"mine"), json=False, path="leaf.png", replace="yes", base=base)
    assert answer.status_code == 409
    again = ada.client.post("/-/media", data=form(answer.text))
    assert again.status_code == 303
    assert ada.files()["leaf.png"] == b"mine"


def test_who_was_faster_is_not_overwritten(
    ada: Browser, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = uploading.planned

    def late(*arguments: Any) -> Any:
        made = plan(*arguments)
        monkeypatch.setattr("wiki.views.uploads.planned", plan)
        commit({"Leaf.png": b"theirs"})
        return made

    monkeypatch.setattr("wiki.views.uploads.planned", late)
    answer = ada.upload(("leaf.png", b"mine"))
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["existing"]["path"] == "Leaf.png"
    assert ada.files()["Leaf.png"] == b"theirs"
    assert "leaf.png" not in ada.files()


def test_a_page_is_never_replaced_by_a_file(ada: Browser, commit: Commit) -> None:
    commit({"leaf.png.md": "a page\n"})
    answer = ada.upload(("leaf.png", b"mine"))
    assert answer.status_code == 409
    assert answer.json is not None
    assert (answer.json["existing"], answer.json["suggested"]) == (None, "leaf-2.png")
    for path in ("home.md", "leaf.png.md", "n/page.MD"):
        refused = ada.upload(("x.png", b"mine"), path=path, replace="yes", base=ada.blob("home.md"))
        assert refused.status_code == 422
    assert ada.files()["home.md"] == b"# Home\n"


# -- without scripts


def test_files_are_sent_by_a_plain_form(ada: Browser) -> None:
    page = ada.get("/-/media?beside=n/page&folder=n").text
    assert form(page)["folder"] == "n"
    assert form(page)["page"] == "n/page.md"
    answer = ada.upload(("a.png", image(9, 9)), ("b.pdf", b"2"), json=False, page="n/page.md", folder="n")
    assert answer.status_code == 303
    assert answer.location == "/-/media?folder=n&beside=n%2Fpage.md&added=n%2Fa.png&added=n%2Fb.pdf"
    done = ada.get(answer.location).text
    assert "2 files were added" in done
    assert "![[a.png]]" in done
    assert "[[b.pdf]]" in done
    assert 'href="/n/page"' in done


def test_what_is_refused_is_told_with_the_form(ada: Browser) -> None:
    answer = ada.upload(("a.md", b"1"), json=False, folder="n")
    assert answer.status_code == 422
    assert "would be a page" in answer.text
    assert form(answer.text)["folder"] == "n"
    nothing = ada.upload(json=False)
    assert nothing.status_code == 422
    assert "No file was sent" in nothing.text


@pytest.mark.parametrize(
    ("choice", "files"),
    [
        ({}, {"leaf.png": b"theirs", "leaf-2.png": b"mine", "new.png": b"new"}),
        ({"name-1": "Own Name.PNG"}, {"leaf.png": b"theirs", "own-name.png": b"mine", "new.png": b"new"}),
        ({"name-1": "bare"}, {"leaf.png": b"theirs", "bare.png": b"mine", "new.png": b"new"}),
        ({"choice-1": "replace"}, {"leaf.png": b"mine", "new.png": b"new"}),
        ({"choice-1": "leave-out"}, {"leaf.png": b"theirs", "new.png": b"new"}),
    ],
)
def test_of_a_taken_name_its_sender_decides(
    ada: Browser, commit: Commit, choice: dict[str, str], files: dict[str, bytes]
) -> None:
    commit({"leaf.png": b"theirs"})
    before = ada.commits
    answer = ada.upload(("leaf.png", b"mine"), ("new.png", b"new"), json=False, summary="Two leaves")
    assert answer.status_code == 409
    assert ada.commits == before
    sent = form(answer.text)
    assert (sent["name-1"], sent["summary"]) == ("leaf-2.png", "Two leaves")
    done = ada.client.post("/-/media", data=sent | choice)
    assert done.status_code == 303
    assert ada.commits == before + 1
    assert {path: content for path, content in ada.files().items() if path.endswith("png")} == files
    again = ada.client.post("/-/media", data=sent | choice)
    assert again.status_code == 422  # what was kept is used up
    assert "choose the files again" in again.text


def test_what_was_chosen_can_be_taken_again(ada: Browser, commit: Commit) -> None:
    commit({"leaf.png": b"theirs"})
    sent = form(ada.upload(("leaf.png", b"mine"), json=False).text)
    commit({"leaf-2.png": b"as well"})
    answer = ada.client.post("/-/media", data=sent)
    assert answer.status_code == 409
    again = form(answer.text)
    assert again["name-1"] == "leaf-2-2.png"
    assert ada.client.post("/-/media", data=again).status_code == 303
    assert ada.files()["leaf-2-2.png"] == b"mine"


def test_leaving_all_out_changes_nothing(ada: Browser, commit: Commit) -> None:
    commit({"leaf.png": b"theirs"})
    before = ada.commits
    sent = form(ada.upload(("leaf.png", b"mine"), json=False).text)
    assert ada.client.post("/-/media", data=sent | {"choice-1": "leave-out"}).status_code == 303
    assert ada.commits == before


def test_what_waits_belongs_to_its_sender(ada: Browser, commit: Commit, person: Make) -> None:
    commit({"leaf.png": b"theirs"})
    sent = form(ada.upload(("leaf.png", b"secret"), json=False).text)
    bob = person("bob")
    stolen = sent | {"csrf": form_token(bob.client, "/-/media")}
    assert bob.client.post("/-/media", data=stolen).status_code == 422
    assert "leaf-2.png" not in ada.files()
    assert ada.client.post("/-/media", data=sent).status_code == 303


@pytest.mark.parametrize("by", ["an upload", "a start"])
def test_what_nobody_decided_about_is_removed(
    app: Flask, ada: Browser, commit: Commit, wiki: Wiki, state: State, by: str
) -> None:
    commit({"leaf.png": b"theirs"})
    ada.upload(("leaf.png", b"mine"), json=False)
    (place,) = (state.database.path.parent / "pending").iterdir()
    old = time.time() - SECONDS - 1
    os.utime(place, (old, old))
    if by == "a start":
        create_app(Settings(), wiki, state)
    else:
        assert ada.upload(("free.png", b"x")).status_code == 201
    assert not place.exists()


@pytest.mark.parametrize("changed", [{"choice-1": "x"}, {"pending-1": "../../etc/passwd"}, {"pending-1": ""}])
def test_a_decision_that_makes_no_sense_is_refused(
    ada: Browser, commit: Commit, changed: dict[str, str]
) -> None:
    commit({"leaf.png": b"theirs"})
    sent = form(ada.upload(("leaf.png", b"mine"), json=False).text)
    before = ada.commits
    assert ada.client.post("/-/media", data=sent | changed).status_code in {400, 422}
    assert ada.commits == before


# -- hostile names, types and requests

TRAVERSAL = [
    "../../etc/passwd",
    "..\\..\\windows\\system32\\x.dll",
    "/etc/passwd",
    "C:\\x.png",
    "\\\\server\\share\\x.png",
    "....//....//x.png",
    "..%2f..%2fx.png",
    "%2e%2e%2fx.png",
    "..%252f..%252fx.png",
    "..%c0%af..%c0%afx.png",
    "..%5c..%5cx.png",
    "\uff0e\uff0e\uff0fx.png",
    "..\u2215x.png",
    "x.png\0.md",
    "x\0/../../y.png",
    "./x.png",
    "a/./../x.png",
    "file:///etc/passwd",
    ".git/config",
    "n/.git/hooks/post-commit",
    ".GIT",
    "git~1",
    ".g\u200cit",
    "quire.toml/../x.png",
]


@pytest.mark.parametrize("name", TRAVERSAL)
@pytest.mark.parametrize("field", ["file", "name"])
def test_no_name_leaves_its_folder(ada: Browser, name: str, field: str) -> None:
    before = set(ada.files())
    if field == "file":
        answer = ada.upload((name, b"x"), folder="n")
    else:
        answer = ada.upload(("x.bin", b"x"), folder="n", name=name)
    assert answer.status_code in {201, 422}
    new = set(ada.files()) - before
    assert len(new) == (1 if answer.status_code == 201 else 0)
    for path in new:
        folder, _, last = path.rpartition("/")
        assert folder == "n"
        assert not last.startswith((".", "-"))
        assert "\\" not in last
        assert "\0" not in last


@pytest.mark.parametrize(
    "folder",
    [
        "..",
        "../x",
        "n/../..",
        "n/%2e%2e/..",
        "a\\..\\b",
        ".git",
        "n/.git/hooks",
        ".quire",
        "-",
        "-/static",
        "a/\u202eb",
    ],
)
@pytest.mark.parametrize("field", ["folder", "page", "path"])
def test_no_folder_leads_out_or_into_what_is_not_for_files(ada: Browser, folder: str, field: str) -> None:
    before = ada.files()
    more = {"page": f"{folder}/page.md"} if field == "page" else {"folder": folder}
    if field == "path":
        more = {"path": f"{folder}/x.png", "replace": "yes", "base": ""}
    answer = ada.upload(("x.png", b"x"), fields=list(more.items()))
    assert answer.status_code in {400, 403, 422}
    assert answer.json is not None
    assert ada.files() == before


@pytest.mark.parametrize(
    "name", ["robots.txt", "Sitemap.XML", "favicon.ico", "llms.txt", "wiki.git", "quire.toml"]
)
def test_what_belongs_to_the_wiki_itself_is_not_sent(ada: Browser, name: str) -> None:
    assert ada.upload((name, b"x")).status_code == 403
    assert ada.upload((name, b"x"), folder="n").status_code == (201 if name != "x" else 403)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("con.png", "file-con.png"),
        ("--output=x.png", "output=x.png"),
        ("a\u202egnp.exe", "a-gnp.exe"),
        ("\u0440\u0430ypal.png", "\u0440\u0430ypal.png"),
        ("x" * 5_000 + ".png", "x" * 251 + ".png"),
        ("<img src=x onerror=alert(1)>.png", "img-src=x-onerror=alert(1).png"),
        ("a'b&c;d=e.png", "a'b&c;d=e.png"),
    ],
)
def test_odd_names_become_plain_ones(ada: Browser, name: str, path: str) -> None:
    answer = ada.upload((name, b"x"))
    assert answer.json is not None, answer.text
    assert answer.json["path"] == path
    assert "<img src=x" not in ada.get("/-/media").text
    assert ada.get(f"/-/media{answer.json['url']}").status_code == 200


def test_look_alikes_stay_apart(ada: Browser) -> None:
    ada.upload(("paypal.png", b"latin"))
    assert ada.upload(("\u0440\u0430ypal.png", b"cyrillic")).status_code == 201
    assert ada.upload(("\uff50aypal.png", b"fullwidth")).status_code == 409  # which has the same address
    assert len(ada.files()) == 4


LIES = [
    ("x.png", images.SVG, "image/png"),
    ("x.svg", images.SVG, "image/svg+xml"),
    ("x.png", images.HTML, "image/png"),
    ("x.html", images.HTML, "text/html"),
    ("x.xhtml", images.XHTML, "application/xhtml+xml"),
    ("x.xml", images.XHTML, "text/xml"),
    ("x.svg", images.XHTML, "image/svg+xml"),
    ("x.gif", images.GIF_HTML, "image/gif"),
    ("x.html", images.GIF_HTML, "text/html"),
    ("x.pdf", images.PDF, "application/pdf"),
    ("x.png", images.PDF, "image/png"),
    ("x.html", images.PDF, "text/html"),
    ("x.js", b"alert(1)", "text/javascript"),
    ("x.swf", b"CWS\x0a" + bytes(90), "application/x-shockwave-flash"),
    ("x.jpg", b"\xff\xd8\xff<script>alert(1)</script>", "image/jpeg"),
    ("x.zip", b"PK\x03\x04" + images.HTML, "text/html"),
    ("x.png", b"\xef\xbb\xbf \n" + images.HTML, "image/png"),
    ("x.txt", "<script>alert(1)</script>".encode("utf-16"), "text/html"),
    ("x.txt", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "text/html; charset=utf-7"),
    ("x.mht", b"MIME-Version: 1.0\nContent-Type: text/html\n\n" + images.HTML, "message/rfc822"),
]


@pytest.mark.parametrize(("name", "content", "claimed"), LIES)
def test_whatever_a_file_claims_to_be_it_runs_nothing(
    ada: Browser, name: str, content: bytes, claimed: str
) -> None:
    ada.token = form_token(ada.client, "/-/media")
    sent = ada.client.post(
        "/-/media",
        data={"csrf": ada.token, "file": (BytesIO(content), name, claimed)},
        content_type="multipart/form-data",
        headers=JSON,
    )
    assert sent.status_code == 201
    answer = ada.get(f"/{name}")
    assert answer.data == content
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    active = answer.mimetype in {
        "text/html",
        "application/xhtml+xml",
        "text/xml",
        "application/xml",
        "message/rfc822",
    }
    assert not active or answer.headers["Content-Disposition"].startswith("attachment")
    policy = answer.headers["Content-Security-Policy"]
    if answer.mimetype != "application/pdf":  # which no browser shows in a sandbox; its viewer is one
        assert "sandbox" in policy
        assert "default-src 'none'" in policy
    assert "script-src" not in policy or "script-src 'self'" in policy
    page = ada.get(f"/-/media/{name}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def raw(boundary: str, *parts: str) -> bytes:
    made = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
    return made.encode("latin-1")


def post_raw(ada: Browser, *parts: str, boundary: str = "b") -> TestResponse:
    token = ada.token = ada.token or form_token(ada.client, "/-/media")
    body = raw(boundary, f'Content-Disposition: form-data; name="csrf"\r\n\r\n{token}', *parts)
    return ada.client.post(
        "/-/media", data=body, content_type=f"multipart/form-data; boundary={boundary}", headers=JSON
    )


DISPOSITION = 'Content-Disposition: form-data; name="file"; '


@pytest.mark.parametrize(
    "header",
    [
        DISPOSITION + "filename*=UTF-8''..%2F..%2Fx.png",
        DISPOSITION + "filename=\"a.png\"; filename*=UTF-8''%2e%2e%2fx.png",
        DISPOSITION + "filename*=UTF-8''x%00.png",
        DISPOSITION + "filename*=utf-7''+AC4ALgAv-x.png",
        DISPOSITION + 'filename="..\\\\..\\\\x.png"',
        DISPOSITION + 'filename="a.png"; filename="../../x.png"',
        DISPOSITION + 'filename="../x.png"\r\nContent-Type: ../../../x',
    ],
)
def test_a_forged_name_of_a_part_leaves_no_folder(ada: Browser, header: str) -> None:
    before = set(ada.files())
    answer = post_raw(ada, f"{header}\r\n\r\ncontent")
    assert answer.status_code in {201, 400, 422}
    for path in set(ada.files()) - before:
        assert "/" not in path
        assert not path.startswith(".")


@pytest.mark.parametrize(
    "part",
    [
        'Content-Disposition: form-data; name="file"\r\n\r\n/etc/passwd',
        'Content-Disposition: form-data; name="file[tempfile]"\r\n\r\n/etc/passwd',
        'Content-Disposition: form-data; name="file[filename]"\r\n\r\nx.png',
        'Content-Disposition: form-data; name="file"; filename=""\r\n\r\n/etc/passwd',
        'Content-Disposition: form-data; name="other"; filename="x.png"\r\n\r\ncontent',
    ],
)
def test_a_field_that_is_called_like_a_file_is_none(ada: Browser, part: str) -> None:
    before = ada.files()
    answer = post_raw(ada, part)
    assert answer.status_code == 422
    assert answer.json == {"error": "No file was sent; choose one."}
    assert ada.files() == before


def test_a_file_where_a_field_should_be_is_no_field(ada: Browser) -> None:
    answer = post_raw(
        ada,
        'Content-Disposition: form-data; name="folder"; filename="n"\r\n\r\nn',
        'Content-Disposition: form-data; name="file"; filename="x.png"\r\n\r\ncontent',
    )
    assert answer.json is not None
    assert answer.json["path"] == "x.png"


@pytest.mark.parametrize("field", ["page", "folder", "name", "replace", "base", "path", "summary"])
def test_a_field_that_was_sent_twice_is_refused(ada: Browser, field: str) -> None:
    before = ada.files()
    answer = ada.upload(
        ("x.png", b"x"),
        fields=[(field, "yes"), (field, "other"), ("replace", "yes")][: 3 if field == "path" else 2],
    )
    assert answer.status_code == 400
    assert ada.files() == before


@pytest.mark.parametrize("field", ["page", "folder", "path"])
def test_a_path_that_is_longer_than_any_is_refused_whole(ada: Browser, field: str) -> None:
    before = ada.files()
    more = [(field, "x/../" + "y" * 2_000), ("replace", "yes"), ("base", "")]
    answer = ada.upload(("x.png", b"x"), fields=more)
    assert answer.status_code == 400
    assert len(answer.text) < 200
    assert ada.files() == before


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_no_form_with_files_keeps_nothing(ada: Browser, kind: str) -> None:
    before = ada.files()
    token = form_token(ada.client, "/-/media")
    answer = ada.client.post(
        "/-/media",
        data=b'{"file": "x"}',
        content_type=kind,
        headers={"X-CSRF-Token": token, **JSON},
    )
    assert answer.status_code == 422
    assert ada.files() == before


@pytest.mark.parametrize(
    "body", [b"", b"--b", b"--b\r\n", b"\0" * 1_000, b"--b\r\nContent-Disposition: form-data\r\n\r\n"]
)
def test_a_body_that_is_broken_keeps_nothing(ada: Browser, body: bytes) -> None:
    before = ada.files()
    token = form_token(ada.client, "/-/media")
    answer = ada.client.post(
        "/-/media",
        data=body,
        content_type="multipart/form-data; boundary=b",
        headers={"X-CSRF-Token": token, **JSON},
    )
    assert answer.status_code in {400, 413, 422}
    assert ada.files() == before


# -- who may


def test_without_its_token_no_file_is_taken(ada: Browser) -> None:
    before = ada.files()
    for token in ("", "x", "0" * 64):
        ada.token = token or "none"
        for json in (True, False):
            answer = ada.upload(("x.png", b"x"), json=json)
            assert answer.status_code == 403
            assert (answer.json is not None) is json
    assert ada.files() == before


def test_who_was_signed_out_meanwhile_sends_nothing(ada: Browser, state: State) -> None:
    ada.token = form_token(ada.client, "/-/media")
    end_sessions(state, "ada")
    before = ada.files()
    for json in (True, False):
        assert ada.upload(("x.png", b"x"), json=json).status_code == 403
    assert ada.files() == before


def test_readers_send_nothing_and_are_shown_no_form(ada: Browser, commit: Commit, person: Make) -> None:
    commit({"leaf.png": b"theirs"})
    rea = person("rea", Role.READER)
    for address in ("/-/media", "/-/media?folder=n", "/-/media/leaf.png", "/n/"):
        page = rea.get(address).text
        assert 'type="file"' not in page
        assert "/-/rename/" not in page
        assert "/-/delete/" not in page
        assert "Upload files" not in page
    rea.token = form_token(rea.client, "/-/account")
    before = ada.files()
    replaces: dict[str, str] = {"path": "leaf.png", "replace": "yes", "base": ada.blob("leaf.png")}
    for more in ({}, replaces):
        answer = rea.upload(("x.png", b"x"), fields=list(more.items()))
        assert answer.status_code == 403
        assert answer.json is not None
    assert rea.upload().status_code == 403
    assert ada.files() == before


def test_a_program_with_a_token_sends_no_forms(ada: Browser, app: Flask) -> None:
    program = with_token(app, "bot", Role.EDITOR)
    answer = program.post("/-/media", data={"file": (BytesIO(b"x"), "x.png")}, headers=JSON)
    assert answer.status_code == 403


class ProtectsN(Unprotected):
    """Only admins change what is in the folder ``n``."""

    def any(self) -> bool:
        return True

    def highest(self) -> Role:
        return Role.ADMIN

    def stamp(self) -> str:
        return "n"

    def level(self, path: str, lineage: tuple[str, str] | None) -> Role:
        return Role.ADMIN if path.startswith("n/") else Role.EDITOR


def test_protected_files_are_changed_only_by_who_may(
    commit: Commit, store: MemoryStore, state: State, policy: Policy, tmp_path: Path
) -> None:
    commit({"home.md": "# Home\n", "n/leaf.png": b"theirs"})
    index = WhooshIndex(tmp_path / "index")
    wiki = Wiki.open(store, index, tmp_path / "derived", policy, protections=ProtectsN(), processes=0)
    app = create_app(Settings(), wiki, state)
    ada, root = (
        Browser(signed_in(app, login, role), wiki, store)
        for login, role in (("ada", Role.EDITOR), ("root", Role.ADMIN))
    )
    before, base = ada.files(), ada.blob("n/leaf.png")
    assert ada.upload(("x.png", b"x"), folder="n").status_code == 403
    assert ada.upload(("x.png", b"x"), path="n/leaf.png", replace="yes", base=base).status_code == 403
    assert 'name="replace"' not in ada.get("/-/media/n/leaf.png").text
    assert "Upload files" not in ada.get("/-/media?folder=n").text
    assert ada.files() == before
    assert ada.upload(("x.png", b"x")).status_code == 201
    assert root.upload(("x.png", b"x"), path="n/leaf.png", replace="yes", base=base).status_code == 201
    wiki.close()


def test_settings_are_for_admins(ada: Browser, person: Make) -> None:
    assert ada.upload(("quire.toml", b"x")).status_code == 403
    assert person("root", Role.ADMIN).upload(("quire.toml", b"title = 'x'\n")).status_code == 201


def test_the_local_person_uploads(wiki: Wiki, app: Flask, store: MemoryStore, commit: Commit) -> None:
    commit({"a.md": "x\n"})
    local = Browser(locally(app), wiki, store)
    assert local.upload(("x.png", b"x")).status_code == 201


# -- what is hidden

SECRET: dict[str, str | bytes | None] = {
    "open.png": b"open",
    "board/plan.md": "![[open.png]] Zebras.\n",
    "board/leaf.png": b"zebra",
    "board/open.png": b"zebra",
}


def test_hidden_files_and_pages_are_on_no_page_of_media(ada: Browser, commit: Commit) -> None:
    commit(SECRET)
    for address in (
        "/-/media",
        "/-/media?folder=board",
        "/-/media?unused=1",
        "/-/media/open.png",
        "/-/media?added=board/leaf.png",
    ):
        text = ada.get(address).text
        assert "board/leaf" not in text, address
        assert "board/open" not in text, address
        assert "plan" not in text, address
        assert "Zebra" not in text, address
    assert "No page links to it" in ada.get("/-/media/open.png").text
    for address in ("/-/media/board/leaf.png", "/-/media/board/none.png", "/-/media/Board/leaf.png"):
        assert ada.get(address).status_code == 404


def test_an_upload_tells_nothing_of_what_is_hidden(ada: Browser, commit: Commit) -> None:
    commit(SECRET)
    blob, before = ada.blob("board/leaf.png"), ada.files()
    hidden = ada.upload(("leaf.png", b"x"), folder="board")
    absent = ada.upload(("none.png", b"x"), folder="board")
    assert hidden.status_code == absent.status_code == 403
    assert hidden.json == absent.json
    replaced = ada.upload(("x.png", b"x"), path="board/leaf.png", replace="yes", base=blob)
    unknown = ada.upload(("x.png", b"x"), path="board/none.png", replace="yes", base=blob)
    assert replaced.status_code == unknown.status_code == 403
    taken = ada.upload(("leaf.png", b"x"), folder="Board")
    assert taken.status_code == 409
    assert taken.json == {
        "error": "Choose another name than “Board/leaf.png”.",
        "suggested": "leaf-2.png",
        "existing": None,
        "base": "",
    }
    same = ada.upload(("leaf.png", b"zebra"), folder="Board", replace="yes", base=blob)
    assert same.json == taken.json
    shown = ada.upload(("leaf.png", b"x"), folder="Board", json=False).text
    assert "board/leaf" not in shown
    assert blob not in shown
    assert ada.files() == before


def test_the_target_that_is_told_depends_on_nothing_hidden(ada: Browser, commit: Commit) -> None:
    commit({"board/leaf.png": b"zebra"})
    answer = ada.upload(("leaf.png", b"mine"), folder="n")
    assert answer.json is not None
    assert answer.json["target"] == "leaf.png"


# -- looking


def test_media_are_listed_with_what_they_are(ada: Browser, commit: Commit) -> None:
    commit({"leaf.png": image(600, 300), "a.md": "![[leaf.png]]\n", "data.csv": b"1,2\n", "odd": b""})
    page = ada.get("/-/media").text
    assert "3 files." in page
    assert "used on 1 page" in page
    assert "<bdi>CSV</bdi> · <bdi>4 bytes</bdi>" in page
    assert re.search(r'src="/-/preview-image/160/leaf\.png\?v=[0-9a-f]{12}"', page)
    assert 'class="file-icon table"' in page
    assert "<bdi>File</bdi> · <bdi>0 bytes</bdi>" in page


def test_unused_media_are_listed(ada: Browser, commit: Commit) -> None:
    commit({"leaf.png": b"1", "a.md": "![[leaf.png]]\n", "n/lonely.png": b"2"})
    page = ada.get("/-/media?unused=1").text
    assert "lonely.png" in page
    assert "leaf.png" not in page
    assert "There are none" in ada.get("/-/media?unused=1&folder=m").text


def test_a_list_goes_on(ada: Browser, commit: Commit) -> None:
    commit({f"n/{number:03}.png": b"x" for number in range(70)})
    first = ada.get("/-/media?folder=n").text
    assert 'href="/-/media?folder=n&amp;page=2"' in first
    assert "069.png" in ada.get("/-/media?folder=n&page=2").text
    assert ada.get("/-/media?folder=n&page=3").status_code == 404
    assert ada.get("/-/media?page=x").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "folder=%00",
        "folder=../..",
        "folder=" + "x" * 2_000,
        "beside=%00",
        "beside=nowhere",
        "added=%00",
        "added=../x",
        "folder=%ff",
    ],
)
def test_odd_questions_are_answered(ada: Browser, query: str) -> None:
    assert ada.get(f"/-/media?{query}").status_code == 200


def test_a_medium_has_a_page(ada: Browser, commit: Commit) -> None:
    commit({"n/leaf.png": image(600, 300), "a.md": "See ![[leaf.png]] here.\n"})
    page = ada.get("/-/media/n/leaf.png").text
    assert "600 × 300 pixels" in page
    assert "image/png" in page
    assert "![[leaf.png]]" in page
    assert 'href="/a"' in page
    for address in ("history", "rename", "delete", "backlinks"):
        assert f'href="/-/{address}/n/leaf.png"' in page
    assert f'name="base" value="{ada.blob("n/leaf.png")}"' in page
    assert ada.get("/-/media/N/Leaf.PNG").location == "/-/media/n/leaf.png"
    for address in ("/-/media/a", "/-/media/a.md", "/-/media/n/", "/-/media/none.png", "/-/media/-/x"):
        assert ada.get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "shows"),
    [
        ("x.mp3", b"ID3\0", "<audio src="),
        ("x.mp4", b"\0\0\0\x1cftypisom", "<video src="),
        ("x.txt", b"<b>some text</b>", "&lt;b&gt;some text&lt;/b&gt;"),
        ("x.svg", images.SVG, '<img src="/x.svg"'),
        ("x.html", images.HTML, "Open the file"),
        ("x.pdf", images.PDF, "Open the file"),
        ("lies.png", images.HTML, "Open the file"),
        ("x.bin", b"\0\1", "Open the file"),
    ],
)
def test_a_medium_is_shown_as_what_it_is(
    ada: Browser, commit: Commit, name: str, content: bytes, shows: str
) -> None:
    commit({name: content})
    assert shows in ada.get(f"/-/media/{name}").text


def test_replacing_begins_on_the_page_of_a_medium(ada: Browser, commit: Commit) -> None:
    commit({"n/a#b [1].png": b"old"})
    page = ada.get("/-/media/n/a%23b%20%5B1%5D.png")
    sent = form(page.text)
    assert sent["path"] == "n/a#b [1].png"
    answer = ada.client.post(
        "/-/media",
        data=sent | {"file": (BytesIO(b"new"), "whatever.gif"), "summary": "Sharper"},
        content_type="multipart/form-data",
    )
    assert (answer.status_code, answer.location) == (303, "/-/media/n/a%23b%20%5B1%5D.png")
    assert ada.files()["n/a#b [1].png"] == b"new"


def test_folders_show_their_images_and_lead_to_uploads(ada: Browser, commit: Commit) -> None:
    commit({"n/leaf.png": image(600, 300), "n/data.csv": b"1"})
    page = ada.get("/n/").text
    assert '<img src="/-/preview-image/160/n/leaf.png?v=' in page
    assert 'href="/-/media?folder=n#upload"' in page
    assert 'href="/-/media?folder=n"' in page


def test_media_are_in_the_menu(ada: Browser) -> None:
    assert 'href="/-/media"' in ada.get("/home").text


def test_uploads_work_on_a_wiki_without_a_commit(wiki: Wiki, store: MemoryStore, state: State) -> None:
    app = create_app(Settings(), wiki, state)
    fresh = Browser(signed_in(app, "eve", Role.EDITOR), wiki, store)
    assert fresh.get("/-/media").status_code == 200
    assert fresh.upload(("x.png", b"x")).status_code == 201
    assert site(app).wiki.head() is not None
