"""Settings of the content: what is wrong is listed, and the default holds."""

import pytest

from engine.site import MAX_BYTES, Site, parse_site, with_setting


def test_an_empty_file_says_nothing() -> None:
    assert parse_site(b"") == Site()


def test_settings_are_read() -> None:
    site = parse_site('title = "Wiki 🦙"\nlanguage = "pt_BR"\nnaming = "title"\nhome = "a/b"\n'.encode())
    assert (site.title, site.language, site.naming, site.home) == ("Wiki 🦙", "pt-BR", "title", "a/b")
    assert not site.problems


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"titel = 'x'", "knows no setting “titel”"),
        (b"title = 1", "title in quire.toml cannot be 1"),
        (b"[title]\nx = 1", "title in quire.toml cannot be"),
        (b"naming = 'slug'", "naming in quire.toml cannot be 'slug'"),
        (b"language = 'xx'", "is no language code"),
        (b"language = ''", "is no language code"),
        (b"language = 'en\" onload=\"x'", "is no language code"),
        (b"title = ", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"a = " + b"[" * 5_000, "is not TOML"),
        (b"#" * (MAX_BYTES + 1), "is larger than"),
        (b"problems = 'x'", "knows no setting “problems”"),
        (b"port = 80", "knows no setting “port”"),
        (b"anonymous = 'nobody'", "knows no setting “anonymous”"),
    ],
)
def test_what_is_wrong_is_listed_and_the_default_holds(content: bytes, message: str) -> None:
    site = parse_site(content)
    assert [message in problem.message for problem in site.problems] == [True]
    assert {problem.code for problem in site.problems} == {"site-settings"}
    assert (site.title, site.language, site.naming) == ("Quire", "en", "key")


def test_one_wrong_setting_does_not_touch_the_others() -> None:
    site = parse_site(b"title = 'Mine'\nnaming = 'x'\n")
    assert site.title == "Mine"
    assert len(site.problems) == 1


def test_a_setting_gets_another_value_and_all_else_stays() -> None:
    text = '# home = "a"\nhome = \'a\' # so\nlogo="a"\n[citations]\nhome = "a"\n'
    assert with_setting(text, "home", 'b "c"') == text.replace("home = 'a'", 'home = "b \\"c\\""')
    assert with_setting(text, "logo", "b") == text.replace('logo="a"', 'logo="b"')


@pytest.mark.parametrize(
    "text",
    ["", "title = 'x'\n", "home = [\n", 'home = """\na"""\n', "[home]\n", "x = '''\nhome = \"a\"'''\n"],
)
def test_a_setting_that_is_not_plainly_there_is_left(text: str) -> None:
    assert with_setting(text, "home", "b") is None
