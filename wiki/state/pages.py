"""What is kept of a page hangs on its lineage, so that it moves along when the page is renamed."""

Lineage = tuple[str, str]
"""The commit and the path that a page began with."""


def page_key(path: str, lineage: Lineage | None) -> str:
    """Return what stands for a page: its lineage, else its path (of a page that is new, or whose past is unknown)."""
    return f"{lineage[0]}:{lineage[1]}" if lineage is not None else f":{path}"
