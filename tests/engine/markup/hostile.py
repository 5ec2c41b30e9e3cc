"""Texts that make a careless parser slow: each of about as many characters as it is asked for."""

from collections.abc import Callable, Mapping

from engine.ids import PageId
from engine.model import Form, Name, Target

HOME = PageId.take("Home")


class Loop:
    """Every link leads back to the same text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def target(self, source: PageId, link: str) -> Target | None:
        return Target(Name(f"{link}.md", "0" * 40, Form.PAGE), link) if len(link) % 2 else None

    def text(self, target: Target) -> str | None:
        return self._text


HOSTILE: Mapping[str, Callable[[int], str]] = {
    "colons": lambda n: "a:" * (n // 2),
    "mailto": lambda n: "mailto:" * (n // 7),
    "closing parentheses": lambda n: "http://a.b/" + ")" * n,
    "addresses within addresses": lambda n: "~www." * (n // 5) + "_!",
    "many addresses": lambda n: "www.a.b " * (n // 8),
    "at signs": lambda n: "a@b." * (n // 4),
    "tasks": lambda n: "- [ ] a\n" * (n // 8),
    "same headings": lambda n: "# a\n" * (n // 4),
    "note openings": lambda n: "[^" * (n // 2),
    "brackets": lambda n: "[" * n,
    "images": lambda n: "![" * (n // 2),
    "inline notes": lambda n: "^[" * (n // 3) + "a" + "]" * (n // 3),
    "wide table": lambda n: "|" + "a|" * (n // 4) + "\n|" + "-|" * (n // 4) + "\n|a\n",
    "wikilink openings": lambda n: "[[a " * (n // 4),
    "wikilinks": lambda n: "[[a]] " * (n // 6),
    "embeds": lambda n: "![[a]]\n\n" * (n // 8),
    "dollars": lambda n: "$a " * (n // 3),
    "display dollars": lambda n: "$$a\n" * (n // 4),
    "equals": lambda n: "a==" * (n // 3),
    "percents": lambda n: "x %%a " * (n // 6),
    "carets": lambda n: "a ^id\n\n" * (n // 7),
    "callouts": lambda n: "> [!note]\n\n" * (n // 11),
    "chain of notes": lambda n: "".join(f"[^{i}]: a[^{i + 1}]\n" for i in range(n // 16)) + "\n[^0]",
    "uses of one note": lambda n: "[^1] " * (n // 5) + "\n\n[^1]: x",
    "open tags": lambda n: "<a '" * (n // 4),
    "comments": lambda n: "<!--" * (n // 4),
    "comments in HTML": lambda n: "<div>\n" + "<!-- %% <a %%" * (n // 13) + "%",
    "links in HTML": lambda n: "<div>\n" + "<a href='b'>\n" * (n // 13),
    "equal notes": lambda n: "^[a ^[[[b]]]] " * (n // 14),
    "definitions of links": lambda n: "".join(f"[{i}]: b\n" for i in range(n // 12)) + "\n[1] [2]",
    "style": lambda n: "<div>\n" + "<style " * (n // 7),
    "script ends": lambda n: "<script>\n" + "</script " * (n // 9),
    "blank lines of code": lambda n: "```c\n" + "\n" * n + "```\n",
    "ellipsis": lambda n: "[[b]]" + "." * n,
    "definitions": lambda n: "a\n" + ": b\n" * (n // 4),
    "sentences": lambda n: "a. [[b]] " * (n // 9),
    "one sentence": lambda n: "a, [[b]] " * (n // 9),
    "emphasis": lambda n: "**a *b" * (n // 6),
    "quotes": lambda n: "> a\n" + "b\n" * (n // 2),
    "tags": lambda n: "#é" * (n // 2) + " #t" * (n // 3),
    "blank front matter": lambda n: "---\r\n" + "\r\n" * (n // 2) + "[unclosed\r\n---\r\n",
    "front matter of comments": lambda n: "---\r" + "#\r" * (n // 2) + "[unclosed\r---\r",
    "front matter": lambda n: "---\n" + "a: [\n" * (n // 5) + "---\n",
}
