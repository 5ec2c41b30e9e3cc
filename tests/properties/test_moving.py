"""A move leaves every link meaning what it meant, and changes nothing but targets: in wikis made at random."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from engine import frontmatter
from engine.access import Actor, Kind, Role, RolePolicy
from engine.errors import WikiError
from engine.markup import Markup
from engine.model import Form, Name
from engine.moving import Leave, MovePlan
from engine.store.memory_store import MemoryStore
from engine.wiki import Snapshot, Wiki
from tests.indexes import ListIndex
from tests.moves import applied

EDITOR = Actor(Kind.PERSON, "ada", Role.EDITOR)
MARKUP = Markup()

FOLDERS = ["", "", "a/", "a/b/", "c d/", "a/b/c d/", "é/"]
NAMES = ["One", "one", "Two words", "two-words", "index", "a", "b", "README", "Drei (3)", "v1.2", "C#", "x.png", "One.png",
    "p [1].png", "a/One"]  # fmt: skip
TITLES = ["", "", "", "One", "Two Words", "Nick", "b/One", "Über uns"]
PARTS = ["", "", "#Part", "#part", "#^id"]
LABELS = ["", "|said", "|"]
COLUMNS = "| {} | `{}` |\n|---|---|\n| x \\| {} | y |"
BLOCKS = ["{}", "x {} y", "> {}\n> {}", "- {}\n\n  1. {}", "## On {}", "> [!note] {}\n> {}", "Term {}\n: {}", "{}[^1]\n\n[^1]: {}",
    "x^[in {}]", "`{}`", "%%{}%%", "```\n{}\n```", "    {}", "$x${}$5", "<div>\n{}\n</div>", "*{}*", COLUMNS]  # fmt: skip


def written(dice: Random, targets: Sequence[str], *, cell: bool, heading: bool) -> str:
    """Write a link of some kind to something that may be there."""
    target = dice.choice(targets)
    form = dice.randrange(9)
    bar = "\\|" if cell else "|"
    if form < 4:
        label = dice.choice(LABELS[1:2] if heading else LABELS).replace("|", bar)
        clean = target if not set(target) & set("[]|#") else "One"
        return f"{'!' if form == 3 and not heading else ''}[[{clean}{dice.choice(PARTS)}{label}]]"
    encoded = target.replace("%", "%25").replace("#", "%23")
    plain = encoded.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
    part = dice.choice(PARTS)
    return [
        f"[x]({plain}{part})",
        f"[x](<{encoded}{part}> 't')",
        f"![i]({plain})",
        f'<a href="{encoded}{part}">y</a>',
        "[r]",
    ][form - 4]


def page(dice: Random, targets: Sequence[str]) -> str:
    """Write a page."""
    front = []
    if dice.random() < 0.3:
        front.append(f"title: {dice.choice(TITLES) or 'T'}")
    if dice.random() < 0.2:
        front.append(f"aliases: [{dice.choice(TITLES) or 'A'}]")
    if dice.random() < 0.1:
        front.append(f'redirect: "{dice.choice(targets)}"')
    blocks = []
    for _ in range(dice.randint(0, 5)):
        block = dice.choice(BLOCKS)
        while "{}" in block:
            link = written(dice, targets, cell=block.startswith("|"), heading=block.startswith("#"))
            block = block.replace("{}", link, 1)
        blocks.append(block)
    if dice.random() < 0.5:
        blocks.append(f"[r]: <{dice.choice(targets).replace('#', '%23')}>")
    text = "\n\n".join(blocks) + "\n"
    if front:
        text = "---\n" + "\n".join(front) + "\n---\n" + text
    end = dice.choice(["\n", "\n", "\r\n"])
    return dice.choice(["", "", "\ufeff"]) + text.replace("\n", end)


def paths(dice: Random, count: int) -> list[str]:
    """Choose paths that do not clash."""
    found: dict[str, str] = {}
    for _ in range(count):
        name = dice.choice(FOLDERS) + dice.choice(NAMES)
        path = name if name.endswith(".png") else name + dice.choice([".md", ".md", ".md", ".markdown"])
        found.setdefault(Name(path, "", form(path)).id.key, path)
    return list(found.values())


def form(path: str) -> Form:
    return Form.MEDIA if path.endswith(".png") else Form.PAGE


def spellings(dice: Random, files: Sequence[str]) -> list[str]:
    """Return ways in which files may be named, from somewhere."""
    found = []
    for path in files:
        stem = path.removesuffix(".md").removesuffix(".markdown")
        last = stem.rpartition("/")[2]
        found += [
            path,
            stem,
            last,
            path.rpartition("/")[2],
            f"/{stem}",
            f"./{last}",
            f"../{path}",
            f"../{stem}",
        ]
        found += [last.upper(), stem.replace(" ", "-"), path.rpartition("/")[0] + "/"]
    found += [title for title in TITLES if title] + ["gone", "./gone.md", "..", ".", "../..", "a", "a/b/"]
    return [each for each in dice.sample(found, min(len(found), 12)) if each.strip("/")] or ["One"]


@contextmanager
def opened(folder: Path) -> Iterator[tuple[MemoryStore, Wiki]]:
    store = MemoryStore()
    wiki = Wiki.open(store, ListIndex(), folder, RolePolicy(), processes=0)
    try:
        yield store, wiki
    finally:
        wiki.close()


def meanings(snapshot: Snapshot, names: Sequence[Name]) -> dict[str, list[tuple[str, Name | None, bool]]]:
    """Return what every link of every page names, and what it means."""
    moment = snapshot._moment
    found: dict[str, list[tuple[str, Name | None, bool]]] = {}
    for name in names:
        facts = moment.facts(name.blob)
        assert facts is not None
        targets = [link.target for link in facts.links] + ([facts.redirect] if facts.redirect else [])
        meant = moment.meant((name.folder, target) for target in targets if target)
        found[name.path] = [
            (target, match[0], match[1])
            if target and (match := meant[name.folder, target]) is not None
            else (target, None, False)
            for target in targets
        ]
    return found


def findings(snapshot: Snapshot, moved: Mapping[str, str]) -> Counter[tuple[str, str]]:
    return Counter((each.code, moved.get(each.path, each.path)) for each in snapshot.check())


def masked(content: bytes) -> tuple[dict[str, object], str]:
    """Return a page without what its links name, and without what front matter may get."""
    text = content.decode()
    front = frontmatter.split(text)
    spans = {
        span
        for link in MARKUP.trace(text).links
        for place in link.places
        for span in (place.target, place.fragment)
        if span
    }
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + "\0" + text[end:]
    kept = {key: value for key, value in front.properties.items() if key not in {"aliases", "redirect"}}
    return kept, text[len(front.raw) :]


def check(plan: MovePlan, files: Mapping[str, bytes], store: MemoryStore, wiki: Wiki) -> int:
    """Carry a plan out, and hold everything against what it was; return how many links there are."""
    moved = dict(plan.moves)
    with wiki.at(EDITOR) as snapshot:
        names = list(snapshot._moment.names(form=Form.PAGE))
        before = meanings(snapshot, names)
        found = findings(snapshot, moved)
    made = applied(files, plan)
    head = store.head()
    store.set_head(store.commit_tree(made, [head] if head else []))
    assert wiki.catch_up(10)
    doubtful = {(each.name.path, each.written.partition("#")[0]) for each in plan.unsure}
    fulfilled: set[str] = (
        set()
    )  # pages with links that led nowhere, or to a folder for which a page speaks now
    unclear_pages: set[str] = set()
    count = 0
    with wiki.at(EDITOR) as snapshot:
        now = [name for name in snapshot._moment.names(form=Form.PAGE) if name.path not in plan.left]
        after = meanings(snapshot, now)
        assert set(after) == {moved.get(name.path, name.path) for name in names}
        for path, links in before.items():
            others = after[moved.get(path, path)]
            assert len(links) == len(others)
            for (target, name, ambiguous), (new, meant, unclear) in zip(links, others, strict=True):
                count += 1
                if meant is not None and (name is None or name.form is not meant.form):
                    fulfilled.add(moved.get(path, path))
                if name is None or (path, target) in doubtful:
                    continue
                where = (path, target, new, name, meant)
                assert meant is not None, where
                if name.form is Form.FOLDER:
                    assert meant.form is Form.FOLDER or snapshot._moment.folder_index(name.path) == meant, (
                        where
                    )
                else:
                    assert meant.path == moved.get(name.path, name.path), where
                if unclear and not ambiguous:
                    unclear_pages.add(moved.get(path, path))
                # Where its path cannot be written between brackets, a title has to do that others have, too.
                assert ambiguous or not unclear or set(meant.path) & set("[]|#"), where
        told = {moved.get(path, path) for path, _ in doubtful} | fulfilled | set(plan.left)
        worse = [
            (code, path)
            for code, path in findings(snapshot, {}) - found
            if path not in told | unclear_pages and not (code == "unused-media" and doubtful)
        ]
        if fulfilled:  # what they embed now may embed others
            worse = [each for each in worse if not each[0].startswith("embed")]
        if plan.left:  # and an alias may be the name of a page that leads on
            worse = [each for each in worse if each[0] != "alias-taken"]
        assert not worse
    for path, content in files.items():
        new = moved.get(path, path)
        if form(path) is Form.MEDIA:
            assert made[new] == content
        elif path not in plan.left:
            assert masked(made[new]) == masked(content)
    return count


def moves(dice: Random, files: Sequence[str]) -> tuple[str, str]:
    """Choose what moves, and where."""
    folders = sorted({path.rpartition("/")[0] for path in files} - {""})
    if folders and dice.random() < 0.3:
        return dice.choice(folders), dice.choice(["z", "c d", "a/z", "b", "A", "x/y/z"])
    path = dice.choice(files)
    suffix = path[path.rindex(".") :]
    name = dice.choice(NAMES).removesuffix(".png")
    return path, dice.choice([*FOLDERS, "new/", "a/new/"]) + name + suffix


def run(seed: int, folder: Path) -> int:
    dice = Random(seed)
    files = paths(dice, dice.randint(3, 9))
    targets = spellings(dice, files)
    tree = {path: b"x" if form(path) is Form.MEDIA else page(dice, targets).encode() for path in files}
    with opened(folder) as (store, wiki):
        store.set_head(store.commit_tree(tree))
        assert wiki.catch_up(10)
        for _ in range(4):
            path, to = moves(dice, files)
            leave = dice.choice(list(Leave))
            with wiki.at(EDITOR) as snapshot:
                try:
                    plan = snapshot.moving.plan(path, to, leave)
                except WikiError:
                    continue
            return check(plan, tree, store, wiki)
    return 0


@pytest.mark.parametrize("seed", range(60))
def test_links_mean_after_a_move_what_they_meant_before(seed: int, tmp_path: Path) -> None:
    run(seed, tmp_path)
