"""Raw HTML passes; the pages and media that its links and images name are found like any others."""

import html
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from engine.markup.context import Context, context_of
from engine.markup.links import Address, split_address
from engine.markup.rules import image, link
from engine.markup.tags import open_tag
from engine.model import LinkKind

# No "<" within a tag, so that each try ends at the next one. What is written otherwise passes as it is.
_TAG = re.compile(
    r"<!--|<(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<rest>(?:[\s/](?:[^<>\"']|\"[^<\"]*\"|'[^<']*')*)?)>"
)
_ATTRIBUTE = re.compile(
    r"(?P<name>[^\s\"'<>/=]+)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"'=<>`]+)))?"
)
_ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_COMMENT_OR_UNREAD = re.compile(r"<!--|<(?P<name>script|style)\b")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_SOURCES = {"img": "src", "audio": "src", "video": "src", "source": "src"}


def use(md: MarkdownIt) -> None:
    """Add the way raw HTML is shown."""
    md.add_render_rule("html_inline", render)
    md.add_render_rule("html_block", render)


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Pass HTML on, with links resolved."""
    content = tokens[index].content
    context = context_of(env)
    return content if context is None else rewrite(content, context)


def rewrite(content: str, context: Context) -> str:
    """Resolve the addresses in a piece of HTML; within an embed also drop ids, which might occur twice."""
    parts: list[str] = []
    done = 0
    for match in _tags(content):
        new = _rewritten(match, context)
        if new is not None:
            parts += (content[done : match.start()], new)
            done = match.end()
    return "".join((*parts, content[done:]))


@dataclass(frozen=True, slots=True)
class HtmlLink:
    """A link or an image in a piece of HTML that leads to a file of the wiki."""

    position: int  # of its tag
    kind: LinkKind
    address: Address
    value: tuple[int, int]  # where the attribute with the address stands, without quotes


def references(content: str) -> Iterator[HtmlLink]:
    """Find the links and images in a piece of HTML that lead to files of the wiki."""
    for match in _tags(content):
        name = match["name"].lower()
        attribute = "href" if name == "a" else _SOURCES.get(name)
        if attribute is None or (value := _value(match, attribute)) is None:
            continue
        address = split_address(html.unescape(content[slice(*value)]))
        if address is not None and (address.target or name == "a"):
            yield HtmlLink(match.start(), LinkKind.LINK if name == "a" else LinkKind.IMAGE, address, value)


def words(content: str) -> str:
    """Return the words of a piece of HTML: no tags, no comments, no scripts."""
    kept: list[str] = []
    done = 0
    lower = content.translate(_LOWER)  # of the same length, as `lower` need not be
    for match in _COMMENT_OR_UNREAD.finditer(lower):
        if match.start() < done:
            continue
        kept.append(content[done : match.start()])
        closing = lower.find(f"</{match['name']}" if match["name"] else "-->", match.end())
        end = lower.find(">", closing) + 1 if closing >= 0 else 0
        if not end:
            done = len(content)
            break
        done = end
    kept.append(content[done:])
    return html.unescape(_ANY_TAG.sub("", "".join(kept)))


def _tags(content: str) -> Iterator[re.Match[str]]:
    position = 0
    while match := _TAG.search(content, position):
        position = match.end()
        if match["name"] is not None:
            yield match
            continue
        end = content.find("-->", position)
        if end < 0:
            return
        position = end + 3


def _value(tag: re.Match[str], attribute: str) -> tuple[int, int] | None:
    """Return where the value of an attribute stands; ``None`` where the tag has none."""
    start = tag.start("rest")
    for match in _ATTRIBUTE.finditer(tag["rest"]):
        if match["name"].lower() == attribute:
            group = _written(match)
            return (start + match.start(group), start + match.end(group)) if group else None
    return None


def _written(attribute: re.Match[str]) -> str | None:
    """Return how a value is written; ``None`` where there is none."""
    return next((key for key in ("double", "single", "bare") if attribute[key] is not None), None)


def _attributes(rest: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for match in _ATTRIBUTE.finditer(rest):
        group = _written(match)
        found.setdefault(match["name"].lower(), html.unescape(match[group]) if group else "")
    return found


def _rewritten(match: re.Match[str], context: Context) -> str | None:
    """Return the tag as it should be; ``None`` to leave it."""
    name = match["name"].lower()
    attributes = _attributes(match["rest"])
    before = dict(attributes)
    if context.embedded:
        attributes.pop("id", None)
        attributes.pop("name", None)
    if name == "a" and attributes.get("href"):
        attributes |= _link(attributes, context)
    elif (key := _SOURCES.get(name)) and (source := attributes.get(key)):
        attributes[key] = image.resolved(source, context) or source
    if attributes == before:
        return None
    closing = " /" if match["rest"].endswith("/") else ""
    return open_tag(name, attributes)[:-1] + closing + ">"


def _link(attributes: dict[str, str | None], context: Context) -> dict[str, str | None]:
    found = link.resolved(attributes["href"] or "", context)
    classes = [attributes.get("class"), found.get("class")]
    joined = " ".join(name for name in classes if name)
    return found | ({"class": joined} if joined else {})
