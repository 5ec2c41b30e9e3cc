"""What a page says never runs, and never takes long: through every place of a page, in its view and in its preview."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from engine.access import Role
from engine.markup import Markup
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.engine.markup.hostile import HOME, Loop
from tests.engine.markup.test_sanitize import SCHEME_TRICKS, inspect
from tests.people import form_token, signed_in
from tests.wiki.test_escaping import dangers

MARKUP = Markup()
SOON = 60.0  # seconds; each takes a few at most on a machine that is not busy

PLACES: Mapping[str, str] = {
    "link": "[x]({})",
    "link in brackets": "[x](<{}>)",
    "link by definition": "[x][r]\n\n[r]: {}",
    "definition in brackets": "[x][r]\n\n[r]: <{}>",
    "image": "![x]({})",
    "image in brackets": "![x](<{}> 'title')",
    "image that links": "[![x]({})]({})",
    "figure": '![x](<{}> "A caption")',
    "autolink": "<{}>",
    "bare": "{} and www.{}",
    "wikilink": "[[{}]] and [[{}|x]] and [[x|{}]]",
    "embed": "![[{}]]\n\n![[{}|300]]",
    "callout": "> [!note] [x]({})\n> [[{}]]",
    "note": "x^[[x]({})] y[^1]\n\n[^1]: ![x](<{}>)",
    "table": "| [x](<{}>) | [[{}]] |\n|---|---|\n| ![x](<{}>) | <{}> |",
    "HTML": '<a href="{}">x</a> <img src="{}"> <video src="{}" poster="{}"></video> <audio src="{}"></audio>',
    "HTML without quotes": "<a href={}>x</a>\n\n<img src={} alt=x>\n\n<div>\n<a href={}>x</a>\n</div>",
    "HTML with other attributes": '<a xlink:href="{}" ping="{}">x</a> <form action="{}"><button formaction="{}">x</button>',
    "HTML that is no page's": '<object data="{}"></object><embed src="{}"><iframe src="{}"></iframe><base href="{}">',
    "SVG": '<svg><a xlink:href="{}"><use href="{}"/></a><animate attributeName="href" values="{}"/></svg>',
    "MathML": '<math><maction actiontype="statusline" href="{}">x</maction><mi xlink:href="{}">x</mi></math>',
    "formula": "$\\href{{}}{x}$ and $$\\url{{}}$$",
    "style": '<p style="background: url({})">x</p><style>@import "{}";</style>',
    "meta": '<meta http-equiv="refresh" content="0;url={}"><link rel="stylesheet" href="{}">',
    "front matter": "---\nredirect: '{}'\ncover: '{}'\nimage: '{}'\nurl: '{}'\nauthor: '[x]({})'\n---\nx",
    "front matter with links": "---\nredirect: '[[{}]]'\ncover: '![[{}]]'\nparent: '[x]({})'\n---\nx",
    "code": "```{}\n{}\n```\n\n`{}`",
    "diagram": '```mermaid\ngraph TD; A-->B; click A "{}"\n```',
    "heading": "# [x]({}) {}\n\n[y](#{})",
    "tag": "#{}",
    "comment": "%%[x]({})%%\n\n<!-- {} -->",
}
"""Where an address can stand; ``{}`` is it."""


@pytest.fixture
def editor(client: FlaskClient, commit: Commit, wiki: Wiki) -> FlaskClient:
    commit({"a.md": "# A\n"})
    wiki.catch_up()
    return signed_in(client.application, "ada", Role.EDITOR)


@pytest.mark.parametrize("place", PLACES)
def test_no_scheme_that_runs_is_left_wherever_it_stands(place: str) -> None:
    """Spelled with entities, percent signs, control characters or in another width, in whatever holds an address."""
    for trick in SCHEME_TRICKS:
        text = PLACES[place].replace("{}", trick)
        inspect(MARKUP.render(MARKUP.parse(text), HOME, Loop("x")).html)


@pytest.mark.parametrize("place", PLACES)
def test_preview_and_page_run_nothing(editor: FlaskClient, commit: Commit, wiki: Wiki, place: str) -> None:
    token = form_token(editor, "/-/account")
    own = dangers(editor.get("/-/edit/a").text)  # the words of the editor's buttons, as data
    assert own == ["script"]
    tricks = [each for each in SCHEME_TRICKS if "\n" not in each and "\r" not in each]
    files: dict[str, str | bytes | None] = {}
    for number in range(0, len(tricks), 15):
        text = "\n\n".join(PLACES[place].replace("{}", each) for each in tricks[number : number + 15])
        files[f"p{number}.md"] = text
        shown = editor.post("/-/preview", data={"csrf": token, "path": "a.md", "text": text})
        assert shown.status_code == 200
        assert not dangers(shown.text)
        for action in ("preview", "changes"):
            whole = editor.post("/-/edit/a", data={"csrf": token, "text": text, "action": action})
            assert dangers(whole.text) == own
    commit(files)
    wiki.catch_up()
    for path in files:
        for address in (f"/{path.removesuffix('.md')}?redirect=no", f"/-/diff/{path.removesuffix('.md')}"):
            answer = editor.get(address)
            assert answer.status_code == 200
            assert not dangers(answer.text), address
        sent_on = editor.get(f"/{path.removesuffix('.md')}")
        assert sent_on.headers.get("Location", "/")[:1] == "/"
        assert sent_on.headers.get("Location", "/")[:2] != "//"


encoded = st.sampled_from(["j", "&#106;", "&#x6A", "%6A", "\\j", "J", "\uff4a"])
between = st.sampled_from(
    ["", "\t", "&Tab;", "&#9;", "\x01", "\u00ad", "\u200b", "%09", "\\", "&NewLine;", "\0"]
)
colon = st.sampled_from([":", "&colon;", "&#58;", "&#x3a;", "%3A", "\\:", "\uff1a", "&amp;colon;", "\u0589"])


@given(encoded, between, colon, st.sampled_from([*PLACES.values()]))
@example("j", "", "&colon;", "[x]({})")
def test_no_spelling_of_javascript_is_an_address(start: str, gap: str, sign: str, place: str) -> None:
    text = place.replace("{}", f"{start}ava{gap}script{sign}alert(1)")
    inspect(MARKUP.render(MARKUP.parse(text), HOME, Loop("x")).html)


# -- huge and deep documents

DEEP: Mapping[str, Callable[[int], str]] = {
    "quotes": lambda n: ">" * n + " x",
    "spaced quotes": lambda n: "> " * n + "x",
    "growing quotes": lambda n: "\n".join(">" * depth + " x" for depth in range(1, int((2 * n) ** 0.5))),
    "lists": lambda n: "- " * (n // 2) + "x",
    "growing lists": lambda n: "\n".join("  " * depth + "- x" for depth in range(int(n**0.5))),
    "numbered lists": lambda n: "1. " * (n // 3) + "x",
    "quotes and lists": lambda n: "> - " * (n // 4) + "x",
    "emphasis": lambda n: "*" * (n // 2) + "x" + "*" * (n // 2),
    "open emphasis": lambda n: "*a _b " * (n // 6),
    "mixed emphasis": lambda n: "*a **b " * (n // 14) + "c** d*" * (n // 14),
    "brackets": lambda n: "[" * (n // 2) + "x" + "]" * (n // 2),
    "links": lambda n: "[" * (n // 8) + "x" + "](a)" * (n // 8),
    "images": lambda n: "![" * (n // 8) + "x" + "](a)" * (n // 8),
    "reference links": lambda n: "[x][" * (n // 5) + "]" * (n // 5),
    "wikilinks": lambda n: "[[" * (n // 4) + "x" + "]]" * (n // 4),
    "embeds": lambda n: "![[x]] " * (n // 7),
    "notes": lambda n: "^[" * (n // 3) + "x" + "]" * (n // 3),
    "notes that name each other": lambda n: "[^a]\n\n" + "[^a]: [^b] [^a]\n[^b]: [^a] [^b]\n" * (n // 30),
    "table": lambda n: "|a" * (n // 8) + "|\n" + "|-" * (n // 8) + "|\n" + "|x|\n" * (n // 8),
    "long table": lambda n: "|a|b|\n|-|-|\n" + "|x|y|\n" * (n // 6),
    "HTML": lambda n: "<div>" * (n // 11) + "x" + "</div>" * (n // 11),
    "inline HTML": lambda n: "x " + "<b>" * (n // 7) + "x" + "</b>" * (n // 7),
    "HTML that is never closed": lambda n: "<div " * (n // 5),
    "attributes": lambda n: "<div " + " ".join(f"a{k}=b" for k in range(n // 8)) + ">",
    "entities": lambda n: "&amp;" * (n // 5) + "&" * (n // 5),
    "backticks": lambda n: "".join("`" * k + "x" for k in range(1, int((2 * n) ** 0.5))),
    "fences": lambda n: "```\n" * (n // 4),
    "tildes": lambda n: "~" * n,
    "backslashes": lambda n: "\\" * n,
    "definitions": lambda n: "".join(f"[{k}]: x\n" for k in range(n // 10)),
    "one definition": lambda n: "[" + "x" * (n - 6) + "]: y",
    "formulas": lambda n: "$" + "{" * (n // 2) + "}" * (n // 2) + "$",
    "comments": lambda n: "%%" * (n // 2),
    "one line": lambda n: "x " * (n // 2),
    "one word": lambda n: "x" * n,
    "line ends": lambda n: "\n" * n,
    "tabs": lambda n: "\t" * n,
    "headings": lambda n: "# a b\n" * (n // 6),
    "underlines": lambda n: "a\n=\n" * (n // 4),
    "rules": lambda n: "***\n" * (n // 4),
    "tags": lambda n: "#a/b " * (n // 5),
    "at signs": lambda n: "a@b." * (n // 4),
    "addresses": lambda n: "https://" * (n // 8),
    "combining marks": lambda n: "x" + "\u0301" * n,
    "bidi controls": lambda n: "\u202e\u2066" * (n // 2),
}
SIZE = 20_000  # characters


@pytest.mark.parametrize("name", DEEP)
def test_a_huge_or_deep_page_is_read_and_shown_soon(name: str) -> None:
    text = DEEP[name](SIZE)
    begun = time.monotonic()
    parsed = MARKUP.parse(text)
    MARKUP.scan(parsed)
    inspect(MARKUP.render(parsed, HOME, Loop("x")).html)
    assert time.monotonic() - begun < SOON


FRONT: Mapping[str, str] = {
    "aliases of aliases": "a: &a [x, x]\n"
    + "\n".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "an alias of itself": "a: &a [*a]",
    "merged keys": "a: &a {x: 1}\nb:\n  <<: [" + ", ".join(["*a"] * 5_000) + "]",
    "deep lists": "a: " + "[" * 20_000,
    "deep mappings": "a: " + "{a: " * 20_000,
    "many keys": "\n".join(f"k{n}: {n}" for n in range(20_000)),
    "one key": "x" * 100_000 + ": 1",
    "one value": "a: " + "x" * 200_000,
    "a number": "a: " + "9" * 100_000,
    "a float": "a: 1e" + "9" * 1_000,
    "base sixty": "a: " + ":".join(["59"] * 5_000),
    "a date": "a: 9999999-99-99",
    "a date far away": "a: 9999-12-31T23:59:59+23:59",
    "tags that make objects": "a: !!python/object/apply:os.system ['touch x']\nb: !!python/name:os.system\nc: !x {}",
    "anchors": "\n".join(f"k{n}: &a{n} x" for n in range(10_000)),
    "documents": "a: 1\n...\n---\nb: 2",
    "directives": "%YAML 9.9\n%TAG ! tag:x,2000:\n--- !x",
    "binary": "a: !!binary " + "A" * 100_000,
    "control characters": "a: \x01\x1b[31m",
    "tags and aliases": "tags: ["
    + ", ".join(f"t{n}" for n in range(5_000))
    + "]\naliases: ["
    + "x, " * 5_000
    + "]",
}


@pytest.mark.parametrize("name", FRONT)
def test_no_front_matter_takes_long_or_runs(editor: FlaskClient, wiki: Wiki, name: str) -> None:
    text = f"---\n{FRONT[name]}\n---\n# Shown\n"
    begun = time.monotonic()
    token = form_token(editor, "/-/account")
    shown = editor.post("/-/preview", data={"csrf": token, "path": "a.md", "text": text})
    assert shown.status_code == 200
    assert "Shown" in shown.text
    saved = editor.post("/-/edit/n", data={"csrf": token, "text": text})
    assert saved.status_code == 303
    wiki.catch_up()
    for address in ("/n?redirect=no", "/-/history/n", "/-/edit/n", "/n.md"):
        assert editor.get(address).status_code == 200, address
    assert time.monotonic() - begun < SOON


def test_embeds_of_embeds_do_not_multiply(editor: FlaskClient, commit: Commit, wiki: Wiki) -> None:
    """Ten pages that each embed the next one ten times would be ten thousand million."""
    pages: dict[str, str | bytes | None] = {
        f"e{n}.md": f"![[e{n + 1}]]\n\n" * 10 + "words " * 200 for n in range(10)
    }
    commit(pages | {"e10.md": "![[e0]]\n\n" * 10 + "end\n", "self.md": "![[self]]\n\n" * 2_000})
    wiki.catch_up()
    begun = time.monotonic()
    for page in ("e0", "e5", "self"):
        answer = editor.get(f"/{page}")
        assert answer.status_code == 200
        assert len(answer.data) < 5_000_000
    assert time.monotonic() - begun < SOON


SLOW = [
    "a" * 500, '"' * 500, "(" * 500, "*" * 500, "-" * 500, "a* " * 166, '"a b ' * 100, "tag:" * 125, "NOT " * 125,
    "a~" * 250, "(a+)+$" * 80, ".*" * 250, "[a-z]{1,99}" * 40, "\\" * 500, "title:" * 80, "AND OR NOT " * 45,
    "\u0301" * 500, "ﷺ" * 500, "中" * 500, "é" * 500, "a\tb\n" * 120,
]  # fmt: skip


@pytest.mark.parametrize("text", SLOW, ids=lambda text: ascii(text[:12]))
def test_no_search_takes_long(editor: FlaskClient, commit: Commit, wiki: Wiki, text: str) -> None:
    commit({f"s{n}.md": "aaaa " * 200 + "中文 é (a) tag\n" for n in range(5)})
    wiki.catch_up()
    begun = time.monotonic()
    for address in ("/-/search", "/-/suggest"):
        for typed in (text, text * 40):
            assert editor.get(address, query_string={"q": typed}).status_code in {200, 400}
    assert editor.get(f"/{quote(text[:300], safe='')}").status_code in {302, 404}
    assert time.monotonic() - begun < SOON
