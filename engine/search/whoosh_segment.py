"""Whoosh's files: how a page becomes postings, and how postings are read back.

Whoosh writes and commits. Reading, and merging segments, goes by blocks of postings: to score a block in one loop
takes a third of the time of Whoosh's matchers, which step from posting to posting.
Bound to Whoosh 2.7.4, which is the last: what is private there is used here, and nowhere else.
"""

import os
import pickle
import struct
import threading
import zlib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any

from whoosh import fields, formats
from whoosh.codec.whoosh3 import STORED_COLUMN, WHOOSH3_HEADER_MAGIC, W3Codec, W3LeafMatcher, W3PostingsWriter
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.reading import SegmentReader, TermNotFound
from whoosh.util.numeric import byte_to_length

from engine.ids import fold_path, page_stem
from engine.search import Document, analysis

VERSION = 2
"""Changes whenever an index written by other code would be read wrongly: fields, terms, analysis, file format."""

TEXTS = ("title", "headings", "body")
"""The fields with words. ``body`` holds the words of the two others as well, so that it decides what matches."""

BLOCK = 256  # postings that are read at once

_ONE = struct.Struct("<I").pack

Posting = tuple[bytes, int, float, bytes]  # term, its share of the field's length, count, positions
Block = tuple[Sequence[int], Sequence[int], bytes]


class Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's own file format with two changes, which together make builds and queries twice as fast.

    The length of a field is not asked for at each posting, a file read each time. And a block of postings holds packed
    numbers instead of a compressed pickle; only positions, which few queries ask for, are compressed.
    """

    length_stats = False

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> W3PostingsWriter:
        """Return what writes the postings of one field."""
        return _PostingsWriter(dbfile, blocklimit=BLOCK, byteids=byteids, compression=0, inlinelimit=0)

    def postings_reader(
        self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None
    ) -> Any:
        """Return what reads the postings of one term."""
        return _PostingsReader(dbfile, *terminfo.extent(), format_, term=term, scorer=scorer)


class _PostingsWriter(W3PostingsWriter):  # type: ignore[misc]
    def _write_block(self, last: bool = False) -> None:
        if not self._blockcount:
            self._postfile.write(WHOOSH3_HEADER_MAGIC)
        self._terminfo.add_block(self)
        data = pack(self._ids) + pack(map(int, self._weights))
        data += _squeeze(b"".join(self._values))
        # How many postings, the last document; Whoosh's own scoring asks for the rest; "compression" is a check sum here.
        head = pickle.dumps((len(self._ids), self._ids[-1], self._maxweight, zlib.crc32(data), 0, 0), 2)
        length = len(head) + len(data)
        self._postfile.write_int(-length if last else length)
        self._postfile.write(head + data)
        self._blockcount += 1
        self._new_block()


class _PostingsReader(W3LeafMatcher):  # type: ignore[misc]
    def block(self) -> Block:
        """Return the documents of this block, their counts, and all their positions.

        Raises:
            ValueError: It is not what was written.
        """
        data = self._postfile.get(self._dataoffset, self._nextoffset - self._dataoffset)
        if zlib.crc32(data) != self._compression:
            raise ValueError(f"damaged postings of {self.term()}")
        size = 4 * self._blocklength
        return unpack(data[:size]), unpack(data[size : 2 * size]), data[2 * size :]


def pack(numbers: Iterable[int]) -> bytes:
    """Return *numbers* as 32 bits each."""
    several = tuple(numbers)
    return struct.pack(f"<{len(several)}I", *several)


def unpack(packed: bytes) -> tuple[int, ...]:
    """Return the numbers that `pack` was given."""
    return struct.unpack(f"<{len(packed) // 4}I", packed)


def _squeeze(steps: bytes) -> bytes:
    """Compress what is worth it: to set up a compressor takes longer than to write most postings."""
    return b"z" + zlib.compress(steps, 1) if len(steps) > 128 else b"-" + steps


def _unsqueeze(places: bytes) -> bytes:
    return zlib.decompress(places[1:]) if places[:1] == b"z" else places[1:]


def split(block: Block, within: Collection[int] | None = None) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Return the documents of a block, or those of *within*, each with its positions; stems have none."""
    documents, counts, places = block
    steps = unpack(_unsqueeze(places))
    end = 0
    for document, count in zip(documents, counts, strict=True):
        start, end = end, end + count
        if within is None or document in within:
            yield document, tuple(accumulate(steps[start:end]))


def _pack_places(at: Sequence[int]) -> bytes:
    """Return positions as the steps between them: small numbers, which compress well."""
    if len(at) == 1:
        return _ONE(at[0])  # most are
    return pack(here - before for before, here in pairwise((0, *at)))


class Storage(FileStorage):  # type: ignore[misc]
    """A folder of segments whose term files stay in memory, once for all readers, and which survives a power cut."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._terms: dict[str, bytes] = {}
        self._written: set[str] = set()
        self._opened = threading.local()
        self._lock = threading.Lock()

    def open_file(self, name: str, **options: Any) -> Any:
        """Open *name* for reading; a term file is looked up too often to be read by seeks."""
        if not name.endswith(W3Codec.TERMS_EXT):
            file = super().open_file(name, **options)
            getattr(self._opened, "files", []).append(file)
            return file
        with self._lock:
            if (content := self._terms.get(name)) is None:
                folder = Path(self.folder)
                content = (folder / name).read_bytes()
                self._terms = {key: value for key, value in self._terms.items() if (folder / key).exists()}
                self._terms[name] = content
        return BufferFile(content, name=name)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Close what this thread opens within, should it fail: of a damaged index Whoosh leaves files open."""
        files: list[Any] = []
        self._opened.files = files
        try:
            yield
        except BaseException:
            for file in files:
                if not file.is_closed:
                    file.close()
            raise
        finally:
            del self._opened.files

    def create_file(self, name: str, excl: bool = False, mode: str = "wb", **options: Any) -> Any:
        """Open *name* for writing."""
        self._written.add(name)
        return super().create_file(name, excl, mode, **options)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Rename; the table of contents gets its name last, when all that it names is on disk."""
        self.sync()
        super().rename_file(oldname, newname, safe)
        sync(Path(self.folder))

    def sync(self) -> None:
        """Bring what was written since the last time to disk."""
        for name in self._written:
            path = Path(self.folder, name)
            if path.exists():
                sync(path)
        self._written.clear()


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Postings(fields.FieldType):  # type: ignore[misc]
    """A field that is handed its postings ready-made."""

    def __init__(self, *, scorable: bool = False) -> None:
        super().__init__(formats.Positions(), None, scorable=scorable)

    def index(self, value: Iterable[Posting], **_: Any) -> Iterator[Posting]:
        """Return the postings as they are."""
        return iter(value)


def schema() -> fields.Schema:
    """Return the fields of a page. ``kind`` tells pages from the one document that names the commit."""
    return fields.Schema(
        **{name: Postings(scorable=True) for name in TEXTS},
        **{name: Postings() for name in ("kind", "key", "path", "tag", "lang")},
        file=fields.STORED,
        blob=fields.STORED,
        commit=fields.STORED,
        parts=fields.STORED,
    )


def page(document: Document) -> dict[str, object]:
    """Return the fields of *document*, for a Whoosh writer."""
    language = analysis.stemmer(document.lang)
    names = (document.title, *document.aliases)
    # Most titles and headings are blocks of the text already; what is not is found all the same.
    blocks = f"\n{document.text}\n"
    missing = [part for part in (*names, *document.headings) if f"\n{part}\n" not in blocks]
    return {
        "kind": _plain(["page"]),
        "key": _plain([document.path]),
        "lang": _plain([language] if language else []),
        "tag": _plain(tag_terms(document.tags)),
        "path": _plain(path_terms(document.path)),
        "title": _words(names, language),
        "headings": _words(document.headings, language),
        "body": _words((document.text, *missing), language),
        "file": document.path,
        "blob": document.blob,
    }


def mark(commit: str, parts: int) -> dict[str, object]:
    """Return the fields of the document that names the commit, and how many segments the last rebuild made."""
    return {"kind": _plain(["commit"]), "commit": commit, "parts": parts}


def tag_terms(tags: Iterable[str]) -> set[str]:
    """Return the keys of *tags* and of the tags above them: ``a/b`` is found by ``a`` as well."""
    return {above for tag in tags for above in _prefixes(fold_path(tag.strip("/")))}


def path_terms(path: str) -> set[str]:
    """Return what finds a path: each word of it, and each folder, and itself, as a key after a ``/``."""
    key = fold_path(page_stem(path) or path)
    return set(analysis.positions([path])) | {f"/{above}" for above in (*_prefixes(key), fold_path(path))}


def _prefixes(key: str) -> list[str]:
    return list(accumulate(key.split("/"), lambda above, part: f"{above}/{part}"))


def _plain(terms: Iterable[str]) -> list[Posting]:
    return [(term.encode(), 0, 1.0, b"") for term in terms]


def _words(parts: Sequence[str], language: str | None) -> list[Posting]:
    """Return the words of *parts* with their positions, and under ``language:stem`` the stems that are no word itself."""
    found = analysis.positions(parts)
    postings = []
    for term, at in found.items():
        # A pair of characters is not counted in the length of a text: its characters are.
        share = len(at) if len(term) == 1 or not analysis.is_dense(term) else 0
        postings.append((term.encode(), share, float(len(at)), _pack_places(at)))
    if language is not None:
        counts: dict[str, float] = {}
        for term, short in analysis.stems(tuple(found), language).items():
            counts[short] = counts.get(short, 0.0) + len(found[term])
        postings.extend((f"{language}:{short}".encode(), 0, count, b"") for short, count in counts.items())
    return postings


class Segment:
    """One immutable part of an index, open for reading by one thread."""

    def __init__(self, storage: Storage, fields_of_page: fields.Schema, segment: Any) -> None:
        self.name: str = segment.segment_id()
        self._reader = SegmentReader(storage, fields_of_page, segment)
        self._format = formats.Positions()
        self.documents: int = segment.doc_count_all()
        self.deleted: frozenset[int] = frozenset(segment.deleted_docs())
        # Every file is opened now: a writer may remove it while this is read.
        if self._reader._perdoc._cached_reader("_stored", STORED_COLUMN) is None:
            raise FileNotFoundError(f"{self.name}: what is stored of its documents")
        self._lengths = {field: self._column(f"_{field}_len") for field in TEXTS}

    def frequency(self, field: str, term: str) -> int:
        """Return in how many documents *term* stands, deleted ones included."""
        return int(self._reader.doc_frequency(field, term.encode()))

    def blocks(self, field: str, term: str, within: Sequence[int] | None = None) -> Iterator[Block]:
        """Yield the postings of *term* in blocks: documents, counts, positions (see `split`); the deleted as well.

        *within*, ascending, passes over the blocks without any of these documents; the others come whole.
        """
        try:
            matcher = self._reader._terms.matcher(field, term.encode(), self._format)
        except TermNotFound:
            return
        at = 0
        while matcher.is_active():
            last = matcher.block_max_id()
            if within is None or (at < len(within) and within[at] <= last):
                yield matcher.block()
            if within is not None:
                at = bisect_right(within, last, at)
                if at == len(within):
                    return
            matcher._next_block()

    def postings(self) -> Iterator[tuple[str, bytes, int, float, bytes]]:
        """Yield field, term, document, count and packed positions of all postings, deleted ones included."""
        terms = self._reader._terms
        for (field, term), terminfo in terms.items():
            matcher = self._reader.codec().postings_reader(terms._postfile, terminfo, self._format)
            while matcher.is_active():
                documents, counts, places = matcher.block()
                steps = _unsqueeze(places)
                end = 0
                for document, count in zip(documents, counts, strict=True):
                    start, end = end, end + 4 * count
                    yield field, term, document, float(count), steps[start:end]
                matcher._next_block()

    def having(self, field: str, term: str, within: Collection[int] | None = None) -> set[int]:
        """Return the documents with *term*, deleted ones included, or those of *within*."""
        blocks = self.blocks(field, term, None if within is None else sorted(within))
        found = set(chain.from_iterable(documents for documents, _, _ in blocks))
        return found if within is None else found.intersection(within)

    def positions(
        self, field: str, term: str, within: Collection[int] | None = None
    ) -> dict[int, tuple[int, ...]]:
        """Return where *term* stands in each document with it, or in those of *within*."""
        found: dict[int, tuple[int, ...]] = {}
        for block in self.blocks(field, term, None if within is None else sorted(within)):
            found.update(split(block, within))
        return found

    def lengths(self, field: str) -> Sequence[int]:
        """Return how many words each document has in *field*, rounded as Whoosh stores it."""
        return [byte_to_length(byte) for byte in self._lengths[field]]

    def _column(self, name: str) -> bytes:
        """Return a column of one byte a document; what is missing at its end is 0."""
        perdoc = self._reader._perdoc
        if not perdoc.has_column(name):
            return bytes(self.documents)
        file, start, length = perdoc._get_column_file(name)
        try:
            content: bytes = file.get(start, length)
        finally:
            file.close()
        return content.ljust(self.documents, b"\0")

    def stored(self, document: int) -> dict[str, Any]:
        """Return what is kept of *document* as it is: ``file`` and ``blob``, or ``commit`` and ``parts``."""
        return dict(self._reader.stored_fields(document))

    def renew(self, segment: Any) -> None:
        """Take over which documents were deleted since; nothing else of a segment changes."""
        self.deleted = frozenset(segment.deleted_docs())

    def close(self) -> None:
        """Release files."""
        self._reader.close()


def merge(writer: Any, whoosh_segment: Any) -> None:
    """Copy the documents of a segment that are not deleted into the segment that *writer* writes."""
    segment = Segment(writer.storage, writer.schema, whoosh_segment)
    first = writer.docnum
    moved = writer.write_per_doc(writer.schema.names(), segment._reader)  # None when all stay in their order
    for field, term, document, count, places in segment.postings():
        number = first + document if moved is None else moved.get(document)
        if number is not None:
            writer.pool.add((field, term, number, count, places))
    writer._added = True
    segment.close()
