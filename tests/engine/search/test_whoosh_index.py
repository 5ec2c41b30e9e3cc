"""What the Whoosh index promises beyond the contract: files, damage, other threads and processes, crashes."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from engine.search import Document, IndexLostError, whoosh_index
from engine.search.query import parse
from engine.search.whoosh_index import FACTOR, LEVELS, MAX_SEGMENTS, WhooshIndex

ROOT = Path(__file__).parents[3]


def document(path: str, text: str, blob: str = "blob") -> Document:
    return Document(path, blob, "", (), (), (), text, "en")


def pages(state: str) -> list[Document]:
    """Return pages that show by their blobs which state of the wiki they are from."""
    return [document(f"{number}.md", f"common words, state {state}", state) for number in range(10)]


def state(index: WhooshIndex) -> tuple[str | None, set[str], int]:
    """Return the commit, the blobs, and the number of pages that a search sees."""
    results = index.search(parse("common"), limit=200)
    return results.commit, {hit.blob for hit in results.hits}, len(results.hits)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "index"


@pytest.fixture
def index(folder: Path) -> Iterator[WhooshIndex]:
    index = WhooshIndex(folder)
    yield index
    index.close()


def test_the_folder_is_its_owners_alone(index: WhooshIndex, folder: Path) -> None:
    index.rebuild(pages("1"), "1")
    assert [path.stat().st_mode & 0o077 for path in (folder, *folder.glob("v*"))] == [0, 0]


def test_an_index_is_read_by_who_opens_it_later(index: WhooshIndex, folder: Path) -> None:
    index.rebuild(pages("1"), "1")
    later = WhooshIndex(folder)
    assert state(later) == ("1", {"1"}, 10)
    index.update(pages("2"), (), "2")
    assert state(later) == ("2", {"2"}, 10)
    index.rebuild(pages("3")[:4], "3")
    assert state(later) == ("3", {"3"}, 4)
    later.close()


def test_a_rebuild_leaves_one_index_in_the_folder(index: WhooshIndex, folder: Path) -> None:
    index.rebuild(pages("1"), "1")
    (folder / "v2-7").mkdir()
    (folder / "v2-7" / "left by a crash").touch()
    (folder / "v0-1").mkdir()
    index.rebuild(pages("2"), "2")
    assert [path.name for path in folder.iterdir() if path.is_dir()] == ["v2-8"]


def test_a_rebuild_in_parts_is_one_index(index: WhooshIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whoosh_index, "POSTINGS_IN_MEMORY", 20)
    monkeypatch.setattr(whoosh_index, "MAX_SEGMENTS", 2)
    index.rebuild([*pages("old"), *pages("new")], "1")
    assert state(index) == ("1", {"new"}, 10)
    assert not index.worn()
    index.update((), (), "2")
    assert not index.worn()


def test_updates_leave_few_segments_and_no_debris(index: WhooshIndex, folder: Path) -> None:
    index.rebuild(pages("0"), "0")
    for number in range(1, 101):
        index.update([document(f"{number}.md", "common words", str(number))], (), str(number))
        assert len(list(folder.glob("v2-1/*.trm"))) <= (FACTOR - 1) * LEVELS + 1
    assert state(index)[0] == "100"
    assert state(index)[1] == {str(number) for number in range(101)}
    assert len(list(folder.glob("v2-1/*.toc"))) == 1


def test_large_segments_are_left_to_a_rebuild(
    index: WhooshIndex, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whoosh_index, "LEVELS", 0)
    index.rebuild(pages("0"), "0")
    assert not index.worn()
    for number in range(MAX_SEGMENTS + 1):
        index.update([document(f"new {number}.md", "common words")], (), str(number))
    assert index.worn()
    index.rebuild(pages("0"), "0")
    assert not index.worn()


def test_an_index_with_much_deleted_is_worn(index: WhooshIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whoosh_index, "MIN_WORN", 2)
    index.rebuild(pages("0"), "0")
    index.update((), ["1.md", "2.md", "3.md", "4.md"], "1")
    assert index.worn()
    assert state(index) == ("1", {"0"}, 6)


@pytest.mark.parametrize("way", ["update", "rebuild"])
def test_documents_that_fail_change_nothing(index: WhooshIndex, way: str) -> None:
    def failing() -> Iterator[Document]:
        yield document("0.md", "common words", "2")
        raise ZeroDivisionError

    index.rebuild(pages("1"), "1")
    write = index.rebuild if way == "rebuild" else partial(index.update, removed=["1.md"])
    with pytest.raises(ZeroDivisionError):
        write(failing(), commit="2")
    assert state(index) == ("1", {"1"}, 10)
    index.update(pages("3"), (), "3")
    assert state(index) == ("3", {"3"}, 10)


def damaged(index: WhooshIndex) -> bool:
    return state(index) == (None, set(), 0) and index.commit() is None


@pytest.mark.parametrize("suffix", [".toc", ".trm", ".pst", "_stored.col"])
@pytest.mark.parametrize("how", ["cut", "emptied", "overwritten", "removed"])
def test_a_damaged_index_is_none_until_it_is_rebuilt(folder: Path, suffix: str, how: str) -> None:
    index = WhooshIndex(folder)
    index.rebuild(pages("1"), "1")
    index.close()
    for path in folder.glob(f"v2-1/*{suffix}"):
        content = path.read_bytes()
        if how == "removed":
            path.unlink()
        else:
            path.write_bytes(
                {"cut": content[:20], "emptied": b"", "overwritten": b"\x00" * len(content)}[how]
            )
    index = WhooshIndex(folder)
    assert damaged(index)
    with pytest.raises(IndexLostError):
        index.update(pages("2"), (), "2")
    index.rebuild(pages("3"), "3")
    assert state(index) == ("3", {"3"}, 10)
    index.close()


def test_an_update_that_meets_damage_asks_for_a_rebuild(folder: Path) -> None:
    index = WhooshIndex(folder)
    index.rebuild(pages("1"), "1")
    postings = next(folder.glob("v2-1/*.pst"))
    content = bytearray(postings.read_bytes())
    index.update((), (), "2")
    content[200:] = bytes(byte ^ 0xFF for byte in content[200:])
    postings.write_bytes(content)
    with pytest.raises(IndexLostError):
        index.update(pages("3"), ["1.md"], "3")
    assert damaged(index)
    index.rebuild(pages("4"), "4")
    assert state(index) == ("4", {"4"}, 10)
    index.close()


@pytest.mark.parametrize("pointer", ["", "v0-1", "v2-99", "../..", "\udcff", "v2-1\n"])
def test_a_pointer_to_nothing_of_ours_is_no_index(index: WhooshIndex, folder: Path, pointer: str) -> None:
    index.rebuild(pages("1"), "1")
    (folder / "current").write_bytes(pointer.encode(errors="surrogateescape"))
    assert damaged(index)
    index.rebuild(pages("2"), "2")
    assert state(index) == ("2", {"2"}, 10)


def test_threads_see_whole_commits_while_others_are_written(index: WhooshIndex) -> None:
    index.rebuild(pages("0"), "0")
    done = threading.Event()
    seen: list[tuple[str | None, set[str], int]] = []

    def read() -> None:
        while not done.is_set():
            seen.append(state(index))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, 25):
            if number % 6 == 0:
                index.rebuild(pages(str(number)), str(number))
            else:
                index.update(pages(str(number)), (), str(number))
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert [each for each in seen if each != (each[0], {each[0]}, 10)] == []
    assert state(index) == ("24", {"24"}, 10)


def child(code: str, folder: Path) -> subprocess.Popen[str]:
    start = f"""
import sys, itertools
from pathlib import Path
from engine.search import Document
from engine.search.query import parse
from engine.search.whoosh_index import WhooshIndex
index = WhooshIndex(Path(sys.argv[1]))
def pages(state):
    return [Document(f"{{n}}.md", state, "", (), (), (), f"common words, state {{state}}", "en") for n in range(10)]
{code}"""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", start, str(folder)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_another_process_sees_each_commit(index: WhooshIndex, folder: Path) -> None:
    index.rebuild(pages("0"), "0")
    code = """
for line in sys.stdin:
    results = index.search(parse("common"), limit=100)
    print(results.commit, len(results.hits), *{hit.blob for hit in results.hits}, flush=True)
"""
    with child(code, folder) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        for number in range(1, 12):
            if number % 3:
                index.update(pages(str(number)), (), str(number))
            else:
                index.rebuild(pages(str(number)), str(number))
            other.stdin.write("look\n")
            other.stdin.flush()
            assert other.stdout.readline().split() == [str(number), "10", str(number)]


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_writer_leaves_the_last_commit(index: WhooshIndex, folder: Path, seed: int) -> None:
    draw = random.Random(seed)
    index.rebuild(pages("0"), "0")
    code = """
start = int(index.commit())
for number in itertools.count(start + 1):
    if number % 4:
        index.update(pages(str(number)), (), str(number))
    else:
        index.rebuild(pages(str(number)), str(number))
    print(number, flush=True)
"""
    for _ in range(3):
        with child(code, folder) as writer:
            assert writer.stdout
            last = int(writer.stdout.readline())
            time.sleep(draw.uniform(0, 0.3))
            writer.send_signal(signal.SIGKILL)
            told = [last, *map(int, writer.stdout.read().split())]
        commit, blobs, count = state(index)
        assert commit is not None
        assert (blobs, count) == ({commit}, 10)
        assert int(commit) - told[-1] in {0, 1}
    index.update(pages("end"), (), "end")
    assert state(index) == ("end", {"end"}, 10)
