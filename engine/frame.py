"""What stands around every page: the wiki's own sidebar, else the pages nearby, and whether there is help."""

from dataclasses import dataclass, replace

from engine.catalog import Moment, Visible, everything
from engine.ids import url_path

SIDEBARS = ("sidebar", "_sidebar")
"""How a page is called that stands at the side of the pages in its folder and below."""

HELP = "help"
"""The folder of the manual."""

BRANCHES = 40  # folders, and pages, of one folder that are shown at the side
PAGES = 200  # of a folder that are looked at for those that may be seen
_INDEXES = {"index", "readme"}  # keys of pages for which their folder stands already


@dataclass(frozen=True, slots=True)
class Aside:
    """A page of the wiki that stands beside others."""

    url: str
    html: str  # sanitized
    lang: str
    dir: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of the tree at the side."""

    title: str
    url: str
    folder: bool = False
    inside: "tuple[Branch, ...]" = ()  # of a folder in which the reader is
    more: str = ""  # address of all that lies in it, where that is more than is shown


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the pages of one folder."""

    help: str = ""  # the manual's address; empty where the wiki has none
    side: Aside | None = None
    tree: Branch | None = None  # where there is no sidebar: the root, with what lies in it
    cut: bool = False  # the folder has more than the tree shows


def tree(moment: Moment, folder: str, visible: Visible, near: str = "") -> tuple[Branch, bool]:
    """Return what lies in the root and in *folder*, and the way from one to the other.

    What it costs is bounded by `BRANCHES` and `PAGES`, however many pages there are.

    Args:
        near: The path of the page around which a folder that is too long is shown; empty: its beginning.

    Returns:
        The root, and whether *folder* may have more than is shown, so that it looks otherwise around another page.
    """
    parts = folder.split("/") if folder else []
    opened, cut = _listed(moment, folder, visible, near)
    for depth in range(len(parts) - 1, -1, -1):
        path = "/".join(parts[:depth])
        if depth:
            branch = Branch(parts[depth - 1], url_path(f"{path}/"), folder=True)
        else:
            branch, _ = _listed(moment, "", visible, "")
        opened = _with(branch, opened)
    return opened, cut


def _with(branch: Branch, opened: Branch) -> Branch:
    """Put a folder that is open in the place of its line, or at the top where it has none."""
    inside = [opened if each.url == opened.url else each for each in branch.inside]
    return replace(branch, inside=tuple(inside if opened in inside else [opened, *inside]))


def _listed(moment: Moment, folder: str, visible: Visible, near: str) -> tuple[Branch, bool]:
    """List what lies directly in a folder: folders first, then pages by title; and say whether there may be more."""
    folders = moment.subfolders(folder, BRANCHES + 1)
    if visible is not everything:
        folders = [each for each in folders if moment.has_folder(each, visible)]
    listed, unseen = moment.pages_near(folder, near, BRANCHES + 1 if visible is everything else PAGES)
    pages = [(name, title) for name, title in listed if visible(name)]
    cut = len(folders) > BRANCHES or len(pages) > BRANCHES
    if len(pages) > BRANCHES:
        start = sum(name.path < near for name, _ in pages) - BRANCHES // 2
        start = max(0, min(start, len(pages) - BRANCHES))
        pages = pages[start : start + BRANCHES]
    url = url_path(f"{folder}/" if folder else "")
    branch = Branch(
        folder.rpartition("/")[2],
        url,
        folder=True,
        inside=(
            *(Branch(each.rpartition("/")[2], url_path(f"{each}/"), True) for each in folders[:BRANCHES]),
            *sorted(
                (Branch(title, name.url) for name, title in pages if name.id.last.casefold() not in _INDEXES),
                key=lambda line: (line.title.casefold(), line.url),
            ),
        ),
        more=(url if folder else "/-/pages") if cut else "",
    )
    return branch, cut or unseen
