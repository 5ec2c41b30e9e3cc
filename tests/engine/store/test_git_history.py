"""Trees and commits that only git can hold: odd modes, names, dates, encodings, merges and sizes."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.model import Author, Form
from engine.store import Commit
from engine.store.git_listing import spell, unspell
from engine.store.git_store import GitStore
from tests import repositories
from tests.repositories import EXECUTABLE, SUBMODULE, SYMLINK, Content, File, Repository

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return repositories.make(tmp_path / "wiki.git")


def one(repository: Repository, commit: str, root: str = "") -> Commit:
    store = GitStore.open(repository.path, root=root)
    (found,) = store.commits([commit])
    store.close()
    return found


def touched(commit: Commit) -> list[tuple[str, str | None]]:
    return [(touch.path, touch.old_path) for touch in commit.touches]


def test_links_and_submodules_are_told_by_their_mode(repository: Repository) -> None:
    files: dict[str, Content] = {
        "link.md": File(b"/etc/passwd", SYMLINK),
        "page.md": b"p",
        "run.md": File(b"#!", EXECUTABLE),
        "sub.md": File(b"1" * 40, SUBMODULE),
    }
    commit = repository.commit(files)
    store = GitStore.open(repository.path)
    link, page, run, sub = store.tree(commit)
    assert [entry.form for entry in (link, page, run, sub)] == [
        Form.SYMLINK,
        Form.PAGE,
        Form.PAGE,
        Form.SUBMODULE,
    ]
    assert [store.entry(commit, entry.path) for entry in (link, page, run, sub)] == [link, page, run, sub]
    assert store.read(link.blob) == b"/etc/passwd"
    assert sub.blob == "1" * 40
    assert [difference.new for difference in store.difference(None, commit)] == [link, page, run, sub]
    assert [touch.path for touch in one(repository, commit).touches] == [
        "link.md",
        "page.md",
        "run.md",
        "sub.md",
    ]


def test_a_link_may_become_a_page(repository: Repository) -> None:
    first = repository.commit({"a.md": File(b"b.md", SYMLINK)})
    second = repository.commit({"a.md": b"b.md"}, first)
    (difference,) = GitStore.open(repository.path).difference(first, second)
    assert difference.old is not None
    assert difference.new is not None
    assert (difference.old.form, difference.new.form) == (Form.SYMLINK, Form.PAGE)
    assert difference.old.blob == difference.new.blob
    assert [(touch.path, touch.added) for touch in one(repository, second).touches] == [("a.md", False)]


def test_a_root_may_be_a_link_or_a_submodule_at_some_commits(repository: Repository) -> None:
    linked = repository.commit({"docs": File(b"elsewhere", SYMLINK), "elsewhere/a.md": File(b"a")})
    sub = repository.commit({"docs": File(b"1" * 40, SUBMODULE)}, linked)
    folder = repository.commit({"docs/a.md": b"a"}, sub)
    store = GitStore.open(repository.path, root="docs")
    assert list(store.tree(linked)) == list(store.tree(sub)) == []
    assert [store.entry(commit, "a.md") is None for commit in (linked, sub, folder)] == [True, True, False]
    assert store.difference(linked, sub) == []
    assert [difference.path for difference in store.difference(sub, folder)] == ["a.md"]
    assert [touched(commit) for commit in store.commits([linked, sub, folder])] == [[], [], [("a.md", None)]]
    back = store.difference(folder, linked)
    assert [(difference.path, difference.new) for difference in back] == [("a.md", None)]


ODD_NAMES = [
    b"\xff.md",
    b"a\xc3.md",
    b"\xed\xa0\x80.md",
    b"tab\there.md",
    b"line\nend.md",
    b'quo"te.md',
    b"\\xff.md",
]
ODD_NAMES += [
    b"-option.md",
    b":(glob)*.md",
    b"*.md",
    b" lead.md",
    b"a\\b.md",
    "Zoë\u0301.md".encode(),
    b"\x01\x7f.md",
]


def test_odd_names_are_spelled_and_told_apart(repository: Repository) -> None:
    first = repository.commit({b"d/" + name: name for name in ODD_NAMES} | {b"plain.md": b"p"})
    second = repository.commit({b"d/" + name: name + b"!" for name in ODD_NAMES} | {b"plain.md": b"p"}, first)
    for root, before in (("", "d/"), ("d", "")):
        store = GitStore.open(repository.path, root=root)
        entries = [entry for entry in store.tree(first) if entry.path != "plain.md"]
        assert {entry.path: store.read(entry.blob) for entry in entries} == {
            before + spell(name): name for name in ODD_NAMES
        }
        assert [entry.path for entry in entries] == sorted(entry.path for entry in entries)
        assert [store.entry(first, entry.path) for entry in entries] == entries
        changed = [difference.path for difference in store.difference(first, second)]
        assert changed == [entry.path for entry in entries]
        assert sorted(touch.path for touch in one(repository, second, root).touches) == changed
    assert spell(b"\xff.md") == "\\xff.md"
    assert spell(b"\\xff.md") == "\\x5cxff.md"


@pytest.mark.parametrize("raw", [*ODD_NAMES, b"\\\xff", b"\\x4\xff", b"\\\\x5c", b"x41", b"\\x41\\x"])
def test_a_spelling_leads_back(raw: bytes) -> None:
    assert unspell(spell(raw)) == raw


def test_a_move_into_the_root_is_an_addition(repository: Repository) -> None:
    text = b"some text\n" * 20
    first = repository.commit({"a.md": text, "docs/b.md": b"other\n" * 20, "docs.md": b"x"})
    second = repository.commit({"docs/a.md": text, "b.md": b"other\n" * 20, "docs.md": b"y"}, first)
    within = one(repository, second, "docs")
    assert [(t.path, t.old_path, t.blob is None, t.added) for t in within.touches] == [
        ("a.md", None, False, True),
        ("b.md", None, True, False),
    ]
    assert touched(one(repository, second)) == [
        ("b.md", "docs/b.md"),
        ("docs.md", None),
        ("docs/a.md", "a.md"),
    ]


def test_a_similar_file_is_a_rename(repository: Repository) -> None:
    lines = [b"line %d\n" % number for number in range(20)]
    first = repository.commit({"a.md": b"".join(lines), "z.md": b"z"})
    second = repository.commit({"b.md": b"".join([*lines[:15], b"other\n"]), "z.md": b"z"}, first)
    third = repository.commit({"c.md": b"nothing alike\n" * 9, "z.md": b"z"}, second)
    assert touched(one(repository, second)) == [("b.md", "a.md")]
    assert touched(one(repository, third)) == [("b.md", None), ("c.md", None)]


def test_settings_and_attributes_change_nothing(repository: Repository) -> None:
    lines = [b"line %d\n" % number for number in range(20)]
    first = repository.commit(
        {"a.md": b"".join(lines), "b.md": b"b", ".mailmap": b"Eve <eve@x> <ada@example.org>\n"}
    )
    second = repository.commit(
        {"z.md": b"".join(lines[1:]), "b.md": b"c", ".gitattributes": b"* -diff\n"}, first
    )
    expected = one(repository, second)
    assert ("z.md", "a.md") in touched(expected)
    (repository.path / "order").write_text("z*\n")
    for key, value in {
        "diff.renames": "false",
        "diff.renameLimit": "1",
        "diff.orderFile": str(repository.path / "order"),
        "diff.external": "/bin/false",
        "diff.noprefix": "true",
        "diff.relative": "true",
        "log.mailmap": "true",
        "log.showSignature": "true",
        "log.follow": "true",
        "i18n.logOutputEncoding": "UTF-16",
        "format.pretty": "oneline",
        "color.ui": "always",
        "core.quotePath": "true",
        "core.abbrev": "4",
    }.items():
        repository.git("config", key, value)
    assert one(repository, second) == expected
    assert expected.author == Author("Ada", "ada@example.org")


def test_a_rename_beside_a_merge_is_no_rename(repository: Repository) -> None:
    text = b"text\n" * 20
    root = repository.commit({"a.md": text, "b.md": b"b\n"})
    left = repository.commit({"a.md": text, "b.md": b"left\n"}, root)
    right = repository.commit({"a.md": text, "b.md": b"right\n"}, root)
    merge = repository.commit({"c.md": text, "b.md": b"both\n"}, left, right)
    octopus = repository.commit({"c.md": text, "b.md": b"all\n"}, merge, left, right)
    store = GitStore.open(repository.path)
    found = {commit.id: commit for commit in store.commits([octopus, left, merge, root])}
    assert [(t.path, t.old_path, t.blob is None, t.added) for t in found[merge].touches] == [
        ("a.md", None, True, False),
        ("b.md", None, False, False),
        ("c.md", None, False, True),
    ]
    assert found[octopus].parents == (merge, left, right)
    assert touched(found[octopus]) == [("b.md", None)]
    assert touched(found[left]) == [("b.md", None)]


def test_a_merge_without_changes_of_its_own_touches_nothing(repository: Repository) -> None:
    root = repository.commit({"a.md": b"a\n", "b.md": b"b\n"})
    left = repository.commit({"a.md": b"left\n", "b.md": b"b\n"}, root)
    right = repository.commit({"a.md": b"a\n", "b.md": b"right\n"}, root)
    merge = repository.commit({"a.md": b"left\n", "b.md": b"right\n"}, left, right)
    same_twice = repository.commit({"a.md": b"left\n", "b.md": b"b\n"}, left, left)
    assert one(repository, merge).touches == one(repository, same_twice).touches == ()


def body(repository: Repository, person: bytes, more: bytes = b"", message: bytes = b"Summary\n") -> bytes:
    tree = repository.tree({"a.md": b"a\n"})
    return b"tree %b\nauthor %b\ncommitter %b\n%b\n%b" % (tree.encode(), person, person, more, message)


@pytest.mark.parametrize(
    ("person", "author", "moment"),
    [
        (b"Ada <a@x> 1000000000 +0200", Author("Ada", "a@x"), datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
        (b"Ada <a@x> 1000000000 -9999", Author("Ada", "a@x"), datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
        (
            b"Ada <a@x> 99999999999999 +0000",
            Author("Ada", "a@x"),
            datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        ),
        (b"Ada <a@x> " + b"9" * 40 + b" +0000", Author("Ada", "a@x"), None),
        (b"Ada <a@x> -5 +0000", Author("Ada", "a@x"), None),
        (b"Ada <a@x> soon", Author("Ada", "a@x"), EPOCH),
        (b"Ada <a@x>", Author("Ada", "a@x"), EPOCH),
        (b" <> 0 +0000", Author("", ""), EPOCH),
        (b"Jos\xe9 <jos\xe9@x> 0 +0000", Author("José", "josé@x"), EPOCH),
        ("José <j@x> 0 +0000".encode(), Author("José", "j@x"), EPOCH),
        (b"A \x01\x1b[31m <a@x> 0 +0000", Author("A \x01\x1b[31m", "a@x"), EPOCH),
        (b"Ada <a <b@x> 0 +0000", None, EPOCH),
        (b"Ada", None, EPOCH),
        (b"", None, EPOCH),
    ],
)
def test_odd_people_and_dates_are_read(
    repository: Repository, person: bytes, author: Author | None, moment: datetime | None
) -> None:
    commit = one(repository, repository.raw_commit(body(repository, person)))
    assert author is None or commit.author == author
    assert moment is None or commit.time == moment
    assert commit.time.tzinfo is UTC
    assert commit.summary == "Summary"
    assert touched(commit) == [("a.md", None)]


@pytest.mark.parametrize(
    ("more", "message", "summary"),
    [
        (b"", b"One\n\nbody\n", "One"),
        (b"", b"", ""),
        (b"", b"\n\n  spaced  \n", "  spaced"),
        (b"", b"two\nlines\n\nbody", "two lines"),
        (b"", b"caf\xe9", "café"),
        (b"encoding ISO-8859-15\n", b"\xa4 100", "€ 100"),
        (b"encoding nonsense\n", b"caf\xe9", "café"),
        (b"", b"cut\0here\n", "cut"),
        (b"", b"\x1e\x1f:100644", "\x1e\x1f:100644"),
        (b"gpgsig one\n two\n", b"signed", "signed"),
        (b"", b"x" * 100_000, "x" * 100_000),
    ],
)
def test_odd_messages_are_read(repository: Repository, more: bytes, message: bytes, summary: str) -> None:
    first = repository.raw_commit(body(repository, b"Ada <a@x> 0 +0000", more, message))
    second = repository.commit({"a.md": b"b\n"}, first)
    store = GitStore.open(repository.path)
    assert [commit.summary for commit in store.commits([first, second])] == [summary, "A change"]


def test_merges_in_a_long_row_stay_in_order(repository: Repository) -> None:
    made = [repository.commit({"a.md": b"0"}, branch=None)]
    stream = [b"reset refs/heads/main\nfrom %b\n\n" % made[0].encode()]
    for number in range(1, 4500):
        stream.append(b"commit refs/heads/main\nmark :%d\ncommitter A <a@x> 0 +0000\ndata 1\nx" % number)
        if number > 2 and number % 7 == 0:
            stream.append(b"\nmerge :%d" % (number - 2))
        stream.append(b"\nM 644 inline a.md\ndata %d\n%d\n" % (len(str(number)), number))
    repository.git("fast-import", "--quiet", stdin=b"".join(stream))
    store = GitStore.open(repository.path)
    chain = store.chain(store.head() or "")
    assert len(chain) == 4500
    found = list(store.commits([commit for commit, _ in chain]))
    assert [(commit.id, commit.parents) for commit in found] == chain
    assert all(touched(commit) == [("a.md", None)] for commit in found)


def test_thousands_of_renames_take_seconds(repository: Repository) -> None:
    def files(folder: str, more: str) -> dict[str, bytes]:
        return {
            f"{folder}/{n % 50}/{n}{more.strip()}.md": f"page {n}\n".encode() * 9 + more.encode()
            for n in range(5000)
        }

    def script(folder: str, more: str) -> bytes:
        lines = [b"commit refs/heads/main\ncommitter A <a@x> 0 +0000\ndata 1\nx\ndeleteall\n"]
        for path, content in files(folder, more).items():
            lines.append(f"M 644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n")
        return b"".join(lines)

    commits: list[str] = []
    for folder, more in (("old", ""), ("new", ""), ("newer", "more\n")):
        before = b"from refs/heads/main^0\n" if commits else b""
        text = script(folder, more).replace(b"deleteall\n", before + b"deleteall\n", 1)
        repository.git("fast-import", "--quiet", stdin=text)
        commits.append(repository.git("rev-parse", "main"))
    started = time.monotonic()
    moved = one(repository, commits[1])
    assert len(moved.touches) == 5000
    assert all(touch.old_path == touch.path.replace("new", "old") for touch in moved.touches)
    changed = one(repository, commits[2])
    assert len(changed.touches) == 10_000  # beyond the limit similar files are not paired
    assert time.monotonic() - started < 30
