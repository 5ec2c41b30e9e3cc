"""Settings of the server: file, environment and option, each name and type checked, all documented."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from engine.site import Site
from wiki import load_settings
from wiki.settings import Settings, SettingsError

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "quire.toml"


def test_defaults_listen_on_loopback_only() -> None:
    assert Settings.load({}) == Settings()
    assert Settings().host == "127.0.0.1"


def test_what_is_given_counts_over_the_environment_and_that_over_the_file(file: Path) -> None:
    file.write_text('port = 1\nhost = "file"\nroot = "file"\n', encoding="utf-8")
    settings = Settings.load({"QUIRE_PORT": "2", "QUIRE_HOST": "environment"}, file, port=3, root=None)
    assert (settings.port, settings.host, settings.root) == (3, "environment", "file")


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("False", False), ("1", True), ("0", False), ("yes", True), ("NO", False)],
)
def test_the_environment_spells_true_and_false_in_words(text: str, value: bool) -> None:
    assert Settings.load({"QUIRE_REMOTE_IMAGES": text}).remote_images is value


def test_other_names_in_the_environment_do_not_matter() -> None:
    assert Settings.load({"PATH": "/bin", "PORT": "99", "QUIRE": "x"}) == Settings()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"QUIRE_PROT": "1"}, "did you mean root or port?"),
        ({"QUIRE_Remote_Image": "1"}, "did you mean remote_images"),
        ({"QUIRE_ZZZ": "1"}, "there are repository, root"),
        ({"QUIRE_PORT": "http"}, "port is 'http'; it must be a whole number"),
        ({"QUIRE_PORT": ""}, "port is ''"),
        ({"QUIRE_PORT": "70000"}, "it must be from 0 to 65535"),
        ({"QUIRE_PORT": "-1"}, "it must be from 0 to 65535"),
        ({"QUIRE_THREADS": "0"}, "it must be from 1 to 256"),
        ({"QUIRE_ANONYMOUS": "admin"}, "it must be one of nobody, reader, editor"),
        ({"QUIRE_REMOTE_IMAGES": "maybe"}, "it must be true or false"),
        ({"QUIRE_RENDER_CACHE": "-5"}, "it cannot be below 0"),
        ({"QUIRE_HOST": ""}, "host is empty"),
        ({"QUIRE_THEMES": "/no/such/folder"}, "there is no such folder"),
        ({"QUIRE_URL": "wiki.example.org"}, "it must be http:// or https:// with a host"),
        ({"QUIRE_URL": "https://"}, "it must be http:// or https:// with a host"),
        ({"QUIRE_URL": "https://example.org/wiki"}, "it must be http:// or https:// with a host"),
        ({"QUIRE_URL": 'https://"><script>'}, "it must be http:// or https:// with a host"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_with_what_would_do(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        Settings.load(environment)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = true", "port is True; it must be a whole number"),
        ("port = 8080.0", "it must be a whole number"),
        ("host = 1", "host is 1; it must be text"),
        ("remote_images = 1", "it must be true or false"),
        ("anonymus = 'nobody'", "did you mean anonymous or anonymous_rate?"),
        ("[server]\nport = 1", "has no setting 'server'"),
        ("port = ", "cannot be read as settings"),
        ("title = 'My wiki'", "has no setting 'title'"),
    ],
)
def test_a_wrong_file_is_refused_with_what_would_do(file: Path, text: str, message: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=re.escape(message)):
        Settings.load({}, file)


def test_a_file_that_is_named_must_be_there(file: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load({}, file)
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load({}, file.parent)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load({}, file)


def test_an_application_takes_its_settings_from_the_environment(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("threads = 3", encoding="utf-8")
    monkeypatch.setenv("QUIRE_CONFIG", str(file))
    monkeypatch.setenv("QUIRE_PORT", "0")
    assert load_settings() == Settings(threads=3, port=0)


# -- documents


def documented(heading: str) -> dict[str, str]:
    section = DOCUMENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", section, re.MULTILINE))


def written(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def test_every_setting_is_documented_with_its_default() -> None:
    assert documented("Of the server") == {field.name: written(field.default) for field in fields(Settings)}


def test_every_setting_of_the_content_is_documented_with_its_default() -> None:
    expected = {field.name: written(field.default) for field in fields(Site) if field.name != "problems"}
    assert documented("Of the content") == expected
