"""What was probably meant: the nearest of many names, by the distance between their keys."""

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from engine.catalog import Moment, Visible
from engine.ids import fold, page_stem
from engine.model import Form, Name

SEARCHES = 500  # names that are compared with all others in one check; further ones only find their equals
_LETTERS_A_MISTAKE = 4  # one letter may differ for each four


class Names:
    """Finds names like a name; reads all names and titles when it is first asked.

    Args:
        moment: The catalog.
        visible: Names for which it is false do not exist.
    """

    def __init__(self, moment: Moment, visible: Visible) -> None:
        self._moment = moment
        self._visible = visible
        self._known: dict[bool, dict[str, list[str]]] | None = None
        self._by_length: dict[tuple[bool, int], list[str]] = {}
        self._similar: dict[tuple[bool, str], str | None] = {}

    def like(self, target: str, source: Name, *, media: bool) -> str:
        """Return the path of the file that a link's *target* most likely means; empty when none is like it.

        Args:
            target: As it is written.
            source: The page that it stands on: of several files the nearest is taken.
            media: Whether a medium is meant rather than a page.
        """
        last = target.rstrip("/").rpartition("/")[2]
        key = fold(last if media else page_stem(last) or last)
        known = self._by_key()[media]
        found = key if key in known else self._most_like(key, media)
        paths = [path for path in known[found] if path != source.path] if found else []
        return min(paths, key=lambda path: _distance(source.folder, path), default="")

    def _most_like(self, key: str, media: bool) -> str | None:
        asked = (media, key)
        if asked not in self._similar:
            if len(self._similar) >= SEARCHES:
                return None
            self._similar[asked] = nearest(key, self._about_as_long(key, media))
        return self._similar[asked]

    def _about_as_long(self, key: str, media: bool) -> list[str]:
        """Return the keys that are as long as *key*, but for as many letters as may differ."""
        self._by_key()
        mistakes = len(key) // _LETTERS_A_MISTAKE
        lengths = range(len(key) - mistakes, len(key) + mistakes + 1)
        return [each for length in lengths for each in self._by_length.get((media, length), ())]

    def _by_key(self) -> dict[bool, dict[str, list[str]]]:
        """Return the paths of pages and of media by the keys of their last parts, of pages by title too."""
        if self._known is None:
            self._known = {True: {}, False: {}}
            pages: list[Name] = []
            for name in self._moment.names():
                if self._visible(name):
                    is_page = name.form is Form.PAGE
                    self._known[not is_page].setdefault(fold(name.id.last), []).append(name.path)
                    pages += [name] if is_page else []
            for path, title in self._moment.titles(pages).items():
                paths = self._known[False].setdefault(fold(title), [])
                if path not in paths[-1:]:
                    paths.append(path)
            for media, known in self._known.items():
                for key in known:
                    self._by_length.setdefault((media, len(key)), []).append(key)
        return self._known


def nearest(text: str, choices: Sequence[str]) -> str | None:
    """Return the choice that differs least from *text*, ``None`` when none is nearly the same."""
    mistakes = len(text) // _LETTERS_A_MISTAKE
    if not mistakes:
        return None
    found = process.extractOne(text, choices, scorer=OSA.distance, score_cutoff=mistakes)
    return found[0] if found else None


def nearest_part(text: str, choices: Sequence[str]) -> str:
    """Return the anchor that *text* most likely means: nearly the same, or one that holds all of it; else empty."""
    if found := nearest(text, choices):
        return found
    holding = [
        each for each in choices if len(text) > 2 and (text in each or (len(each) > 2 and each in text))
    ]
    return min(holding, key=lambda each: abs(len(each) - len(text)), default="")


def _distance(folder: str, path: str) -> tuple[int, int, str]:
    common = 0
    for one, other in zip(folder.split("/"), path.split("/")[:-1], strict=False):
        if one != other:
            break
        common += 1
    return (-common, path.count("/"), path)
