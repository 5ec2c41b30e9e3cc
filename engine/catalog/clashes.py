"""Which names get in each other's way: those with one key, with one alias, and aliases that are somebody's name."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection, func, or_, select

from engine.catalog.rows import to_name
from engine.catalog.schema import alias, fact, name
from engine.ids import PAGE_SUFFIXES, page_stem
from engine.model import Form, Name

_other = name.alias()


class Clashes:
    """Finds them, in the order of keys, without regard to what an actor may see.

    Args:
        db: A reading transaction.
    """

    def __init__(self, db: Connection) -> None:
        self._db = db

    def same_key(self) -> Iterator[list[Name]]:
        """Yield the names that share a key, those of one key together."""
        shared = select(name.c.key).group_by(name.c.key).having(func.count() > 1)
        rows = self._db.execute(select(name).where(name.c.key.in_(shared)).order_by(name.c.key, name.c.path))
        for _, group in groupby(rows, key=lambda row: row.key):
            yield [to_name(row) for row in group]

    def same_alias(self) -> Iterator[dict[Name, str]]:
        """Yield for each alias that several pages have these pages, each with its spelling."""
        pages = (
            select(alias.c.key, func.min(alias.c.alias).label("alias"), *name.c)
            .join(fact, fact.c.id == alias.c.fact)
            .join(name, name.c.blob == fact.c.blob)
            .where(name.c.form == Form.PAGE.value)
            .group_by(alias.c.key, name.c.path)
        ).subquery()
        shared = select(pages.c.key).group_by(pages.c.key).having(func.count() > 1)
        rows = self._db.execute(
            select(pages).where(pages.c.key.in_(shared)).order_by(pages.c.key, pages.c.path)
        )
        for _, group in groupby(rows, key=lambda row: row.key):
            yield {to_name(row): row.alias for row in group}

    def taken_aliases(self) -> Iterator[tuple[str, Name, Name]]:
        """Yield each alias that is another file's name: the alias, the page that has it, and the other file."""
        query = (
            select(alias.c.alias, name.c.path, name.c.blob, name.c.form)
            .add_columns(*(column.label(f"other_{column.name}") for column in _other.c))
            .join(fact, fact.c.id == alias.c.fact)
            .join(name, name.c.blob == fact.c.blob)
            .join(_other, _other.c.key == alias.c.key)
            .where(name.c.form == Form.PAGE.value, name.c.path != _other.c.path)
            .order_by(name.c.path, alias.c.id, _other.c.path)
        )
        for row in self._db.execute(query):
            yield row.alias, to_name(row), Name(row.other_path, row.other_blob, Form(row.other_form))

    def named_like_files(self) -> Iterator[Name]:
        """Yield the pages whose id ends like the name of a page's file, as that of ``a.md.md``."""
        endings = or_(*(name.c.key.endswith(suffix) for suffix in PAGE_SUFFIXES))
        query = select(name).where(name.c.form == Form.PAGE.value, endings).order_by(name.c.path)
        for row in self._db.execute(query):
            if page_stem(str((found := to_name(row)).id)) is not None:
                yield found
