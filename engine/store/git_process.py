"""Running git on one repository: a clean environment, arguments that are never options by accident, errors that help."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Self

from engine.errors import StoreError

OLDEST = (2, 38)
"""The oldest git that is known to keep the store's promises."""

FSYNC = ("core.fsync", "committed,loose-object,reference")
"""The setting by which all that a commit needs is on disk before the branch names it."""

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_CONFIG = {
    "core.hooksPath": os.devnull,  # no hook of the repository runs because somebody reads or saves a page
    "core.fsmonitor": "false",  # this one may name a command, too
    "core.ignoreStat": "false",  # files of a work tree are compared, not trusted
    FSYNC[0]: FSYNC[1],
    "core.commitGraph": "true",
    "protocol.ext.allow": "never",
    "gc.auto": "0",
    "advice.graftFileDeprecated": "false",
}


def is_object_id(text: str) -> bool:
    """Say whether *text* is a full object id, so that git cannot read it as an option or an expression."""
    return _OBJECT_ID.fullmatch(text) is not None


class GitError(StoreError):
    """A git command failed; the message is what git said, without its prefix."""

    def __init__(self, command: str, said: bytes) -> None:
        lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
        self.said = re.sub(r"^(?:fatal|error): ", "", lines[-1]) if lines else "it gave no reason"
        self.all_said = said
        super().__init__(f"git {command} failed: {self.said}")


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment for a git child: nothing that points it elsewhere, no prompts, no network, no locks."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in {"GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL"}
    }
    environment |= {
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "",  # older gits would fetch what a partial clone lacks
        # An id always stands for the bytes that it was made from: what is cached by id stays true.
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_CONFIG_COUNT": str(len(_CONFIG)),
    }
    for number, (key, value) in enumerate(_CONFIG.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment | more


def with_settings(environment: Mapping[str, str], settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return an environment of `clean_environment` with more settings, which count over those of files."""
    found = dict(environment)
    for number, (key, value) in enumerate(settings, start=int(found["GIT_CONFIG_COUNT"])):
        found[f"GIT_CONFIG_KEY_{number}"] = key
        found[f"GIT_CONFIG_VALUE_{number}"] = value
        found["GIT_CONFIG_COUNT"] = str(number + 1)
    return found


@dataclass(frozen=True, slots=True)
class GitProcess:
    """Runs git on one repository, whatever the current folder is."""

    git_dir: Path  # of this work tree
    common_dir: Path  # shared by all work trees: objects, branches
    algorithm: str  # what object ids are made with: sha1 or sha256
    folder: Path  # where commands run
    environment: Mapping[str, str]
    held: tuple[int, ...] = ()  # descriptors of locks that commands hold, too; see `holding`

    @classmethod
    def at(cls, git_dir: Path, common_dir: Path, algorithm: str) -> Self:
        """Make a runner for the repository in *git_dir*, whose ownership git has already accepted."""
        where = {"GIT_DIR": str(git_dir), "GIT_COMMON_DIR": str(common_dir)}
        return cls(git_dir, common_dir, algorithm, git_dir, clean_environment(**where))

    def in_work_tree(self, git_dir: Path, folder: Path, index: Path) -> Self:
        """Make a runner for a work tree in *folder*, with another file for its index."""
        where = {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(index)}
        return replace(self, git_dir=git_dir, folder=folder, environment={**self.environment, **where})

    def configured(self, settings: Iterable[tuple[str, str]]) -> Self:
        """Make a runner with more settings, which count over those of files."""
        return replace(self, environment=with_settings(self.environment, settings))

    def holding(self, *descriptors: int) -> Self:
        """Make a runner whose commands hold these locks for as long as they run, whatever becomes of this process."""
        return replace(self, held=(*self.held, *descriptors))

    def run(self, *arguments: str, stdin: bytes = b"", **environment: str) -> bytes:
        """Return what the command writes.

        Raises:
            GitError: It failed.
            StoreError: It could not be run.
        """
        done = self.attempt(*arguments, stdin=stdin, seconds=None, **environment)
        if done.returncode:
            raise GitError(arguments[0], done.stderr)
        return done.stdout

    def attempt(
        self, *arguments: str, stdin: bytes = b"", seconds: float | None = None, **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the command and return how it went; ``subprocess.TimeoutExpired`` when it took more than *seconds*."""
        with _explained():
            return subprocess.run(
                ["git", *arguments],
                input=stdin,
                capture_output=True,
                cwd=self.folder,
                env={**self.environment, **environment},
                check=False,
                timeout=seconds,
                pass_fds=self.held,
            )

    @contextmanager
    def stream(self, *arguments: str, lines: Iterable[str] = ()) -> Iterator[IO[bytes]]:
        """Give the output of a command that reads *lines*; leaving early ends it.

        Raises:
            GitError: It failed, and its output was read to the end.
        """
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said, _explained():
            asked.write("".join(f"{line}\n" for line in lines).encode())
            asked.seek(0)
            process = subprocess.Popen(
                ["git", *arguments],
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=self.folder,
                env=dict(self.environment),
            )
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            try:
                yield process.stdout
                at_end = not process.stdout.read(1)
            except BaseException:
                at_end = False
                raise
            finally:
                process.stdout.close()
                if not at_end:
                    process.kill()
                process.wait()
            if at_end and process.returncode:
                said.seek(0)
                raise GitError(arguments[0], said.read())


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if error.filename == "git":
            raise no_git() from error
        raise StoreError(f"the repository is gone: {error.filename} does not exist any more") from error
    except OSError as error:
        raise StoreError(f"git cannot be run: {error.strerror or error}") from error


def no_git() -> StoreError:
    """Make the error for a machine without git."""
    oldest = ".".join(map(str, OLDEST))
    return StoreError(f"git is not installed, or not on PATH; install git {oldest} or newer")
