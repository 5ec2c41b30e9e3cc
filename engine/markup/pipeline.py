"""The pipeline: one parse, two passes over it, and sanitizing last."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markdown_it import MarkdownIt

from engine import frontmatter
from engine.ids import PageId
from engine.markup.context import Context, Whole, env_for
from engine.markup.limits import Limits
from engine.markup.linker import Linker
from engine.markup.parsed import Draft, Parsed, new_env
from engine.markup.parser import dialect
from engine.markup.places import Placed, places
from engine.markup.plain import plain
from engine.markup.rules.heading import headings
from engine.markup.sanitize import sanitize
from engine.markup.scan import scan
from engine.markup.sections import Span, select, span
from engine.markup.tracing import tracing, with_trace
from engine.messages import Message
from engine.model import Facts, Problem


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as HTML."""

    html: str
    problems: tuple[Problem, ...] = ()  # only those that rendering found; the others are among the facts


@dataclass(frozen=True, slots=True)
class Traced:
    """A page with the places of its links."""

    text: str  # as it is in the file
    parsed: Parsed
    facts: Facts
    links: tuple[Placed, ...]  # in the order of the facts' links


class Markup:
    """Turns Markdown into facts and HTML. Built once; it keeps nothing between calls, so threads may share it."""

    def __init__(self, limits: Limits = Limits()) -> None:  # noqa: B008 - it is frozen
        self.limits = limits
        self._dialect = dialect(limits)

    def parse(self, text: str) -> Parsed:
        """Read a page. Never fails: any text is a page, and what is odd about it is among its problems."""
        return self._parse(text, self._dialect, {})

    def _parse(self, text: str, dialect: MarkdownIt, env: dict[str, Any]) -> Parsed:
        text = _without_surrogates(text)
        kept = _cut(text, self.limits.page_bytes)
        front = frontmatter.split(kept)
        lang = front.properties.get("lang")
        notepad = Draft(self.limits, lang if isinstance(lang, str) else "")
        tokens = dialect.parse(front.body, env | new_env(notepad))
        _too_deep(tokens, self.limits.nesting, notepad)
        offset = front.body_line - 1
        problems = [
            *front.problems,
            *(Problem(problem.code, problem.message, problem.line + offset) for problem in notepad.problems),
        ]
        if len(kept) < len(text):
            message = Message(
                "The page is longer than %(limit)s bytes; it is cut here.",
                limit=f"{self.limits.page_bytes:,}",
            )
            problems.append(Problem("large-page", message, kept.count("\n")))
        problems.sort(key=lambda problem: problem.line)
        return Parsed(tuple(tokens), tuple(notepad.notes), front.properties, tuple(problems), front.body_line)

    def scan(self, parsed: Parsed) -> Facts:
        """Learn what other pages and the search need to know of a page."""
        return scan(parsed)

    def trace(self, text: str) -> Traced:
        """Read and scan a page, and find where in its file's text each of its links is written."""
        env: dict[str, Any] = {}
        trace = with_trace(env)
        parsed = self._parse(text, self._tracing, env)
        facts = scan(parsed)
        return Traced(text, parsed, facts, places(text, parsed, trace, facts.links))

    @cached_property
    def _tracing(self) -> MarkdownIt:
        return tracing(self.limits)

    def has_part(self, parsed: Parsed, fragment: str) -> bool:
        """Say whether a page has the section or block that an embed names."""
        return select(parsed.tokens, fragment) is not None

    def span(self, parsed: Parsed, anchor: str) -> Span | None:
        """Return the lines of a section, see `engine.markup.sections.span`."""
        return span(parsed, anchor)

    def render(self, parsed: Parsed, page: PageId, linker: Linker, lang: str = "") -> Rendered:
        """Write a page as HTML that is safe to show, with links resolved.

        Args:
            parsed: What `parse` gave.
            page: Where it stands, for the links that are relative.
            linker: Resolves links and reads embedded pages.
            lang: The page's language, a BCP 47 tag: in it rendering says what it says itself.
        """
        limits = self.limits
        whole = Whole(linker, limits, self.parse, limits.embed_bytes, limits.highlight_total, lang)
        anchors: dict[str, str] = {}
        for heading, inline in headings(parsed.tokens):
            anchors.setdefault(plain(inline.children).strip(), heading.meta["anchor"])
        context = Context(page, parsed, whole, chain=((str(page), ""),), anchors=anchors)
        html = self._write(parsed.tokens, env_for(context))
        return Rendered(sanitize(html), tuple(whole.problems))

    def _write(self, tokens: Sequence[Any], env: dict[str, Any]) -> str:
        return str(self._dialect.renderer.render(tokens, self._dialect.options, env))


def _without_surrogates(text: str) -> str:
    """Replace lone surrogates, which are no characters and which no encoding can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _cut(text: str, limit: int) -> str:
    """Return *text* up to the last line end within *limit* bytes."""
    if len(text) * 4 <= limit:
        return text
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    start = encoded[:limit].decode(errors="ignore")
    return start[: start.rfind("\n") + 1] or start


def _too_deep(tokens: Sequence[Any], nesting: int, notepad: Draft) -> None:
    for token in tokens:
        if token.nesting == 1 and token.level == nesting - 1 and token.type != "paragraph_open" and token.map:
            notepad.problem(
                "deep-nesting",
                Message("Blocks are nested so deep that the innermost are left out."),
                token.map[0],
            )
            return
