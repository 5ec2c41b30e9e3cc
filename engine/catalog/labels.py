"""Labels: the texts by which pages are suggested while somebody types, and finding them by beginnings of their words.

A label is a title, an alias, or the last part of the path of a page without a title. An FTS5 table has the words of
each. A row's number begins with the label's length, so that SQLite, which goes through rows in their order, meets
short labels first and can stop early; no letter is too frequent for that.

::

    number = length | id of the fact, the alias or the name | kind
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, text

from engine.catalog.rows import CHUNK, Visible, chunks, to_name
from engine.catalog.schema import INDEXED, alias, fact, label, name
from engine.ids import fold as fold_key
from engine.ids import fold_path
from engine.model import Form, Name
from engine.words import MAX_WORD, PIECE, fold, is_dense, words

SUGGESTED = 10  # pages at most
TYPED_WORDS = 8  # of what was typed that are looked for
LABEL_WORDS = 60  # of a label by which it is found
LABEL_CHARACTERS = 1_000  # of a label, or of what was typed, that are read
PART = 50  # labels that are looked at together
TRIED = 400  # labels that are looked at for one of the three questions below
FORGET = 1_000  # labels that go in one transaction

_FIRST = "\ue000"  # stands before the first word of a label, so that beginnings of labels can be asked for
_ACCENTS = re.compile("[\u0300-\u036f]+")
_LENGTH = 32_767
_INSERT = text("INSERT INTO suggestion (rowid, words) VALUES (:number, :words)")
_KNOWN = text("SELECT rowid FROM suggestion WHERE rowid IN :numbers").bindparams(
    bindparam("numbers", expanding=True)
)
_FIND = text("SELECT rowid, words FROM suggestion WHERE suggestion MATCH :query LIMIT :limit")
_USED = exists().where(name.c.blob == fact.c.blob)  # not of a past text


class Kind(IntEnum):
    """Where a label comes from."""

    TITLE = 0
    ALIAS = 1
    PATH = 2


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A page that may be meant by what somebody has typed so far."""

    name: Name
    title: str
    alias: str  # by which it was found, empty where the title would do


def label_words(label: str) -> str:
    """Return the words of a label as they are kept: in order, again without accents if it has any, and the first marked."""
    found = _tokens(label)[:LABEL_WORDS]
    if not found:
        return ""
    plain = list(map(_bare, found))
    again = [_FIRST, *plain, _FIRST + plain[0]] if plain != found else []
    return " ".join([*found, *again, _FIRST + found[0]])


def number(kind: Kind, identity: int, label: str) -> int:
    """Return the number of the row that has a label's words."""
    return (min(len(label), _LENGTH) << 48) | (identity << 2) | kind


def add_labels(db: Connection, rows: Iterable[tuple[int, str]]) -> None:
    """Write the words of labels, by number."""
    values = [{"number": number, "words": words} for number, words in sorted(rows) if words]
    if values:  # in order of their numbers, as FTS5 likes it
        db.execute(_INSERT, values)


def known_labels(db: Connection, numbers: Collection[int]) -> set[int]:
    """Return those of *numbers* whose words are kept."""
    found: set[int] = set()
    wanted = list(numbers)
    for start in range(0, len(wanted), CHUNK):
        found.update(db.execute(_KNOWN, {"numbers": wanted[start : start + CHUNK]}).scalars())
    return found


def remove_labels(db: Connection, numbers: Collection[int]) -> None:
    """Remove the words of labels."""
    if numbers:
        db.execute(text("DELETE FROM suggestion WHERE rowid = :number"), [{"number": n} for n in numbers])


def unlabelled(db: Connection, paths: Iterable[str] | None = None) -> list[str]:
    """Return the last parts, as keys, of pages without a title that are not kept yet, of some paths or of all."""
    missing = (
        select(name.c.last)
        .distinct()
        .join_from(name, fact, fact.c.blob == name.c.blob)
        .where(
            name.c.form == Form.PAGE.value, fact.c.title == "", ~exists().where(label.c.last == name.c.last)
        )
    )
    if paths is None:
        return list(db.execute(missing).scalars())
    return [
        last for part in chunks(paths) for last in db.execute(missing.where(name.c.path.in_(part))).scalars()
    ]


def add_paths(db: Connection, lasts: Iterable[str]) -> None:
    """Keep last parts of paths, as `unlabelled` gives them, as labels."""
    known: set[str] = set()
    wanted = list(dict.fromkeys(lasts))
    for part in chunks(wanted):
        known.update(db.execute(select(label.c.last).where(label.c.last.in_(part))).scalars())
    start = (db.execute(select(func.max(label.c.id))).scalar() or 0) + 1
    rows = list(enumerate((each for each in wanted if each not in known), start))
    if rows:
        db.execute(insert(label), [{"id": i, "last": last} for i, last in rows])
        add_labels(db, ((number(Kind.PATH, i, last), label_words(last)) for i, last in rows))


def forget_paths(db: Connection) -> int:
    """Remove labels that no page has any more, at most `FORGET` of them; return how many went."""
    unused = (
        select(label.c.id, label.c.last).where(~exists().where(name.c.last == label.c.last)).limit(FORGET)
    )
    rows = db.execute(unused).all()
    remove_labels(db, [number(Kind.PATH, row.id, row.last) for row in rows])
    db.execute(delete(label).where(label.c.id.in_([row.id for row in rows])))
    return len(rows)


def suggest(db: Connection, typed: str, visible: Visible) -> list[Suggestion]:
    """Return pages for what somebody has typed so far, best first, at most `SUGGESTED`.

    Those that are called just so come first, then those whose title or alias begins so, then those with words that
    begin as the typed ones do; among equals the shorter comes first.
    """
    wanted = _tokens(typed)[:TYPED_WORDS]
    if not wanted:
        return []
    has = _Beginnings(wanted, at_start=False)
    found: dict[str, Suggestion] = {}
    for numbers in _candidates(db, typed, wanted):
        for each in _pages(db, numbers) if numbers else ():
            if each.name.path not in found and visible(each.name):
                by_title = each.alias and has.words(label_words(each.title))
                found[each.name.path] = replace(each, alias="") if by_title else each
                if len(found) == SUGGESTED:
                    return list(found.values())
    return list(found.values())


def _candidates(db: Connection, typed: str, wanted: Sequence[str]) -> Iterator[list[int]]:
    """Yield numbers of labels, best first, some at a time."""
    yield _exact(db, typed)
    first = [f'"{_FIRST}{wanted[0]}"*', *(f'"{each}"*' for each in wanted[1:])]
    starts = _Beginnings(wanted, at_start=True)
    yield from _matching(db, first, starts)
    if len(wanted) > 1:  # of many labels with these words, those that begin with them may be long ones
        yield _beginning(db, typed)
    yield from _matching(db, [f'"{each}"*' for each in wanted], _Beginnings(wanted, at_start=False))


def _exact(db: Connection, typed: str) -> list[int]:
    """Return the numbers of labels that are what was typed."""
    typed = typed[:LABEL_CHARACTERS].strip()
    key, path_key = fold_key(typed), fold_path(typed)
    titles = db.execute(select(fact.c.id, fact.c.title).where(fact.c.title_key == key, _USED).limit(PART))
    named = select(alias.c.id, alias.c.alias).join(fact, fact.c.id == alias.c.fact)
    aliases = db.execute(named.where(alias.c.key == path_key, _USED).limit(PART))
    lasts = db.execute(select(label.c.id, label.c.last).where(label.c.last == key))
    return [
        number(kind, row[0], row[1])
        for kind, rows in ((Kind.TITLE, titles), (Kind.PATH, lasts), (Kind.ALIAS, aliases))
        for row in rows
    ]


def _beginning(db: Connection, typed: str) -> list[int]:
    """Return the numbers of some titles that begin with what was typed, the first in order of their keys."""
    key = fold_key(typed[:LABEL_CHARACTERS].strip())
    begins = (fact.c.title_key > key) & (fact.c.title_key < f"{key}\U0010ffff")
    used = select(fact.c.id, fact.c.title).where(begins, _USED)
    rows = db.execute(used.order_by(fact.c.title_key).limit(PART))
    return sorted(number(Kind.TITLE, row.id, row.title) for row in rows)


def _matching(db: Connection, terms: Sequence[str], fits: "_Beginnings") -> Iterator[list[int]]:
    """Yield the numbers of labels that fit, the shorter ones first.

    SQLite gathers all labels with a word before it gives the first one where more letters are asked for than are
    indexed. So the indexed letters are asked for at first: that is enough where most words that begin so fit.
    """
    short = [_shortened(term) for term in terms]
    found: set[int] = set()
    for asked in (short, terms):
        tried = strangers = 0
        numbers: list[int] = []
        rows = db.execute(_FIND, {"query": " AND ".join(dict.fromkeys(asked)), "limit": TRIED})
        for part in rows.partitions(PART):
            words = [row for row in part if fits.words(row.words)]
            fit = [row.rowid for row in words if fits.place(row.words)]
            numbers += [each for each in fit if each not in found]
            tried, strangers = tried + len(part), strangers + len(part) - len(words)
            found.update(numbers)
            if len(numbers) >= 2 * SUGGESTED:  # to look for the pages of a few would take as long
                yield numbers
                numbers = []
        yield numbers
        if tried < TRIED or not strangers:
            return  # more letters would find no others


def _shortened(term: str) -> str:
    """Cut a quoted word with its asterisk to the letters that are indexed."""
    return f'{term[:-2][: INDEXED + 1]}"*'


class _Beginnings:
    """Says whether the words of a label begin as the typed ones do: from the first on, or any of them."""

    def __init__(self, wanted: Sequence[str], *, at_start: bool) -> None:
        self._wanted = wanted
        self._text = " ".join(wanted)
        self._at_start = at_start
        # What was typed of a script without spaces has to stand together, though it is kept as single characters.
        self._runs = [run for run in re.findall(r"\S(?: \S)+(?!\S)", self._text) if is_dense(run)]

    def words(self, kept: str) -> bool:
        """Say whether the label has the words."""
        spaced = f" {kept}"
        return all(f" {each}" in spaced for each in (*self._wanted, *self._runs))

    def place(self, kept: str) -> bool:
        """Say whether they stand where they should."""
        return not self._at_start or kept.startswith(self._text) or f"{_FIRST} {self._text}" in kept


def _pages(db: Connection, numbers: Sequence[int]) -> list[Suggestion]:
    """Return the pages of the head that have these labels, in their order."""
    by_kind: dict[int, list[int]] = {}
    for each in numbers:
        by_kind.setdefault(each & 3, []).append((each & ((1 << 48) - 1)) >> 2)
    page = name.c.form == Form.PAGE.value
    titled = select(name, fact.c.id, fact.c.title, fact.c.title.label("text")).join(
        fact, fact.c.blob == name.c.blob
    )
    queries = {
        Kind.TITLE: titled.where(page, fact.c.id.in_(by_kind.get(Kind.TITLE, ()))),
        Kind.ALIAS: select(name, alias.c.id, fact.c.title, alias.c.alias.label("text"))
        .join(fact, fact.c.blob == name.c.blob)
        .join(alias, alias.c.fact == fact.c.id)
        .where(page, alias.c.id.in_(by_kind.get(Kind.ALIAS, ()))),
        Kind.PATH: select(name, label.c.id, fact.c.title, label.c.last.label("text"))
        .join(fact, fact.c.blob == name.c.blob)
        .join(label, label.c.last == name.c.last)
        .where(page, fact.c.title == "", label.c.id.in_(by_kind.get(Kind.PATH, ()))),
    }
    found: dict[int, list[Suggestion]] = {}
    for kind in by_kind:
        for row in db.execute(queries[Kind(kind)].order_by(name.c.path)):
            item = to_name(row)
            made = Suggestion(item, row.title or item.id.last, row.text if kind == Kind.ALIAS else "")
            found.setdefault(number(Kind(kind), row.id, row.text), []).append(made)
    return [each for one in numbers for each in found.get(one, ())]


def _tokens(typed: str) -> list[str]:
    """Return the words of a text; scripts without spaces are taken apart into characters."""
    found: list[str] = []
    for word in words(fold(typed[:LABEL_CHARACTERS])):
        for piece in PIECE.findall(word):
            found.extend(piece if is_dense(piece) else (piece[:MAX_WORD],))
    return found


def _bare(word: str) -> str:
    """Take the accents off."""
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word)))
