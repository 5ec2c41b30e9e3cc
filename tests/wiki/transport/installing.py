"""A repository whose git the server does not run: with our hooks in it, pushed to by a path or by ssh."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.repositories import File, Repository
from tests.wiki.transport.serving import Clone, Served, git, serving
from wiki.cli import quire

LINK = "120000"


@contextmanager
def hosting(repository: Repository, folder: Path, **given: Any) -> Iterator[Served]:
    """Serve a repository that has our hooks for as long as the context lasts."""
    with serving(repository, folder, **given) as served:
        install(repository.path, **given)
        yield served


def install(repository: Path, **given: Any) -> None:
    """Put our hooks into a repository."""
    environment = {f"QUIRE_{name.upper()}": str(value).lower() for name, value in given.items()}
    done = CliRunner().invoke(quire, ["hook", "install", str(repository)], env=environment)
    assert done.exit_code == 0, done.exception


def clone_of(url: str, folder: Path, name: str = "clone", **environment: str) -> Clone:
    """Clone what is there, whoever gives it."""
    done = git(folder, "clone", "-q", url, name, **environment)
    assert done.returncode == 0, done.stderr
    return Clone(folder / name)


def told(said: str) -> list[str]:
    """Return the lines that the server said."""
    lines = (
        line.removeprefix("remote: ").rstrip() for line in said.splitlines() if line.startswith("remote: ")
    )
    return [line for line in lines if line]


HOSTILE: Mapping[str, tuple[Mapping[str, File | str], str]] = {
    "symbolic link": ({"a.md": "A\n", "l.md": File(b"/etc/passwd", LINK)}, "l.md is a symbolic link"),
    "disguise": ({"a.md": "A\n", ".GIT/config": "[core]\n"}, ".GIT/config"),
    "short name": ({"a.md": "A\n", "git~1/config": "[core]\n"}, "git~1/config"),
    "trailing dot": ({"a.md": "A\n", "b.": "B\n"}, "b."),
    "markers": ({"a.md": "<<<<<<< a\nA\n=======\nB\n>>>>>>> b\n"}, "a.md has conflict markers in line 1"),
    "clash": ({"a.md": "A\n", "A.md": "B\n"}, "has the same address as"),
}
"""Trees that nobody may push, each with a part of what is said of it."""


def hostile(clone: Clone, name: str) -> str:
    """Make the commit of this name in a clone, on what it has."""
    files, _ = HOSTILE[name]
    mine = Repository(clone.path)
    return mine.commit(files, mine.git("rev-parse", "HEAD"), branch="hostile")


def check_refused(clone: Clone, content: Repository, name: str) -> None:
    """Push the commit of this name, and see that it is refused with its reason, and that nothing moved."""
    before = content.git("show-ref")
    hostile(clone, name)
    done = clone.git("push", "origin", "hostile:main")
    assert done.returncode != 0
    first, *reasons = told(done.stderr)
    assert first == "nothing was pushed:"
    assert any(HOSTILE[name][1] in reason for reason in reasons), reasons
    assert content.git("show-ref") == before
