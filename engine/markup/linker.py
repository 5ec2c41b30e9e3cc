"""What rendering asks of the rest of the wiki."""

from typing import Protocol

from engine.ids import PageId
from engine.model import Target


class Linker(Protocol):
    """What rendering must know about the rest of the wiki, as the reader may see it at one commit."""

    def target(self, source: PageId, link: str) -> Target | None:
        """Resolve a link's target as written on page *source*; ``None`` when nothing fits."""
        ...

    def text(self, target: Target) -> str | None:
        """Return the Markdown of a page that is embedded; ``None`` when it cannot be shown."""
        ...
