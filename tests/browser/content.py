"""The wiki that browsers are shown: the shipped pages with a past, and pages that show all that a page can hold.

Who wrote, when, and what is the same each time, so the same pages give the same commits, down to their ids.
"""

import subprocess
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from struct import pack

from tests.repositories import Repository, make

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "pages"
SAMPLES = Path(__file__).parent / "pages"
ENTRY = "llama-organization.md"
FORMER_ENTRY = "meta-llama-group.md"
SCRATCH = "People/Scratch notes.md"  # begun, and deleted
LONG_SECTIONS = 60

ADA = "Ada Osei <ada@example.org>"
NOOR = "Noor Haddad <noor@example.org>"
WEI = "Wei Chen <wei@example.org>"
BOT = "links[bot] <links@example.org>"

Files = Mapping[str, bytes | None]
"""What a commit changes: a file's bytes by its path, ``None`` where it deletes."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the past that the pages get."""

    author: str
    time: datetime
    summary: str
    changes: Files
    parents: tuple[int, ...] = field(default=())  # by their places in the list; none: the one before


def build(folder: Path) -> Repository:
    """Make the repository in *folder*, which must not exist."""
    repository = make(folder)
    stream = b"".join(_written(list(_past())))
    subprocess.run(
        ["git", "fast-import", "--quiet", "--date-format=raw"],
        cwd=repository.path,
        input=stream,
        check=True,
        timeout=60,
    )
    return repository


def commit_id(repository: Repository, summary: str) -> str:
    """Return the full id of the commit with that summary."""
    return repository.git("log", "--format=%H", "--fixed-strings", f"--grep={summary}", "-1", "main")


def _past() -> Iterator[Commit]:
    now = _files(SHIPPED)
    entry = now[ENTRY].decode()
    news = {path: now[path] for path in now if path.startswith("News/2026")}
    first = {path: text for path, text in now.items() if path not in {*news, ENTRY}}
    first["fair.md"] = _cut(now["fair.md"].decode(), 2).encode()
    early = entry.replace("loosely bounded group", "single division").replace(
        "**Llama Organization**", "Llama group"
    )
    yield Commit(
        ADA, _at("2026-01-05 09:00"), "Begin the dossier", first | {FORMER_ENTRY: _cut(early, 4).encode()}
    )
    yield Commit(
        ADA, _at("2026-01-05 09:40"), "Say which units there are", {FORMER_ENTRY: _cut(early, 6).encode()}
    )
    yield Commit(ADA, _at("2026-01-05 09:55"), "Mend a sentence", {FORMER_ENTRY: _cut(early, 7).encode()})
    yield Commit(
        NOOR,
        _at("2026-01-20 14:10"),
        "Call the entry by the name the sources use",
        {FORMER_ENTRY: None, ENTRY: _cut(early, 7).encode()},
    )
    yield Commit(
        WEI,
        _at("2026-02-03 08:30"),
        "Add the figures of AINews",
        {ENTRY: early.replace("92% | 68% | −24 points", "92% | 70% | −22 points").encode()},
    )
    yield Commit(NOOR, _at("2026-03-09 18:05"), "Report the reorganisation of 9 March", news)
    yield Commit(WEI, _at("2026-03-08 07:00"), "Tell more of FAIR", {"fair.md": now["fair.md"]}, parents=(4,))
    yield Commit(
        NOOR,
        _at("2026-03-10 10:00"),
        "Merge what was written of FAIR",
        {"fair.md": now["fair.md"]},
        parents=(5, 6),
    )
    yield Commit(BOT, _at("2026-03-11 03:00"), "Mend links", {"timeline.md": now["timeline.md"] + b"\n"})
    yield Commit(BOT, _at("2026-03-11 04:00"), "Mend links", {"timeline.md": now["timeline.md"]})
    yield Commit(ADA, _at("2026-04-01 11:00"), "Take notes", {SCRATCH: b"Notes that led nowhere.\n"})
    yield Commit(ADA, _at("2026-04-02 16:20"), "Drop notes that led nowhere", {SCRATCH: None})
    yield Commit(
        NOOR, _at("2026-05-20 12:00"), "Correct the figures, and say what is sure", {ENTRY: now[ENTRY]}
    )
    samples = _files(SAMPLES) | {"samples/long.md": _long().encode(), "samples/square.png": _square()}
    samples["samples/Latin-1.md"] = "Nicht in UTF-8: äöü.\n".encode("latin-1")
    yield Commit(WEI, _at("2026-05-21 09:15"), "Show what a page can hold", samples)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def _cut(text: str, sections: int) -> str:
    """Return a page up to the end of its *sections*-th section, with the notes that it needs."""
    body, *rest = text.split("\n[^", maxsplit=1)
    parts = body.split("\n#")
    return "\n#".join(parts[:sections]) + "\n" + "".join(f"\n[^{notes}" for notes in rest)


def _long() -> str:
    """Return a page with many sections, as large ones are in practice."""
    lines = ["---", "title: A very long page", "tags: [samples]", "---", ""]
    for number in range(1, LONG_SECTIONS + 1):
        level = "##" if number % 4 == 1 else "###"
        lines += [
            f"{level} Section {number}",
            "",
            f"Sentence one of section {number} leads to [[samples/notes]] and [[samples/tables]]. " * 3,
            "",
            f"- A point of section {number}.[^{number % 20}]",
            "- Another one, with `code`.",
            "",
        ]
    lines += [f"[^{number}]: Note {number}." for number in range(20)]
    return "\n".join(lines) + "\n"


def _square() -> bytes:
    """Return a PNG of 8 by 8 red points."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xb0\x20\x20" * 8) * 8)
    head = pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _written(commits: list[Commit]) -> Iterator[bytes]:
    """Yield what ``git fast-import`` reads."""
    for number, commit in enumerate(commits, 1):
        signature = f"{commit.author} {int(commit.time.timestamp())} +0000"
        summary = commit.summary.encode()
        yield f"commit refs/heads/main\nmark :{number}\nauthor {signature}\ncommitter {signature}\n".encode()
        yield b"data %d\n%s\n" % (len(summary), summary)
        parents = [parent + 1 for parent in commit.parents] or ([number - 1] if number > 1 else [])
        for word, parent in zip(("from", *("merge",) * len(parents)), parents, strict=False):
            yield f"{word} :{parent}\n".encode()
        for path, content in commit.changes.items():
            if content is None:
                yield f"D {_quoted(path)}\n".encode()
            else:
                yield (
                    f"M 100644 inline {_quoted(path)}\n".encode()
                    + b"data %d\n" % len(content)
                    + content
                    + b"\n"
                )
        yield b"\n"


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
