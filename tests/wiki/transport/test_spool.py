"""Bodies in files without a name."""

import gzip
import io
import os
import threading
from pathlib import Path

import pytest

from engine.errors import InvalidChangeError, TooLargeError
from wiki.transport.spool import PART, Answer, is_spooled, open_spool, size_of, spool


class Parts:
    """Gives what it has in small parts, as a network does."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = [*parts]
        self.given = 0

    def read(self, size: int, /) -> bytes:
        part = self.parts.pop(0) if self.parts else b""
        assert len(part) <= size
        self.given += len(part)
        return part


def test_a_body_becomes_a_file_without_a_name(tmp_path: Path) -> None:
    with spool(Parts(b"one", b"two"), tmp_path / "new", 6) as file:
        assert is_spooled(file)
        assert size_of(file) == 6
        assert [*(tmp_path / "new").iterdir()] == []
        file.seek(0)
        assert file.read() == b"onetwo"
    assert not is_spooled(io.BytesIO())


def test_no_more_is_read_than_may_be(tmp_path: Path) -> None:
    stream = Parts(*[bytes(1_000)] * 100)
    with pytest.raises(TooLargeError):
        spool(stream, tmp_path, 2_500)
    assert stream.given == 3_000


@pytest.mark.parametrize("size", [0, 1, PART, 3 * PART + 1])
def test_what_is_packed_is_unpacked_in_whatever_parts_it_comes(tmp_path: Path, size: int) -> None:
    plain = os.urandom(size)
    packed = gzip.compress(plain)
    parts = [packed[start : start + 1_000] for start in range(0, len(packed), 1_000)]
    with spool(Parts(*parts), tmp_path, 4 * PART, gzip=True) as file:
        file.seek(0)
        assert file.read() == plain


def test_a_bomb_ends_at_the_bound(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    with pytest.raises(TooLargeError):
        spool(Parts(bomb), tmp_path, 100_000, gzip=True)
    for broken in (b"", b"x", gzip.compress(b"x" * 100)[:-4]):
        with pytest.raises(InvalidChangeError):
            spool(Parts(broken), tmp_path, 100_000, gzip=True)


def test_an_answer_is_read_while_it_is_written(tmp_path: Path) -> None:
    answer = Answer(tmp_path)
    read = answer.read()
    answer.write(b"one")
    assert next(read) == b"one"
    later = threading.Timer(0.1, answer.write, [b"two"])
    later.start()
    assert next(read) == b"two"
    answer.end()
    assert [*read] == []
    assert b"".join(answer.read()) == b"onetwo"
    answer.close()
    with pytest.raises(ValueError):
        answer.write(b"three")


def test_a_large_answer_comes_in_small_parts(tmp_path: Path) -> None:
    answer = Answer(tmp_path)
    answer.write(bytes(10 * PART))
    answer.end()
    assert {len(part) for part in answer.read()} == {PART}
    answer.close()
    open_spool(tmp_path).close()
