"""What every answer says to the browser, over all that the application can answer."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit
from tests.sites import site
from wiki import create_app
from wiki.settings import Settings

# An example for each rule; a rule without one fails the test below, so that none is forgotten.
EXAMPLES = {
    "/": ["/"],
    "/<address:text>": [
        "/a",
        "/a.md",
        "/A",
        "/f",
        "/f/",
        "/m.png",
        "/m.svg",
        "/m.pdf",
        "/missing",
        "/x-y",
        "/-/x",
    ],
    "/-/login": ["/-/login"],
    "/-/logout": [],
    "/-/register": ["/-/register"],
    "/-/reset": ["/-/reset?code=x"],
    "/-/account": ["/-/account"],
    "/-/account/profile": [],
    "/-/account/password": [],
    "/-/account/sessions": [],
    "/-/account/tokens": [],
    "/-/account/tokens/revoke": [],
    "/-/admin": ["/-/admin"],
    "/-/admin/accounts": [],
    "/-/admin/invitations": ["/-/admin/invitations"],
    "/-/admin/tokens": ["/-/admin/tokens"],
    "/-/admin/settings": ["/-/admin/settings"],
    "/-/admin/status": ["/-/admin/status"],
    "/-/admin/audit": ["/-/admin/audit"],
    "/-/mirror": ["/-/mirror"],
    "/-/mirror/conflict": ["/-/mirror/conflict"],
    "/-/search": ["/-/search", "/-/search?q=text", "/-/search?q=text&page=x"],
    "/-/healthz": ["/-/healthz"],
    "/-/history/<address:text>": ["/-/history/a", "/-/history/a?page=9", "/-/history/missing"],
    "/-/diff/<address:text>": ["/-/diff/a", "/-/diff/m.png", "/-/diff/a?from=x", "/-/diff/missing"],
    "/-/blame/<address:text>": ["/-/blame/a", "/-/blame/m.png", "/-/blame/missing"],
    "/-/recent": ["/-/recent", "/-/recent?folder=f", "/-/recent?folder=x"],
    "/-/changes": ["/-/changes", "/-/changes?since=head&path=f", "/-/changes?since=x"],
    "/-/commit/<commit>": ["/-/commit/0000000"],
    "/-/by/<address:author>": ["/-/by/Nobody"],
    "/-/deleted": ["/-/deleted", "/-/deleted?after=x"],
    "/-/feed.atom": ["/-/feed.atom", "/-/feed.atom?path=a", "/-/feed.atom?path=x"],
    "/-/missing": ["/-/missing"],
    "/-/orphans": ["/-/orphans"],
    "/-/backlinks/<address:text>": ["/-/backlinks/a", "/-/backlinks/missing"],
    "/-/tags": ["/-/tags"],
    "/-/tags/<address:tag>": ["/-/tags/x"],
    "/-/pages": ["/-/pages", "/-/pages?folder=f"],
    "/-/suggest": ["/-/suggest?q=a"],
    "/-/edit/<address:text>": ["/-/edit/a", "/-/edit/missing"],
    "/-/preview": [],
    "/-/outline/<address:text>": ["/-/outline/a", "/-/outline/missing"],
    "/-/new": ["/-/new", "/-/new?title=x"],
    "/-/drafts": ["/-/drafts"],
    "/-/rename/<address:text>": ["/-/rename/a", "/-/rename/f/", "/-/rename/missing"],
    "/-/delete/<address:text>": ["/-/delete/a", "/-/delete/missing"],
    "/-/restore/<address:text>": ["/-/restore/a?rev=x"],
    "/-/revert/<commit>": ["/-/revert/x"],
    "/-/undo": ["/-/undo", "/-/undo?author=x"],
    "/-/protect/<address:text>": ["/-/protect/a"],
    "/-/media": ["/-/media", "/-/media?unused=1", "/-/media?page=9"],
    "/-/media/<address:text>": ["/-/media/m.png", "/-/media/m.svg", "/-/media/a", "/-/media/missing"],
    "/-/preview-image/<int:width>/<address:text>": [
        "/-/preview-image/160/m.png",
        "/-/preview-image/160/m.svg",
        "/-/preview-image/160/m.pdf",
        "/-/preview-image/1/m.png",
    ],
    "/-/opensearch.xml": ["/-/opensearch.xml"],
    "/-/hooks/incoming": [],
    "/wiki.git": ["/wiki.git"],
    "/wiki.git/": ["/wiki.git/"],
    "/wiki.git/info/refs": ["/wiki.git/info/refs", "/wiki.git/info/refs?service=git-upload-pack"],
    "/wiki.git/<address:text>": ["/wiki.git/HEAD", "/wiki.git/objects/info/packs"],
    "/wiki.git/<any('git-upload-pack', 'git-receive-pack'):service>": ["/wiki.git/git-upload-pack"],
    "/sitemap.xml": ["/sitemap.xml", "/sitemap.xml?part=9"],
    "/robots.txt": ["/robots.txt"],
    "/-/static/<theme>/<path:path>": ["/-/static/default/css/base.css", "/-/static/default/no"],
    "/favicon.ico": ["/favicon.ico"],
}
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "TRACE"]
FORMS = {"/-/login"}
"""What shows a form to visitors, and gives them a cookie for it."""

SENT = {
    *("/-/media", "/-/login", "/-/register", "/-/reset", "/-/admin/invitations", "/-/admin/tokens"),
    *("/-/edit/a", "/-/edit/missing", "/-/drafts", "/-/rename/a", "/-/rename/f/", "/-/rename/missing"),
    *("/-/delete/a", "/-/delete/missing", "/-/restore/a", "/-/revert/x", "/-/undo", "/-/protect/a"),
    "/wiki.git/git-upload-pack",
    *("/-/mirror", "/-/mirror/conflict"),
}
"""What takes a form at the address at which it is shown; `test_matrix` says from whom."""

ADDRESSES = [address for addresses in EXAMPLES.values() for address in addresses]


FILES = {
    "a.md": b"Some text.\n",
    "f/b.md": b"Text\n",
    "m.png": b"\x89PNG\r\n\x1a\n",
    "m.svg": b"<svg/>",
    "m.pdf": b"%PDF-1.7",
    "X Y.md": b"One\n",
    "x_y.md": b"Two\n",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One wiki for all: nothing here may change it."""
    with site(tmp_path_factory.mktemp("headers"), FILES) as app:
        yield app


@pytest.fixture
def full(shared: Flask) -> FlaskClient:
    return shared.test_client()


def test_every_rule_has_an_example(app: Flask) -> None:
    assert {rule.rule for rule in app.url_map.iter_rules()} == set(EXAMPLES)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_is_safe_to_receive(full: FlaskClient, address: str, method: str) -> None:
    for _ in range(2):  # the second may be one that was kept
        headers = full.open(address, method=method).headers
        policy = dict(
            part.strip().split(" ", 1)
            for part in headers["Content-Security-Policy"].split(";")
            if " " in part.strip()
        )
        assert policy["default-src"] == "'none'"
        assert "unsafe" not in policy.get("script-src", "")
        assert "*" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Cache-Control" in headers
        assert "Set-Cookie" not in headers or address in FORMS
        assert "Access-Control-Allow-Origin" not in headers
        assert "Server" not in headers


@pytest.mark.parametrize(
    ("method", "address"),
    [
        (method, address)
        for method in ("POST", "PUT", "DELETE", "PATCH", "PROPFIND", "TRACE")
        for address in ADDRESSES
        if method != "POST" or address.partition("?")[0] not in SENT
    ],
)
def test_what_cannot_be_done_is_a_page_that_says_so(full: FlaskClient, address: str, method: str) -> None:
    answer = full.open(address, method=method)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "That cannot be done here" in answer.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_head_has_the_headers_of_a_get(full: FlaskClient, address: str) -> None:
    head, get = full.head(address), full.get(address)
    assert head.data == b""
    assert head.status_code == get.status_code
    assert dict(head.headers) | {"Set-Cookie": ""} == dict(get.headers) | {"Set-Cookie": ""}


def test_pages_run_scripts_and_styles_of_the_site_only(full: FlaskClient) -> None:
    answer = full.get("/a")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    scripts = re.findall(r"<script[^>]*>([^<]*)", answer.text)
    assert scripts
    assert not any(scripts)
    assert answer.text.count("<script") == len(
        re.findall(r'<script [^>]*src="/-/static/default/js/', answer.text)
    )
    assert " style=" not in answer.text


def test_remote_images_are_a_setting(wiki: Wiki, commit: Commit) -> None:
    commit({"a.md": "Text\n"})
    for allowed in (True, False):
        client = create_app(Settings(remote_images=allowed), wiki).test_client()
        policy = client.get("/a").headers["Content-Security-Policy"]
        assert ("img-src 'self' https:" in policy) is allowed
