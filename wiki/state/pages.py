"""What is kept of a page hangs on its lineage, so that it moves along when the page is renamed."""

Lineage = tuple[str, str]
"""The commit and the path that a page began with."""


def page_key(path: str, lineage: Lineage | None, section: str = "") -> str:
    """Return what stands for a page: its lineage, else its path (of a page that is new, or whose past is unknown).

    With the anchor of a section it stands for that one.
    """
    page = f"{lineage[0]}:{lineage[1]}" if lineage is not None else f":{path}"
    return f"{page}#{section}" if section else page


def lineage_of(key: str, section: str = "") -> Lineage | None:
    """Return the lineage that a key of `page_key` names, ``None`` where it names a path."""
    commit, _, path = (key.removesuffix(f"#{section}") if section else key).partition(":")
    return (commit, path) if commit else None
