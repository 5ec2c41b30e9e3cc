"""What is left for who knows a page by an old name: an alias in its front matter, or a page that leads on to it."""

import json
from collections.abc import Sequence

from engine import frontmatter
from engine.frontkeys import set_key


def with_aliases(text: str, names: Sequence[str]) -> str | None:
    """Return a page with more aliases; ``None`` where its front matter cannot be changed surely."""
    known = frontmatter.split(text).properties.get("aliases")
    before = known if isinstance(known, list) else [] if known is None else [known]
    if not all(isinstance(each, str) for each in before):
        return None
    try:
        return set_key(text, "aliases", [*before, *(each for each in names if each not in before)])
    except ValueError:
        return None


def redirect_text(target: str) -> str:
    """Return the text of a page that leads on to *target*."""
    for written in (target, json.dumps(target, ensure_ascii=False)):
        text = f"---\nredirect: {written}\n---\n"
        if frontmatter.split(text).properties == {"redirect": target}:
            break
    return text
