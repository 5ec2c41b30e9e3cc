"""Link target -> name, by joining facts to names when asked.

The steps, of which the first that finds something decides: exact from the page's folder, exact from the root,
by key from the folder, by key from the root, by path suffix, by alias, by title, by folder.
Within a step the nearest folder wins, then the shortest path, then the id.
A target that says where it is (``/x``, ``./x``, ``../x``) is looked for there only.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.catalog.rows import Visible, chunks, everything, folders, to_name
from engine.catalog.schema import alias, fact, name
from engine.catalog.shortcuts import Shortcuts
from engine.catalog.wanted import Wanted, stem
from engine.ids import PAGE_SUFFIXES, fold, fold_path
from engine.model import Form, Name, Target

FEW = 50  # places that are looked at one by one
MANY = 500  # links for which it pays to look for shortcuts

# What every page view asks is put together once: that takes longer than the answer.
_TITLES = select(fact.c.blob, fact.c.title).where(fact.c.blob.in_(bindparam("blobs", expanding=True)))
_BY = {
    column.name: select(name).where(column.in_(bindparam("values", expanding=True)))
    for column in (name.c.key, name.c.last)
}

INDEX_KEYS = ("index", "readme")
"""Pages that speak for their folder, best first."""


def resolve(
    db: Connection, wanted: Iterable[tuple[str, str]], visible: Visible = everything
) -> dict[tuple[str, str], Target | None]:
    """Find what targets mean.

    Args:
        db: A reading transaction.
        wanted: Pairs of the linking page's folder and the target as it was written.
        visible: Names for which it is false do not exist.

    Returns:
        For each pair the target found, ``None`` when nothing fits.
    """
    meant = find(db, wanted, visible)
    titles = titles_of(db, {match[0].blob for match in meant.values() if match})
    return {
        pair: Target(match[0], titles.get(match[0].blob) or match[0].id.last, match[1]) if match else None
        for pair, match in meant.items()
    }


def find(
    db: Connection,
    wanted: Iterable[tuple[str, str]],
    visible: Visible = everything,
    shortcuts: Shortcuts | None = None,
) -> dict[tuple[str, str], tuple[Name, bool] | None]:
    """Find what targets mean, as `resolve` does, without their titles.

    Args:
        db: A reading transaction.
        wanted: Pairs of the linking page's folder and the target as it was written.
        visible: Names for which it is false do not exist.
        shortcuts: For who asks again and again, with the same *db* and *visible*.

    Returns:
        For each pair the name found and whether another fits as well, ``None`` when nothing fits.
    """
    pairs = list(dict.fromkeys(wanted))
    found: dict[tuple[str, str], tuple[Name, bool] | None] = {}
    if len(pairs) > MANY:
        shortcuts = shortcuts or Shortcuts(db, visible)
        decided = shortcuts.decide([Wanted.of(*pair) for pair in pairs])
        found.update((pair, (file, False) if file else None) for pair, file in decided.items())
    for step in _STEPS:
        open_ = [Wanted.of(*pair) for pair in pairs if pair not in found]
        if not open_:
            break
        for item, matches in step(db, open_, visible):
            found[item.pair] = (matches[0], len(matches) > 1)
    return {pair: found.get(pair) for pair in pairs}


def fitting(db: Connection, folder: str, target: str, visible: Visible = everything) -> list[Name]:
    """Return the files that a link's target fits equally well, the one that it means first; none for none."""
    for step in _STEPS:
        for _, matches in step(db, [Wanted.of(folder, target)], visible):
            return list(matches)
    return []


def titles_of(db: Connection, blobs: Iterable[str]) -> dict[str, str]:
    """Return the titles that are known, by blob; an empty one means that the text has none."""
    titles: dict[str, str] = {}
    for chunk in chunks(blobs):
        titles.update((row.blob, row.title) for row in db.execute(_TITLES, {"blobs": chunk}))
    return titles


def claim(item: Name) -> tuple[int, str]:
    """Order names that claim one URL: the exact file, then ``.md``, then ``.markdown``."""
    if item.form is not Form.PAGE:
        return (0, item.path)
    lower = item.path.lower()
    return (1 + next(i for i, suffix in enumerate(PAGE_SUFFIXES) if lower.endswith(suffix)), item.path)


_Step = Iterator[tuple[Wanted, Sequence[Name]]]
"""For each target found, the files that fit equally well, one for each id; the first is meant."""


def _by_place(db: Connection, wanted: Sequence[Wanted], visible: Visible) -> _Step:
    """Exact, then by key, each from the folder and from the root."""
    by_key = _names(db, name.c.key, (fold_path(stem(p)) for item in wanted for p in item.places), visible)
    for item in wanted:
        rows = {place: by_key.get(fold_path(stem(place)), []) for place in item.places}
        for place in item.places:
            if exact := [
                row for row in rows[place] if place in (row.path, str(row.id)) or stem(place) == str(row.id)
            ]:
                yield item, [min(exact, key=lambda row: (row.path != place, claim(row)))]
                break
        else:
            for place in item.places:
                if rows[place]:
                    yield item, _best(rows[place], item.folder)
                    break


def _by_suffix(db: Connection, wanted: Sequence[Wanted], visible: Visible) -> _Step:
    loose = [item for item in wanted if not item.explicit and item.suffix_key]
    by_last = _names(db, name.c.last, (item.suffix_key.rpartition("/")[2] for item in loose), visible)
    for item in loose:
        suffix = f"/{item.suffix_key}"
        rows = by_last.get(suffix.rpartition("/")[2], ())
        if matches := [row for row in rows if f"/{row.id.key}".endswith(suffix)]:
            yield item, _best(matches, item.folder)


def _by_alias(db: Connection, wanted: Sequence[Wanted], visible: Visible) -> _Step:
    return _by_fact(db, wanted, visible, alias.c.key, fold_path)


def _by_title(db: Connection, wanted: Sequence[Wanted], visible: Visible) -> _Step:
    return _by_fact(db, wanted, visible, fact.c.title_key, fold)


def _by_fact(
    db: Connection, wanted: Sequence[Wanted], visible: Visible, column: Any, folded: Callable[[str], str]
) -> _Step:
    loose = {item: folded(item.target) for item in wanted if not item.explicit}
    found = pages_by_fact(db, column, loose.values(), visible)
    for item, key in loose.items():
        if matches := found.get(key):
            yield item, _best(matches, item.folder)


def _by_folder(db: Connection, wanted: Sequence[Wanted], visible: Visible) -> _Step:
    """A folder's index page, else the folder itself."""
    places = list(dict.fromkeys(place for item in wanted for place in item.places))
    by_key = _names(db, name.c.key, (key for place in places for key in _index_keys(place)), visible)
    folders = _folders(db, places, visible)
    for item in wanted:
        for place in item.places:
            if (index := _index(place, by_key)) is not None:
                yield item, [index]
                break
            if place in folders:
                yield item, [Name(place, "", Form.FOLDER)]
                break


_STEPS = (_by_place, _by_suffix, _by_alias, _by_title, _by_folder)


def folder_index(db: Connection, folder: str, visible: Visible = everything) -> Name | None:
    """Return the page that speaks for a folder: ``index``, ``README``, or the page named like the folder."""
    return _index(folder, _names(db, name.c.key, _index_keys(folder), visible))


def _index_keys(folder: str) -> list[str]:
    """Return the keys of pages that may speak for a folder, best first."""
    if not folder:
        return list(INDEX_KEYS)
    key = fold_path(folder)
    return [*(f"{key}/{each}" for each in INDEX_KEYS), key]


def _index(folder: str, by_key: Mapping[str, Sequence[Name]]) -> Name | None:
    for key in _index_keys(folder):
        pages = [row for row in by_key.get(key, ()) if row.form is Form.PAGE]
        if pages := [row for row in pages if row.folder == folder or str(row.id) == folder]:
            return min(pages, key=claim)
    return None


def _folders(db: Connection, places: Sequence[str], visible: Visible) -> set[str]:
    """Return those of *places* that are folders with a visible file in them, at any depth."""
    found: Collection[str] = places
    if len(places) > FEW:
        found = folders(db).intersection(places)
        if visible is everything:
            return set(found)
    return {place for place in found if has_folder(db, place, visible)}


def has_folder(db: Connection, folder: str, visible: Visible = everything) -> bool:
    """Say whether a visible file lies in *folder*, at any depth."""
    query = select(name)
    if folder:
        query = query.where(is_in(name.c.folder, folder) | (name.c.folder == folder))
    if visible is everything:
        query = query.limit(1)
    return any(visible(to_name(row)) for row in db.execute(query))


def is_in(column: Any, folder: str) -> Any:
    """Make the condition that a path is that of something in *folder*, at any depth."""
    return (column > f"{folder}/") & (column < f"{folder}0")  # "0" follows "/"


def pages_by_fact(
    db: Connection, column: Any, keys: Iterable[str], visible: Visible = everything
) -> dict[str, list[Name]]:
    """Return the pages whose alias key or title key (*column*) is one of *keys*."""
    source = select(name, column.label("found")).join(fact, fact.c.blob == name.c.blob)
    if column.table is alias:
        source = source.join(alias, alias.c.fact == fact.c.id)
    found: dict[str, list[Name]] = {}
    for chunk in chunks(key for key in keys if key):
        for row in db.execute(source.where(column.in_(chunk), name.c.form == Form.PAGE.value)):
            if visible(page := to_name(row)):
                found.setdefault(row.found, []).append(page)
    return found


def _names(db: Connection, column: Any, keys: Iterable[str], visible: Visible) -> Mapping[str, list[Name]]:
    found: dict[str, list[Name]] = {}
    for chunk in chunks(keys):
        for row in db.execute(_BY[column.name], {"values": chunk}):
            if visible(item := to_name(row)):
                found.setdefault(getattr(row, column.name), []).append(item)
    return found


def _best(matches: Sequence[Name], folder: str) -> Sequence[Name]:
    """Return the match that wins, and behind it others that are as near."""

    def rank(item: Name) -> tuple[int, int, str, tuple[int, str]]:
        return (_steps(folder, item.folder), len(item.path), str(item.id), claim(item))

    ordered = sorted(matches, key=rank)
    near: dict[str, Name] = {}
    for item in ordered:
        if rank(item)[0] == rank(ordered[0])[0]:
            near.setdefault(str(item.id), item)
    return list(near.values())


def _steps(source: str, target: str) -> int:
    """Count the steps up and down between two folders."""
    a, b = source.split("/") if source else [], target.split("/") if target else []
    common = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        common += 1
    return len(a) + len(b) - 2 * common
