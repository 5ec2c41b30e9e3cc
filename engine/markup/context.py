"""What rules know while they render: whose text it is, and what links resolve to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.ids import PageId
from engine.markup import links
from engine.markup.limits import Limits
from engine.markup.linker import Linker
from engine.markup.parsed import Parsed
from engine.messages import Message
from engine.model import Form, LinkKind, Problem, Target

_CONTEXT = "context"


@dataclass(slots=True)
class Whole:
    """What a page and all that it embeds have in common during one rendering."""

    linker: Linker
    limits: Limits
    parse: Callable[[str], Parsed]
    embed_left: int  # characters that may still be embedded
    highlight_left: int
    lang: str = ""  # the page's, as a BCP 47 tag
    embeds_written: int = 0  # characters of HTML that embeds have become
    embeds: int = 0  # so far, for ids that are unique
    problems: list[Problem] = field(default_factory=list)
    parsed: dict[str, Parsed | None] = field(default_factory=dict)  # path -> embedded page
    sizes: dict[str, int] = field(default_factory=dict)  # path -> characters


@dataclass(frozen=True, slots=True)
class Reference:
    """A link after resolution."""

    href: str
    target: Target | None = None  # of a link to another file that exists
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """The page whose tokens are being rendered."""

    page: PageId
    parsed: Parsed
    whole: Whole
    chain: tuple[tuple[str, str], ...] = ()  # what led here: page id and fragment of each embed
    prefix: str = ""  # of ids that an embed needs for itself
    anchors: Mapping[str, str] = field(default_factory=dict)  # heading as written -> anchor

    @property
    def embedded(self) -> bool:
        """Whether this text stands within another page, where ids would not be unique."""
        return len(self.chain) > 1

    def problem(self, code: str, message: Message, line: int) -> None:
        """Report something that only rendering can know, blamed on *line* of the page that is rendered."""
        first = self.parsed.body_line
        self.whole.problems.append(Problem(code, message, 0 if self.embedded else first + line))

    def reference(self, kind: LinkKind, target: str, fragment: str = "", query: str = "") -> Reference:
        """Resolve a link as written on this page."""
        wiki = kind in {LinkKind.WIKILINK, LinkKind.EMBED}
        if not target:
            here = self.page.url if self.embedded else ""
            return Reference(links.with_fragment(here, self.anchor(fragment, wiki=wiki), query))
        anchor = links.heading_anchor(fragment) if wiki else links.link_anchor(fragment)
        found = self.whole.linker.target(self.page, target)
        if found is not None:
            return Reference(links.with_fragment(found.name.url, anchor, query), found)
        return Reference(links.missing_url(self.page.folder, target, relative=not wiki), missing=True)

    def anchor(self, fragment: str, *, wiki: bool) -> str:
        """Return the anchor on this page that *fragment* means."""
        if fragment.startswith("^"):
            return fragment
        known = self.anchors.get(fragment.rsplit("#", 1)[-1].strip())
        if known is not None:
            return known
        return links.heading_anchor(fragment) if wiki else links.link_anchor(fragment)

    def within(self, page: PageId, parsed: Parsed, fragment: str) -> "Context":
        """Return the context of a page that is embedded here."""
        self.whole.embeds += 1
        return replace(
            self,
            page=page,
            parsed=parsed,
            chain=(*self.chain, (str(page), fragment)),
            prefix=f"embed-{self.whole.embeds}-",
            anchors={},
        )


def context_of(env: Mapping[str, Any]) -> Context | None:
    """Return the context; ``None`` when Markdown is rendered by itself, outside of a wiki."""
    found = env.get(_CONTEXT)
    return found if isinstance(found, Context) else None


def env_for(context: Context) -> dict[str, Any]:
    """Make the ``env`` that carries *context* to the rules."""
    return {_CONTEXT: context}


def is_page(target: Target) -> bool:
    """Tell whether a link leads to a page rather than to media."""
    return target.name.form is Form.PAGE
