"""Which language a page is in, and which way it is written."""

import pytest

from engine.ids import PageId
from engine.language import direction, is_language, language


@pytest.mark.parametrize("tag", ["en", "EN", "de", "zh-Hant", "pt_BR", "sr-Latn-RS", "es-419", "de-1996"])
def test_language_codes(tag: str) -> None:
    assert is_language(tag)


@pytest.mark.parametrize(
    "tag", ["", "english", "xx", "e", "en-", "-en", "en--us", "en us", 'en"', "en-é1", "en-abcdefghi", "en\n"]
)
def test_what_is_no_language_code(tag: str) -> None:
    assert not is_language(tag)


@pytest.mark.parametrize(
    ("declared", "page", "expected"),
    [
        ("fr", "ar/a", "fr"),
        ("", "ar/a", "ar"),
        ("nonsense", "ar/a", "ar"),
        ("", "ar", "nl"),
        ("", "Arabic/a", "nl"),
        ("", "a/ar/b", "nl"),
        ("zh_TW", "a", "zh-TW"),
        ("", "zh-Hant/a", "zh-Hant"),
    ],
)
def test_front_matter_counts_over_the_folder_and_that_over_the_site(
    declared: str, page: str, expected: str
) -> None:
    assert language(declared, PageId.take(page), "nl") == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("ar", "rtl"),
        ("he-IL", "rtl"),
        ("FA", "rtl"),
        ("ur", "rtl"),
        ("ku-Latn", "ltr"),
        ("az-Arab", "rtl"),
        ("ar-1996", "rtl"),
        ("en", "ltr"),
        ("zh-Hant", "ltr"),
        ("", "ltr"),
    ],
)
def test_scripts_tell_the_direction(tag: str, expected: str) -> None:
    assert direction(tag) == expected
