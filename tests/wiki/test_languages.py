"""The interface speaks the reader's language."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.messages import path, source, translations, updated
from wiki import create_app
from wiki.languages import (
    HEADER_CHARACTERS,
    LANGUAGES,
    _accepted,
    accepted,
    choose,
    day,
    interface,
    ngettext,
    number,
    speak,
)
from wiki.settings import Settings, SettingsError

VALUE = re.compile(r"%\((\w+)\)s")
OTHERS = sorted(set(LANGUAGES) - {"en"})


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("fr,zh-Hant-TW;q=0.8,en;q=0.5", "zh"),
        ("ar;q=0.1,en;q=0.2", "en"),
        ("fr", ""),
        ("", ""),
        ("*", ""),
        ("de;q=", "de"),
        ("\0\xff", ""),
        ("x," * 10_000 + "de", ""),
    ],
)
def test_the_browser_may_choose(header: str, code: str) -> None:
    assert accepted(header) == code


def test_of_long_headers_little_is_read_and_kept() -> None:
    _accepted.cache_clear()
    for count in range(3):
        assert accepted("de," + " " * HEADER_CHARACTERS + str(count)) == "de"
    assert _accepted.cache_info().currsize == 1


def test_a_setting_comes_first_then_the_browser_then_the_content() -> None:
    assert choose("zh", "de", "ar") == "zh"
    assert choose("", "de", "ar") == "de"
    assert choose("", "", "ar-EG") == "ar"
    assert choose("", "", "fr") == "en"


def test_only_languages_that_there_are_can_be_set() -> None:
    with pytest.raises(SettingsError, match="en, de, zh, ar"):
        Settings(interface="fr").checked()


def test_days_and_numbers_are_written_as_the_language_does(app: Flask) -> None:
    time = datetime(2026, 3, 9, tzinfo=UTC)
    shown = {}
    for code in LANGUAGES:
        with app.test_request_context():
            speak(code)
            shown[code] = (day(time), number(12_345))
    assert shown["en"] == ("March 9, 2026", "12,345")
    assert shown["de"] == ("9. März 2026", "12.345")
    assert shown["zh"] == ("2026年3月9日", "12,345")
    assert shown["ar"][0] == "9 مارس 2026"


def test_outside_of_a_request_it_is_english() -> None:
    assert ngettext("%(num)s page", "%(num)s pages", 2) == "2 pages"


def test_the_page_says_its_language_and_direction(client: FlaskClient, commit: object) -> None:
    answer = client.get("/-/search", headers={"Accept-Language": "ar"})
    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "Accept-Language" in answer.headers["Vary"]
    assert '<html lang="en" dir="ltr">' in client.get("/-/search").text


def test_kept_answers_are_kept_for_each_language(client: FlaskClient, commit: object) -> None:
    commit({"home.md": "# Home\n"})  # type: ignore[operator]
    client.application.extensions["quire"].wiki.catch_up()
    answers = {
        code: client.get("/home", headers={"Accept-Language": code})
        for code in ("en", "ar", "en", "ar", "fr")
    }
    assert 'lang="ar" dir="rtl"' in answers["ar"].text
    assert 'lang="en" dir="ltr"' in answers["en"].text
    assert answers["fr"].text == answers["en"].text
    assert answers["ar"].headers["ETag"] != answers["en"].headers["ETag"]


def test_a_setting_is_for_everybody(wiki: object) -> None:
    client = create_app(Settings(interface="de"), wiki).test_client()  # type: ignore[arg-type]
    assert '<html lang="de"' in client.get("/-/search", headers={"Accept-Language": "ar"}).text


@pytest.mark.parametrize("code", OTHERS)
def test_catalogs_can_be_read(code: str) -> None:
    assert interface(code).translations.info()["language"] == code


@pytest.mark.parametrize(
    "address",
    [
        "/-/nothing",
        "/-/search?q=x&page=0",
        "/-/recent?page=x",
        "/-/diff/home?view=odd",
        "/f/?page=9",
        "/-/static/default/none.css",
        "/wiki.git",
        "/none",
        "/-/tags?by=odd",
        "/-/history/none",
    ],
)
def test_errors_are_told_in_the_language_of_the_reader(
    client: FlaskClient, commit: object, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    def marked(self: object, message: str) -> str:
        return f"⟦{message}⟧"

    commit({"home.md": "# Home\n", "f/x.md": "X"})  # type: ignore[operator]
    client.application.extensions["quire"].wiki.catch_up()
    monkeypatch.setattr("babel.support.NullTranslations.ugettext", marked)
    answer = client.get(address, headers={"Accept-Language": "en"})
    assert answer.status_code in {400, 404}
    told = re.findall(r"<h1>(.*?)</h1>\s*(?:<p[^>]*>(.*?)</p>)?", answer.text, re.DOTALL)
    assert [text for text in told[0] if text and "⟦" not in text] == []


@pytest.mark.parametrize("code", OTHERS)
def test_catalogs_have_the_texts_of_the_code(code: str) -> None:
    assert path(code).read_bytes() == updated(code, source()), "run make messages"


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated(code: str) -> None:
    untranslated = [
        message.id
        for message in translations(code)
        if message.id
        and not all([message.string] if isinstance(message.string, str) else message.string or [""])
    ]
    assert not untranslated


@pytest.mark.parametrize("code", OTHERS)
def test_translations_have_the_values_of_their_texts(code: str) -> None:
    for message in translations(code):
        ids = (message.id,) if isinstance(message.id, str) else message.id
        strings = (message.string,) if isinstance(message.string, str) else message.string or ()
        wanted = {name for each in ids for name in VALUE.findall(each)}
        for text in strings:
            assert set(VALUE.findall(text)) <= wanted, text
            assert message.pluralizable or set(VALUE.findall(text)) == wanted, text
