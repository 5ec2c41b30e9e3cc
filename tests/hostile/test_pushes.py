"""Pushes that would break something, by a real git client: each is refused with its reason, and nothing has moved."""

import base64
import os
import re
import socket
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha1
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.access import Role
from tests import repositories
from tests.repositories import SUBMODULE, SYMLINK, Content, File, Repository
from tests.soak.processes import QUIRE, members, started, wait_until
from wiki.state import SHELL, State

START: Mapping[str, Content] = {"Home.md": "# Home\n", "Notes.md": "# Notes\n", "b/Deep.md": "# Deep\n"}
CONFLICT = "<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> other\n"
FILE_BYTES, PUSH_BYTES = 200_000, 2_000_000


@dataclass
class Served:
    """A wiki that runs, and what is pushed to it."""

    repository: Repository
    url: str
    session: int
    tokens: Mapping[str, str]

    def head(self) -> str:
        return self.repository.git("rev-parse", "main")

    def references(self) -> str:
        return self.repository.git("for-each-ref") + self.repository.git("symbolic-ref", "HEAD")

    def address(self, who: str) -> str:
        where = urlsplit(self.url)
        return f"{where.scheme}://{who}:{self.tokens[who]}@{where.netloc}/wiki.git"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile-pushes")
    repository = repositories.make(folder / "wiki")
    repository.commit(START)
    environment = {
        "QUIRE_DATA": str(folder / "data"),
        "QUIRE_PUSH_FILE_BYTES": str(FILE_BYTES),
        "QUIRE_PUSH_BYTES": str(PUSH_BYTES),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    (folder / "data").mkdir(mode=0o700)
    with closing(State(folder / "data")) as state:
        state.accounts.add("eve", role=Role.ADMIN, by=SHELL)  # so that nobody is the local person
        tokens = {
            "everything": state.tokens.create("everything", role=Role.EDITOR, by=SHELL)[1],
            "scoped": state.tokens.create("scoped", role=Role.EDITOR, writes=("b/**",), by=SHELL)[1],
            "reader": state.tokens.create("reader", by=SHELL)[1],
        }
    command = [*QUIRE, "serve", str(repository.path), "--port", "0"]
    with started(command, folder / "log", environment) as server:
        yield Served(repository, server.url(), server.id, tokens)


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody with a repository of their own, who pushes."""

    mine: Repository
    served: Served

    def commit(self, files: Mapping[str, Content], *parents: str) -> str:
        return self.mine.commit({**START, **files}, *(parents or (self.served.head(),)), branch=None)

    def tree_commit(self, tree: str, *parents: str) -> str:
        options = [part for parent in parents or (self.served.head(),) for part in ("-p", parent)]
        return self.mine.git("commit-tree", tree, *options, stdin=b"A change")

    def raw_tree(self, path: bytes, mode: bytes = b"100644") -> str:
        """Store a tree with one entry of these bytes, which git itself would not make."""
        body = mode + b" " + path + b"\0" + bytes.fromhex(self.mine.blob(b"text\n"))
        return self.mine.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=body)

    def within(self, folder: bytes, tree: str) -> str:
        body = b"40000 " + folder + b"\0" + bytes.fromhex(tree)
        return self.mine.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=body)

    def push(self, *refspecs: str, who: str = "everything", force: bool = True) -> str:
        """Push, which must fail; return what was said, without what git says of itself."""
        options = ["--force"] if force else []
        done = subprocess.run(
            ["git", "-c", "credential.helper=", "push", *options, self.served.address(who), *refspecs],
            cwd=self.mine.path,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.mine.path),
                "GIT_TERMINAL_PROMPT": "0",
                "LC_ALL": "C",
            },
            capture_output=True,
            check=False,
        )
        said = done.stderr.decode(errors="replace")
        assert done.returncode != 0, said
        return said


@pytest.fixture
def client(served: Served, tmp_path: Path) -> Client:
    mine = repositories.make(tmp_path / "mine")
    mine.git("fetch", "-q", str(served.repository.path), "main:main")
    return Client(mine, served)


Bad = Callable[[Client], str]
"""Makes what is pushed, and returns it."""

COMMITS: Mapping[str, tuple[Bad, str]] = {
    "symlink": (
        lambda c: c.commit({"link.md": File(b"/etc/passwd", SYMLINK)}),
        r"link\.md is a symbolic link",
    ),
    "symlink to a folder": (lambda c: c.commit({"link": File(b"../..", SYMLINK)}), "link is a symbolic link"),
    "file becomes a symlink": (
        lambda c: c.commit({"Home.md": File(b"Notes.md", SYMLINK)}),
        r"Home\.md is a symbolic link",
    ),
    "submodule": (
        lambda c: c.commit({"sub": File(c.served.head().encode(), SUBMODULE)}),
        "sub is a submodule",
    ),
    "submodule with settings": (
        lambda c: c.commit({".gitmodules": "", "sub": File(c.served.head().encode(), SUBMODULE)}),
        "sub is a submodule",
    ),
    ".git": (lambda c: c.tree_commit(c.within(b".git", c.raw_tree(b"config"))), r"\.git/config .*rename it"),
    ".GIT": (lambda c: c.tree_commit(c.within(b".GIT", c.raw_tree(b"config"))), r"\.GIT/config .*rename it"),
    ".git deeper": (
        lambda c: c.tree_commit(c.within(b"a", c.within(b".gIt", c.raw_tree(b"config")))),
        r"a/\.gIt/config .*rename it",
    ),
    ".git with a space": (
        lambda c: c.tree_commit(c.within(b".git ", c.raw_tree(b"config"))),
        r"\.git /config .*rename it",
    ),
    ".git with a dot": (
        lambda c: c.tree_commit(c.within(b".git.", c.raw_tree(b"config"))),
        r"\.git\./config .*rename it",
    ),
    "8.3 name of .git": (
        lambda c: c.tree_commit(c.within(b"git~1", c.raw_tree(b"config"))),
        "git~1/config .*rename it",
    ),
    "8.3 name in capitals": (
        lambda c: c.tree_commit(c.within(b"GIT~1", c.raw_tree(b"config"))),
        "GIT~1/config .*rename it",
    ),
    ".git as HFS reads it": (
        lambda c: c.tree_commit(c.within(".g\u200cit".encode(), c.raw_tree(b"config"))),
        r"\.g\\u200cit/config .*rename it",
    ),
    ".git as NTFS reads it": (
        lambda c: c.tree_commit(c.within(b".git::$INDEX_ALLOCATION", c.raw_tree(b"config"))),
        r"\.git::\$INDEX_ALLOCATION/config .*rename it",
    ),
    "..": (lambda c: c.tree_commit(c.within(b"..", c.raw_tree(b"x.md"))), r"\.\./x\.md .*rename it"),
    ".": (lambda c: c.tree_commit(c.within(b".", c.raw_tree(b"x.md"))), r"\./x\.md .*rename it"),
    "a/../b in one name": (lambda c: c.tree_commit(c.raw_tree(b"a/../b.md")), "fullPathname"),
    "absolute path": (lambda c: c.tree_commit(c.raw_tree(b"/etc/x.md")), "rename it|fullPathname"),
    "trailing dot": (lambda c: c.commit({"dot./x.md": "x"}), r"dot\./x\.md .*rename it"),
    "trailing space": (lambda c: c.commit({"space.md ": "x"}), r"space\.md  .*rename it"),
    "line end": (lambda c: c.commit({"two\nlines.md": "x"}), r"two\\nlines\.md .*rename it"),
    "escape": (lambda c: c.commit({"\x1b[31mred.md": "x"}), r"\\x1b\[31mred\.md .*rename it"),
    "delete": (lambda c: c.commit({"a\x7f.md": "x"}), r"a\\x7f\.md .*rename it"),
    "bidi override": (lambda c: c.commit({"a\u202edm.exe.md": "x"}), r"a\\u202edm\.exe\.md .*rename it"),
    "backslash": (lambda c: c.commit({"a\\b.md": "x"}), r"a\\b\.md .*rename it"),
    "not UTF-8": (lambda c: c.tree_commit(c.raw_tree(b"caf\xe9.md")), r"caf\\xe9\.md .*rename it"),
    "name of 300 bytes": (lambda c: c.commit({"n" * 297 + ".md": "x"}), "nnn.* .*rename it"),
    "path of 1,100 bytes": (
        lambda c: c.commit({"/".join(["d" * 219] * 5) + ".md": "x"}),
        "ddd.* .*rename it",
    ),
    "clash of capitals": (lambda c: c.commit({"home.md": "x"}), r"home\.md has the same address as Home\.md"),
    "clash of suffixes": (
        lambda c: c.commit({"Notes.markdown": "x"}),
        r"Notes\.markdown has the same address as Notes\.md",
    ),
    "clash of folders": (
        lambda c: c.commit({"B/deep.md": "x"}),
        r"B/deep\.md has the same address as b/Deep\.md",
    ),
    "clash of two new ones": (
        lambda c: c.commit({"New Page.md": "x", "new-page.md": "y"}),
        r"new-page\.md has the same address as New Page\.md",
    ),
    "large file": (
        lambda c: c.commit({"large.bin": os.urandom(FILE_BYTES + 1)}),
        r"large\.bin has 0\.2 MB; at most",
    ),
    "large file that compresses well": (
        lambda c: c.commit({"zeros.bin": bytes(FILE_BYTES + 1)}),
        r"zeros\.bin has 0\.2 MB; at most",
    ),
    "large file that is gone at the end": (
        lambda c: c.commit({}, c.commit({"large.bin": os.urandom(FILE_BYTES + 1)})),
        r"large\.bin has 0\.2 MB; at most",
    ),
    "symlink that is gone at the end": (
        lambda c: c.commit({}, c.commit({"link": File(b"/", SYMLINK)})),
        "link is a symbolic link",
    ),
    "conflict markers": (
        lambda c: c.commit({"Home.md": CONFLICT}),
        r"Home\.md has conflict markers in line 1",
    ),
    "hidden file": (lambda c: c.commit({".obsidian/app.json": "{}"}), "hidden files are for admins"),
    "settings": (lambda c: c.commit({"quire.toml": "x = 1"}), r"quire\.toml may not be changed by you"),
    "history without what is published": (
        lambda c: c.mine.commit({"Home.md": "# Another\n"}, branch=None),
        "leaves out commits that are published",
    ),
    "folder named .git without files": (
        lambda c: c.tree_commit(c.within(b".git", c.mine.tree({}))),
        r"\.git .*rename it",
    ),
    "slash in one name": (lambda c: c.tree_commit(c.raw_tree(b"c/New.md")), "fullPathname"),
    "message of 200,000 bytes": (
        lambda c: c.mine.commit(START, c.served.head(), message="x" * 200_000, branch=None),
        "bytes of message",
    ),
    "duplicate entries": (
        lambda c: c.tree_commit(_doubled(c)),
        "duplicateEntries|contains duplicate file entries",
    ),
    "no author": (
        lambda c: c.mine.raw_commit(f"tree {c.mine.tree(START)}\nparent {c.served.head()}\n\nx".encode()),
        "missingAuthor|invalid format",
    ),
}


def _doubled(client: Client) -> str:
    entry = b"100644 x.md\0" + bytes.fromhex(client.mine.blob(b"text\n"))
    return client.mine.git(
        *("hash-object", "-t", "tree", "--literally", "-w", "--stdin"), stdin=entry + entry
    )


@pytest.mark.parametrize("bad", COMMITS)
def test_a_bad_commit_is_refused(served: Served, client: Client, bad: str) -> None:
    make, reason = COMMITS[bad]
    before = served.references()
    said = client.push(f"{make(client)}:refs/heads/main")
    assert re.search(rf"(?m)^remote: .*(?:{reason})", said), said
    assert "\x1b[31m" not in said
    assert served.references() == before
    assert not [*(served.repository.path / "objects").glob("*incoming*")]


@pytest.mark.parametrize(
    "reference",
    [
        "refs/heads/other",
        "refs/heads/-option",
        "refs/heads/--upload-pack=touch",
        "refs/heads/Main",
        "refs/heads/main/below",
        "refs/tags/v1",
        "refs/notes/commits",
        "refs/replace/1234567890123456789012345678901234567890",
        "refs/meta/config",
        "refs/quire/x",
    ],
)
def test_another_reference_is_refused(served: Served, client: Client, reference: str) -> None:
    new, before = client.commit({"New.md": "new\n"}), served.references()
    for refspecs in ([f"{new}:{reference}"], [f"{new}:{reference}", f"{new}:refs/heads/main"]):
        said = client.push(*refspecs)
        assert re.search(rf"(?m)^remote: .*{re.escape(reference)} is a .*does not show", said), said
        assert served.references() == before


def test_the_branch_is_not_deleted(served: Served, client: Client) -> None:
    before = served.references()
    assert re.search("(?m)^remote: .*refs/heads/main .*cannot be deleted", client.push(":refs/heads/main"))
    assert served.references() == before


def test_a_token_changes_what_it_may_and_nothing_else(served: Served, client: Client) -> None:
    before = served.references()
    outside = client.commit({"Home.md": "# Changed\n"})
    again = client.commit({"b/Deep.md": "# Deeper\n"}, outside)
    for new in (outside, again):
        said = client.push(f"{new}:refs/heads/main", who="scoped")
        assert re.search(r"(?m)^remote: .*Home\.md may not be changed by you", said), said
    assert "403" in client.push(f"{outside}:refs/heads/main", who="reader")
    assert served.references() == before


# -- what no git client would send


def _pack(*objects: tuple[int, bytes], count: int | None = None) -> bytes:
    data = b"PACK" + struct.pack(">II", 2, len(objects) if count is None else count)
    for kind, content in objects:
        size, first = len(content) >> 4, kind << 4 | len(content) & 0x0F
        while size:
            data += bytes([first | 0x80])
            size, first = size >> 7, size & 0x7F
        data += bytes([first]) + zlib.compress(content, 9)
    return data + sha1(data, usedforsecurity=False).digest()


def _line(text: bytes) -> bytes:
    return f"{len(text) + 4:04x}".encode() + text


def _asked(old: str, new: str, reference: bytes = b"refs/heads/main") -> bytes:
    told = f"{old} {new} ".encode() + reference + b"\0 report-status side-band-64k agent=test\n"
    return _line(told) + b"0000"


BLOB, TREE, COMMIT = 3, 2, 1


def _posted(served: Served, body: bytes, **headers: str) -> tuple[int, bytes]:
    where = urlsplit(served.url)
    connection = HTTPConnection(where.hostname or "", where.port or 0, timeout=60)
    secret = base64.b64encode(f"x:{served.tokens['everything']}".encode()).decode()
    kind = "application/x-git-receive-pack-request"
    sent = {"Authorization": f"Basic {secret}", "Content-Type": kind, **headers}
    try:
        connection.request("POST", "/wiki.git/git-receive-pack", body, sent)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _bombs(served: Served) -> Mapping[str, bytes]:
    head, wanted = served.head(), "1" * 40
    asked = _asked(head, wanted)
    bomb = zlib.compress(bytes(50_000_000), 9)
    size = 50_000_000
    header, first = b"", BLOB << 4 | size & 0x0F
    size >>= 4
    while size:
        header += bytes([first | 0x80])
        size, first = size >> 7, size & 0x7F
    raw = b"PACK" + struct.pack(">II", 2, 1) + header + bytes([first]) + bomb
    return {
        "no pack": asked,
        "not a pack": asked + b"nothing of the kind",
        "cut short": asked + _pack((BLOB, os.urandom(5_000)))[:2_000],
        "wrong checksum": asked + _pack((BLOB, b"text"))[:-20] + bytes(20),
        "more objects promised": asked + _pack((BLOB, b"text"), count=1_000_000_000),
        "without the commit": asked + _pack((BLOB, b"text")),
        "a large file, packed small": asked + raw + sha1(raw, usedforsecurity=False).digest(),
        "a delta of nothing": asked
        + (
            d := b"PACK"
            + struct.pack(">II", 2, 1)
            + bytes([7 << 4 | 5])
            + bytes(20)
            + zlib.compress(b"\5\5\5abcde")
        )
        + sha1(d, usedforsecurity=False).digest(),
        "a reference that is an option": _asked(head, head, b"--upload-pack=touch x"),
        "a reference above": _asked(head, head, b"refs/heads/../../config"),
        "a reference that is a lock": _asked(head, head, b"refs/heads/main.lock"),
        "a reference with a line end": _asked(head, head, b"refs/heads/x\ny"),
        "no line at all": b"zzzz",
        "a line without an end": b"fff0" + b"a" * 100,
        "nothing": b"",
    }


BOMBS = {
    "no pack": r"unpack (?!ok)",
    "not a pack": r"unpack (?!ok)",
    "cut short": r"unpack (?!ok)",
    "wrong checksum": r"unpack (?!ok)",
    "more objects promised": r"unpack (?!ok)",
    "without the commit": r"ng refs/heads/main ",
    "a large file, packed small": r"ng refs/heads/main ",
    "a delta of nothing": r"unpack (?!ok)",
    "a reference that is an option": r"unpack (?!ok)",
    "a reference above": r"unpack (?!ok)",
    "a reference that is a lock": r"unpack (?!ok)",
    "a reference with a line end": r"unpack (?!ok)",
    "no line at all": r"what was sent is no push",
    "a line without an end": r"names a reference that is too long",
    "nothing": r"\A\Z",
}
"""What is refused, and the line in the answer that says so."""


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_no_push_moves_nothing(served: Served, name: str) -> None:
    before = served.references()
    status, said = _posted(served, _bombs(served)[name])
    assert b"ok refs/heads/main" not in said.replace(b"unpack ok", b"")
    assert status in {200, 400, 403, 413, 422, 500}
    assert re.search(BOMBS[name], said.decode("utf-8", "replace")), said
    assert served.references() == before
    wait_until(lambda: not [line for line in members(served.session).values() if "receive-pack" in line])
    assert not [*(served.repository.path / "objects").glob("*incoming*")]


def test_a_push_that_is_too_large_is_told_so(served: Served, client: Client) -> None:
    before = served.references()
    files: dict[str, Content] = {
        f"{n}.bin": os.urandom(FILE_BYTES) for n in range(PUSH_BYTES // FILE_BYTES + 2)
    }
    said = client.push(f"{client.commit(files)}:refs/heads/main")
    assert "413" in said or "remote: " in said
    assert served.references() == before


def test_a_packed_push_that_unpacks_without_end_is_ended(served: Served) -> None:
    before = served.references()
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(
        [
            bomb.compress(_asked(served.head(), "1" * 40)),
            *(bomb.compress(bytes(1_000_000)) for _ in range(50)),
            bomb.flush(),
        ]
    )
    status, said = _posted(served, body, **{"Content-Encoding": "gzip"})
    assert b"ok refs/heads/main" not in said
    assert status in {200, 400, 413, 500}
    assert served.references() == before


def test_who_goes_away_in_the_middle_leaves_nothing(served: Served) -> None:
    where = urlsplit(served.url)
    secret = base64.b64encode(f"x:{served.tokens['everything']}".encode()).decode()
    with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
        connection.sendall(
            (
                "POST /wiki.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Basic {secret}\r\nContent-Length: 100000\r\n"
                "Content-Type: application/x-git-receive-pack-request\r\n\r\n"
            ).encode()
            + _asked(served.head(), "1" * 40)
        )
    assert served.repository.git("fsck", "--strict") is not None
    wait_until(lambda: not [line for line in members(served.session).values() if "receive-pack" in line])
