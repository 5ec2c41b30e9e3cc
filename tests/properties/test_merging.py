"""What always holds of a merge: nothing is lost, nothing depends on who is who, and git agrees where it is sure."""

import random
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diff import diff_lines, lines
from engine.frontkeys import parts, set_key
from engine.frontmatter import split
from engine.merging import Choice, Merge, merge
from engine.merging.blocks import units
from engine.sentences import SENTENCE_END

# Lines of every kind, and sentences of every script; few, so that they meet again and again.
SENTENCES = [
    "One.",
    "Two is (so. And so).",
    "Three!",
    "Dr. Four.",
    "e.g. five",
    "你好。",
    "「好。」他说。",
    "Six?",
    "- 7. Eight.",
]
LINES = [
    "", "", "", "# A", "## B", "- item", "- item. More.", "  - within", "1. first", "```", "code. Code.", "| a | b |",
    "|---|---|", "> quote. Quote.", "$$", "%%", "<!--", "-->", "***", "    indented. Code.", "one  ", "[a]: b", "word",
]  # fmt: skip
paragraph = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5).map(" ".join)
line = st.sampled_from(LINES) | paragraph
page_lines = st.lists(line, max_size=12)


def edited(source: random.Random, old: Sequence[str], new: Sequence[str], times: int) -> list[str]:
    """Make some edits to *old* that bring what is in *new*."""
    made = list(old)
    for _ in range(times):
        at = source.randrange(len(made) + 1)
        match source.randrange(5):
            case 0:
                del made[at : at + source.randint(1, 2)]
            case 1 | 2 if new:
                made.insert(at, source.choice(new))
            case 3 if new:
                made[at : at + 1] = [source.choice(new)]
            case _ if at < len(made):
                words = made[at].split(" ")
                if source.random() < 0.5:
                    words.insert(source.randrange(len(words) + 1), source.choice(SENTENCES))
                else:
                    words[source.randrange(len(words))] = source.choice(
                        ["", "changed", "Changed.", *SENTENCES]
                    )
                made[at] = " ".join(words)
    return made


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw a page and two edits of it, with and without a newline at the end."""
    base = draw(page_lines)
    new = draw(page_lines)
    source = draw(st.randoms(use_true_random=False))
    sides = [base, *(edited(source, base, new, source.randint(1, 3)) for _ in range(2))]
    ends = [source.choice(["\n", "\n", ""]) for _ in sides]
    base_text, ours, theirs = ("\n".join(side) + end for side, end in zip(sides, ends, strict=True))
    return base_text, ours, theirs


def plain(texts: Iterable[str]) -> str:
    return " ".join(" ".join(texts).split())


def lost(base: str, side: str, kept: str) -> list[str]:
    """Return the sentences of lines of *side* that are neither in *base* nor in *kept*."""
    known = {text.strip() for text in lines(base)}
    shown = {text.strip() for text in lines(kept)}
    whole = plain([base, kept])
    missing = []
    for text in lines(side):
        if text.strip() in known or text.strip() in shown:
            continue
        ends = [0, *(match.end() for match in SENTENCE_END.finditer(text)), len(text)]
        pieces = (plain([text[one:other]]) for one, other in pairwise(ends))
        missing += [piece for piece in pieces if piece not in whole]
    return missing


def conflicts(merged: Merge, *, swapped: bool = False) -> list[tuple[str, str, str]]:
    return [
        (each.base, each.theirs, each.ours) if swapped else (each.base, each.ours, each.theirs)
        for each in merged.conflicts
    ]


@given(edits())
def test_what_a_side_wrote_is_in_the_page_or_in_a_conflict(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    merged = merge(base, ours, theirs)
    assert lost(base, ours, "\n".join([merged.text, *(each.ours for each in merged.conflicts)])) == []
    assert lost(base, theirs, "\n".join([merged.text, *(each.theirs for each in merged.conflicts)])) == []


@given(edits())
def test_nothing_is_in_the_page_that_nobody_wrote(texts: tuple[str, str, str]) -> None:
    written = "\n".join(texts)
    sentences = {plain([unit.text]) for side in texts for unit in units(lines(side))}
    for unit in units(lines(merge(*texts).text)):
        # A sentence of several lines may have been merged by these.
        assert plain([unit.text]) in sentences or all(text in written for text in unit.text.split("\n"))


@given(edits())
def test_conflicts_do_not_depend_on_who_is_who(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    there, back = merge(base, ours, theirs), merge(base, theirs, ours)
    assert conflicts(there) == conflicts(back, swapped=True)
    if not there.conflicts:
        kept = [Counter(text for text in lines(f"{each.text}\n") if text.strip()) for each in (there, back)]
        assert kept[0] == kept[1]


@given(edits())
def test_an_edit_of_one_side_is_taken_as_it_is(texts: tuple[str, str, str]) -> None:
    base, ours, _ = texts
    assert merge(base, base, ours) == Merge(ours)
    assert merge(base, ours, base) == Merge(ours)
    assert merge(base, ours, ours) == Merge(ours)


@given(edits())
def test_conflicts_say_where_ours_stands(texts: tuple[str, str, str]) -> None:
    merged = merge(*texts)
    shown = lines(merged.text)
    before = 0
    for conflict in merged.conflicts:
        assert before <= conflict.start <= conflict.end <= len(shown)
        assert "".join(shown[conflict.start : conflict.end]) == conflict.ours
        before = conflict.end
    assert merged.resolved([Choice.OURS] * len(merged.conflicts)) == merged.text
    assert "<<<<<<<" not in merged.text


@given(edits(), st.lists(st.sampled_from([*Choice, "free"]), min_size=40, max_size=40))
def test_what_is_chosen_is_in_the_page(texts: tuple[str, str, str], choices: list[Choice | str]) -> None:
    merged = merge(*texts)
    made = merged.resolved(choices[: len(merged.conflicts)])
    for conflict, choice in zip(merged.conflicts, choices, strict=False):
        for text in lines(conflict.chosen(choice)):
            assert text.rstrip("\n") in made.split("\n")


@given(edits())
def test_a_merge_is_done_once(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    merged = merge(base, ours, theirs)
    if not merged.conflicts:
        assert merge(ours, merged.text, ours).text == merged.text
        assert merge(theirs, theirs, merged.text).text == merged.text


VALUES = ["A", "no", "a: b", "", ["x"], ["x", "y"], ["y", "z z"], ["w", "x"], []]
COMMENTS = ["# one", "# two", "", "  # within"]


@st.composite
def front_edits(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw a page with front matter and two edits of it, by a form and by hand."""
    source = draw(st.randoms(use_true_random=False))
    page = (
        "Text.\n" if draw(st.booleans()) else "---\ntitle: A\ntags: [x, y]\nlist:\n  - x\n  - y\n---\nText.\n"
    )
    sides: list[str] = []
    for count in (draw(st.integers(0, 2)), draw(st.integers(0, 3)), draw(st.integers(0, 3))):
        side = sides[0] if sides else page
        for _ in range(count):
            shown = lines(side)
            if source.random() < 0.75 and parts(split(side).raw) is not None:
                value = source.choice([None, *VALUES])
                side = set_key(side, source.choice(["title", "tags", "list", "lang", "note"]), value)
            elif source.random() < 0.5:
                shown.insert(source.randrange(len(shown) + 1), source.choice(COMMENTS) + "\n")
                side = "".join(shown)
            elif len(shown) > 2:
                one, other = source.sample(range(len(shown)), 2)
                shown[one], shown[other] = shown[other], shown[one]
                side = "".join(shown)
        sides.append(side)
    base, ours, theirs = sides
    return base, ours, theirs


@given(front_edits())
def test_front_matter_is_read_after_a_merge_and_each_key_is_of_the_side_that_changed_it(
    texts: tuple[str, str, str],
) -> None:
    fronts = [split(text) for text in texts]
    if any(parts(front.raw) is None or front.body != "Text.\n" for front in fronts):
        return
    merged = merge(*texts)
    read = split(merged.text)
    if merged.conflicts:
        assert all(conflict.front for conflict in merged.conflicts)
        return
    assert (read.problems, read.body) == ((), "Text.\n")
    for key in {key for front in fronts for key in front.properties}:
        base, ours, theirs = (front.properties.get(key) for front in fronts)
        found = read.properties.get(key)
        if ours in (theirs, base):
            assert found == theirs
        elif theirs == base:
            assert found == ours
        else:
            was, one, other = (set(side or ()) for side in (base, ours, theirs))
            assert set(found or ()) == (one & other) | (one ^ other) - was


@given(front_edits())
def test_nothing_of_front_matter_is_lost(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    merged = merge(base, ours, theirs)
    for number, side in ((1, ours), (2, theirs)):
        blocks = [f"---\n{each[number]}\n---\n" for each in conflicts(merged)]
        kept = {text.strip() for each in (base, merged.text, *blocks) for text in lines(each)}
        # Of a list, only the items must be there.
        known = {item for each in (base, merged.text, *blocks) for item in items(each)}
        for text in lines(side):
            assert text.strip() in kept or items(f"---\n{text}---\n") <= known


def items(page: str) -> set[str]:
    return {item for value in split(page).properties.values() if isinstance(value, list) for item in value}


@given(front_edits())
def test_conflicts_in_front_matter_do_not_depend_on_who_is_who(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    there, back = merge(base, ours, theirs), merge(base, theirs, ours)
    # Keys that both added may be in the order of either.
    assert sorted(conflicts(there)) == sorted(conflicts(back, swapped=True))
    if not there.conflicts:
        one, other = (split(each.text).properties for each in (there, back))
        assert {key: sorted(value or "") for key, value in one.items()} == {
            key: sorted(value or "") for key, value in other.items()
        }


def touch(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether changes of the two sides overlap, or meet."""
    one, other = (diff_lines(base, side).hunks for side in (ours, theirs))
    return any(a.old_start <= b.old_end and b.old_start <= a.old_end for a in one for b in other)


def merged_by_git(folder: Path, base: str, ours: str, theirs: str) -> str:
    """Return what git makes of edits that do not meet."""
    for name, text in (("base", base), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_text(text, encoding="utf-8", newline="")
    command = ["git", "merge-file", "-p", "-q", "ours", "base", "theirs"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0
    return done.stdout.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("git")


# Where a line stands more than once, two programs may see an edit in different places.
@settings(max_examples=150)
@given(
    length=st.integers(0, 30),
    new=st.lists(st.integers(100, 110), max_size=5),
    source=st.randoms(use_true_random=False),
)
def test_git_gives_the_same_where_no_changes_meet(
    folder: Path, length: int, new: list[int], source: random.Random
) -> None:
    base = [f"{number}\n" for number in range(length)]
    ours, theirs = (
        [
            f"{text.strip()}\n"
            for text in edited(source, base, [str(number) for number in new], source.randint(1, 4))
        ]
        for _ in range(2)
    )
    texts = ["".join(base), "".join(ours), "".join(theirs)]
    if not touch(base, ours, theirs):
        assert merge(*texts) == Merge(merged_by_git(folder, *texts))
