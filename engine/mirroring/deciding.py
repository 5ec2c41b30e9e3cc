"""What becomes of each file that two histories changed: taken, merged, or left to a person.

::

    changed there alone         -> as it is there
    by both, to the same        -> as it is
    renamed there, changed here -> what both meant, at its new path; and the other way round
    changed by both             -> a page is merged by the rules of a save; where they touch, and for files that are no
                                   pages, somebody decides
    deleted by one side         -> where the other one changed it, somebody decides
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from engine.ids import page_stem
from engine.merging import Merge
from engine.settling import merge_texts
from engine.store import File, Joining, Made, Side, Sides
from engine.textstyle import plain, styled

MERGED_BYTES = 2_000_000  # of a page; of a larger one somebody takes the one or the other


class Why(StrEnum):
    """Why somebody has to decide."""

    LINES = "lines"  # both changed the same lines
    BOTH_NEW = "both-new"  # each made a file of this path
    FILE = "file"  # both changed it, and it is no page that can be merged
    GONE_HERE = "gone-here"  # deleted here, changed there
    GONE_THERE = "gone-there"  # changed here, deleted there
    PLACE = "place"  # a file there, and a folder or file here, leave each other no place
    ADDRESS = "address"  # another file has its address
    BASES = "bases"  # the two histories were joined crosswise before, and what they began from says different things


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One file that both sides changed, so that somebody has to decide. Paths are from the top of the repository."""

    path: str
    why: Why
    base: Side | None
    ours: Side | None
    theirs: Side | None
    other: str = ""  # the file that is in the way, or has the address
    merge: Merge | None = field(default=None, compare=False)  # both texts joined, as far as they go together
    text: str = field(default="", compare=False)  # of the page, where one side has deleted it

    @property
    def name(self) -> str:
        """A digest of all that is in question: when a side changes it is another question."""
        said = repr((self.path, self.why, self.base, self.ours, self.theirs, self.other))
        return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:24]

    @property
    def can_be_decided(self) -> bool:
        """Whether taking one side, or a text, settles it; else a file has to move first."""
        return self.why not in {Why.PLACE, Why.ADDRESS}


class Choice(StrEnum):
    """What somebody decided on."""

    OURS = "ours"
    THEIRS = "theirs"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about one disagreement."""

    choice: Choice
    text: str = ""  # with `Choice.TEXT`; lines end in a line feed


@dataclass(slots=True)
class Decided:
    """What becomes of all files."""

    files: dict[str, File] = field(default_factory=dict)  # that differ from ours
    merged: list[str] = field(default_factory=list)  # pages that were merged
    decided: list[str] = field(default_factory=list)  # paths of which somebody decided
    open: list[Disagreement] = field(default_factory=list)


Decide = Callable[[Disagreement], Decision | None]
"""Returns what somebody decided already."""


class Deciding:
    """Decides about all files of two commits.

    Args:
        joining: Reads them.
        ours, theirs: The commits.
        bases: What both began from; the first one counts, and where another one would lead to something else, somebody
            has to decide.
        decide: Tells what somebody decided.
    """

    def __init__(
        self, joining: Joining, ours: str, theirs: str, bases: Sequence[str], decide: Decide
    ) -> None:
        self._joining = joining
        self._commits = (bases[0], ours, theirs)
        self._others = bases[1:]
        self._decide = decide
        self._found = Decided()

    def decided(self) -> Decided:
        """Return what becomes of all files.

        Raises:
            TooLargeError: They are too many.
        """
        base, ours, theirs = self._commits
        here, there = self._joining.changed(base, ours), self._joining.changed(base, theirs)
        crosswise = self._crosswise(here, there)
        both = []
        for path, (_, new) in there.items():
            if path in crosswise:
                continue
            if path not in here:
                self._found.files[path] = new
            elif not _alike(here[path][1], new):
                both.append(path)
        for path in sorted(crosswise):
            self._settle(path, *_three(path, here, there), crosswise=True)
        if both:
            self._decide_both(both, here, there)
        self._look_around(ours, there)
        return self._found

    def _crosswise(self, here: Sides, there: Sides) -> set[str]:
        """Return the paths with which another base than the first would lead to something else."""
        found: set[str] = set()
        for other in self._others:
            for path, (base, another) in self._joining.changed(self._commits[0], other).items():
                if path in here or path in there:
                    _, ours, theirs = _three(path, here, there)
                    clear = {_clear(each, ours, theirs) for each in (base, another)}
                    if not _alike(ours, theirs) and (len(clear) > 1 or "" in clear):
                        found.add(path)
        return found

    def _decide_both(self, both: Collection[str], here: Sides, there: Sides) -> None:
        base, ours, theirs = self._commits
        renamed_here, renamed_there = self._joining.renamed(base, ours), self._joining.renamed(base, theirs)
        came_here, came_there = (
            {new: old for old, new in each.items()} for each in (renamed_here, renamed_there)
        )
        for path in both:
            before, mine, other = here[path][0], here[path][1], there[path][1]
            target, to_here, to_there = path, renamed_here.get(path), renamed_there.get(path)
            if to_here is not None and to_there is None and to_here in here and to_here not in there:
                target, mine = to_here, here[to_here][1]
            elif to_there is not None and to_here is None and to_there in there and to_there not in here:
                target = to_there
                self._found.files[path], other = other, there[to_there][1]
            elif (
                before is None
                and (came := came_here.get(path)) is not None
                and came == came_there.get(path)
                and came in here
            ):
                before = here[came][0]
            self._settle(target, before, mine, other)

    def _settle(
        self,
        path: str,
        base: Side | None,
        ours: Side | None,
        theirs: Side | None,
        *,
        crosswise: bool = False,
    ) -> None:
        """Say what becomes of a file that both sides changed."""
        if not crosswise and None not in (ours, theirs) and base in (ours, theirs):
            self._found.files[path] = theirs if base == ours else ours  # one side has renamed it, and no more
            return
        merge = self._merged(path, base, ours, theirs)
        if merge is not None and not merge.conflicts and not crosswise:
            self._found.files[path] = self._made(merge.text, base, ours, theirs)
            self._found.merged.append(path)
            return
        why = _why(base, ours, theirs, merge, crosswise=crosswise)
        text = self._text(path, ours or theirs) if ours is None or theirs is None else ""
        question = Disagreement(path, why, base, ours, theirs, merge=merge, text=text)
        decision = self._decide(question)
        if decision is None:
            self._found.open.append(question)
            return
        self._found.decided.append(path)
        match decision.choice:
            case Choice.OURS:
                self._found.files[path] = ours
            case Choice.THEIRS:
                self._found.files[path] = theirs
            case Choice.TEXT:
                self._found.files[path] = self._made(decision.text, base, ours, theirs)

    def _look_around(self, ours: str, there: Sides) -> None:
        """Find what leaves a new file no place, or has its address."""
        files = self._found.files
        for why, found in (
            (Why.PLACE, self._joining.in_the_way(ours, files)),
            (Why.ADDRESS, self._joining.clashes(ours, files)),
        ):
            for path, other in found:
                theirs = there[path][1] if path in there else None
                self._found.open.append(Disagreement(path, why, None, None, theirs, other))

    def _text(self, path: str, side: Side | None) -> str:
        """Return a page as it is on the one side that has it; empty for what is none."""
        if side is None or page_stem(path) is None or not side.is_file:
            return ""
        if self._joining.size(side.blob) > MERGED_BYTES:
            return ""
        return plain(self._joining.read(side.blob).decode(errors="replace"))

    def _made(self, text: str, base: Side | None, ours: Side | None, theirs: Side | None) -> Made:
        """Return a text as a file, in the style of theirs; its mode is from the side that changed it."""
        like = theirs or ours
        assert like is not None  # noqa: S101 - a text is only made of two sides, or of one that is left
        changed = ours if ours is not None and (base is None or ours.mode != base.mode) else like
        content = styled(text, self._joining.read(like.blob).decode(errors="replace")).encode()
        return Made(content, changed.mode)

    def _merged(self, path: str, base: Side | None, ours: Side | None, theirs: Side | None) -> Merge | None:
        sides = [side for side in (base, ours, theirs) if side is not None]
        if ours is None or theirs is None or not all(side.is_file for side in sides):
            return None
        if any(self._joining.size(side.blob) > MERGED_BYTES for side in sides):
            return None
        texts = [self._joining.read(side.blob) if side is not None else None for side in (base, ours, theirs)]
        return merge_texts(path, *texts)


def _three(path: str, here: Sides, there: Sides) -> tuple[Side | None, Side | None, Side | None]:
    """Return a file as it was, and as both sides have it, of which one may have left it alone."""
    base = here[path][0] if path in here else there[path][0]
    return base, here[path][1] if path in here else base, there[path][1] if path in there else base


def _clear(base: Side | None, ours: Side | None, theirs: Side | None) -> str:
    """Say which side counts by this base; empty where both changed it."""
    if _alike(base, ours):
        return "theirs"
    return "ours" if _alike(base, theirs) else ""


def _alike(one: Side | None, other: Side | None) -> bool:
    """Say whether two sides made the same of a file; of two modes ours stays."""
    if one is None or other is None:
        return one is other
    return one.blob == other.blob and one.is_file == other.is_file


def _why(
    base: Side | None, ours: Side | None, theirs: Side | None, merge: Merge | None, *, crosswise: bool
) -> Why:
    if crosswise:
        return Why.BASES
    if ours is None:
        return Why.GONE_HERE
    if theirs is None:
        return Why.GONE_THERE
    if base is None:
        return Why.BOTH_NEW
    return Why.LINES if merge is not None else Why.FILE


__all__ = ["Choice", "Decide", "Decided", "Deciding", "Decision", "Disagreement", "Why"]
