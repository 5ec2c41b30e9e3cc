"""`quire check`: lines for people, JSON for programs, exit codes; the shipped pages are clean."""

import json
from pathlib import Path

import pytest

from engine.checking import CODES
from tests.repositories import Repository
from tests.wiki.processes import ROOT, quire


@pytest.fixture
def content(repository: Repository) -> Repository:
    repository.commit({"a.md": "# A\n\n[[nowhere]]\n[[b#gone]]\n", "b.md": "# B\n", "lost.png": "x"})
    return repository


def test_a_clean_wiki_is_exit_0(repository: Repository) -> None:
    repository.commit({"a.md": "[[b]]", "b.md": "[[a]]"})
    done = quire("check", repository.path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith("2 pages, and nothing found\n")


def test_the_shipped_pages_are_clean(tmp_path: Path) -> None:
    assert quire("init", tmp_path / "wiki", "--from", ROOT / "pages").returncode == 0
    done = quire("check", tmp_path / "wiki")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def test_a_finding_is_a_line_with_its_place(content: Repository) -> None:
    done = quire("check", content.path)
    assert done.returncode == 1
    assert [line.split(": ")[:2] for line in done.stdout.splitlines()] == [
        ["a.md:3", "missing-page"],
        ["a.md:4", "missing-anchor"],
        ["lost.png", "unused-media"],
    ]
    assert "2 pages, 3 findings" in done.stderr


def test_json_has_commit_counts_and_findings(content: Repository) -> None:
    done = quire("check", content.path, "--json", "--skip", "unused-media")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert answer["commit"] == content.git("rev-parse", "main")
    assert answer["counts"] == {"missing-anchor": 1, "missing-page": 1}
    assert answer["findings"][0] == {
        "code": "missing-page",
        "path": "a.md",
        "line": 3,
        "message": "[[nowhere]] leads to no page; make the page, or take the link out.",
        "near": "",
    }


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        (["--only", "missing-page"], ["missing-page"]),
        (["--only", "missing-page,unused-media"], ["missing-page", "unused-media"]),
        (["--skip", "missing-page", "--skip", "unused-media"], ["missing-anchor"]),
        (["--only", "key-clash"], []),
    ],
)
def test_findings_can_be_chosen(content: Repository, options: list[str], codes: list[str]) -> None:
    done = quire("check", content.path, *options)
    assert [line.split(": ")[1] for line in done.stdout.splitlines()] == codes
    assert done.returncode == bool(codes)


def test_an_unknown_code_is_wrong_use(content: Repository) -> None:
    done = quire("check", content.path, "--only", "mising-page")
    assert done.returncode == 2
    assert done.stderr == "quire: there is no finding 'mising-page'; did you mean missing-page?\n"


def test_names_are_harmless_to_a_terminal(repository: Repository) -> None:
    repository.commit({"a\x1b[31m\n.md": "[[\x1b]0;none\x07]]", "b\u202e.md": "[[none]]"})
    done = quire("check", repository.path)
    assert done.returncode == 1
    assert not any(sign in done.stdout for sign in "\x1b\x07\u202e")
    assert all(": " in line for line in done.stdout.splitlines())


def test_a_repository_without_a_commit_is_clean(repository: Repository) -> None:
    assert quire("check", repository.path).returncode == 0


def test_the_manual_explains_every_code() -> None:
    manual = (ROOT / "pages" / "help" / "checking.md").read_text(encoding="utf-8")
    for code in CODES:
        assert f"`{code}`" in manual, code
