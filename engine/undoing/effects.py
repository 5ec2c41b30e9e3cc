"""What commits did to files, as one actor may see it: read from what they touched, and from the trees before them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from engine.catalog import Moment, Touched
from engine.model import Form, Name, TouchKind
from engine.sight import Sight
from engine.store import Store
from engine.undoing.folding import Deed, Effect, Held, Place
from engine.undoing.plans import Reason

ORDINARY = frozenset({Form.PAGE, Form.MEDIA})
DEEDS = 500  # of one file that are gone through again
DEEDS_OF_ALL = 5_000  # of all files of one plan


class Effects:
    """Reads them.

    Args:
        moment: The catalog.
        store: Where the trees of commits are read.
        sight: Tells what of the past the actor may see.
    """

    def __init__(self, moment: Moment, store: Store, sight: Sight) -> None:
        self._arrivals = moment.arrivals
        self._store = store
        self._sight = sight
        self._gone_through = 0

    def begin(self) -> None:
        """Begin another plan: what is gone through is counted anew."""
        self._gone_through = 0

    def effect(self, touched: Touched, parents: Sequence[str]) -> Effect | Reason:
        """Return what a commit did to a file, or why that is not one thing that can be taken back."""
        if len(parents) > 1:
            return Reason.MERGED
        step = self._sight.step(touched, 1)
        if touched.old_path is not None and step.old_path is None:
            return (
                Reason.DENIED
            )  # shown as added, it came from where the actor sees nothing: no reason to delete it
        made = Place(touched.path, Held(touched.blob)) if touched.blob is not None else None
        if step.kind is TouchKind.ADDED:
            return Effect(None, made)
        path = step.old_path or touched.path
        entry = self._store.entry(parents[0], path) if parents else None
        if entry is not None and entry.form not in ORDINARY:
            return Reason.SPECIAL
        return Effect(Place(path, Held(entry.blob)) if entry is not None else None, made)

    def now(self, touches: Iterable[Touched]) -> Mapping[Touched, Name]:
        """Return where the file of each touch is now; those that are gone are left out."""
        listed = [*touches]
        there = self._arrivals.names(touched.path for touched in listed)
        lineages = self._arrivals.lineages(there)
        living = self._arrivals.living({touched.lineage for touched in listed})
        found = {}
        for touched in listed:
            stands = (
                lineages.get(touched.path) == touched.lineage
            )  # where branches met, it may live elsewhere too
            name = there[touched.path] if stands else living.get(touched.lineage)
            if name is not None:
                found[touched] = name
        return found

    def deeds(self, lineage: int, undone: Collection[str], now: Place | None) -> Sequence[Deed]:
        """Return all that was done to a file since the first of the commits *undone*, oldest first.

        Returns:
            Nothing where that is more than `DEEDS`, or with those of other files more than `DEEDS_OF_ALL`; or where it
            is no line that leads to what the file is now.
        """
        limit = min(DEEDS, DEEDS_OF_ALL - self._gone_through)
        if limit <= 0:
            return ()
        touches = self._sight.history(lineage, limit, 0)
        parents = self._arrivals.parents(touched.revision.id for touched in touches)
        left, found = {*undone}, list[Deed]()
        for touched in touches:
            self._gone_through += 1
            effect = self.effect(touched, parents[touched.revision.id])
            if isinstance(effect, Reason):
                break
            found.append(Deed(effect, touched.revision.id in left))
            left.discard(touched.revision.id)
            if not left:
                break
        found.reverse()
        line = all(older.effect.made == newer.effect.was for older, newer in pairwise(found))
        return found if found and not left and line and found[-1].effect.made == now else ()


def place(name: Name | None) -> Place | None:
    """Return a file as it is."""
    return Place(name.path, Held(name.blob)) if name is not None else None
