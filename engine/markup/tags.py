"""Writing HTML tags."""

from collections.abc import Mapping

from markdown_it.common.utils import escapeHtml


def open_tag(name: str, attributes: Mapping[str, str | None]) -> str:
    """Write a start tag with escaped attributes; those that are ``None`` are left out."""
    written = "".join(
        f' {key}="{escapeHtml(value)}"' for key, value in attributes.items() if value is not None
    )
    return f"<{name}{written}>"
