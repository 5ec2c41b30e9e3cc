"""What a URL means at one commit: exact, by key, by alias, a folder; an inexact hit leads to the canonical URL."""

from collections.abc import Iterator

from engine.answers import Found
from engine.catalog import Moment, Visible
from engine.errors import PageNotFoundError
from engine.ids import MAX_PATH_BYTES, page_stem, url_path
from engine.messages import Message
from engine.model import Form, Name

HOME_KEYS = ("home", "index", "readme", "start")


class Finder:
    """Finds files by their addresses. Made by `Snapshot.find`.

    Args:
        moment: The catalog.
        visible: What the actor may see; everything else is not found.
        home: The id of the page that the content names as its home, possibly empty.
    """

    def __init__(self, moment: Moment, visible: Visible, home: str) -> None:
        self._moment = moment
        self._visible = visible
        self._home_id = home

    def find(self, text: str) -> Found:
        """Find what a URL's path means.

        Args:
            text: The path, decoded and without its leading slash; a folder's ends in a slash.

        Raises:
            PageNotFoundError: Nothing has that name, or nothing that the actor may know of.
        """
        known = text.encode("utf-8", "replace").decode() == text and "\0" not in text
        if not known or len(text.encode()) > MAX_PATH_BYTES + len(".md/"):
            raise PageNotFoundError(Message("No page is named “%(name)s”.", name=text[:60]))
        if not text:
            found: Found | None = self.home()
        else:
            found = self._folder_url(text) if text.endswith("/") else self._file_url(text)
        if found is None:
            raise PageNotFoundError(Message("There is no page “%(name)s”.", name=text))
        return found

    def home(self) -> Found:
        """Return the home page: the one that is named so, else the first of `HOME_KEYS`, else the root's listing."""
        for name in self._homes():
            if name.form is Form.PAGE:
                return Found(name)
        return Found(Name("", "", Form.FOLDER))

    def _homes(self) -> Iterator[Name]:
        if self._home_id:
            yield from self._moment.named(self._home_id, self._visible)
        for key in HOME_KEYS:
            yield from self._moment.keyed(key, self._visible)

    def _folder_url(self, text: str) -> Found | None:
        folder = text.rstrip("/")
        if self._moment.has_folder(folder, self._visible):
            exact = text == f"{folder}/"
            return Found(Name(folder, "", Form.FOLDER)) if exact else Found(redirect=url_path(f"{folder}/"))
        if (spelled := self._moment.folder_like(folder, self._visible)) is not None:
            return Found(redirect=url_path(f"{spelled}/"))
        found = self._file_url(folder)
        return Found(redirect=found.redirect or found.name.url) if found and found.name else found

    def _file_url(self, text: str) -> Found | None:
        if named := self._moment.named(text, self._visible):
            best = named[0]
            return Found(best, source=best.form is Form.PAGE and str(best.id) != text)
        suffix = ".md" if page_stem(text) else ""
        if suffix and (named := self._moment.named(page_stem(text) or "", self._visible)):
            return Found(named[0], source=True)  # a page kept in another suffix answers to .md as well
        if self._moment.has_folder(text, self._visible):
            return Found(redirect=url_path(f"{text}/"))
        similar = self._moment.keyed(text, self._visible)
        if len(similar) > 1:
            return Found(choices=tuple(similar))
        if similar:
            return Found(redirect=similar[0].url + (suffix if similar[0].form is Form.PAGE else ""))
        spelled = self._moment.folder_like(text, self._visible)
        return Found(redirect=url_path(f"{spelled}/")) if spelled is not None else None
