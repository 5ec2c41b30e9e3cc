"""What `quire check` finds is what a reader sees, in both directions: in pages made at random, and in those that ship."""

import html
import re
from pathlib import Path
from random import Random
from urllib.parse import unquote

import pytest

from engine.access import Actor, Kind, Role
from engine.model import Form, Name
from engine.wiki import Snapshot, Wiki
from tests.conftest import Commit

READER = Actor(Kind.PERSON, "ada", Role.READER)
MISSING = {"missing-page", "missing-media", "absolute-link", "outside-link"}
SHIPPED = Path(__file__).parent.parent.parent / "pages"

PLACES = ["a.md", "B c.md", "deep/a.md", "deep/d.md", "deep/er/e-f.md", "ü/index.md", "deep/README.md"]
PARTS = [
    "",
    "#One",
    "#two-words",
    "#Two words",
    "#^block",
    "#Gone",
    "#^gone",
    "#note-1",
    "#References",
    "#one-1",
    "#x",
]
TARGETS = [
    "a",
    "b-c",
    "deep/a",
    "D",
    "e f",
    "E-F.md",
    "ü",
    "gone",
    "deep/gone",
    "Nick",
    "The Title",
    "",
    "p.png",
    "q.png",
]
ADDRESSES = [
    "a.md",
    "./a.md",
    "../a.md",
    "/deep/d",
    "../../a.md",
    "deep/",
    "er/e-f.md",
    "p.png",
    "/p.png",
    "q.png",
    "",
]
BLOCKS = [
    "# One", "## Two words", "## One", "Text. ^block", 'A <a id="x"></a> spot.', "Said[^1].\n\n[^1]: So.",
    "`[[gone]]`", "%%[[gone]]%%", "```\n[[gone]]\n```",
]  # fmt: skip


def text(dice: Random) -> str:
    blocks = dice.sample(BLOCKS, dice.randint(0, len(BLOCKS)))
    for _ in range(dice.randint(1, 6)):
        target, part = dice.choice(TARGETS), dice.choice(PARTS)
        address, fragment = dice.choice(ADDRESSES), dice.choice(PARTS).replace(" ", "%20")
        links = [
            f"[[{target}{part}]]" if target + part else "",
            f"[x]({address}{fragment})",
            f"![i]({address})",
        ]
        blocks.append("A " + " ".join(dice.sample(links, 2)))
    dice.shuffle(blocks)
    front = "---\ntitle: The Title\naliases: [nick]\n---\n" if dice.random() < 0.3 else ""
    return front + "\n\n".join(blocks) + "\n"


def seen(snapshot: Snapshot, name: Name) -> tuple[bool, set[tuple[str, str]]]:
    """Return whether a page shows something as missing, and the links to parts that their pages do not have."""
    pages = {each.url: each for each in snapshot._moment.names(form=Form.PAGE)}
    shown = snapshot.html(name)
    broken = set()
    for href in re.findall(r'<a [^>]*href="([^"]*#[^"]+)"', shown):
        address, _, fragment = html.unescape(href).partition("#")
        target = pages.get(address.partition("?")[0]) if address else name
        if target is not None and f'id="{html.escape(unquote(fragment))}"' not in snapshot.html(target):
            broken.add((target.path, unquote(fragment)))
    return re.search(r'class="missing[ "]', shown) is not None, broken


def check(snapshot: Snapshot) -> int:
    """Compare findings with what is seen on every page; return how many links were found wrong."""
    found = list(snapshot.check())
    wrong = 0
    for name in snapshot._moment.names(form=Form.PAGE):
        own = [finding for finding in found if finding.path == name.path]
        missing, broken = seen(snapshot, name)
        assert missing == any(each.code in MISSING for each in own), (name, own)
        assert bool(broken) == any(each.code == "missing-anchor" for each in own), (name, broken, own)
        lines = (snapshot.text(name) or "").splitlines()
        for each in own:
            if each.code in MISSING or each.code == "missing-anchor":
                wrong += 1
                assert "[" in lines[each.line - 1], each
    return wrong


@pytest.mark.parametrize("seed", range(25))
def test_findings_are_what_readers_see(wiki: Wiki, commit: Commit, seed: int) -> None:
    dice = Random(seed)
    pages = dice.sample(PLACES, dice.randint(3, len(PLACES)))
    commit({**{path: text(dice) for path in pages}, "p.png": b"x"})
    assert wiki.catch_up(10)
    with wiki.at(READER) as snapshot:
        check(snapshot)


def test_in_the_shipped_pages_there_are_none(wiki: Wiki, commit: Commit) -> None:
    commit(
        {
            file.relative_to(SHIPPED).as_posix(): file.read_bytes()
            for file in SHIPPED.rglob("*")
            if file.is_file()
        }
    )
    assert wiki.catch_up(10)
    with wiki.at(READER) as snapshot:
        assert check(snapshot) == 0
