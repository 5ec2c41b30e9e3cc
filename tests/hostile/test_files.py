"""Files that lie about what they are run nothing, at whatever address they are shown; and what is no file is taken for none."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access import Role
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests import images
from tests.conftest import Commit
from tests.people import form_token, signed_in
from tests.wiki.test_escaping import dangers
from tests.wiki.test_uploads import LIES

ACTIVE = {
    "text/html",
    "application/xhtml+xml",
    "text/xml",
    "application/xml",
    "message/rfc822",
    "text/javascript",
}


@pytest.fixture
def editor(client: FlaskClient, commit: Commit, wiki: Wiki) -> FlaskClient:
    commit({"a.md": "# A\n"})
    wiki.catch_up()
    return signed_in(client.application, "ada", Role.EDITOR)


def check(answer: TestResponse) -> None:
    """Whatever it is, a browser that opens it runs nothing of it for this site."""
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if answer.mimetype in ACTIVE and "/-/" not in answer.request.path:
        assert answer.headers["Content-Disposition"].startswith("attachment")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.replace("style-src 'unsafe-inline'", "")
    assert answer.mimetype == "application/pdf" or "sandbox" in policy


LIARS = [
    *LIES,
    ("x.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><foreignObject><script>alert(1)</script></foreignObject></svg>', ""),
    ("x.svgz", b"\x1f\x8b" + images.SVG, "image/svg+xml"),
    ("x.png", b"\x89PNG\r\n\x1a\n" + images.HTML, "text/html"),
    ("x.jpg", b"\xff\xd8\xff\xe0" + images.SVG, "image/svg+xml"),
    ("x.webp", b"RIFF\x00\x00\x00\x00WEBP" + images.HTML, "text/html"),
    ("x.html.png", images.HTML, "image/png"),
    ("x.png.html", b"\x89PNG\r\n\x1a\n" + images.HTML, "image/png"),
    ("x.php", b"<?php system($_GET['c']);", "application/x-php"),
    ("x.css", b"body{background:url(javascript:alert(1))}", "text/css"),
    ("x.json", b'{"a": "<script>alert(1)</script>"}', "application/json"),
    ("x.wasm", b"\0asm\1\0\0\0", "application/wasm"),
    ("x.shtml", b'<!--#exec cmd="id"-->' + images.HTML, "text/html"),
    ("x", images.HTML, "text/html"),
    ("x.md.txt", b"[x](javascript:alert(1))" + images.HTML, "text/markdown"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "claimed"), LIARS)
def test_no_address_of_a_file_runs_it(
    editor: FlaskClient, wiki: Wiki, store: MemoryStore, name: str, content: bytes, claimed: str
) -> None:
    """As it is and as it was, its picture, its page, in lists and in comparisons, and in what a page shows of it."""
    token = form_token(editor, "/-/media")
    sent = editor.post("/-/media", data={"csrf": token, "file": (BytesIO(content), name, claimed or "x/y")})
    assert sent.status_code == 303
    first = store.head()
    wiki.catch_up()
    for address in (f"/{name}", f"/{name}?rev={first}", f"/{name}?x=.html", f"/{name}?download=1"):
        for headers in ({}, {"Accept": "text/html"}, {"Accept": "text/markdown"}, {"Range": "bytes=0-9"}):
            answer = editor.get(address, headers=headers)
            assert answer.status_code in {200, 206}
            assert content.startswith(answer.data)
            check(answer)
    picture = editor.get(f"/-/preview-image/160/{name}")
    assert picture.status_code in {200, 404, 415, 503}
    if picture.data == content:
        check(picture)
    else:
        assert b"alert" not in picture.data
    text = f"![x]({name}) ![[{name}]]\n\n![[{name}]]\n\n[x]({name})\n"
    shown = editor.post("/-/preview", data={"csrf": token, "path": "a.md", "text": text})
    assert not dangers(shown.text)
    for address in (
        f"/-/media/{name}",
        "/-/media",
        f"/-/diff/{name}",
        f"/-/history/{name}",
        f"/-/blame/{name}",
    ):
        page = editor.get(address)
        assert page.status_code in {200, 409, 413, 422}, address
        assert not dangers(page.text), address


FORGED = {
    "file[tempfile]": "/etc/passwd",
    "file[filename]": "x.png",
    "file.path": "/etc/passwd",
    "file": "/etc/passwd",
    "tempfile": "/etc/passwd",
    "filename": "x.png",
    "file[]": "/etc/passwd",
    "files": "@/etc/passwd",
    "path": "/etc/passwd",
    "pending-1": "../../../etc/passwd",
    "original-1": "x.png",
    "choice-1": "keep",
    "content": "file:///etc/passwd",
    "url": "http://127.0.0.1/",
    "src": "http://169.254.169.254/",
}


@pytest.mark.parametrize("name", [*FORGED, "all"])
def test_words_about_a_file_are_no_file(
    editor: FlaskClient, store: MemoryStore, wiki: Wiki, name: str
) -> None:
    """No text field stands for a file of the server, or for one that it should fetch."""
    token, head = form_token(editor, "/-/media"), store.head()
    fields = FORGED if name == "all" else {name: FORGED[name]}
    for replace in ({}, {"replace": "yes", "base": "0" * 40}):
        for kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
            sent = editor.post("/-/media", data={"csrf": token, **fields, **replace}, content_type=kind)
            assert sent.status_code in {400, 403, 413, 422}, sent.status
            assert "root:x:" not in sent.text
    assert store.head() == head


def test_a_file_in_place_of_a_text_is_no_text(editor: FlaskClient, store: MemoryStore) -> None:
    """What is sent as a file counts as none where words are due: nothing is written of it, and nothing fails."""
    token, head = form_token(editor, "/-/account"), store.head()
    forms = {
        "/-/edit/a": ("text", "base", "summary"),
        "/-/preview": ("text", "path"),
        "/-/drafts": ("text", "key"),
        "/-/rename/a": ("to", "seen"),
        "/-/delete/a": ("base",),
        "/-/restore/a": ("rev",),
        "/-/undo": ("author", "since"),
        "/-/account/profile": ("name", "email"),
        "/-/account/tokens": ("name", "days"),
    }
    for address, names in forms.items():
        for name in names:
            sent = {"csrf": token, name: (BytesIO(b"\xff\xfe x"), "x.txt", "text/plain")}
            assert editor.post(address, data=sent).status_code < 500, (address, name)
        as_file = {"csrf": (BytesIO(token.encode()), "x")}
        assert editor.post(address, data=as_file).status_code == 403, address
    assert b"\xff" not in b"".join(store.read(entry.blob) for entry in store.tree(store.head() or ""))
    assert head is not None


BODIES = [
    ("application/json", b'{"csrf": "TOKEN", "text": "x"}'),
    ("text/plain", b"csrf=TOKEN&text=x"),
    ("text/plain;application/x-www-form-urlencoded", b"csrf=TOKEN&text=x"),
    ("application/xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"),
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/form-data; boundary=", b"----\r\n"),
    ("multipart/form-data; boundary=" + "x" * 5_000, b"--x\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nTOKEN'),
    ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 20_000),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 3_000,
    ),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=b" % n for n in range(20_000))),
    ("application/x-www-form-urlencoded", b"csrf=%ff%fe&text=%ed%a0%80%00"),
    ("application/x-www-form-urlencoded", b"%" * 5_000),
    ("", b"csrf=TOKEN&text=x"),
]


@pytest.mark.parametrize(("kind", "body"), BODIES)
def test_a_body_that_is_no_form_changes_nothing(
    editor: FlaskClient, store: MemoryStore, kind: str, body: bytes
) -> None:
    token, head = form_token(editor, "/-/account"), store.head()
    sent = body.replace(b"TOKEN", token.encode())
    for address in ("/-/edit/a", "/-/media", "/-/drafts", "/-/account/profile", "/-/logout"):
        answer = editor.post(address, data=sent, content_type=kind)
        assert answer.status_code in {400, 403, 413}, (address, answer.status)
        assert "root:x:" not in answer.text
        assert store.head() == head
    assert editor.get("/-/account").status_code == 200
