"""Coverage-guided fuzzing of the parser and of the merge: a program that runs by itself, and stops at what is wrong.

``python -m tests.soak.fuzzing markup|merge CORPUS [options of libFuzzer]``; it needs atheris, which `make soak` installs.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["engine"]):
    from engine.frontmatter import split
    from engine.markup import Markup
    from engine.merging import Merge, merge

from tests.engine.markup.hostile import HOME, HOSTILE, Loop
from tests.engine.markup.test_pipeline import PIECES
from tests.engine.markup.test_sanitize import inspect
from tests.properties.test_merging import LINES, SENTENCES, lost

ROOT = Path(__file__).parents[2]
PART = "\x1f"
"""What parts the three texts of a merge in one input."""
EMBEDS = 10
SEED_CHARACTERS = 400  # of what fuzzing begins with: short inputs are tried most often

_markup = Markup()


def markup(data: bytes) -> None:
    """Any text becomes a page, and nothing that runs is in it."""
    text = data.decode("utf-8", "replace")
    parsed = _markup.parse(text)
    facts = _markup.scan(parsed)
    assert len({heading.anchor for heading in facts.headings}) == len(facts.headings)
    # Pages that embed each other many times grow up to the bound of embeds, which costs seconds where all is traced.
    embedded = text if text.count("![[") <= EMBEDS else "a"
    inspect(_markup.render(parsed, HOME, Loop(embedded)).html)


def merging(data: bytes) -> None:
    """Any two edits are merged: nothing is lost, and an edit of one side is taken as it is."""
    text = data.decode("utf-8", "replace").replace("\r", "\n")
    base, ours, theirs = (*text.split(PART, 2), "", "")[:3]
    merged = merge(base, ours, theirs)
    assert merge(base, ours, ours) == Merge(ours)
    assert merge(base, base, ours) == Merge(ours)
    assert merge(base, theirs, base) == Merge(theirs)
    there = [(each.base, each.ours, each.theirs) for each in merged.conflicts]
    back = [(each.base, each.theirs, each.ours) for each in merge(base, theirs, ours).conflicts]
    assert sorted(there) == sorted(back)
    if any(split(each.removeprefix("\ufeff")).raw for each in (base, ours, theirs)):
        return  # lists in front matter are merged as sets, and not by lines
    assert lost(base, ours, "\n".join([merged.text, *(each.ours for each in merged.conflicts)])) == []
    assert lost(base, theirs, "\n".join([merged.text, *(each.theirs for each in merged.conflicts)])) == []


TARGETS: Mapping[str, Callable[[bytes], None]] = {"markup": markup, "merge": merging}


def seeds(target: str) -> list[str]:
    """Return what fuzzing begins with."""
    pages = [path.read_text() for path in sorted((ROOT / "tests" / "golden" / "pages").rglob("*.md"))]
    if target == "markup":
        return [
            *(make(SEED_CHARACTERS) for make in HOSTILE.values()),
            *(page[:SEED_CHARACTERS] for page in pages),
        ]
    blocks = [*LINES, *SENTENCES]
    found = []
    for number in range(len(blocks) - 3):
        one, two, three = (f"{block}\n" for block in blocks[number : number + 3])
        found += [PART.join((one + two, two, two + three)), PART.join((one, one + two, one + three))]
    return [*found, *(PART.join((page[:200], page[:200] + "More.\n", page[100:300])) for page in pages)]


def words(target: str) -> str:
    """Return what libFuzzer puts in, as its dictionaries are written."""
    pieces = PIECES if target == "markup" else (*LINES, *SENTENCES, PART, "\n", "---\n", "a: [x]\n")
    written = ("".join(f"\\x{byte:02x}" for byte in piece.encode()) for piece in pieces if piece)
    return "".join(f'"{piece}"\n' for piece in written)


def main() -> None:
    """Fuzz one target, until it fails or the time is over."""
    target, corpus, *options = sys.argv[1:]
    folder = Path(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (folder / f"seed-{number}").write_bytes(seed.encode("utf-8", "replace"))
    dictionary = folder.parent / f"{target}.dict"
    dictionary.write_text(words(target))
    atheris.Setup([sys.argv[0], str(folder), f"-dict={dictionary}", *options], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
