"""Settings of the content: ``quire.toml`` at the content root, versioned with the pages; nothing about security."""

import json
import re
import tomllib
from dataclasses import dataclass, fields
from typing import Any

from engine.language import is_language
from engine.messages import Message
from engine.model import Problem

PATH = "quire.toml"
MAX_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages say about the wiki as a whole."""

    title: str = "Quire"
    home: str = ""  # a page id; empty: the first of home, index, README, start
    language: str = "en"  # a BCP 47 tag, for pages that say nothing of their own
    theme: str = "default"
    logo: str = ""  # a media path
    footer: str = ""  # plain text
    naming: str = "key"  # how new pages are named after their title: "key" or "title"
    problems: tuple[Problem, ...] = ()


_TEXTS = tuple(field.name for field in fields(Site) if field.name != "problems")
_ONE_OF = {"naming": ("key", "title")}


def parse_site(content: bytes) -> Site:
    """Read ``quire.toml``; what is wrong in it is listed among the problems, and the default holds."""
    if len(content) > MAX_BYTES:
        return Site(
            problems=(_problem("%(file)s is larger than %(limit)s bytes and was not read.", limit=MAX_BYTES),)
        )
    try:
        table: dict[str, Any] = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return Site(
            problems=(_problem("%(file)s is not TOML, so the defaults hold: %(reason)s", reason=str(error)),)
        )
    values: dict[str, Any] = {}
    problems = []
    for key, value in table.items():
        if key == "citations":
            continue  # belongs to the references, which are not read yet
        if key not in _TEXTS:
            problems.append(
                _problem(
                    "%(file)s knows no setting “%(name)s”; there are %(names)s.",
                    name=key,
                    names=", ".join(_TEXTS),
                )
            )
        elif not isinstance(value, str) or (key in _ONE_OF and value not in _ONE_OF[key]):
            problems.append(
                _problem("%(name)s in %(file)s cannot be %(value)s.", name=key, value=repr(value))
            )
        elif key == "language" and not is_language(value):
            problems.append(
                _problem("%(name)s in %(file)s is no language code: %(value)s.", name=key, value=value)
            )
        else:
            values[key] = value.replace("_", "-") if key == "language" else value
    return Site(**values, problems=tuple(problems))


def _problem(template: str, **values: str | int) -> Problem:
    return Problem("site-settings", Message(template, file=PATH, **values), 0)


def with_setting(text: str, key: str, value: str) -> str | None:
    """Return ``quire.toml`` with another value for a setting that it has, all else as it is.

    ``None`` where that cannot be done surely.
    """
    try:
        wanted = tomllib.loads(text) | {key: value}
        for match in re.finditer(
            rf"(?m)^{re.escape(key)}[ \t]*=[ \t]*(?P<value>\"[^\"\r\n]*\"|'[^'\r\n]*')", text
        ):
            made = text[: match.start("value")] + json.dumps(value, ensure_ascii=False) + text[match.end() :]
            if tomllib.loads(made) == wanted:
                return made
    except (tomllib.TOMLDecodeError, RecursionError):
        pass
    return None
