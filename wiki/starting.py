"""Makes a content repository from a folder of pages, with their history where they have one."""

import os
import shutil
import subprocess
from pathlib import Path

from engine.errors import InvalidChangeError, PageIdError, StoreError
from engine.ids import parse_path
from engine.model import Author
from engine.store import Change
from engine.store.git_store import GitStore

BRANCH = "main"
STARTER = Author("Quire", "quire@localhost")


def make_repository(folder: Path, pages: Path) -> int:
    """Make a bare repository in *folder* with what *pages* holds.

    Returns:
        How many files it has.

    Raises:
        InvalidChangeError: *folder* exists and is not empty, or *pages* holds nothing.
        StoreError: git failed.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidChangeError(f"{folder} exists already; name a folder that does not, or delete it first")
    try:
        if not _with_history(folder, pages.resolve()):
            changes = _changes(pages)
            _git("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", "--", str(folder))
            _import(folder, changes)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # it was empty, or not there
        raise
    store = GitStore.open(folder)
    try:
        head = store.head()
        return sum(1 for _ in store.tree(head)) if head else 0
    finally:
        store.close()


def _with_history(folder: Path, pages: Path) -> bool:
    """Take over the commits that touched *pages*, if it is committed as it is in a repository around it."""
    try:
        top = Path(_git("-C", str(pages), "rev-parse", "--show-toplevel").strip())
        inside = pages.relative_to(top.resolve()).as_posix()
        committed = inside != "." and _git("-C", str(pages), "ls-tree", "--name-only", "HEAD", ".").strip()
        changed = _git("-C", str(pages), "status", "--porcelain", "--untracked-files=all", "--", ".").strip()
    except (StoreError, ValueError):
        return False
    if not committed or changed:
        return False
    _git("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", "--", str(folder))
    _git("-C", str(folder), "fetch", "--quiet", "--no-tags", "--", str(top), f"HEAD:refs/heads/{BRANCH}")
    _git("-C", str(folder), "filter-branch", "--subdirectory-filter", inside, "--", BRANCH)
    _git("-C", str(folder), "update-ref", "-d", f"refs/original/refs/heads/{BRANCH}")
    _git("-C", str(folder), "gc", "--quiet", "--prune=now")
    return True


def _changes(pages: Path) -> list[Change]:
    """Return what makes the files of *pages* new, leaving out hidden ones."""
    changes = []
    for file in sorted(pages.rglob("*")):
        path = file.relative_to(pages).as_posix()
        if (
            file.is_file()
            and not file.is_symlink()
            and not any(part.startswith(".") for part in path.split("/"))
        ):
            try:
                changes.append(Change(parse_path(path), file.read_bytes(), None))
            except PageIdError as error:
                raise InvalidChangeError(
                    f"{file} cannot be a page: {error}; rename it, and try again"
                ) from error
    if not changes:
        raise InvalidChangeError(f"{pages} holds no files to begin with")
    return changes


def _import(folder: Path, changes: list[Change]) -> None:
    store = GitStore.open(folder)
    try:
        store.write(changes, author=STARTER, summary="Begin with starter pages")
    finally:
        store.close()


def _git(*arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "FILTER_BRANCH_SQUELCH_WARNING": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, env=environment, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError as error:
        raise StoreError("git is not installed; install git 2.38 or newer") from error
    if done.returncode:
        raise StoreError(f"git {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")
