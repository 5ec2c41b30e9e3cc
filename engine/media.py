"""Media as one actor may see them: lists of them, what is known of one, and where a new one can go; see `Snapshot.media`.

Nothing here writes: a file that is to be kept goes to `Wiki.commit`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from engine.catalog import Backlink, LastChange, Moment, Uses, Visible, everything
from engine.errors import ForbiddenError, InvalidChangeError, MediaNotFoundError, NotReadyError
from engine.ids import fold_path, page_stem, parse_path
from engine.links import LinkReport
from engine.lists import Listing, Reported
from engine.markup.media import element_for
from engine.messages import Message
from engine.model import Form, Name
from engine.naming import NAMELESS, media_name, numbered
from engine.previews import SOURCE_BYTES, Measures, Previews
from engine.site import Site
from engine.store import Store

LISTED = 60  # media on one page of a list
USES_SHOWN = 20  # pages that are named beside a medium; the others have a list of their own
TRIED = 1_000  # numbers that are tried for a free name
SHOWN_IN_PLACE = frozenset(("img", "audio", "video"))


@dataclass(frozen=True, slots=True)
class MediaLine:
    """A medium in a list."""

    name: Name
    size: int  # bytes
    uses: Uses


@dataclass(frozen=True, slots=True)
class Medium:
    """What is known of one medium."""

    name: Name
    size: int  # bytes
    measures: Measures | None  # None where it is no image that can be opened, or none can be opened now
    last_change: LastChange | None
    used_by: tuple[Backlink, ...]  # some of the pages that link to it or show it
    more_uses: bool  # there are more
    written: str  # how a page shows it, or links to it where it cannot be shown


@dataclass(frozen=True, slots=True)
class Collision:
    """What is in the way of a new file."""

    existing: Name | None  # the medium that is there; None where it is something else, or not for this actor
    suggested: str  # a path that is free


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new file goes."""

    path: str
    collision: Collision | None


class Media:
    """Files other than pages. Made by `Snapshot.media`."""

    def __init__(
        self,
        moment: Moment,
        store: Store,
        previews: Previews,
        visible: Visible,
        report: Callable[[], LinkReport | None],
        site: Site,
        source: Callable[[Name], bytes],
        may_write: Callable[[str], bool],
    ) -> None:
        self._moment = moment
        self._store = store
        self._previews = previews
        self._visible = visible
        self._report = report
        self._site = site
        self._source = source
        self._may_write = may_write

    # -- what there is

    def listing(self, folder: str = "", page: int = 1) -> Listing[MediaLine]:
        """List the media in *folder*, at any depth, ordered by path; hidden files are left out."""
        media = self._moment.media(folder, self._visible)
        start = (page - 1) * LISTED
        names = media.part(start, LISTED)
        return Listing(self._lines(names), page, start + LISTED < media.count, media.count)

    def unused(self, folder: str = "", page: int = 1) -> Reported[MediaLine] | None:
        """List the media in *folder*, at any depth, that no page links to, shows or names in its front matter.

        The site's logo is used. Hidden files are left out, and those that are no media by their suffix.

        Returns:
            One page of the list; ``None`` while nothing is known yet, and it is to be asked for again.
        """
        report = self._report()
        if report is None:
            return None
        logo = self._logo()
        paths = [path for path in report.unused if path != logo]
        left_out = report.unused_count - len(report.unused)
        if folder:
            paths = [path for path in paths if path.startswith(f"{folder}/")]
        start = (page - 1) * LISTED
        names = [name for name in self._moment.names(paths[start : start + LISTED]) if self._visible(name)]
        total = len(paths) if folder else len(paths) + left_out
        listing = Listing(self._lines(names), page, start + LISTED < len(paths), total)
        return Reported(listing, report.commit, left_out, uncounted=bool(folder and left_out))

    def _logo(self) -> str | None:
        logo = ("", self._site.logo)
        found = self._moment.resolve([logo], self._visible)[logo] if self._site.logo else None
        return found.name.path if found is not None else None

    def _lines(self, names: Sequence[Name]) -> tuple[MediaLine, ...]:
        uses = self._moment.uses(names, self._visible)
        return tuple(MediaLine(name, self._store.size(name.blob), uses[name.path]) for name in names)

    def at(self, path: str) -> Name | None:
        """Return the medium at *path*, exactly; ``None`` where there is none, or none that the actor may know of."""
        found = (name for name in self._moment.named(path, self._visible) if name.path == path)
        return next((name for name in found if name.form is Form.MEDIA), None)

    def medium(self, name: Name) -> Medium:
        """Return what is known of one medium.

        Raises:
            MediaNotFoundError: The actor may not know that it exists, or it is none.
        """
        if name.form is not Form.MEDIA or not self._visible(name):
            raise MediaNotFoundError(Message("There is no file “%(name)s”.", name=name.path))
        linking = self._moment.backlinks(name, self._visible, limit=USES_SHOWN + 1)
        return Medium(
            name=name,
            size=self._store.size(name.blob),
            measures=self._measures(name),
            last_change=self._moment.last_change(name.path),
            used_by=tuple(linking[:USES_SHOWN]),
            more_uses=len(linking) > USES_SHOWN,
            written=self.written(name),
        )

    def _measures(self, name: Name) -> Measures | None:
        if element_for(name.path) != "img" or self._store.size(name.blob) > SOURCE_BYTES:
            return None
        try:
            return self._previews.measures(name.blob, lambda: self._source(name))
        except NotReadyError:
            return None

    def holds(self, name: Name, content: bytes) -> bool:
        """Say whether a file that the actor sees holds just these bytes."""
        return self._store.size(name.blob) == len(content) and self._source(name) == content

    def picture(self, name: Name, width: int) -> bytes | None:
        """Return a small picture of an image, see `Previews.picture`; ``None`` where there can be none.

        Raises:
            MediaNotFoundError: The actor may not know that it exists, or it is none.
            NotReadyError: Too many others are being made.
        """
        if name.form is not Form.MEDIA or not self._visible(name):
            raise MediaNotFoundError(Message("There is no file “%(name)s”.", name=name.path))
        if self._store.size(name.blob) > SOURCE_BYTES:
            return None
        return self._previews.picture(name.blob, width, lambda: self._source(name))

    # -- how pages name it

    def written(self, name: Name, folder: str | None = None) -> str:
        """Return how a page shows a file, or links to it where it cannot be shown; args as `target`."""
        sign = "!" if element_for(name.path) in SHOWN_IN_PLACE else ""
        return f"{sign}[[{self.target(name, folder)}]]"

    def target(self, name: Name, folder: str | None = None) -> str:
        """Return what stands between the brackets: the shortest that surely means a file.

        Args:
            name: The file.
            folder: Of the page with the link; ``None`` for pages of any folder.
        """
        parts = name.path.split("/")
        ends = ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]
        if folder is None:
            return self._target_anywhere(name)
        found = self._moment.resolve([(folder, end) for end in ends], self._visible)
        for end in ends:
            target = found[folder, end]
            if target is not None and target.name.path == name.path and not target.ambiguous:
                return end
        return f"/{name.path}"

    def _target_anywhere(self, name: Name) -> str:
        alike = self._moment.called(name.id.last, self._visible)
        if all(each.path == name.path for each in alike):
            return name.id.last
        key = f"/{fold_path(name.path)}"
        within = any(f"/{each.id.key}".endswith(key) and each.path != name.path for each in alike)
        return f"/{name.path}" if within else name.path

    # -- where a new one goes

    def folder(self, text: str) -> str:
        """Return the folder that *text* names, as it is spelled where there is one already.

        Raises:
            PageIdError: It is no safe path.
            ForbiddenError: The actor may not make files there.
            InvalidChangeError: It is hidden, or a file is in its place.
        """
        folder = "/".join(part.strip() for part in text.strip(" /").split("/"))
        self._check(_joined(folder, NAMELESS))
        if not folder:
            return ""
        parts = folder.split("/")
        if any(part.startswith(".") for part in parts):
            raise InvalidChangeError(
                Message(
                    "“%(name)s” begins with a dot, so it would be hidden; give it another name.", name=folder
                )
            )
        above = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        if any(each.path in above for each in self._moment.with_keys(map(fold_path, above))):
            raise InvalidChangeError(Message("“%(name)s” is no folder; choose another one.", name=folder))
        return self._moment.folder_like(folder, self._visible) or folder

    def place(self, text: str, folder: str, given: Sequence[str] = ()) -> Place:
        """Return where a new file goes.

        Args:
            text: What it is called where it comes from.
            folder: As `folder` gives it.
            given: Paths that others will have that come with it.

        Raises:
            InvalidChangeError: It cannot be called so.
            PageIdError: Its path is too long.
            ForbiddenError: The actor may not make it.
        """
        path = _joined(folder, media_name(text, self._site.naming))
        if fold_path(path) in (keys := {fold_path(each) for each in given}):
            path = self._free(path, keys)
        self._check(path)
        return Place(path, self.collision(path, given))

    def _check(self, path: str) -> None:
        """Refuse by the path alone, so that nothing is told of what is there."""
        if not self._may_write(path):
            raise ForbiddenError(Message("You may not change “%(path)s”.", path=path))

    def collision(self, path: str, given: Sequence[str] = ()) -> Collision | None:
        """Say what is in the way of a new file at *path*, if something is.

        Of what the actor may not see only this is told: that another name has to be chosen.
        """
        taken = self._taken([path]).get(fold_path(path))
        if taken is None:
            return None
        seen = [name for name in taken if name.form is Form.MEDIA and self._visible(name)]
        exact = [name for name in seen if name.path == path] or seen
        suggested = self._free(path, {fold_path(each) for each in given})
        return Collision(exact[0] if exact else None, suggested)

    def _free(self, path: str, given: set[str]) -> str:
        """Return a path like this one that no file has."""
        folder, _, name = path.rpartition("/")
        numbers = (_joined(folder, each) for each in islice(numbered(name), TRIED))
        while batch := list(islice(numbers, 20)):
            taken = self._taken(batch)
            for each in batch:
                if (key := fold_path(each)) not in taken and key not in given:
                    return each
        raise InvalidChangeError(Message("Too many files are called like “%(name)s”.", name=name))

    def _taken(self, paths: Sequence[str]) -> dict[str, list[Name]]:
        """Return what has the keys of *paths*: files, seen or not, and folders, which cannot be replaced."""
        keys = [fold_path(path) for path in paths]
        found: dict[str, list[Name]] = {}
        for name in self._moment.with_keys(keys):
            key = (
                fold_path(page_stem(name.path) or name.path)
                if name.form is Form.PAGE
                else fold_path(name.path)
            )
            found.setdefault(key, []).append(name)
        for path, key in zip(paths, keys, strict=True):
            if key not in found and self._moment.folder_like(path, everything) is not None:
                found[key] = []
        return found


def _joined(folder: str, name: str) -> str:
    return parse_path(f"{folder}/{name}" if folder else name)
