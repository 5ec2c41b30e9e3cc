"""Brings the translations in ``wiki/locale`` to the texts of engine, views and templates: new ones are added, old ones leave.

Run it with ``make messages``, then fill in what is empty.
"""

from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from wiki.languages import FOLDER, LANGUAGES, SOURCE

ROOT = Path(__file__).parent.parent
METHODS = [("engine/**.py", "python"), ("wiki/**.py", "python"), ("themes/**.html", "jinja2")]
OPTIONS = {"themes/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "marked": None, "Message": None, "counting": (1, 2), "_problem": None}


def source() -> Catalog:
    """Return all texts of templates and views, with where they stand."""
    catalog = Catalog(project="Quire", charset="utf-8")
    for folder in ("engine", "wiki", "themes"):
        methods = [
            (pattern.removeprefix(f"{folder}/"), how)
            for pattern, how in METHODS
            if pattern.startswith(folder)
        ]
        options = {pattern.removeprefix(f"{folder}/"): given for pattern, given in OPTIONS.items()}
        found = extract_from_dir(ROOT / folder, methods, options, KEYWORDS, comment_tags=("Translators:",))
        for file, _line, message, comments, context in sorted(found, key=lambda item: (item[0], item[1])):
            catalog.add(message, None, [(f"{folder}/{file}", 0)], auto_comments=comments, context=context)
    return catalog


def path(code: str) -> Path:
    """Return where a language's texts are."""
    return FOLDER / code / "LC_MESSAGES" / "quire.po"


def translations(code: str) -> Catalog:
    """Return a language's texts as they are."""
    with path(code).open("rb") as file:
        return read_po(file, locale=code)


def updated(code: str, texts: Catalog) -> bytes:
    """Return a language's file, brought to *texts*."""
    catalog = translations(code) if path(code).exists() else Catalog(locale=code)
    catalog.update(texts, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    catalog.header_comment = f"# {LANGUAGES[code]}: texts of the interface of Quire."
    written = BytesIO()
    write_po(written, catalog, width=110, omit_header=False, sort_output=True, include_lineno=False)
    return b"".join(line for line in written.getvalue().splitlines(keepends=True) if not _is_dated(line))


def _is_dated(line: bytes) -> bool:
    """Say whether a line of the header changes whenever the file is written, or says nothing."""
    names = (
        b"POT-Creation-Date",
        b"PO-Revision-Date",
        b"Last-Translator",
        b"Report-Msgid",
        b"Generated-By",
        b"Project-Id",
        b"Language-Team",
    )
    return line.startswith(tuple(b'"' + name for name in names))


def main() -> None:
    """Write the file of each language anew."""
    texts = source()
    for code in LANGUAGES:
        if code != SOURCE:
            path(code).parent.mkdir(parents=True, exist_ok=True)
            path(code).write_bytes(updated(code, texts))


if __name__ == "__main__":
    main()
