"""Git's own server for clones and pushes, `git http-backend`, run for one request.

It sees a facade: a folder of ours with a ``HEAD`` of its own, so that clones check out the branch that is served, and
with a pointer to the repository. What the repository's settings or its hooks say of clients does not matter, and git
moves no reference by itself: each update goes to our hook ``proc-receive``.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from engine.errors import InvalidChangeError, StoreError, TooLargeError
from engine.services import RECEIVE, UPLOAD
from engine.store.git_process import clean_environment, no_git, with_settings

UPDATES = 1_000  # references that one push may move
SAID = 4_000  # bytes of what git complains of that are kept
HEADERS = 8_192  # bytes of the headers that git answers with, at most
LARGE = 1_000_000  # bytes of a push, beyond which its objects stay together as they came
PATIENCE = 3  # seconds that git has to tidy up when it is ended
LOOK = 0.02
NICE = 5  # that git leaves more of the processor to others than the server does
NICEST = 19
WORK = {
    UPLOAD: 3_600,
    RECEIVE: 300,
}  # seconds of work of one process; a pack that unpacks without end takes no more
MEMORY = 700_000  # KiB of data of one process: an object that would take more is no page and no picture
BUFFER = 16_777_216  # bytes of a question that git takes into memory at most
OLD = 86_400  # seconds after which no push is at work any more that set objects aside
_PROTOCOL = re.compile(r"version=[012]")
_HEADERS = re.compile(rb"([A-Za-z-]+):[ \t]*([^\r\n]*)\r?\n")
_LENGTH = re.compile(rb"[0-9a-fA-F]{4}")
_COMMAND = 4_000  # bytes that one update may take

# Each shell keeps what it starts from taking more; arguments are never read as a program.
_BOUNDED = 'for bound in d f t; do ulimit -$bound "$1" 2>/dev/null; shift; done; exec git http-backend'

_CONFIG = (
    ("http.getanyfile", "false"),
    ("http.uploadpack", "true"),
    ("core.alternateRefsCommand", "true"),  # the program of this name, which tells of no other repository
    ("core.bigFileThreshold", "4m"),  # what is larger goes through in parts
    ("core.deltaBaseCacheLimit", "16m"),
    ("pack.threads", "1"),
    ("pack.windowMemory", "16m"),
    ("pack.deltaCacheSize", "16m"),
    ("transfer.advertiseSID", "false"),
    ("transfer.fsckObjects", "true"),
    ("uploadpack.allowFilter", "true"),
    ("uploadpack.keepAlive", "5"),
)
PROC_RECEIVE = ("receive.procReceiveRefs", "refs")
"""The setting by which git moves no reference, and asks the hook ``proc-receive`` instead."""

CHECKED = (
    ("receive.fsckObjects", "true"),
    # These are told by the file's name in our own check; git would name a tree.
    ("receive.fsck.hasDot", "ignore"),
    ("receive.fsck.hasDotdot", "ignore"),
    ("receive.fsck.hasDotgit", "ignore"),
)
"""The settings by which git looks at the objects of a push."""

ALONE = (
    ("receive.autogc", "false"),
    ("receive.shallowUpdate", "false"),
)
"""The settings by which git does nothing to the repository but to take objects."""

_RECEIVING = (
    PROC_RECEIVE,
    *CHECKED,
    *ALONE,
    ("receive.advertisePushOptions", "false"),
    ("receive.updateServerInfo", "false"),
    ("receive.keepAlive", "5"),
    ("receive.denyDeletes", "false"),  # our own check says it with the remedy
    ("receive.denyNonFastForwards", "false"),
)


class Running:
    """One `git http-backend` at work, with all that it has started.

    Args:
        process: Has a process group of its own.
        complaints: Where it writes what went wrong.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", complaints: IO[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        self._process = process
        self._complaints = complaints
        self._complaint = ""
        self._ending = threading.Lock()
        self.output: IO[bytes] = process.stdout
        """The body of the answer, once the headers were read."""

    def headers(self) -> tuple[int, str]:
        """Read the headers, and return the status and the type of what follows.

        Raises:
            StoreError: Git ended without an answer.
        """
        status, kind, size = 200, "text/plain", 0
        while (line := self.output.readline(HEADERS)).strip():
            size += len(line)
            found = _HEADERS.fullmatch(line)
            if found is None or size > HEADERS:
                break
            name, value = found[1].lower(), found[2].decode("latin-1").strip()
            if name == b"status":
                status = int(value[:3]) if value[:3].isdecimal() else 500
            elif name == b"content-type":
                kind = value
        if not line or line.strip():
            self.end()
            raise StoreError(f"git gave no answer: {self.complaint() or 'it said nothing'}")
        return status, kind

    def complaint(self) -> str:
        """Return what git wrote down of what went wrong, once it has ended."""
        return self._complaint

    def wait(self) -> int:
        """Wait for the end, and return the exit code."""
        code = self._process.wait()
        self._signal(signal.SIGTERM)  # what may still run in its group
        with self._ending:
            if not self._complaints.closed:
                self._complaints.seek(0)
                said = self._complaints.read(SAID).decode("utf-8", "replace").splitlines()
                self._complaint = "\n".join(line for line in said if not line.startswith("hint:"))
                self._complaints.close()
            self.output.close()
        return code

    def end(self) -> None:
        """End it with all that it has started; git has some time to tidy up."""
        self._signal(signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while self._lives() and time.monotonic() < end:
            time.sleep(LOOK)
        self._signal(signal.SIGKILL)
        self.wait()

    def interrupt(self) -> None:
        """Ask it to end, without waiting; safe in any thread."""
        if self._process.returncode is None:
            self._signal(signal.SIGTERM)

    def _lives(self) -> bool:
        """Say whether anything of its group is left."""
        self._process.poll()
        try:
            os.killpg(self._process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):  # all of the group has ended
            os.killpg(self._process.pid, number)


class GitBackend:
    """Serves clones and pushes of one branch of a repository.

    Args:
        common: Git's folder of the repository, which all its work trees share.
        branch: The branch's name.
        folder: Where the facade is made, and what git writes down is kept while it runs.
        push_bytes: The size of a push.
    """

    def __init__(self, common: Path, branch: str, folder: Path, push_bytes: int) -> None:
        self._common = common
        self._reference = f"refs/heads/{branch}"
        self._folder = folder / "git"
        self._push_bytes = push_bytes

    def start(
        self,
        service: str,
        *,
        advertise: bool = False,
        protocol: str = "",
        body: IO[bytes] | None = None,
        hooks: Path | None = None,
        told: Mapping[str, str] | None = None,
    ) -> Running:
        """Begin to answer a client.

        Args:
            service: `UPLOAD` or `RECEIVE`.
            advertise: Only to say what there is.
            protocol: The header ``Git-Protocol``, as it came.
            body: What the client sent, as a file on the disk; git reads all of it.
            hooks: The folder with our hooks; without one nothing can be pushed.
            told: Environment for the hooks.

        Raises:
            TooLargeError: The push moves too many references.
            InvalidChangeError: What was sent is no push.
            StoreError: Git cannot be run.
        """
        if body is not None and service == RECEIVE:
            _check_updates(body)
        try:
            self._make_facade()
            length = _rewound(body) if body is not None else 0
            config = self._config(service, hooks, advertise=advertise, length=length)
            environment = with_settings(clean_environment(), config) | self._asked(
                service, advertise, protocol, length
            )
            environment |= told or {}
            blocks = 2 * self._push_bytes // 512 + 1_000_000  # of a file that is written
            complaints = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - it lives as long as the process
            process = subprocess.Popen(
                ["/bin/sh", "-c", _BOUNDED, "sh", str(MEMORY), str(blocks), str(WORK[service])],
                bufsize=0,
                stdin=body if body is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                cwd=self._folder,
                env=environment,
                process_group=0,
            )
            _yield_to_readers(process.pid)
        except FileNotFoundError as error:
            raise no_git() from error
        except OSError as error:
            raise StoreError(f"git cannot be run: {error.strerror or error}") from error
        return Running(process, complaints)

    def sweep(self) -> None:
        """Remove what pushes have set aside whose git was killed: each may have as many bytes as a push."""
        end = time.time() - OLD
        for place in (self._common / "objects").glob("tmp_objdir-incoming-*"):
            with suppress(OSError):  # another process was faster
                if place.lstat().st_mtime < end and not place.is_symlink():
                    shutil.rmtree(place, ignore_errors=True)

    def _asked(self, service: str, advertise: bool, protocol: str, length: int) -> dict[str, str]:
        place = "info/refs" if advertise else service
        environment = {
            "REQUEST_METHOD": "GET" if advertise else "POST",
            "QUERY_STRING": f"service={service}" if advertise else "",
            "CONTENT_TYPE": "" if advertise else f"application/x-{service}-request",
            "CONTENT_LENGTH": str(length),
            "PATH_TRANSLATED": str(self._folder / place),
            "PATH_INFO": f"/{place}",
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_HTTP_MAX_REQUEST_BUFFER": str(BUFFER),
        }
        if _PROTOCOL.fullmatch(protocol):
            environment["GIT_PROTOCOL"] = protocol
        return environment

    def _config(
        self, service: str, hooks: Path | None, *, advertise: bool, length: int
    ) -> Iterable[tuple[str, str]]:
        yield from _CONFIG
        # Of several that fit the last one counts, so ours come behind whatever the repository hides or shows.
        yield "uploadpack.hideRefs", "refs/"
        yield "uploadpack.hideRefs", f"!{self._reference}"
        if service != RECEIVE or hooks is None:
            yield "http.receivepack", "false"
            return
        yield "http.receivepack", "true"
        yield from _RECEIVING
        yield "core.hooksPath", str(hooks)
        yield "receive.maxInputSize", str(self._push_bytes)
        yield "receive.unpackLimit", "1" if length > LARGE else "100"
        if advertise:  # other branches are told to nobody; that they cannot be pushed the check says
            yield "receive.hideRefs", "refs/"
            yield "receive.hideRefs", f"!{self._reference}"

    def _make_facade(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in (("HEAD", f"ref: {self._reference}\n"), ("commondir", f"{self._common}\n")):
            place = self._folder / name
            with suppress(FileNotFoundError):
                if place.read_text(encoding="utf-8", errors="surrogateescape") == content:
                    continue
            temporary = self._folder / f"{name}.{secrets.token_hex(6)}"
            temporary.write_text(content, encoding="utf-8", errors="surrogateescape")
            temporary.replace(place)


def _yield_to_readers(group: int) -> None:
    """Let a process group, and whatever it starts, leave the processor to the server."""
    with suppress(OSError):  # it has ended
        os.setpriority(os.PRIO_PGRP, group, min(os.getpriority(os.PRIO_PROCESS, 0) + NICE, NICEST))


def _rewound(body: IO[bytes]) -> int:
    """Let git read a file from its beginning, and return its length."""
    body.flush()
    os.lseek(body.fileno(), 0, os.SEEK_SET)
    return os.fstat(body.fileno()).st_size


def _check_updates(body: IO[bytes]) -> None:
    """Refuse a push that begins with more updates than `UPDATES`, which git would take into memory, or that is signed.

    Source:
        gitprotocol-common(5): each line begins with its length in four hexadecimal digits; 0000 ends them.
    """
    body.seek(0)
    for _ in range(UPDATES + 1):
        length = body.read(4)
        if length in {b"0000", b""}:
            return
        size = int(length, 16) if _LENGTH.fullmatch(length) else 0
        if size < 4:
            raise InvalidChangeError("what was sent is no push")
        if size > _COMMAND:
            raise InvalidChangeError("the push names a reference that is too long")
        if body.read(size - 4).startswith(b"push-cert"):
            raise InvalidChangeError("no signed push is taken; push without --signed")
    raise TooLargeError(f"a push may move {UPDATES} references; push one branch")
