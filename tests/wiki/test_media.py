"""Files of the repository: typed by content, in ranges, never able to run anything."""

import pytest
from flask.testing import FlaskClient

from tests.conftest import Commit

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("name", "content", "mimetype"),
    [
        ("a.png", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.gif", b"GIF89a", "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBP", "image/webp"),
        ("a.avif", b"\0\0\0\x1cftypavif", "image/avif"),
        ("a.mp4", b"\0\0\0\x1cftypisom", "video/mp4"),
        ("a.mp3", b"ID3\x04\0\0", "audio/mpeg"),
        ("a.txt", b"ID3 is a kind of tag, BM a signature", "text/plain"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.svg", SVG, "image/svg+xml"),
        ("a.txt", b"text", "text/plain"),
        ("a.json", b"{}", "text/plain"),
        ("empty", b"", "text/plain"),
        ("lies.png", b"text", "text/plain"),
        ("lies.txt", PNG, "image/png"),
        ("a.bin", b"\0\1\2", "application/octet-stream"),
        ("a.txt", "Größe".encode("latin-1"), "application/octet-stream"),
        ("a.zip", b"PK\x03\x04", "application/zip"),
        ("a.html", b"<p>text", "text/html"),
        ("lies.png", b"<script>alert(1)</script>", "text/html"),
        ("a.js", b"alert(1)", "text/plain"),
        ("a.css", b"* { color: red }", "text/plain"),
    ],
)
def test_a_file_is_typed_by_its_content(
    commit: Commit, client: FlaskClient, name: str, content: bytes, mimetype: str
) -> None:
    commit({name: content})
    answer = client.get(f"/{name}")
    assert answer.data == content
    assert answer.mimetype == mimetype
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.svg", SVG),
        ("a.html", b"<script>alert(1)</script>"),
        ("a.xhtml", b'<html xmlns="http://www.w3.org/1999/xhtml"/>'),
        (
            "a.xml",
            b'<?xml version="1.0"?><x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>',
        ),
        ("a.txt", b"<script>alert(1)</script>"),
        ("a.png", PNG),
        ("a.bin", b"\0"),
    ],
)
def test_no_file_can_run_anything(commit: Commit, client: FlaskClient, name: str, content: bytes) -> None:
    commit({name: content})
    answer = client.get(f"/{name}")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "allow-" not in policy
    assert answer.mimetype not in {"application/xml", "text/xml", "application/xhtml+xml"}


def test_html_is_downloaded(commit: Commit, client: FlaskClient) -> None:
    commit({"a.html": b"<p>x"})
    assert client.get("/a.html").headers["Content-Disposition"].startswith("attachment")


def test_a_file_keeps_its_name_when_saved(commit: Commit, client: FlaskClient) -> None:
    commit({'f/a "b"\r\nSet-Cookie: x=y; é.png': PNG})
    answer = client.get("/f/a%20%22b%22%0D%0ASet-Cookie:%20x=y;%20%C3%A9.png")
    assert answer.status_code == 200
    assert (
        answer.headers["Content-Disposition"]
        == "inline; filename*=UTF-8''a%20%22b%22%0D%0ASet-Cookie%3A%20x%3Dy%3B%20%C3%A9.png"
    )
    assert "Set-Cookie" not in answer.headers


# -- ranges


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=1000-", 1000, 1031), ("bytes=-5", 1027, 1031)],
)
def test_a_range_is_a_part(commit: Commit, client: FlaskClient, wanted: str, first: int, last: int) -> None:
    commit({"a.png": PNG})
    answer = client.get("/a.png", headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.data == PNG[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(PNG)}"
    assert answer.headers["Content-Length"] == str(last + 1 - first)
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_range_beyond_the_end_cannot_be_had(commit: Commit, client: FlaskClient) -> None:
    commit({"a.png": PNG})
    answer = client.get("/a.png", headers={"Range": "bytes=5000-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(PNG)}"


@pytest.mark.parametrize(
    "wanted", ["bytes=0-1,5-6", "bytes=0-1, -1", "lines=1-2", "bytes", "bytes=x-y", "bytes=5-1", ""]
)
def test_what_is_not_one_range_is_answered_by_the_whole(
    commit: Commit, client: FlaskClient, wanted: str
) -> None:
    commit({"a.png": PNG})
    answer = client.get("/a.png", headers={"Range": wanted})
    assert answer.status_code == 200
    assert answer.data == PNG


def test_a_range_of_nothing_is_the_whole_of_nothing(commit: Commit, client: FlaskClient) -> None:
    commit({"a.txt": b""})
    assert client.get("/a.txt", headers={"Range": "bytes=0-0"}).status_code == 200


def test_a_part_is_given_only_of_the_file_that_was_begun(commit: Commit, client: FlaskClient) -> None:
    commit({"a.png": PNG})
    etag = client.get("/a.png").headers["ETag"]
    wanted = {"Range": "bytes=0-9", "If-Range": etag}
    assert client.get("/a.png", headers=wanted).status_code == 206
    commit({"a.png": PNG + b"more"})
    answer = client.get("/a.png", headers=wanted)
    assert answer.status_code == 200
    assert answer.data == PNG + b"more"


def test_a_head_has_no_range(commit: Commit, client: FlaskClient) -> None:
    commit({"a.png": PNG})
    answer = client.head("/a.png", headers={"Range": "bytes=0-9"})
    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.headers["Content-Length"] == str(len(PNG))


# -- freshness


def test_a_file_stays_fresh_across_commits_that_do_not_touch_it(commit: Commit, client: FlaskClient) -> None:
    commit({"a.png": PNG})
    etag = client.get("/a.png").headers["ETag"]
    commit({"b.md": "Text\n"})
    again = client.get("/a.png", headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.data == b""
    assert "sandbox" in again.headers["Content-Security-Policy"]
    assert client.get("/a.png", headers={"If-None-Match": f"W/{etag}"}).status_code == 304
    assert client.get("/a.png", headers={"If-None-Match": '"other"'}).status_code == 200
    commit({"a.png": PNG + b"more"})
    assert client.get("/a.png", headers={"If-None-Match": etag}).status_code == 200


def test_a_file_beyond_the_bound_is_refused_with_a_way(
    commit: Commit, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.snapshot.MEDIA_BYTES", 100)
    commit({"a.png": PNG})
    answer = client.get("/a.png")
    assert answer.status_code == 413
    assert "clone the repository" in answer.text
