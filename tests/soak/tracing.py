"""What a save does to the disk, as ``strace`` saw it: all of a commit is there before the branch names it.

What a program wrote can be gone after a power cut until it has called fsync: on a file for what is in it, on a folder
for the names in it. So for each save it is asked which files it made, and whether they, and their folders, were brought
to the disk before the branch moved; and whether the branch was, before the answer.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import repositories
from tests.repositories import Repository
from tests.soak.processes import PATIENCE, ROOT
from tests.soak.traced_saves import MANY


def _can_trace() -> bool:
    """Say whether there is strace, and whether it may trace here."""
    if shutil.which("strace") is None:
        return False
    return (
        subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode
        == 0
    )


needs_strace = pytest.mark.skipif(not _can_trace(), reason="strace is not installed, or may not trace here")

CALLS = "write,fsync,fdatasync,mkdir,mkdirat,link,linkat,rename,renameat,renameat2,unlink,unlinkat"


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that succeeded: lines of the trace where it began and ended, and what it names."""

    began: int
    ended: int
    name: str
    file: str  # behind the descriptor
    paths: tuple[str, ...]
    text: str


_WHOLE = re.compile(r"(?P<pid>\d+) +(?P<name>\w+)\((?P<rest>.*)\) += (?P<result>-?\d+).*")
_BEGUN = re.compile(r"(?P<pid>\d+) +(?P<name>\w+)\((?P<rest>.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(?P<pid>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)\) += (?P<result>-?\d+).*")
_FILE = re.compile(r"\d+<(?P<file>[^>]*)>")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def calls(trace: str) -> Iterator[Call]:
    """Read what strace wrote."""
    open_calls: dict[tuple[str, str], tuple[int, str]] = {}
    for number, line in enumerate(trace.splitlines()):
        if begun := _BEGUN.fullmatch(line):
            open_calls[begun["pid"], begun["name"]] = (number, begun["rest"])
        elif resumed := _RESUMED.fullmatch(line):
            began, rest = open_calls.pop((resumed["pid"], resumed["name"]))
            yield from _call(began, number, resumed["name"], rest + resumed["rest"], resumed["result"])
        elif whole := _WHOLE.fullmatch(line):
            yield from _call(number, number, whole["name"], whole["rest"], whole["result"])


def _call(began: int, ended: int, name: str, rest: str, result: str) -> Iterator[Call]:
    if int(result) >= 0:
        file = _FILE.match(rest)
        quoted = tuple(_QUOTED.findall(rest))
        yield Call(began, ended, name, file["file"] if file else "", quoted, rest)


class Save:
    """One save: the calls between the question and the answer."""

    def __init__(self, repository: Path, made: Sequence[Call]) -> None:
        self.calls = made
        self._git_dir = repository if (repository / "HEAD").exists() else repository / ".git"
        self._objects = str(self._git_dir / "objects")
        self._branch = str(self._git_dir / "refs/heads/main")
        self.answer = made[-1]
        self.commit = re.findall("answered ([0-9a-f]+)", self.answer.text)[0]
        self.moves = self._named(self._branch)

    def _named(self, path: str) -> list[Call]:
        """Return the calls that gave a file this name."""
        return [
            call
            for call in self.calls
            if call.name.startswith(("rename", "link")) and call.paths[-1:] == (path,)
        ]

    def _synced(self, path: str, after: int, before: int) -> bool:
        return any(
            call.name in {"fsync", "fdatasync"}
            and call.file == path
            and call.began > after
            and call.ended < before
            for call in self.calls
        )

    def objects(self) -> set[str]:
        """Return the ids of the objects that became files."""
        found = (re.fullmatch(r".*/objects/(..)/([0-9a-f]{38,})", path) for path in self._made())
        return {match[1] + match[2] for match in found if match}

    def packs(self) -> list[str]:
        """Return the packs and what belongs to them."""
        return [path for path in self._made() if re.fullmatch(r".*/objects/pack/pack-.*\.(pack|idx)", path)]

    def _made(self) -> dict[str, Call]:
        return {
            call.paths[-1]: call
            for call in self.calls
            if call.name.startswith(("rename", "link")) and call.paths[-1].startswith(self._objects)
        }

    def problems(self) -> list[str]:
        """Say what a power cut could take back."""
        if len(self.moves) != 1:
            return [f"the branch moved {len(self.moves)} times"]
        move = self.moves[0]
        found = []
        for path, call in self._made().items():
            folder = str(Path(path).parent)
            if not self._synced(call.paths[0], -1, call.began):
                found.append(f"{path} got its name before its content was on disk")
            if not self._synced(folder, call.ended, move.began):
                found.append(f"the branch moved before the name of {path} was on disk")
        for call in self.calls:
            if call.name.startswith("mkdir") and call.paths[-1].startswith(self._objects):
                above = str(Path(call.paths[-1]).parent)
                if not self._synced(above, call.ended, move.began):
                    found.append(f"the branch moved before the folder {call.paths[-1]} was on disk")
        if not self._synced(f"{self._branch}.lock", -1, move.began):
            found.append("the branch moved before where it moved to was on disk")
        if not self._synced(str(Path(self._branch).parent), move.ended, self.answer.began):
            found.append("the answer came before the move of the branch was on disk")
        return found

    def checkout_problems(self) -> list[str]:
        """Say where index and files did not follow in order, so that a crash in between could not be mended."""
        lock = str(self._git_dir / "index.lock")
        locked, replaced = self._named(lock), self._named(str(self._git_dir / "index"))
        freed = [call for call in self.calls if call.name.startswith("unlink") and call.paths[-1:] == (lock,)]
        if not (len(locked) == len(freed) == len(self.moves) == 1 and len(replaced) == 2):
            return [
                "the index was not locked and freed once, and replaced before the branch moved and behind it"
            ]
        order = [locked[0], replaced[0], self.moves[0], replaced[1], freed[0], self.answer]
        found = [] if order == sorted(order, key=lambda call: call.began) else ["the order is another"]
        if not self._synced(locked[0].paths[0], -1, locked[0].began):
            found.append("the index was locked before its journal was on disk")
        return found


def saves(repository: Path, trace: str) -> list[Save]:
    """Divide a trace by question and answer."""
    found: list[Save] = []
    between: list[Call] = []
    for call in calls(trace):
        if call.name == "write" and '"asked' in call.text:
            between = [call]
        elif between:
            between.append(call)
            if call.name == "write" and '"answered' in call.text:
                found.append(Save(repository, between))
                between = []
    return found


def traced(folder: Path, *, bare: bool) -> tuple[Repository, str]:
    """Save a few pages in a new repository; return it, and the trace."""
    repository = repositories.make(folder / "wiki", bare=bare)
    repository.commit({"README.md": "# Read me\n"})
    if not bare:
        repository.git("reset", "-q", "--hard")
    trace = folder / "trace"
    strace = ["strace", "-f", "-y", "-s", "500", "-e", f"trace={CALLS}", "-o", str(trace)]
    program = [sys.executable, "-m", "tests.soak.traced_saves", str(repository.path)]
    done = subprocess.run([*strace, *program], cwd=ROOT, capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    return repository, trace.read_text(encoding="utf-8", errors="replace")


def check_durable(folder: Path, *, bare: bool) -> str:
    """Check that all of each save is on disk before the branch names it, and the branch before the answer."""
    repository, trace = traced(folder, bare=bare)
    found = saves(repository.path, trace)
    assert len(found) == 6
    objects = packs = 0
    for save in found:
        assert save.problems() == []
        assert bare or save.checkout_problems() == []
        wanted = set(
            repository.git(
                "rev-list", "--objects", "--no-object-names", save.commit, f"^{save.commit}^"
            ).split()
        )
        assert save.packs() if len(wanted) > MANY else save.objects() >= wanted
        objects, packs = objects + len(save.objects()), packs + len(save.packs()) // 2
    repository.check()
    assert bare or repository.git("status", "--porcelain") == ""
    return f"{len(found)} saves, {objects} objects and {packs} packs on disk before the branch named them"
