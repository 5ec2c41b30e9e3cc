"""Is the repository sound, quick and safe? Looks, and changes nothing: what git should do is said, not done."""

import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from engine.diagnosis import Diagnosis, error, ok, warning
from engine.errors import StoreError
from engine.store import git_hooks
from engine.store.git_head import Head
from engine.store.git_process import GitProcess

STALE = 60.0  # seconds after which a lock file is nobody's any more, most likely
PACKS = 50  # git's own gc.autoPackLimit
LOOSE = 6_700  # git's own gc.auto
LONG = 10_000  # commits from which on the order of a history takes noticeably longer without a commit-graph
LOW = 500_000_000  # bytes of free disk below which there is little room
FULL = 50_000_000  # and below which the next commit may fail
NAMED = 5  # lines of what git says that are passed on

_RUNS = re.compile(
    r"(?:filter\..*\.(?:clean|smudge|process)|diff\.external|diff\..*\.(?:command|textconv)|merge\..*\.driver"
    r"|core\.(?:fsmonitor|sshcommand|editor|askpass|gitproxy|alternaterefscommand|hookspath)"
    r"|credential\.(?:.*\.)?helper|gpg\.(?:.*\.)?program|uploadpack\.packobjectshook|include(?:if\..*)?\.path)",
    re.IGNORECASE | re.DOTALL,
)
_HARMLESS = {"core.fsmonitor": {"false", "true"}, "include.path": {git_hooks.SETTINGS}}


class Examination:
    """Looks at one repository.

    Args:
        process: Runs git there.
        head: The branch that is served.
        branch: Its name, ``None`` where a commit is checked out.
    """

    def __init__(self, process: GitProcess, head: Head, branch: str | None) -> None:
        self._process = process
        self._common = process.common_dir
        self._head = head
        self._branch = branch

    def run(self, *, full: bool) -> Iterator[Diagnosis]:
        """Yield what is found; *full* reads every object, which takes minutes where there are many."""
        questions: list[tuple[str, Callable[[], Iterable[Diagnosis]]]] = [
            ("branch", self._reference),
            ("objects", lambda: self._objects(full)),
            ("locks", self._locks),
            ("upkeep", self._upkeep),
            ("completeness", self._completeness),
            ("space", self._space),
            ("permissions", self._permissions),
            ("programs", self._programs),
        ]
        for part, question in questions:
            try:
                yield from question()
            except (StoreError, OSError) as problem:
                yield error(part, f"this could not be looked at: {problem}", "mend that, and look again")

    def _reference(self) -> Iterator[Diagnosis]:
        commit = self._head.read()
        if self._branch is None:
            yield warning(
                "branch",
                "a commit is checked out, and no branch: nothing new will be shown, and nothing can be saved",
                "check out a branch (git switch main), or name one with --branch",
            )
        elif commit is None:
            names = self._git(
                "for-each-ref", "--format=%(refname:short)", "--count=10", "refs/heads/"
            ).split()
            if names:
                advice = f"name a branch with --branch; there is {', '.join(names)}"
                yield warning("branch", f"the branch {self._branch} has no commit", advice)
            else:
                yield ok("branch", f"the branch {self._branch} has no commit yet")
        else:
            yield ok("branch", f"{self._branch} is at {commit[:10]}")

    def _objects(self, full: bool) -> Iterator[Diagnosis]:
        how = [] if full else ["--connectivity-only"]
        done = self._process.attempt("fsck", *how, "--no-dangling", "--no-progress")
        said = (done.stdout + done.stderr).decode(errors="replace").splitlines()
        lines = [line for line in said if line.strip() and not line.startswith(("notice:", "dangling "))]
        bad = [line for line in lines if not line.startswith("warning")]
        if done.returncode:
            shown = "; ".join((bad or lines or ["it gave no reason"])[:NAMED])
            yield error(
                "objects",
                f"git fsck: {shown}",
                "restore these from a clone or a backup: git fetch them, or copy objects",
            )
        elif lines:
            yield warning(
                "objects", f"git fsck: {'; '.join(lines[:NAMED])}", "old tools made these; they can be read"
            )
        else:
            yield ok(
                "objects", "every object is sound" if full else "every object that a branch needs is there"
            )

    def _locks(self) -> Iterator[Diagnosis]:
        found = False
        for path in self._lock_files():
            try:
                age = time.time() - path.stat().st_mtime
            except FileNotFoundError:
                continue  # it was in use, and is done
            found = True
            if age > STALE:
                yield warning(
                    "locks",
                    f"{path} is {_duration(age)} old, and keeps git from changing what it locks",
                    "if no git is running there, delete that file",
                )
            else:
                yield ok("locks", f"git is at work: {path.name} is {age:.0f} s old")
        if not found:
            yield ok("locks", "no lock was left behind")

    def _lock_files(self) -> Iterator[Path]:
        folders = {self._common, self._process.git_dir, *self._common.glob("worktrees/*")}
        for folder in sorted(folders):
            yield from sorted(folder.glob("*.lock"))
        for inner in ("refs", "objects/info", "objects/pack", "reftable"):
            yield from sorted((self._common / inner).rglob("*.lock"))

    def _upkeep(self) -> Iterator[Diagnosis]:
        counts = dict(
            line.split(": ", 1) for line in self._git("count-objects", "-v").splitlines() if ": " in line
        )
        packs, loose = int(counts.get("packs", 0)), int(counts.get("count", 0))
        if packs > PACKS or loose > LOOSE:
            yield warning(
                "upkeep",
                f"{packs} packs and {loose} loose objects make every reading slower",
                f"git -C {self._common} gc",
            )
        commits = int(self._git("rev-list", "--count", commit)) if (commit := self._head.read()) else 0
        if commits > LONG and not self._has_changed_paths():
            yield warning(
                "upkeep",
                f"{commits:,} commits, and no commit-graph that knows which paths they changed",
                f"git -C {self._common} commit-graph write --reachable --changed-paths",
            )
        elif packs <= PACKS and loose <= LOOSE:
            yield ok("upkeep", f"{packs} packs, {loose} loose objects, {commits:,} commits")

    def _has_changed_paths(self) -> bool:
        """Say whether a commit-graph has Bloom filters.

        Source:
            gitformat-commit-graph(5): a header of 8 bytes, then a table of chunks of 12 bytes, each with its name first.
        """
        info = self._common / "objects" / "info"
        for file in (info / "commit-graph", *(info / "commit-graphs").glob("*.graph")):
            try:
                with file.open("rb") as stream:
                    head = stream.read(8)
                    table = stream.read(12 * (head[6] + 1)) if len(head) == 8 else b""
            except OSError:
                continue
            if head[:4] == b"CGPH" and b"BDAT" in {table[at : at + 4] for at in range(0, len(table), 12)}:
                return True
        return False

    def _completeness(self) -> Iterator[Diagnosis]:
        found = False
        if (self._common / "shallow").exists():
            found = True
            yield warning(
                "completeness", "this is a shallow clone: older history is missing", "git fetch --unshallow"
            )
        keys = self._git_or_nothing(
            "config", "--name-only", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$"
        )
        if keys.strip():
            found = True
            yield warning(
                "completeness",
                "this is a partial clone: what it lacks is never fetched while pages are read",
                "clone it whole, or git fetch --refetch --no-filter",
            )
        alternates = self._common / "objects" / "info" / "alternates"
        if alternates.exists():
            found = True
            lines = alternates.read_text(encoding="utf-8", errors="replace").split("\n")
            places = [line for line in lines if line.strip() and not line.startswith("#")]
            for place in places:
                there = (alternates.parent.parent / place).is_dir()
                yield (warning if there else error)(
                    "completeness",
                    f"objects are borrowed from {place}" + ("" if there else ", which is not there"),
                    "git repack -a -d, and delete objects/info/alternates, to own them"
                    if there
                    else "restore that folder",
                )
        if not found:
            yield ok("completeness", "the repository holds its whole history")

    def _space(self) -> Iterator[Diagnosis]:
        free = shutil.disk_usage(self._common).free
        if free < LOW:
            worse = error if free < FULL else warning
            yield worse(
                "space", f"{free // 1_000_000} MB are free on the repository's disk", "make room there"
            )
        else:
            yield ok("space", f"{free // 1_000_000_000} GB are free on the repository's disk")

    def _permissions(self) -> Iterator[Diagnosis]:
        shared = self._git_or_nothing("config", "--get", "core.sharedRepository").strip()
        # Whoever writes here decides what is served, or which programs git runs.
        watched = [
            "",
            "config",
            git_hooks.SETTINGS,
            "HEAD",
            "hooks",
            "objects",
            "objects/pack",
            "refs",
            "refs/heads",
            "info",
            "packed-refs",
        ]
        places = [self._common / place if place else self._common for place in watched]
        places += sorted((self._common / "hooks").glob("*"))
        bad = False
        for path in places:
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISLNK(status.st_mode):
                continue
            if status.st_mode & stat.S_IWOTH:
                bad = True
                yield error(
                    "permissions", f"{path} can be changed by everybody on this machine", f"chmod o-w {path}"
                )
            elif status.st_mode & stat.S_IWGRP and not shared:
                bad = True
                yield warning(
                    "permissions",
                    f"{path} can be changed by its whole group",
                    f"chmod g-w {path}, or git config core.sharedRepository group if that is meant",
                )
            if status.st_uid not in {os.getuid(), 0}:
                bad = True
                yield warning(
                    "permissions", f"{path} belongs to another user", "trust it only if you trust that user"
                )
        if not bad:
            yield ok("permissions", "nobody else can change the repository's files")

    def _programs(self) -> Iterator[Diagnosis]:
        named = []
        listed = self._git_or_nothing("config", "--local", "--includes", "--list", "-z")
        for entry in filter(None, listed.split("\0")):
            key, _, value = entry.partition("\n")
            if _RUNS.fullmatch(key) and value not in _HARMLESS.get(key.lower(), ()):
                named.append(key)
        if named:
            yield warning(
                "programs",
                f"git may run programs that this repository's configuration names: {', '.join(sorted(set(named))[:NAMED])}",
                f"see that you know them: git -C {self._common} config --local --includes --list",
            )
        hooks = [
            path.name
            for path in sorted((self._common / "hooks").glob("*"))
            if path.suffix != ".sample" and path.is_file() and os.access(path, os.X_OK)
        ]
        if hooks:
            yield ok(
                "programs",
                f"hooks are there ({', '.join(hooks[:NAMED])}); the wiki runs none of them, a push does",
            )
        elif not named:
            yield ok("programs", "the repository names no programs to run")
        trusted = self._git_or_nothing("config", "--global", "--get-all", "safe.directory").split("\n")
        if "*" in trusted:
            yield warning(
                "programs",
                "git trusts repositories of every user on this machine (safe.directory = *)",
                "git config --global --unset-all safe.directory, and name those you trust",
            )

    def _git(self, *arguments: str) -> str:
        return self._process.run(*arguments).decode(errors="replace")

    def _git_or_nothing(self, *arguments: str) -> str:
        done = self._process.attempt(*arguments)
        return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
