"""Scanning many pages in several processes, of which none may be lost."""

import pytest

from engine import scanning
from engine.catalog.codec import FactRows, decode
from engine.markup import Markup
from engine.model import Facts
from engine.scanning import decode_page, scan_pages

PAGES = [(f"blob{i}", f"# Page {i}\n\nSee [[Page {i + 1}]].\n".encode()) for i in range(150)]


def facts(batches: list[list[FactRows]]) -> dict[str, Facts]:
    return {rows.blob: decode(rows.data, rows.text) for batch in batches for rows in batch}


def test_several_processes_find_what_one_does() -> None:
    alone = facts(list(scan_pages(Markup(), PAGES, 0)))
    together = facts(list(scan_pages(Markup(), PAGES, 3)))
    assert together == alone
    assert len(alone) == 150
    assert alone["blob7"].title == "Page 7"


def test_no_pages_are_no_work() -> None:
    assert list(scan_pages(Markup(), [], 2)) == []


@pytest.mark.parametrize("processes", [0, 2])
def test_odd_pages_cost_nobody_else_anything(processes: int) -> None:
    odd = [
        ("latin", "Größe".encode("latin-1")),
        ("empty", b""),
        ("nul", b"\0" * 100),
        ("bom", b"\xef\xbb\xbf# Bom\n"),
    ]
    found = facts(list(scan_pages(Markup(), [*PAGES, *odd], processes)))
    assert len(found) == 154
    assert [problem.code for problem in found["latin"].problems] == ["not-utf-8"]
    assert found["bom"].title == "Bom"


DEADLY = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from engine import scanning
real = scanning.scan_page
def scan_page(markup, blob, content):
    if content == b"kill":
        os._exit(1)
    if content == b"stall":
        time.sleep(600)
    return real(markup, blob, content)
scanning.scan_page = scan_page
scanning.answer()
"""


def test_a_page_that_kills_a_process_costs_that_page_its_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_CHILD", DEADLY)
    pages = [*PAGES[:40], ("deadly", b"kill"), *PAGES[40:70]]
    found = facts(list(scan_pages(Markup(), pages, 2)))
    assert len(found) == 71
    assert [problem.code for problem in found["deadly"].problems] == ["unreadable-page"]
    assert not found["blob39"].problems


def test_a_page_that_stalls_a_process_costs_that_page_its_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_CHILD", DEADLY)
    monkeypatch.setattr(scanning, "SECONDS", 8.0)
    found = facts(list(scan_pages(Markup(), [PAGES[0], ("slow", b"stall"), PAGES[1]], 1)))
    assert [problem.code for problem in found["slow"].problems] == ["unreadable-page"]
    assert found["blob1"].title == "Page 1"


def test_an_error_of_the_source_reaches_the_caller() -> None:
    def pages() -> "object":
        yield from PAGES[:5]
        raise ZeroDivisionError

    for processes in (0, 2):
        with pytest.raises(ZeroDivisionError):
            list(scan_pages(Markup(), pages(), processes))  # type: ignore[arg-type]


def test_stopping_early_ends_the_processes() -> None:
    scanned = scan_pages(Markup(), PAGES * 20, 2)
    next(iter(scanned))
    scanned.close()  # type: ignore[attr-defined]


def test_a_page_is_utf_8_or_none() -> None:
    assert decode_page(b"\xef\xbb\xbfx") == "x"
    assert decode_page("Größe".encode("utf-16")) is None
    assert decode_page(b"\xed\xa0\x80") is None
