"""The languages of the interface: which one a reader gets, and its texts, dates and plural forms.

Texts stand in templates and views in English; each other language is a gettext catalog in ``wiki/locale``.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from engine.language import direction
from engine.messages import Message

LANGUAGES = {"en": "English", "de": "Deutsch", "zh": "中文", "ar": "العربية"}
"""The codes of the languages, each with its own name for itself."""

FOLDER = Path(__file__).parent / "locale"
SOURCE = "en"  # the language of the texts in the code
HEADER_CHARACTERS = 200  # of Accept-Language that are read


@dataclass(frozen=True, slots=True)
class Interface:
    """One language of the interface."""

    code: str
    name: str
    dir: str
    locale: Locale
    translations: NullTranslations


@cache
def interface(code: str) -> Interface:
    """Return a language of the interface; its catalog is read when it is first asked for."""
    return Interface(code, LANGUAGES[code], direction(code), Locale.parse(code), _translations(code))


def _translations(code: str) -> NullTranslations:
    file = FOLDER / code / "LC_MESSAGES" / "quire.po"
    if code == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return Translations(compiled)


def accepted(header: str) -> str:
    """Return the language that an ``Accept-Language`` header prefers among ours; empty when it names none of them."""
    return _accepted(header[:HEADER_CHARACTERS])  # so that no more of it is kept


@lru_cache(maxsize=1_000)
def _accepted(header: str) -> str:
    wanted = parse_accept_header(header, LanguageAccept)
    return next((code for tag, quality in wanted if quality > 0 and (code := _code(tag))), "")


def choose(*wanted: str) -> str:
    """Return the first of some language tags that we have, by its first part; English when we have none."""
    return next(filter(None, map(_code, wanted)), SOURCE)


def _code(tag: str) -> str:
    code = tag.replace("_", "-").partition("-")[0].lower()
    return code if code in LANGUAGES else ""


def speak(setting: str, site: str = "") -> None:
    """Give the answer at hand its language.

    It is that of the server's *setting*, else the one that the reader chose, else the browser's, else the *site*'s.
    """
    header = request.headers.get("Accept-Language", "")
    g.interface = interface(choose(setting, g.get("language", ""), accepted(header), site))


def current_interface() -> Interface:
    """Return the language of the answer at hand; English where nobody has said."""
    found: Interface = g.interface if has_request_context() and "interface" in g else interface(SOURCE)
    return found


def gettext(message: str, **values: Any) -> str:
    """Return a text in the reader's language, with its ``%(name)s`` filled in."""
    found = _gettext(message)
    return found % values if values else found


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """Return the form of a text that fits *num* in the reader's language, with ``%(num)s`` and others filled in."""
    return _ngettext(singular, plural, num) % {"num": num, **values}


def _gettext(message: str) -> str:
    return current_interface().translations.ugettext(message)


def _ngettext(singular: str, plural: str, num: int) -> str:
    return current_interface().translations.ungettext(singular, plural, num)


def translated(message: str) -> str:
    """Return what the engine says in the reader's language; a text of other origin stays as it is."""
    if not isinstance(message, Message):
        return message
    if message.plural:
        return _ngettext(message.template, message.plural, message.num) % message.values
    return gettext(message.template, **message.values)


def marked(message: str) -> str:
    """Mark a text for translation where it stands; `gettext` translates it where it is shown."""
    return message


def day(time: date) -> str:
    """Return a day as the reader's language writes it."""
    return format_date(time, "long", locale=current_interface().locale)


def day_and_time(time: datetime) -> str:
    """Return a time in UTC, to the minute, with the day as the reader's language writes it."""
    return f"{day(time)} {time.strftime('%H:%M')} UTC"


def number(value: float) -> str:
    """Return a number with the separators of the reader's language."""
    return format_decimal(value, locale=current_interface().locale)


def register(app: Flask, setting: str) -> None:
    """Let templates speak the reader's language, which is *setting*'s where the server has one."""
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    install: Any = environment
    install.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # it fills in, and escapes, itself
    environment.filters.update(date=day, date_time=day_and_time, number=number, translated=translated)
    environment.globals.update(interface=current_interface, interface_languages=LANGUAGES)
    app.before_request(lambda: speak(setting))
