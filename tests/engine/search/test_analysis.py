"""Terms: one spelling, words of every script, stems by language."""

import pytest

from engine.search.analysis import LANGUAGES, MAX_WORD, fold, positions, sequence, stem, stemmer, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Straße STRASSE", "strasse strasse"),
        ("cafe\u0301", "café"),
        ("ﬁle ２０２６", "file 2026"),
        ("Donau\u00addampf", "donaudampf"),
        ("كِتَابٌ أحمد", "كتاب احمد"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
    ],
)
def test_spellings_of_one_word_fold_to_one(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("std::vector, snake_case; e-mail", "std vector snake case e mail"),
        ("l'homme d’ada's rock'n'roll don't o'brien's", "homme ada rock roll don brien"),
        ("हिन्दी में", "हिन्दी में"),
        ("a 'b' c", "a b c"),
    ],
)
def test_words_end_where_people_see_them_end(text: str, expected: str) -> None:
    assert words(text) == expected.split()


def test_terms_have_their_positions_and_parts_do_not_touch() -> None:
    assert positions(["to be or to", "be"]) == {"to": [0, 3], "be": [1, 5], "or": [2]}
    assert positions(["a数组b"]) == {"a": [0], "数": [1], "组": [2], "数组": [1], "b": [3]}


def test_a_sequence_covers_each_character_of_a_dense_run() -> None:
    assert sequence(["数"]) == ("数",)
    assert sequence(["数组文"]) == ("数组", "组文")
    assert sequence(["数组文", "x"]) == ("数组", "组文", "文", "x")
    assert sequence(["第3章"]) == ("第", "3", "章")


def test_long_words_are_found_by_their_beginning() -> None:
    long = "a" * 1000
    assert list(positions([long])) == [*sequence([long])] == ["a" * MAX_WORD]


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("DE_at", "de"),
        ("nb", "no"),
        ("ar", "ar"),
        ("zh-Hant", None),
        ("", None),
    ],
)
def test_the_first_part_of_a_tag_chooses_the_stemmer(lang: str, expected: str | None) -> None:
    assert stemmer(lang) == expected


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", "connect connected connecting connection connections"),
        ("de", "haus häuser häusern"),
        ("fr", "continu continue continuer continuation"),
        ("ar", "مكتبه المكتبات والمكتبه للمكتبه"),
        ("ru", "страница страницы страниц страницами"),
    ],
)
def test_inflections_share_a_stem(language: str, forms: str) -> None:
    assert len({stem(form, language) for form in forms.split()}) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stemmer_takes_any_word(language: str) -> None:
    for word in ("a", "ß", "数", "ab" * 100, "x1y2", "ال", "ё", "ı"):
        assert isinstance(stem(word, language), str)
