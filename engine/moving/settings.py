"""What the settings of the content name: the home page and the logo."""

from engine.catalog import Moment, Visible
from engine.model import Name
from engine.moving.relinking import Moves
from engine.moving.repointing import Pages
from engine.moving.rewriting import UNWRITABLE, Sample
from engine.site import parse_site, with_setting


def repoint_settings(
    moment: Moment, visible: Visible, moves: Moves, pages: Pages, name: Name, *, may_write: bool
) -> None:
    """Let ``quire.toml``, the file *name*, name the home page and the logo where they will be."""
    text = pages.text(name)
    site = parse_site((text or "").encode())
    home = moment.named(site.home, visible)[:1] if site.home else []
    logo = moment.meant([("", site.logo)], visible)["", site.logo] if site.logo else None
    for key, old, file in (
        ("home", site.home, home[0] if home else None),
        ("logo", site.logo, logo[0] if logo else None),
    ):
        if text is None or file is None or file.path not in moves.files:
            continue
        new = str(moves.files[file.path][1].id)
        made = with_setting(text, key, new)
        if not may_write:
            pages.lock(name)
        elif made is None:
            pages.doubt(name, old, UNWRITABLE)
        else:
            pages.put(name, made)
            pages.tell(name, [Sample(_line(text, made), old, new)])
            text = made


def _line(before: str, after: str) -> int:
    """Return the first line in which two texts differ."""
    pairs = enumerate(zip(before.splitlines(), after.splitlines(), strict=False), 1)
    return next((number for number, (old, new) in pairs if old != new), 0)
