"""`quire check` and `quire doctor` on repositories that mean harm: they end, soon, and say what they can."""

import json
import time
from pathlib import Path

import pytest

from tests.repositories import SUBMODULE, SYMLINK, Content, File, Repository
from tests.wiki.processes import quire

SOON = 60.0  # seconds; each takes but a few on a machine that is not busy


def check(repository: Repository) -> dict[str, int]:
    begun = time.monotonic()
    done = quire("check", repository.path, "--json")
    assert done.returncode in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - begun < SOON
    counts: dict[str, int] = json.loads(done.stdout)["counts"]
    return counts


def test_files_that_are_no_files(repository: Repository) -> None:
    files: dict[bytes, Content] = {
        b"link.md": File(b"/etc/passwd", SYMLINK),
        b"other": File(b"0" * 40, SUBMODULE),
        b"caf\xe9.md": b"[[link]] [[other]] [[caf\xc3\xa9]]",
        b"a\\b.md": b"[[a\\b]]",
        b"line\nend.md": b"[[none]]",
        b"quire.toml": File(b"pages", SYMLINK),
    }
    repository.git(
        "update-ref", "refs/heads/main", repository.git("commit-tree", repository.tree(files), "-m", "x")
    )
    counts = check(repository)
    assert counts["unsafe-name"] >= 2
    done = quire("doctor", repository.path, "--full")
    assert "error " not in done.stdout
    assert "ok      names" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"[[nowhere at all {n}]] " for n in range(20_000)),
        "".join(f"[x][r{n}] " for n in range(8_000))
        + "\n\n"
        + "".join(f"[r{n}]: /none{n}\n" for n in range(8_000)),
        "".join(f"[x](#part-{n}) " for n in range(20_000)),
        "".join(f"![[a#Part {n}]]\n\n" for n in range(2_000)),
        "".join(f"# Heading {n}\n" for n in range(5_000))
        + "".join(f"[x](#heading-{n}x) " for n in range(5_000)),
        "---\naliases: [" + ", ".join(f"a{n}" for n in range(5_000)) + "]\n---\n",
        "[[" + "../" * 5_000 + "x]] [x](" + "a/" * 20_000 + ")",
        "---\nredirect: " + "../" * 300 + "a\n---\n",
    ],
    ids=["wikilinks", "references", "anchors", "embeds", "headings", "aliases", "climbing", "redirect"],
)
def test_a_page_with_very_much_of_something(repository: Repository, text: str) -> None:
    repository.commit({"a.md": text, "b.md": text})
    check(repository)


def test_many_names_with_one_key(repository: Repository) -> None:
    names = [
        "".join(c.upper() if n >> i & 1 else c for i, c in enumerate("abcdefghij")) for n in range(1_024)
    ]
    repository.commit({f"{name}.md": "---\naliases: [same]\n---\n[[same]] [[none]]" for name in names})
    counts = check(repository)
    assert counts["case-clash"] == 1_023
    assert counts["alias-clash"] == 1_024


def test_nothing_is_written_outside(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.md": "![[../../../../etc/passwd]] [x](/etc/passwd) ![](file:///etc/passwd)"})
    before = set(tmp_path.iterdir())
    assert sum(check(repository).values()) == 2
    assert set(tmp_path.iterdir()) == before
