"""Snippets show what a query found, marked, in the best place of a text."""

import pytest

from engine.model import Heading
from engine.search.query import parse
from engine.search.snippet import ELLIPSIS, LENGTH, Snippet, best_section, snippet

FILLER = "Nothing of note is said here, and it goes on for a while. " * 20


def marked(typed: str, text: str, lang: str = "en") -> list[str]:
    return [part for part, matches in snippet(text, parse(typed), lang).parts if matches]


def test_a_short_text_is_shown_whole() -> None:
    assert snippet("A red llama.", parse("llama"), "en") == Snippet(
        (("A red ", False), ("llama", True), (".", False)), 6
    )


def test_without_a_match_the_beginning_is_shown() -> None:
    shown = snippet(FILLER, parse("llama"), "en")
    assert shown.offset == 0
    assert str(shown).startswith("Nothing of note")
    assert str(shown).endswith(ELLIPSIS)
    assert len(str(shown)) <= LENGTH + 1


def test_the_window_has_the_most_different_words() -> None:
    text = f"A llama. {FILLER}The alpaca met a llama. {FILLER}An alpaca, an alpaca, an alpaca."
    shown = snippet(text, parse("llama alpaca"), "en")
    assert text[shown.offset :].startswith("alpaca met")
    assert [part for part, matches in shown.parts if matches] == ["alpaca", "llama"]
    assert str(shown)[0] == str(shown)[-1] == ELLIPSIS


def test_a_window_begins_with_its_block() -> None:
    text = f"{FILLER}\nThe llama is here.\n{FILLER}"
    assert str(snippet(text, parse("llama"), "en")).startswith(f"{ELLIPSIS}The llama is here. Nothing")


def test_words_are_not_cut() -> None:
    shown = snippet(FILLER + "llama " + FILLER, parse("llama"), "en")
    assert set(str(shown).strip(ELLIPSIS).replace(",", "").replace(".", "").split()) <= set(
        (FILLER + "llama").replace(",", "").replace(".", "").split()
    )


@pytest.mark.parametrize(
    ("typed", "text", "lang", "expected"),
    [
        ("run", "Running, he runs; the RUN. A rune.", "en", ["Running", "runs", "RUN"]),
        ('"run"', "Running, he runs; the RUN.", "en", ["RUN"]),
        ("running", "We run.", "en", ["run"]),
        ("running", "We run.", "", []),
        ("haus ölberg", "Die Häuser und Ölberge", "de", ["Häuser", "Ölberge"]),
        ('"the world"', "the end of the World's fair, the  world", "en", ["the World", "the world"]),
        ('"a b c"', "a b x c; a b, c", "en", ["a b, c"]),
        ("std::vector", "std and vector, std::vector", "en", ["std::vector"]),
        ("title:llama tag:red path:help -fur", "llama red help fur", "en", ["llama"]),
        ("homme", "l’homme", "fr", ["homme"]),
        ("case", "snake_case", "en", ["case"]),
        ("组文 x", "使用数组文件x保存。", "zh", ["组文", "x"]),
        ('"数组 文件"', "使用数组文件保存。", "zh", ["数组文件"]),
        ("第3章", "见第3章。", "zh", ["第3章"]),
        ("مكتبة", "زرت المكتبات", "ar", ["المكتبات"]),
        ("كتاب", "هذا كِتَابٌ", "ar", ["كِتَابٌ"]),
        ("naïve", "nai\u0308ve", "en", ["nai\u0308ve"]),
        ("strasse", "Straße", "de", ["Straße"]),
        ("ß", "ẞ ss", "de", ["ẞ", "ss"]),
        ("-llama", "llama", "en", []),
        ("", "llama", "en", []),
    ],
)
def test_matches_are_marked_as_the_index_matches(
    typed: str, text: str, lang: str, expected: list[str]
) -> None:
    assert [" ".join(part.split()) for part in marked(typed, text, lang)] == expected


def test_text_without_blanks_is_cut_to_its_length() -> None:
    text = "数据" * 1000 + "文件" + "数据" * 1000
    shown = snippet(text, parse("文件"), "zh")
    assert [part for part, matches in shown.parts if matches] == ["文件"]
    assert len(str(shown)) <= LENGTH + 2


def test_the_section_of_an_offset_is_the_last_that_begins_before_it() -> None:
    headings = [Heading(1, "One", "one", 10), Heading(2, "Two", "two", 50)]
    assert [best_section(headings, offset) for offset in (0, 10, 49, 50, 1000)] == [
        None,
        *headings[:1] * 2,
        *headings[1:] * 2,
    ]
    assert best_section((), 5) is None
