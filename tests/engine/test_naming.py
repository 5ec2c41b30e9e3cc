"""What files are called that are made here: pages after their titles, other files after their own names."""

from itertools import islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import InvalidChangeError
from engine.ids import PageId, page_stem, parse_path
from engine.naming import file_name, has_suffix, media_name, numbered


@pytest.mark.parametrize(
    ("title", "key", "kept"),
    [
        ("Llama Organization", "llama-organization.md", "Llama Organization.md"),
        ("  What?  Why: a/b \\ c ", "what-why-a-b-c.md", "What Why a b c.md"),
        ("首页", "首页.md", "首页.md"),
        ("C++ & C#", "c++-&-c.md", "C++ & C.md"),
        ("v1.2.", "v1.2.md", "v1.2.md"),
        ("--output=x", "output=x.md", "output=x.md"),
        ("..", "", ""),
        (".git", "git.md", "git.md"),
        ("???", "", ""),
        ("a\nb\u202ec", "a-b-c.md", "a b c.md"),
        ("ﬁne", "fine.md", "ﬁne.md"),
    ],
)
def test_a_title_gives_a_file_name(title: str, key: str, kept: str) -> None:
    assert (file_name(title), file_name(title, "title")) == (key, kept)


def test_a_long_title_is_cut_between_characters() -> None:
    for naming in ("key", "title"):
        name = file_name("漢" * 300, naming)
        assert len(name.encode()) == 84 * 3 + 3


@given(st.text(max_size=40), st.sampled_from(["key", "title"]))
def test_whatever_the_title_is_the_name_is_one_safe_part(title: str, naming: str) -> None:
    name = file_name(title, naming)
    assert "/" not in name
    if name:
        parse_path(name)
        PageId.parse(name.removesuffix(".md"))
        assert not name.startswith(("-", "."))


@pytest.mark.parametrize(
    ("text", "key", "kept"),
    [
        ("Photo 2026.PNG", "photo-2026.png", "Photo 2026.png"),
        ("archive.tar.GZ", "archive.tar.gz", "archive.tar.gz"),
        ("notes", "notes", "notes"),
        ("report.final version", "report.final-version", "report.final version"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("/etc/passwd", "passwd", "passwd"),
        ("C:\\Users\\ada\\x.JPG", "x.jpg", "x.jpg"),
        ("\\\\server\\share\\x.jpg", "x.jpg", "x.jpg"),
        ("a/b/", "b", "b"),
        ("..", "", ""),
        ("-rf.png", "rf.png", "rf.png"),
        ("--output=x.png", "output=x.png", "output=x.png"),
        ("con.png", "file-con.png", "file-con.png"),
        ("NUL", "file-nul", "file-NUL"),
        ("lpt1.tar.gz", "file-lpt1.tar.gz", "file-lpt1.tar.gz"),
        ("COM\u00b9.txt", "file-com1.txt", "file-COM\u00b9.txt"),
        ("aux .png", "file-aux.png", "file-aux.png"),
        ("Con Air.png", "con-air.png", "Con Air.png"),
        ("a\u202egnp.exe", "a-gnp.exe", "a gnp.exe"),
        ("a\u200bb.p\u2060ng", "ab.png", "ab.png"),
        ("a\0b\r\n.png", "a-b.png", "a b.png"),
        ("x.md\0.png", "x.md.png", "x.md.png"),
        ("photo.png ", "photo.png", "photo.png"),
        ("photo.png...", "photo.png", "photo.png"),
        ("a|b#c^[d]%.png", "a-b-c-d.png", "a b c d.png"),
        ("x.md::$DATA", "x.md-$data", "x.md $DATA"),
        ("e\u0301.png", "\u00e9.png", "\u00e9.png"),
        ("\u0440\u0430ypal.png", "\u0440\u0430ypal.png", "\u0440\u0430ypal.png"),
        (
            "\u0646\u0645\u0648\u0630\u062c.png",
            "\u0646\u0645\u0648\u0630\u062c.png",
            "\u0646\u0645\u0648\u0630\u062c.png",
        ),
        ("???.png", "file.png", "file.png"),
        ("///", "file", "file"),
        ("", "file", "file"),
    ],
)
def test_a_file_keeps_its_name_as_far_as_that_is_safe(text: str, key: str, kept: str) -> None:
    if not key:
        for naming in ("key", "title"):
            with pytest.raises(InvalidChangeError):
                media_name(text, naming)
    else:
        assert (media_name(text), media_name(text, "title")) == (key, kept)


@pytest.mark.parametrize("naming", ["key", "title"])
@pytest.mark.parametrize(
    "text",
    [
        "a.md",
        "a.MARKDOWN",
        "evil\uff0emd",
        "evil.md\u200e",
        "evil.\u200bmd",
        "x.png\0.md",
        "x.png.md",
        "a.md. .",
    ],
)
def test_what_is_called_like_a_page_is_no_medium(text: str, naming: str) -> None:
    with pytest.raises(InvalidChangeError, match="would be a page"):
        media_name(text, naming)


@pytest.mark.parametrize("naming", ["key", "title"])
@pytest.mark.parametrize(
    "text", [".htaccess", ".git", "../.gitattributes", " .hidden.png", "\u202e.x", "..%2f..%2fx"]
)
def test_hidden_files_are_refused(text: str, naming: str) -> None:
    with pytest.raises(InvalidChangeError, match="begins with a dot"):
        media_name(text, naming)


def test_a_long_name_keeps_its_suffix() -> None:
    name = media_name("漢" * 300 + ".PNG")
    assert name.endswith("漢.png")
    assert len(name.encode()) <= 255


@given(st.text(max_size=40), st.sampled_from(["key", "title"]), st.sampled_from(["", ".png", ".md", ".Gz"]))
@example("-:0", "title", "")
@example("-:.0", "key", ".png")
def test_whatever_a_file_is_called_its_name_is_one_safe_part(text: str, naming: str, suffix: str) -> None:
    try:
        name = media_name(text + suffix, naming)
    except InvalidChangeError:
        return
    assert "/" not in name
    assert "\\" not in name
    parse_path(name)
    assert page_stem(name) is None
    assert not name.startswith(("-", "."))
    assert media_name(name, naming) == name


def test_names_are_numbered() -> None:
    assert list(islice(numbered("leaf.png"), 3)) == ["leaf-2.png", "leaf-3.png", "leaf-4.png"]
    assert list(islice(numbered("leaf"), 2)) == ["leaf-2", "leaf-3"]
    assert len(next(numbered("漢" * 83 + ".png")).encode()) <= 255


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a.png", True), ("a.PNG ", True), ("a", False), (".png", False), ("a.b c", False), ("a.", False)],
)
def test_a_suffix_is_told(text: str, expected: bool) -> None:
    assert has_suffix(text) is expected
