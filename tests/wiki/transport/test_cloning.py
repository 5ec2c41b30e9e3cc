"""Clone and fetch, with the real git."""

import gzip
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.repositories import Repository, make
from tests.wiki.transport.serving import Clone, Served, git, serving


def head(repository: Repository, branch: str = "main") -> str:
    return repository.git("rev-parse", branch)


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_a_clone_has_the_branch_and_no_other(content: Repository, served: Served, version: str) -> None:
    clone = served.clone("", "-c", f"protocol.version={version}")
    assert clone.git("rev-parse", "HEAD").stdout.strip() == head(content)
    assert clone.git("symbolic-ref", "HEAD").stdout.strip() == "refs/heads/main"
    assert (clone.path / "a.md").read_text() == "Some more text.\n"
    assert clone.git("rev-list", "--count", "HEAD").stdout.strip() == "2"
    assert clone.git("branch", "-r").stdout.split() == ["origin/HEAD", "->", "origin/main", "origin/main"]
    assert clone.git("cat-file", "-e", head(content, "other")).returncode != 0


@pytest.mark.parametrize("version", ["0", "2"])
def test_a_clone_may_be_shallow_and_deepened(served: Served, version: str) -> None:
    clone = served.clone("", "--depth", "1", "-c", f"protocol.version={version}")
    assert clone.git("rev-list", "--count", "HEAD").stdout.strip() == "1"
    assert clone.git("fetch", "-q", "--unshallow").returncode == 0
    assert clone.git("rev-list", "--count", "HEAD").stdout.strip() == "2"


def test_a_clone_may_be_partial(content: Repository, served: Served) -> None:
    clone = served.clone("", "--filter=blob:none", "--no-checkout")
    missing = clone.git("rev-list", "--objects", "--missing=print", "HEAD").stdout
    assert sum(line.startswith("?") for line in missing.splitlines()) == 4
    assert clone.git("checkout", "-q", "main").returncode == 0
    assert (clone.path / "a.md").read_text() == "Some more text.\n"


def test_a_clone_may_be_of_one_branch(content: Repository, served: Served) -> None:
    clone = served.clone("", "--single-branch", "--branch", "main")
    assert clone.git("rev-parse", "HEAD").stdout.strip() == head(content)
    assert served.try_clone("", "--branch", "other", name="no").returncode != 0


def test_a_fetch_brings_what_came_since(content: Repository, served: Served) -> None:
    clone = served.clone()
    new = content.commit({"index.md": "# Saved\n"}, head(content))
    assert clone.git("pull", "-q").returncode == 0
    assert clone.git("rev-parse", "HEAD").stdout.strip() == new


def test_many_commits_in_common_are_asked_for_packed(content: Repository, served: Served) -> None:
    """Git packs a question of more than a kilobyte; the server unpacks it."""
    clone = served.clone()
    for number in range(150):
        clone.commit({"mine.md": f"{number}\n"})
    content.commit({"index.md": "# Saved\n"}, head(content))
    done = clone.git("fetch", GIT_TRACE_CURL="1", GIT_TRACE_CURL_NO_DATA="1")
    assert done.returncode == 0
    assert "content-encoding: gzip" in done.stderr.lower()


def test_a_branch_that_is_checked_out_elsewhere_or_not_at_all_is_cloned(
    tmp_path: Path, content: Repository
) -> None:
    content.git("symbolic-ref", "HEAD", "refs/heads/other")
    with serving(content, tmp_path, branch="main") as served:
        clone = served.clone()
        assert clone.git("rev-parse", "--abbrev-ref", "HEAD").stdout.strip() == "main"


def test_a_repository_with_a_work_tree_is_cloned_and_a_work_tree_of_it(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain", bare=False)
    first = plain.commit({"a.md": "A\n"})
    plain.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"), first)
    with serving(plain, tmp_path / "one") as served:
        (tmp_path / "one").mkdir(exist_ok=True)
        assert served.clone().git("rev-parse", "HEAD").stdout.strip() == first
    with serving(Repository(tmp_path / "side"), tmp_path / "two") as served:
        (tmp_path / "two").mkdir(exist_ok=True)
        assert served.clone().git("symbolic-ref", "--short", "HEAD").stdout.strip() == "side"


def ask(
    served: Served, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, named)
        answer = connection.getresponse()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/wiki.git/info/refs",
        "/wiki.git/info/refs?service=git-upload-archive",
        "/wiki.git/info/refs?service=git-upload-pack&service=git-receive-pack",
        "/wiki.git/HEAD",
        "/wiki.git/objects/info/packs",
        "/wiki.git/config",
        "/wiki.git/git-upload-pack",
        "/wiki.git/../../etc/passwd",
        "/wiki.git/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_nothing_but_the_smart_protocol_is_spoken(served: Served, path: str) -> None:
    status, body, headers = ask(served, "GET", path)
    assert (status, headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert b"smart protocol" in body


def test_no_answer_is_kept_anywhere(served: Served) -> None:
    for path in ("/wiki.git/info/refs?service=git-upload-pack", "/wiki.git/info/refs"):
        _, _, headers = ask(served, "GET", path)
        assert headers["cache-control"] == "no-store"
        assert "etag" not in headers
        assert "set-cookie" not in headers
        assert "quire-commit" not in headers


def test_the_address_tells_a_browser_how_to_clone(served: Served) -> None:
    for path in ("/wiki.git", "/wiki.git/"):
        status, body, headers = ask(served, "GET", path)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert f"git clone http://127.0.0.1:{served.port}/wiki.git".encode() in body


LS = b"0014command=ls-refs\n0000"
KIND = "application/x-git-upload-pack-request"


def test_what_is_asked_in_gzip_is_unpacked(served: Served) -> None:
    plain = ask(served, "POST", "/wiki.git/git-upload-pack", LS, Content_Type=KIND, Git_Protocol="version=2")
    packed = ask(
        served,
        "POST",
        "/wiki.git/git-upload-pack",
        gzip.compress(LS),
        Content_Type=KIND,
        Git_Protocol="version=2",
        Content_Encoding="gzip",
    )
    assert b"refs/heads/main" in plain[1]
    assert plain[:2] == packed[:2]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (gzip.compress(bytes(50_000_000)), 413),
        (gzip.compress(LS)[:-10], 422),
        (b"not packed", 422),
    ],
    ids=["bomb", "cut short", "not packed"],
)
def test_a_bomb_is_not_unpacked_to_its_end(served: Served, body: bytes, status: int) -> None:
    answer = ask(
        served, "POST", "/wiki.git/git-upload-pack", body, Content_Type=KIND, Content_Encoding="gzip"
    )
    assert answer[0] == status
    assert answer[2]["content-type"] == "text/plain; charset=utf-8"


def test_a_question_that_is_too_large_is_refused(served: Served) -> None:
    answer = ask(served, "POST", "/wiki.git/git-upload-pack", bytes(10_000_001), Content_Type=KIND)
    assert answer[0] == 413
    assert b"10,000,000" in answer[1]


@pytest.mark.parametrize("protocol", ["version=3", "version=2:x", "../..", "x" * 1_000])
def test_an_odd_protocol_is_that_of_old(served: Served, protocol: str) -> None:
    status, body, _ = ask(served, "GET", "/wiki.git/info/refs?service=git-upload-pack", Git_Protocol=protocol)
    assert status == 200
    assert body.startswith(b"001e# service=git-upload-pack\n0000")
    assert b"version" not in body[:60]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({}, 415),
        ({"Content-Type": f"{KIND}; charset=utf-8"}, 415),
        ({"Content-Type": KIND, "Content-Encoding": "br"}, 415),
        ({"Content-Type": KIND, "Origin": "http://127.0.0.1"}, 403),
        ({"Content-Type": KIND, "Origin": "null"}, 403),
        ({"Content-Type": KIND, "Sec-Fetch-Site": "same-origin"}, 403),
    ],
)
def test_what_a_page_lets_a_browser_send_is_refused(
    served: Served, headers: dict[str, str], status: int
) -> None:
    for service in ("git-upload-pack", "git-receive-pack"):
        sent = {name: value.replace("upload-pack", service[4:]) for name, value in headers.items()}
        assert ask(served, "POST", f"/wiki.git/{service}", LS, **sent)[0] == status


def test_it_can_be_switched_off(tmp_path: Path, content: Repository) -> None:
    with serving(content, tmp_path, git=False) as served:
        for path in ("/wiki.git", "/wiki.git/info/refs?service=git-upload-pack", "/wiki.git/HEAD"):
            assert ask(served, "GET", path)[0] == 404
        assert served.try_clone().returncode != 0


def test_settings_of_the_repository_run_nothing_and_show_no_more(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    trap = tmp_path / "trapped"
    for name in (
        "uploadpack.packObjectsHook",
        "core.fsmonitor",
        "core.alternateRefsCommand",
        "core.sshCommand",
    ):
        content.git("config", name, f"touch {trap}; false")
    content.git("config", "uploadpack.hideRefs", "!refs/heads/other")
    content.git("config", "http.getanyfile", "true")
    (content.path / "objects" / "info" / "alternates").write_text(f"{content.path}/objects\n")
    assert "origin/other" not in served.clone().git("branch", "-r").stdout
    assert ask(served, "GET", "/wiki.git/HEAD")[0] == 404
    assert not trap.exists()


def test_git_of_a_clone_says_what_the_server_said(served: Served) -> None:
    done = git(served.folder, "clone", "-c", "http.extraHeader=Authorization: Negotiate x", served.url(), "x")
    assert done.returncode != 0
    assert isinstance(done, subprocess.CompletedProcess)
    assert not (Clone(served.folder / "x").path / ".git").exists()
