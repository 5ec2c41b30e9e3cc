"""Files that somebody sent to be kept as media: read from the request, put in their places, made into changes.

::

    request ──> Sent ──> planned at a snapshot ──> Put, and one commit of all
                              └── a name is taken ──> their sender is asked; what was sent is pending
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Flask, request
from werkzeug.exceptions import BadRequest

from engine.access import Kind
from engine.changes import Put
from engine.errors import ForbiddenError, InvalidChangeError, TooLargeError
from engine.ids import page_stem
from engine.media import Collision, Place
from engine.messages import Message
from engine.naming import has_suffix
from engine.wiki import Snapshot
from wiki import cookies
from wiki.current import current_actor, site
from wiki.forms import exact_field, field, path_field
from wiki.languages import gettext as _
from wiki.pending import CAPACITY, OWN, Pending

FILES = 50  # in one request

REPLACE, KEEP, LEAVE_OUT = "replace", "keep", "leave-out"
CHOICES = ("", REPLACE, KEEP, LEAVE_OUT)


@dataclass(frozen=True, slots=True)
class Sent:
    """One file."""

    name: str  # as its sender calls it
    content: bytes
    choice: str = ""  # what to do where its name is taken, one of `CHOICES`; empty: ask
    base: str = ""  # the blob that it is to replace
    path: str = ""  # of a file that it is to replace, exactly
    pending: str = ""  # the id by which it is kept meanwhile


@dataclass(frozen=True, slots=True)
class Planned:
    """One file, and where it goes."""

    sent: Sent
    path: str
    base: str | None = None
    collision: Collision | None = None  # what is in its way

    @property
    def put(self) -> Put:
        """The change that it comes to."""
        return Put(self.path, self.sent.content, self.base)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where somebody wants files to go."""

    folder: str  # as it was typed
    page: str  # the page beside which they go, by its path or id; empty for none
    path: str  # of the one file that is to be replaced; empty for none

    @classmethod
    def sent(cls) -> "Destination":
        """Read it from the form."""
        page = path_field("page").strip("/")
        folder = path_field("folder") if "folder" in request.form else page.rpartition("/")[0]
        return cls(folder, page, path_field("path") if _replaces() else "")

    def check(self, snapshot: Snapshot) -> None:
        """Refuse who may not write there, before anything else is looked at; errors as `Media.folder`."""
        if not self.path:
            snapshot.media.folder(self.folder)
        elif not snapshot.may_write(self.path):
            raise ForbiddenError(Message("You may not change “%(path)s”.", path=self.path))


@dataclass(frozen=True, slots=True)
class Upload:
    """All that one request sent."""

    files: tuple[Sent, ...]
    where: Destination
    summary: str


def received(where: Destination) -> Upload:
    """Read what the request sent: files, or the decision about files that are pending.

    Raises:
        BadRequest: A field stands there twice, or says what cannot be.
        InvalidChangeError: There is no file.
        TooLargeError: There are too many.
    """
    pending().sweep()
    # Fields of the form that are merely called like a file are none: only what was sent as a file is in here.
    uploaded = [each for each in request.files.getlist("file") if each.filename]
    if len(uploaded) > FILES:
        raise TooLargeError(
            Message.counting(
                "At most %(num)s file can be sent at once.",
                "At most %(num)s files can be sent at once.",
                FILES,
            )
        )
    named = field("name")
    if len(uploaded) > 1 and (named or _replaces()):
        raise BadRequest(_("Only one file can be given a name, or replace another one."))
    files = [
        Sent(
            _named(named, each.filename or ""),
            each.stream.read(),
            REPLACE if _replaces() else "",
            field("base"),
            where.path,
        )
        for each in uploaded
    ]
    files += _decided()
    if not files:
        raise InvalidChangeError(Message("No file was sent; choose one."))
    return Upload(tuple(files), where, field("summary"))


def _replaces() -> bool:
    return field("replace") in {"yes", "1"}


def _named(name: str, original: str) -> str:
    """Return what a file is to be called; it keeps its suffix where another name has none."""
    if name and not has_suffix(name) and has_suffix(original):
        return f"{name}.{original.rpartition('.')[2].strip()}"
    return name or original


def _decided() -> list[Sent]:
    """Return the files that are pending, each with what was decided about it."""
    found = []
    for number in range(1, FILES + 1):
        identity = field(f"pending-{number}")
        if not identity:
            break
        choice = field(f"choice-{number}")
        if choice not in CHOICES:
            raise BadRequest(
                _(
                    "%(name)s must be one of: %(choices)s.",
                    name=f"choice-{number}",
                    choices=", ".join(filter(None, CHOICES)),
                )
            )
        content = pending().get(_owner(), identity)
        if content is None:
            raise InvalidChangeError(
                Message("What was sent is kept for an hour, and that is over; choose the files again.")
            )
        original, name = exact_field(f"original-{number}"), field(f"name-{number}")
        found.append(
            Sent(
                _named(name, original) if choice == KEEP else original,
                content,
                choice,
                field(f"base-{number}"),
                path_field(f"path-{number}") if choice == REPLACE else "",
                identity,
            )
        )
    return found


def planned(snapshot: Snapshot, upload: Upload) -> tuple[str, list[Planned]]:
    """Return the folder where the files go, and the place of each; without those that are left out.

    Raises:
        ForbiddenError, InvalidChangeError, PageIdError: As `Media.folder` and `Media.place`.
    """
    folder = snapshot.media.folder(upload.where.folder) if not upload.where.path else ""
    plans: list[Planned] = []
    for sent in upload.files:
        if sent.choice != LEAVE_OUT:
            plans.append(_planned(snapshot, sent, folder, [each.path for each in plans]))
    return folder, plans


def _planned(snapshot: Snapshot, sent: Sent, folder: str, given: Sequence[str]) -> Planned:
    if sent.path:
        if not snapshot.may_write(sent.path):
            raise ForbiddenError(Message("You may not change “%(path)s”.", path=sent.path))
        if page_stem(sent.path) is not None:
            raise InvalidChangeError(
                Message("“%(name)s” would be a page; make a new page and put its text there.", name=sent.path)
            )
        place = Place(sent.path, snapshot.media.collision(sent.path, given))
    else:
        place = snapshot.media.place(sent.name, folder, given)
    if place.collision is None:
        # Where a file that was to be replaced is not there, it may have been renamed: the commit finds it.
        return Planned(sent, place.path, sent.base or None if sent.choice == REPLACE else None)
    existing = place.collision.existing
    if existing is not None and existing.path not in given:
        same = existing.path == place.path and snapshot.media.holds(existing, sent.content)
        if same or (sent.choice == REPLACE and sent.base == existing.blob):
            return Planned(sent, existing.path, existing.blob)
    return Planned(sent, place.path, None, place.collision)


def summary(plans: Sequence[Planned], folder: str) -> str:
    """Say what is done, for who said nothing."""
    if len(plans) > 1:
        return f"Add {len(plans)} files{f' to {folder}' if folder else ''}"
    return f"{'Replace' if plans[0].base else 'Add'} {plans[0].path}"


def kept(plans: Sequence[Planned]) -> list[Planned]:
    """Keep files until their sender has decided, those that are not kept already."""
    return [
        each
        if each.sent.pending
        else replace(each, sent=replace(each.sent, pending=pending().keep(_owner(), each.sent.content)))
        for each in plans
    ]


def forget(upload: Upload) -> None:
    """Forget what was kept of an upload that is done."""
    for sent in upload.files:
        if sent.pending:
            pending().drop(_owner(), sent.pending)


def pending(app: Flask | None = None) -> Pending:
    """Return where files are kept; one that could be sent at all is."""
    found = site(app)
    largest = found.settings.upload_bytes
    return Pending(
        found.state.database.path.parent / "pending", max(CAPACITY, 4 * largest), max(OWN, 2 * largest)
    )


def _owner() -> str:
    """Return whose files are kept: of visitors each browser is another, told by the cookie that its form needs."""
    actor = current_actor()
    return f"{actor.kind}:{cookies.get(cookies.VISIT) if actor.kind is Kind.ANONYMOUS else actor.name}"
