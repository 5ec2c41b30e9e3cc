"""Git repositories for tests, built through plumbing: exactly the objects that a test asks for, and no settings."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE, EXECUTABLE, SYMLINK, SUBMODULE = "100644", "100755", "120000", "160000"

_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1767225600 +0000",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "1767225600 +0000",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file of a tree: bytes, or the id of an object for a submodule, with a mode."""

    content: bytes
    mode: str = FILE


Content = File | bytes | str
Files = Mapping[str, Content] | Mapping[str, bytes] | Mapping[bytes, bytes]
"""The whole of a tree by path; a file with the default mode is just its content."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository in *path*."""

    path: Path

    def git(self, *arguments: str | bytes, stdin: bytes = b"", **environment: str) -> str:
        """Run git here and return its output without the last line end; a failure is an error."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=_ENVIRONMENT | environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (done.stderr + done.stdout[-2_000:]).decode(errors="replace")
        return done.stdout.decode(errors="surrogateescape").removesuffix("\n")

    def blob(self, content: bytes) -> str:
        """Store *content*."""
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def tree(self, files: Files | Mapping[bytes, Content]) -> str:
        """Store a tree of all *files*, whatever their names."""
        folders: dict[bytes, dict[bytes, Content]] = {}
        lines = []
        for path, what in files.items():
            raw = path.encode() if isinstance(path, str) else path
            first, slash, rest = raw.partition(b"/")
            if slash:
                folders.setdefault(first, {})[rest] = what
                continue
            file = (
                File(what.encode() if isinstance(what, str) else what) if not isinstance(what, File) else what
            )
            kind, name = ("commit", file.content.decode()) if file.mode == SUBMODULE else ("blob", "")
            lines.append(f"{file.mode} {kind} {name or self.blob(file.content)}\t".encode() + raw)
        for folder, inside in folders.items():
            lines.append(f"040000 tree {self.tree(inside)}\t".encode() + folder)
        return self.git("mktree", "-z", "--missing", stdin=b"".join(line + b"\0" for line in lines))

    def commit(
        self,
        files: Files,
        *parents: str,
        message: str = "A change",
        branch: str | None = "main",
        **environment: str,
    ) -> str:
        """Store a commit of exactly these *files*, and point *branch* at it."""
        options = [part for parent in parents for part in ("-p", parent)]
        commit = self.git("commit-tree", self.tree(files), *options, stdin=message.encode(), **environment)
        if branch is not None:
            self.git("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def raw_commit(self, body: bytes) -> str:
        """Store a commit object with exactly these bytes."""
        return self.git("hash-object", "-t", "commit", "--literally", "-w", "--stdin", stdin=body)

    def check(self) -> None:
        """Let git look for damage."""
        self.git("fsck", "--full", "--strict", "--no-dangling")


def make(path: Path, *options: str, branch: str = "main", bare: bool = True) -> Repository:
    """Make an empty repository."""
    path.mkdir(parents=True)
    repository = Repository(path)
    repository.git("init", "-q", "-b", branch, *(["--bare"] if bare else []), *options)
    return repository


def chain(repository: Repository, *versions: Files) -> Sequence[str]:
    """Commit one version after the other."""
    made: list[str] = []
    for files in versions:
        made.append(repository.commit(files, *made[-1:]))
    return made
