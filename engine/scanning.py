"""Scans many pages in several processes: blobs go in, rows for the catalog come out.

A child process reads batches of pages from its standard input and answers on its standard output, so it ends when its
parent does, however that ends. A page that kills or stalls a child costs that page its facts, and nothing else.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from queue import Queue
from typing import BinaryIO

from engine.catalog.codec import FactRows, encode
from engine.markup import Markup, Parsed
from engine.messages import Message
from engine.model import Facts, Problem

BATCH = 32  # pages that a child is given at once
SECONDS = 60.0  # that a child may take over a batch

Batch = Sequence[tuple[str, bytes]]
"""Blob ids with their bytes."""


def scan_page(markup: Markup, blob: str, content: bytes) -> FactRows:
    """Scan one page; bytes that are not UTF-8 have no facts but a problem."""
    return scan_parsed(markup, blob, parse_page(markup, content))


def parse_page(markup: Markup, content: bytes) -> Parsed | None:
    """Parse a page; ``None`` when its bytes are not UTF-8."""
    text = decode_page(content)
    return None if text is None else markup.parse(text)


def scan_parsed(markup: Markup, blob: str, parsed: Parsed | None) -> FactRows:
    """Scan what `parse_page` gave."""
    return encode(blob, Facts(problems=(NOT_UTF8,)) if parsed is None else markup.scan(parsed))


NOT_UTF8 = Problem(
    "not-utf-8",
    Message("This file is not UTF-8, so its text cannot be shown; its bytes can be downloaded."),
    0,
)
MISSING = Problem(
    "missing-text", Message("This page's text is missing from the repository; run git fsck there."), 0
)
UNREADABLE = Problem(
    "unreadable-page", Message("Reading this page took too long or too much memory; it was left out."), 0
)


def decode_page(content: bytes) -> str | None:
    """Return a page's text, ``None`` when it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def scan_pages(
    markup: Markup, pages: Iterable[tuple[str, bytes]], processes: int
) -> Iterator[list[FactRows]]:
    """Yield the rows of *pages*, batch by batch, in any order.

    Args:
        markup: Scans in this process when *processes* is 0, and tells nothing to the children.
        pages: Blob ids with their bytes; read as the work goes on, by one thread at a time.
        processes: How many children to use.
    """
    batches = _batches(pages)
    if processes == 0:
        for batch in batches:
            yield [scan_page(markup, blob, content) for blob, content in batch]
        return
    feed = _Feed(batches)
    done: Queue[list[FactRows] | BaseException | None] = Queue(maxsize=2 * processes)
    threads = [threading.Thread(target=_drive, args=(feed, done), daemon=True) for _ in range(processes)]
    for thread in threads:
        thread.start()
    running = len(threads)
    try:
        while running:
            answer = done.get()
            if answer is None:
                running -= 1
            elif isinstance(answer, BaseException):
                raise answer
            else:
                yield answer
    finally:
        feed.stop()
        while running:  # let the threads see it
            running -= done.get() is None


def _batches(pages: Iterable[tuple[str, bytes]]) -> Iterator[Batch]:
    rest = iter(pages)
    while batch := list(islice(rest, BATCH)):
        yield batch


class _Feed:
    """Hands out batches to several threads."""

    def __init__(self, batches: Iterator[Batch]) -> None:
        self._batches = batches
        self._lock = threading.Lock()
        self._stopped = False

    def next(self) -> Batch | None:
        with self._lock:
            return None if self._stopped else next(self._batches, None)

    def stop(self) -> None:
        self._stopped = True


def _drive(feed: _Feed, done: "Queue[list[FactRows] | BaseException | None]") -> None:
    """Give batches to one child until there are none left."""
    child = _Child()
    try:
        while (batch := feed.next()) is not None:
            done.put(child.scan(batch))
    except BaseException as error:
        done.put(error)
    finally:
        child.stop()
        done.put(None)


class _Child:
    """One scanning process; started when it is needed, and again when it was lost."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def scan(self, batch: Batch) -> list[FactRows]:
        try:
            return self._ask(batch)
        except (EOFError, OSError, pickle.UnpicklingError):
            self.stop()
            if len(batch) == 1:
                return [encode(batch[0][0], Facts(problems=(UNREADABLE,)))]
            return [rows for page in batch for rows in self.scan([page])]

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, batch: Batch) -> list[FactRows]:
        if self._process is None:
            root = str(Path(__file__).parent.parent)
            command = [sys.executable, "-P", "-c", _CHILD, root]  # nothing from the current folder
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise EOFError
        watch = threading.Timer(SECONDS, process.kill)
        watch.start()
        try:
            pickle.dump(batch, process.stdin)
            process.stdin.flush()
            rows: list[FactRows] = pickle.load(process.stdout)  # noqa: S301 -- our own child wrote it
        finally:
            watch.cancel()
        return rows


_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from engine.scanning import answer; answer()"


def answer(source: BinaryIO = sys.stdin.buffer, sink: BinaryIO = sys.stdout.buffer) -> None:
    """Be a child: scan batches until there are no more."""
    markup = Markup()
    while True:
        try:
            batch: Batch = pickle.load(source)  # noqa: S301 -- our own parent wrote it
        except (EOFError, KeyboardInterrupt):
            return
        rows = [scan_page(markup, blob, content) for blob, content in batch]
        try:
            pickle.dump(rows, sink)
            sink.flush()
        except BrokenPipeError:
            os._exit(1)  # the parent was killed; nobody is left to be told
