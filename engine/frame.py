"""What stands around every page: the wiki's own sidebar, and whether there is help."""

from dataclasses import dataclass

SIDEBARS = ("sidebar", "_sidebar")
"""How a page is called that stands at the side of the pages in its folder and below."""

HELP = "help"
"""The folder of the manual."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A page of the wiki that stands beside others."""

    url: str
    html: str  # sanitized
    lang: str
    dir: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the pages of one folder."""

    side: Aside | None
    help: str  # the manual's address; empty where the wiki has none
