"""Addresses that belong to the wiki itself, and tricks that are tried on every web server."""

from urllib.parse import unquote_to_bytes

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.wiki import Wiki
from tests.conftest import Commit
from wiki import create_app
from wiki.settings import Settings
from wiki.urls import absolute

RESERVED = [
    "-/",
    "-/x",
    "-/signup",
    "-/graph/a",
    "-/api/v1/pages",
    "-/x/",
    "-/a\nb",
    "wiki.git",
    "wiki.git/",
    "wiki.git/info/refs",
    "sitemap.xml",
    "robots.txt",
    "llms.txt",
]


@pytest.mark.parametrize("path", RESERVED, ids=ascii)
def test_a_reserved_address_never_leads_to_a_page(commit: Commit, client: FlaskClient, path: str) -> None:
    page = path.rstrip("/") or "x"
    commit({f"{page}.md": "The page.\n", page: "The file.\n", f"{page}/index.md": "The folder.\n"})
    answer = client.get(f"/{path}")
    assert answer.status_code == (200 if path in {"sitemap.xml", "robots.txt"} else 404)
    assert "The page." not in answer.text
    assert "The file." not in answer.text
    assert "The folder." not in answer.text


@pytest.mark.parametrize("path", ["-", "-x", "--/a", "wiki.gitx", "sitemap.xml.md", "a/sitemap.xml", "a/-/b"])
def test_an_address_that_only_looks_reserved_is_a_page(
    commit: Commit, client: FlaskClient, path: str
) -> None:
    commit({f"{path.removesuffix('.md')}.md": "The page.\n"})
    assert "The page." in client.get(f"/{path}").text


def test_the_icon_is_the_themes(commit: Commit, client: FlaskClient) -> None:
    commit({"favicon.ico": b"\0\0\1\0"})
    assert client.get("/favicon.ico").mimetype == "image/svg+xml"


def ask(client: FlaskClient, address: str, method: str = "GET") -> TestResponse:
    """Ask for an address just as it is written; the client would tidy it up."""
    path = unquote_to_bytes(address).decode("latin-1")
    return client.open("/", method=method, environ_overrides={"PATH_INFO": path})


TRICKS = [
    "//evil.example",
    "//evil.example/..",
    "///evil.example",
    "/\\evil.example",
    "/%5Cevil.example",
    "/%2F%2Fevil.example/",
    "/..",
    "/../",
    "/../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%5c..%5cetc%5cpasswd",
    "/a/../../etc/passwd",
    "/etc/passwd",
    "/.git/config",
    "/.git/",
    "/a%00",
    "/a%00.md",
    "/%00",
    "/a.md%00.png",
    "/%ff%fe",
    "/%c0%ae%c0%ae/",
    "/%ed%a0%80",
    "/%F0%9F",
    "/%",
    "/%zz",
    "/a%",
    "/" + "x" * 5_000,
    "/" + "x/" * 3_000,
    "/" + "%F0%9F%A6%99" * 500,
    "/a//b",
    "/a/./b",
    "/./a",
    "/a;jsessionid=1",
    "/%0d%0aSet-Cookie:%20x=y",
    "/%E2%80%AEevil",
    "/-/static/default/../../../pyproject.toml",
    "/-/static/default/%2e%2e/theme.toml",
    "/-/static/default/..%2ftheme.toml",
    "/-/static/../default/theme.toml",
    "/-/static/%2e%2e/wiki/cli.py",
    "/-/static/default//etc/passwd",
    "/-/static/default/%2Fetc%2Fpasswd",
    "/-/static/default/css/base.css%00",
    "/-/static/default/css",
    "/-/static/default/css/..%5cbase.css",
    "/-/static/nothing/nothing.css",
]


@pytest.mark.parametrize("address", TRICKS, ids=lambda text: ascii(text[:40]))
def test_a_trick_finds_nothing(commit: Commit, client: FlaskClient, address: str) -> None:
    commit({"a.md": "The page.\n", "b.md": "Text\n", ".gitignore": "x\n"})
    for method in ("GET", "HEAD"):
        answer = ask(client, address, method)
        assert answer.status_code == 404, answer.headers.get("Location")
        assert "Set-Cookie" not in answer.headers
        assert "root:" not in answer.text


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "/Evil//Example/", "//EVIL/", "/Folder//", "/%2F%2FFolder"],
)
def test_no_redirect_leaves_the_site(commit: Commit, client: FlaskClient, address: str) -> None:
    commit({"evil.example.md": "Text\n", "folder/a.md": "Text\n", "evil/example/a.md": "Text\n"})
    location = ask(client, address).headers.get("Location", "/x")
    assert location[0] == "/"
    assert location[1:2] not in {"/", "\\"}


def test_names_that_normalize_to_a_slash_make_no_folder(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({"a／b.md": "The page.\n", "℀.md": "Text\n"})
    assert "The page." in client.get("/a／b").text
    for address in ("/a/", "/a", "/a／", "/℀/", "/A/C/"):
        for _ in range(5):
            answer = client.get(address)
            if answer.status_code != 302:
                break
            address = answer.headers["Location"]
        assert answer.status_code in {200, 404}


@pytest.mark.parametrize(
    ("url", "host", "whole"),
    [
        ("", "wiki.example", "http://wiki.example/a"),
        ("", "wiki.example:8080", "http://wiki.example:8080/a"),
        ("", 'x"><script>', "http://localhost/a"),
        ("https://wiki.example.org", "elsewhere.example", "https://wiki.example.org/a"),
        ("https://wiki.example.org:444/", "elsewhere.example", "https://wiki.example.org:444/a"),
    ],
)
def test_a_whole_address_begins_with_the_public_one_or_else_the_requests(
    wiki: Wiki, url: str, host: str, whole: str
) -> None:
    app = create_app(Settings(url=url), wiki)
    with app.test_request_context("/", headers={"Host": host}):
        assert absolute("/a") == whole


def test_an_answer_with_whole_addresses_is_another_one_when_these_change(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "A"})
    wiki.catch_up()
    settings = (Settings(), Settings(url="https://wiki.example.org"))
    tags = {create_app(each, wiki).test_client().get("/a").headers["ETag"] for each in settings}
    assert len(tags) == 2
