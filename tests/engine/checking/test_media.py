"""Media that nothing shows or links to are found; the settings of the content are checked."""

from tests.engine.checking.conftest import Check


def test_media_that_are_used_are_not_found(check: Check) -> None:
    files: dict[str, str | bytes | None] = {
        "a.md": "---\ncover: m/cover.png\nmore: {deep: ['[[deep.png]]']}\n---\n![](m/shown.png) [x](m/linked.pdf) ![[e.png]]"
        ' <img src="m/raw.png">\n\n![[b]]\n',
        "b.md": "![](m/inner.png)",
        "quire.toml": 'logo = "m/logo.svg"',
        ".hidden/x.png": b"",
        "toc.yml": "",
        "LICENSE": "",
    }
    names = ("cover", "deep", "shown", "e", "raw", "inner")
    media = {f"m/{name}.png": b"x" for name in names}
    assert check({**files, **media, "m/linked.pdf": b"x", "m/logo.svg": b"x"}) == []


def test_media_that_are_not_used_are_found(check: Check) -> None:
    files: dict[str, str | bytes | None] = {
        "a.md": "`![](code.png)` ![](one/same.png)",
        "code.png": b"x",
        "one/same.png": b"x",
        "two/same.png": b"x",
        "data.zip": b"x",
    }
    found = check(files)
    assert [(each.code, each.path) for each in found] == [
        ("unused-media", path) for path in ("code.png", "data.zip", "two/same.png")
    ]
    assert check({"a.md": "[[data.zip]] ![[two/same.png]] ![](one/same.png) ![](code.png)"}) == []


def test_settings_of_the_content_are_checked(check: Check) -> None:
    found = check({"quire.toml": 'titel = "x"\nhome = "nowhere"\nlogo = "none.svg"\n', "a.md": ""})
    assert [(each.code, each.path) for each in found] == [("site-settings", "quire.toml")] * 3
    assert check({"quire.toml": 'title = "x"\nhome = "a"\n'}) == []
