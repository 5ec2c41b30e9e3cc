"""What may become a path, and how names that people type are compared."""

import pytest

from engine.errors import PageIdError
from engine.ids import PageId, fold, fold_path, page_stem, parse_path, unsafe_because, url_path

REFUSED = {
    "": "empty",
    "/": "empty",
    "/a": "empty",
    "a/": "empty",
    "a//b": "empty",
    ".": "dot or a space",
    "..": "dot or a space",
    "a/./b": "dot or a space",
    "a/../b": "dot or a space",
    "../a": "dot or a space",
    "a.": "dot or a space",
    "a ": "dot or a space",
    "a/b. ./c": "dot or a space",
    "...": "dot or a space",
    ".git": "git's own",
    "a/.git/b": "git's own",
    ".GIT": "git's own",
    ".giT/config": "git's own",
    "git~1": "git's own",
    "GIT~1/config": "git's own",
    "git~27": "git's own",
    ".git::$INDEX_ALLOCATION": "git's own",
    ".git:stream": "git's own",
    ".git .:x": "git's own",
    "git~1:x": "git's own",
    ".g\u200cit": "git's own",
    "\ufeff.git": "git's own",
    ".git\u200d": "git's own",
    ".\u206fg\u200fi\u200et": "git's own",
    "．ｇｉｔ": "git's own",
    ".\u200c\u2024": "file system",
    "․․": "file system",
    "\u200c": "file system",
    "a／․．": "file system",
    "a\\b": "backslash",
    "..\\b": "backslash",
    "a\0b": "U+0000",
    "a\nb": "U+000A",
    "a\rb": "U+000D",
    "a\tb": "U+0009",
    "a\x1bb": "U+001B",
    "a\x7fb": "U+007F",
    "a\x85b": "U+0085",
    "a\u2028b": "U+2028",
    "a\u2029b": "U+2029",
    "a\u202eb": "U+202E",
    "a\u202ab": "U+202A",
    "a\u2066b": "U+2066",
    "a\u2069": "U+2069",
    "a\ud800b": "U+D800",
    "\udcff": "U+DCFF",
    "x" * 256: "255 bytes",
    "é" * 128: "255 bytes",
    "d/" * 512 + "a": "1024 bytes",
}

ACCEPTED = [
    "a",
    "a.md",
    ".gitignore",
    ".gitattributes",
    ".github/a.md",
    "git",
    "agit~1",
    "a.git",
    "git~",
    "git~x",
    "-",
    "--output=x",
    "-rf",
    "~",
    "$(x)",
    ":(glob)*",
    "*?[a]",
    "a:b",
    " a",
    "a  b",
    "...a",
    "..a/b",
    "%2e%2e/a",
    "…",
    "a／b",
    "首页",
    "Zoë",
    "Zoe\u0308",
    "نرم\u200cافزار",  # Persian, with a zero-width non-joiner
    "👩\u200d🔬",
    "ﬁ",
    "x" * 255,
    "d/" * 511 + "ab",
]


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_an_unsafe_path_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(PageIdError) as caught:
        parse_path(text)
    assert REFUSED[text] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_an_unsafe_page_id_is_refused(text: str) -> None:
    with pytest.raises(PageIdError):
        PageId.parse(text)


@pytest.mark.parametrize("text", ACCEPTED, ids=ascii)
def test_a_safe_path_stays_as_it_is(text: str) -> None:
    assert parse_path(text) == text


def test_a_page_id_leaves_room_for_its_suffix() -> None:
    assert PageId.parse("x" * 252).path == "x" * 252 + ".md"
    with pytest.raises(PageIdError, match="255 bytes"):
        PageId.parse("x" * 253)
    with pytest.raises(PageIdError, match="1024 bytes"):
        PageId.parse("d/" * 511 + "a")


def test_the_reason_names_no_part_when_it_is_safe() -> None:
    assert unsafe_because("a") is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Llama Organization", "llama-organization"),
        ("llama_organization", "llama-organization"),
        ("Llama  - _Organization", "llama-organization"),
        ("a\u00a0b\u3000c", "a-b-c"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ﬁne", "fine"),
        ("ＡＢＣ", "abc"),
        ("Zoe\u0308", "zoë"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("ǅ", "dž"),
        ("İ", "i̇"),
        ("①", "1"),
        ("℅", "c⁄o"),
        ("a／b", "a⁄b"),
        ("首页", "首页"),
        ("", ""),
    ],
)
def test_a_key_is_what_people_may_type(text: str, key: str) -> None:
    assert fold(text) == key


def test_a_key_has_the_parts_of_its_path() -> None:
    assert fold_path("News/2026-03-09 Reorganisation") == "news/2026-03-09-reorganisation"
    assert PageId.parse("A b/C／d").key == "a-b/c⁄d"


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("a.md", "a"),
        ("a/b.MD", "a/b"),
        ("a.markdown", "a"),
        ("a.Markdown", "a"),
        ("a.md.md", "a.md"),
        ("a.markdown.md", "a.markdown"),
        (".hidden.md", ".hidden"),
        ("a.txt", None),
        ("amd", None),
        (".md", None),
        ("a/.md", None),
        ("a/.markdown", None),
        ("a.md/b", None),
        ("", None),
    ],
)
def test_a_page_is_told_by_its_suffix(path: str, stem: str | None) -> None:
    assert page_stem(path) == stem


def test_an_address_is_quoted_for_a_url() -> None:
    assert url_path("zh/首页") == "/zh/%E9%A6%96%E9%A1%B5"
    assert url_path("a b?c#d%e\\f") == "/a%20b%3Fc%23d%25e%5Cf"
    assert PageId.parse("What? (1+1=2)").url == "/What%3F%20(1+1=2)"


def test_a_page_id_knows_its_place() -> None:
    page = PageId.parse("help/Getting started/Search")
    assert (page.folder, page.last, page.path) == (
        "help/Getting started",
        "Search",
        "help/Getting started/Search.md",
    )
    assert str(page) == "help/Getting started/Search"
    assert PageId.parse("Search").folder == ""


def test_names_that_the_repository_has_are_taken_as_they_are() -> None:
    assert str(PageId.take("a\\b/..evil ")) == "a\\b/..evil "
