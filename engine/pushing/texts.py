"""The pages that a push changes, as they will be read: markers of conflicts, and what authors may like to know."""

from collections.abc import Iterator, Sequence

from engine import frontmatter
from engine.errors import InvalidChangeError
from engine.ids import check_reach
from engine.model import Difference, Entry, Form
from engine.pushing.markers import conflict_markers
from engine.scanning import decode_page
from engine.store import Incoming

LOOKED_INTO = 2_000_000  # bytes of a page; a larger one is not looked into
WARNED = 2_000  # pages that are looked at for warnings


class Texts:
    """Looks into the pages that differ between two commits.

    Args:
        incoming: Where to read.
        differences: Between what the wiki shows and what it is to show.
    """

    def __init__(self, incoming: Incoming, differences: Sequence[Difference]) -> None:
        self._incoming = incoming
        moved = {each.old.blob for each in differences if each.new is None and each.old is not None}
        self._changed = [
            (each.path, each.old, each.new)
            for each in differences
            if each.new is not None and each.new.form is Form.PAGE and each.new.blob not in moved
        ]
        self.warnings: list[tuple[str, str]] = []
        """Paths, each with what its author may like to know; found by `refused`."""

    def refused(self) -> Iterator[tuple[str, str]]:
        """Yield pages with conflict markers that were not there before."""
        for number, (path, old, new) in enumerate(self._changed):
            content = self._read(new)
            if content is None:
                continue
            text = decode_page(content)
            if text is None:
                self.warnings.append((path, "is not UTF-8, so readers see no text; save it as UTF-8"))
                continue
            found = conflict_markers(text) if b"<<<<<<<" in content else []
            if found and len(found) > len(conflict_markers(self._before(old))):
                yield (
                    path,
                    f"has conflict markers in line {found[0]}; resolve the conflict, and amend the commit",
                )
            if number < WARNED:
                self.warnings += [
                    (path, f"line {problem.line}: {problem.message}")
                    for problem in frontmatter.split(text).problems
                ]

    def unreachable(self, differences: Sequence[Difference], root: str) -> None:
        """Warn of new files below *root* whose address is the wiki's own."""
        prefix = f"{root}/" if root else ""
        for each in differences:
            if each.old is None and each.new is not None and each.path.startswith(prefix):
                try:
                    check_reach(each.path.removeprefix(prefix))
                except InvalidChangeError as error:
                    self.warnings.append((each.path, f"cannot be read in a browser: {error}"))

    def _before(self, old: Entry | None) -> str:
        content = self._read(old) if old is not None and old.form is Form.PAGE else None
        return (decode_page(content) or "") if content is not None else ""

    def _read(self, entry: Entry) -> bytes | None:
        return self._incoming.read(entry.blob) if self._incoming.size(entry.blob) <= LOOKED_INTO else None
