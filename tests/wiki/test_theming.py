"""Themes: the chosen one first, then the default; assets kept for a year by their digest."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit
from wiki import create_app
from wiki.settings import Settings


@pytest.fixture
def themes(tmp_path: Path) -> Path:
    return tmp_path / "themes"


def make(themes: Path, name: str, files: dict[str, str]) -> None:
    for path, text in ({"theme.toml": f'name = "{name}"\n'} | files).items():
        file = themes / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def serve(wiki: Wiki, themes: Path) -> FlaskClient:
    return create_app(Settings(themes=str(themes)), wiki).test_client()


def sheet(client: FlaskClient) -> str:
    """Return the address of the style sheet, as the home page has it."""
    return next(part for part in client.get("/").text.split('"') if "/css/reading.css?" in part)


def test_a_theme_may_be_one_style_sheet(commit: Commit, wiki: Wiki, themes: Path) -> None:
    make(themes, "dark", {"static/css/variables.css": ":root { --text: white; }\n"})
    commit({"quire.toml": 'theme = "dark"', "index.md": "Text\n"})
    client = serve(wiki, themes)
    assert client.get("/-/static/dark/css/variables.css").text == ":root { --text: white; }\n"
    text = client.get(sheet(client)).text
    assert text.index("--text: light-dark(") < text.index("--text: white") < text.index("box-sizing")
    assert "--link: light-dark(" in text  # what it does not name is as in the default theme


def test_a_theme_may_add_to_style_and_scripts(commit: Commit, wiki: Wiki, themes: Path) -> None:
    make(themes, "more", {"static/css/own.css": "p { color: red; }\n", "static/js/own.js": "const a = 1;\n"})
    commit({"quire.toml": 'theme = "more"', "index.md": "Text\n"})
    client = serve(wiki, themes)
    assert "p { color: red; }" in client.get(sheet(client)).text
    assert client.get("/-/static/more/js/reading.js").text.endswith("{\nconst a = 1;\n}\n")
    assert "p { color: red; }" not in client.get("/-/static/default/css/reading.css").text


def test_the_style_sheet_names_files_by_their_digest(commit: Commit, client: FlaskClient) -> None:
    commit({"index.md": "Text\n"})
    icons = re.findall(r'url\("([^"]*)"\)', client.get(sheet(client)).text)
    assert icons
    for address in icons:
        assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_sheet_by_itself_names_files_by_their_digest_too(commit: Commit, client: FlaskClient) -> None:
    commit({"index.md": "Text\n"})
    (icons,) = re.findall(r'url\("([^"]*)"\)', client.get("/-/static/default/css/editor.css").text)
    assert client.get(icons).headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_templates_ask_whether_there_is_an_asset(commit: Commit, wiki: Wiki, themes: Path) -> None:
    asked = '{% for path in ("js/own.js", "js/early.js", "js/none.js", "../theme.toml", "js") %}{{ has_asset(path) }} {% endfor %}'
    make(themes, "mine", {"templates/layout.html": asked, "static/js/own.js": ""})
    commit({"quire.toml": 'theme = "mine"', "index.md": "Text\n"})
    assert serve(wiki, themes).get("/").text.split() == ["True", "True", "False", "False", "False"]


def test_answers_do_not_depend_on_what_assets_are_built_from(
    commit: Commit, wiki: Wiki, themes: Path
) -> None:
    commit({"quire.toml": 'theme = "mine"', "index.md": "Text\n"})
    wiki.catch_up()
    tags = []
    for files in ({}, {"editor/node_modules/a/index.js": "1"}, {"static/js/own.js": "1"}):
        make(themes, "mine", files)
        tags.append(serve(wiki, themes).get("/").headers["ETag"])
    assert tags[0] == tags[1] != tags[2]


def test_style_and_scripts_travel_packed_to_who_can_unpack_them(commit: Commit, client: FlaskClient) -> None:
    commit({"index.md": "Text\n"})
    plain = client.get(sheet(client))
    packed = client.get(sheet(client), headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    again = client.get(
        sheet(client), headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_a_theme_may_be_one_template(commit: Commit, wiki: Wiki, themes: Path) -> None:
    make(
        themes,
        "plain",
        {"templates/layout.html": "<!doctype html><title>Mine</title>{% block content %}{% endblock %}"},
    )
    commit({"quire.toml": 'theme = "plain"', "index.md": "Text\n"})
    client = serve(wiki, themes)
    text = client.get("/").text
    assert "<title>Mine</title>" in text
    assert "<p>Text</p>" in text
    assert "<title>Mine</title>" in client.get("/missing").text


def test_a_theme_may_come_before_the_default_one(commit: Commit, wiki: Wiki, themes: Path) -> None:
    make(themes, "default", {"static/css/variables.css": "/* ours */"})
    commit({"index.md": "Text\n"})
    client = serve(wiki, themes)
    text = client.get(sheet(client)).text
    assert "/* ours */" in text
    assert "box-sizing" in text


@pytest.mark.parametrize(
    "name",
    ["missing", "", ".", "..", "../default", "default/", "/etc", "default/static", "x" * 3_000, "\\u0000"],
)
def test_an_unknown_theme_is_the_default_one(
    commit: Commit, client: FlaskClient, app: Flask, name: str
) -> None:
    commit({"quire.toml": f'theme = "{name}"', "index.md": "Text\n"})
    assert client.get("/").status_code == 200
    assert sheet(client).startswith("/-/static/default/css/reading.css?v=")
    assert set(app.extensions["quire"].themes._environments) == {"default"}


def test_a_theme_that_is_broken_is_an_error_page(commit: Commit, wiki: Wiki, themes: Path) -> None:
    make(themes, "broken", {"templates/layout.html": "{% block"})
    commit({"quire.toml": 'theme = "broken"', "index.md": "Text\n"})
    answer = serve(wiki, themes).get("/")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert "Traceback" not in answer.text


def test_undefined_names_in_a_template_are_errors(commit: Commit, wiki: Wiki, themes: Path) -> None:
    make(themes, "odd", {"templates/layout.html": "{{ no_such_name }}"})
    commit({"quire.toml": 'theme = "odd"', "index.md": "Text\n"})
    assert serve(wiki, themes).get("/").status_code == 500


def test_an_asset_is_kept_for_a_year_by_its_digest(commit: Commit, client: FlaskClient) -> None:
    commit({"index.md": "Text\n"})
    address = sheet(client)
    answer = client.get(address)
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for other in (address.partition("?")[0], address[:-1], f"{address}x"):
        assert client.get(other).headers["Cache-Control"] == "no-cache"
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_an_asset_of_another_content_has_another_address(commit: Commit, wiki: Wiki, themes: Path) -> None:
    commit({"quire.toml": 'theme = "mine"', "index.md": "Text\n"})
    seen = set()
    for text in ("/* one */", "/* two */"):
        make(themes, "mine", {"static/css/base.css": text})
        client = serve(wiki, themes)
        address = sheet(client)
        seen.add(address)
        assert text in client.get(address).text
    assert len(seen) == 2


def test_another_theme_is_another_etag(commit: Commit, wiki: Wiki, themes: Path) -> None:
    commit({"index.md": "Text\n"})
    wiki.catch_up()
    first = create_app(Settings(), wiki).test_client().get("/").headers["ETag"]
    make(themes, "default", {"static/css/base.css": "/* another */"})
    assert serve(wiki, themes).get("/", headers={"If-None-Match": first}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "theme.toml",
        "../theme.toml",
        "css/../../theme.toml",
        "css/../../../../pyproject.toml",
        "/etc/passwd",
        "css",
        "css/",
        ".",
        "templates/layout.html",
    ],
)
def test_only_static_files_are_assets(app: Flask, path: str) -> None:
    assert app.extensions["quire"].themes.asset("default", path) is None
