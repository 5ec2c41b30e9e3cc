"""Another repository that has the same branch: git fetches from it and pushes to it, with the credentials of the host.

What git says on the way is kept from nobody who may see it, and holds no secret: an address has no password in it, and a
token goes from its file to git by a credential helper, never by an argument or the environment.
"""

import os
import re
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from engine.errors import HeadMovedError, RemoteError
from engine.remote_address import RemoteAddress
from engine.store.git_head import Head
from engine.store.git_process import GitProcess, with_settings

SECONDS, FIRST = (
    600.0,
    7_200.0,
)  # that one fetch or push may take; and the first fetch, which brings everything
OLD = 2 * FIRST  # seconds after which what a git has left is no work of one that runs
SAID = 4_000  # bytes of what git complains of that are read
LINE = 500  # characters of it that are told
STALE = 60.0  # seconds after which the lock of our own reference is a left-over of a git that was killed
LOOK = 0.05
NAME = "x-access-token"
"""The user to whom a token belongs, where its file names none: forges take any name with it, and GitHub names this."""

_LOST = re.compile(
    r"\[rejected\] \((?:fetch first|non-fast-forward|stale info)\)"
    r"|\[remote rejected\] \(.*(?:cannot lock ref|failed to update ref|incorrect old value|but expected).*\)"
)
_REDIRECTED = re.compile(
    r"unable to update url base from redirection|returned error: 30[1278]|The requested URL returned error: 3"
)
_NETWORK = (
    (
        "http.followRedirects",
        "false",
    ),  # an address that was looked at by an admin may lead to one that was not
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    ("core.askPass", ""),
    ("fetch.fsckObjects", "true"),
    # These are told by the file's name in our own check; git would name a tree.
    ("fetch.fsck.hasDot", "ignore"),
    ("fetch.fsck.hasDotdot", "ignore"),
    ("fetch.fsck.hasDotgit", "ignore"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.followTags", "false"),
    ("push.gpgSign", "false"),
    ("maintenance.auto", "false"),
    ("core.bigFileThreshold", "4m"),
    ("pack.threads", "1"),
    ("pack.windowMemory", "16m"),
)


class GitRemote:
    """The branch of another repository; see `engine.store.Remote`.

    Used by one thread of one process at a time.

    Args:
        process: Runs git on our own repository.
        place: Where the other one is.
        branch: The name of its branch.
        root: The folder that holds the pages here: each wiki of a repository keeps its own account of the remote.
        token_file: A file with a token for https: ``token`` or ``user:token`` in its first line; ``None`` leaves it to
            the credential helpers that git is set up with.
    """

    def __init__(
        self,
        process: GitProcess,
        place: RemoteAddress,
        branch: str,
        root: str = "",
        token_file: Path | None = None,
    ) -> None:
        self._place = place
        self.branch = branch
        """The name of the branch there."""
        self._branch = f"refs/heads/{branch}"
        which = sha256(f"{place.url}\0{root}".encode()).hexdigest()[:12]
        self._seen, self._shared = (
            Head(process, f"refs/quire/remotes/{which}/{kind}/{branch}") for kind in ("seen", "shared")
        )
        self._process = process
        self._network = _with_network(process, place, token_file)
        self._running: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()

    def seen(self) -> str | None:
        """Return the commit that its branch had when it was looked at last."""
        return self._seen.read()

    def shared(self) -> str | None:
        """Return the last commit that both branches are known to have had."""
        return self._shared.read()

    def share(self, commit: str | None) -> None:
        """Note that both branches have *commit*; ``None`` forgets it."""
        self._set(self._shared, commit)

    def fetch(self) -> str | None:
        """Bring what is new there, and return the commit that its branch has."""
        listed = self._run("ls-remote", "--refs", "--", self._place.url, self._branch)
        names = dict(line.split("\t", 1)[::-1] for line in listed.splitlines() if "\t" in line)
        there, seen = names.get(self._branch), self.seen()
        if there is None:
            self._set(self._seen, None)
            return None
        if there == seen:
            return there
        self._unlock(self._seen)
        self._sweep()
        self._run(
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--refmap="),
            *("--", self._place.url, f"+{self._branch}:{self._seen.reference}"),
            seconds=SECONDS if seen is not None else FIRST,
        )
        return self.seen()

    def push(self, commit: str) -> None:
        """Move its branch to *commit*, if it is still where it was seen."""
        try:
            self._run(
                *(
                    "push",
                    "--porcelain",
                    "--no-verify",
                    f"--force-with-lease={self._branch}:{self.seen() or ''}",
                ),
                *("--", self._place.url, f"{commit}:{self._branch}"),
            )
        except RemoteError as error:
            if _LOST.search(str(error)):
                raise HeadMovedError("the remote is not where it was; fetch from it first") from error
            raise
        self._set(self._seen, commit)

    def close(self) -> None:
        """End what is going on, and whatever would begin."""
        self._ended.set()
        if (running := self._running) is not None:
            _signal(running, signal.SIGTERM)

    def _set(self, name: Head, commit: str | None) -> None:
        if name.read() == commit:
            return
        self._unlock(name)
        if commit is None:
            self._process.run("update-ref", "-d", name.reference)
        else:
            self._process.run("update-ref", name.reference, commit)

    def _run(self, *arguments: str, seconds: float | None = None) -> str:
        """Return what git writes to its output; RemoteError with what it says where it fails."""
        with _explained(), tempfile.TemporaryFile() as written, tempfile.TemporaryFile() as said:
            running = subprocess.Popen(
                ["git", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=said,
                cwd=self._network.folder,
                env=dict(self._network.environment),
                start_new_session=True,
            )
            self._running = running
            try:
                code = self._wait(running, seconds if seconds is not None else SECONDS)
            finally:
                self._running = None
            written.seek(0)
            said.seek(0)
            answer = written.read(1_000_000).decode("utf-8", "replace")
            if code and self._ended.is_set():
                raise RemoteError("the wiki ends")
            if code:
                raise RemoteError(_why(arguments[0], answer, said.read(SAID).decode("utf-8", "replace")))
            return answer

    def _wait(self, running: "subprocess.Popen[bytes]", seconds: float) -> int:
        end = time.monotonic() + seconds
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return running.wait(
                        LOOK if self._ended.is_set() else min(1.0, max(LOOK, end - time.monotonic()))
                    )
                if self._ended.is_set():
                    raise RemoteError("the wiki ends")
                if time.monotonic() > end:
                    raise RemoteError(f"the remote took longer than {seconds / 60:g} minutes")
        finally:
            if running.returncode is None:
                _signal(running, signal.SIGKILL)
                running.wait()

    def _unlock(self, name: Head) -> None:
        """Remove the lock of a reference of ours that a git has left which was killed; nobody else moves it."""
        lock = self._process.common_dir / f"{name.reference}.lock"
        with suppress(OSError):
            if time.time() - lock.stat().st_mtime > STALE:
                lock.unlink()

    def _sweep(self) -> None:
        """Remove what gits have left of what they fetched when they were ended; nothing else takes as long."""
        with suppress(OSError):
            for left in (self._process.common_dir / "objects" / "pack").glob("tmp_pack_*"):
                with suppress(OSError):
                    if time.time() - left.stat().st_mtime > OLD:
                        left.unlink()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RemoteError(f"git cannot be run: {error.strerror or error}") from error


def _with_network(process: GitProcess, place: RemoteAddress, token_file: Path | None) -> GitProcess:
    settings = list(_NETWORK)
    if token_file is not None and place.protocol == "https":
        scope = f"credential.{place.origin}"
        settings += [
            (f"{scope}.helper", ""),
            (f"{scope}.helper", _helper(token_file)),
            (f"{scope}.useHttpPath", "false"),
        ]
    environment = with_settings(process.environment, settings)
    for name in ("GIT_CONFIG_NOSYSTEM", "SSH_ASKPASS"):
        environment.pop(name, None)
    environment |= {
        "GIT_ALLOW_PROTOCOL": place.protocol,
        "GIT_ASKPASS": "",
    }
    if "GIT_SSH_COMMAND" in os.environ:
        environment["GIT_SSH_COMMAND"] = os.environ["GIT_SSH_COMMAND"]
    elif process.attempt("config", "--get", "core.sshCommand").returncode:
        environment["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15"
    return replace(process, environment=environment)


def _helper(token_file: Path) -> str:
    """Return a credential helper that reads a token from its file, where no list of processes shows it.

    Source:
        gitcredentials(7), "Custom helpers".
    """
    file = shlex.quote(str(token_file.absolute()))
    return (
        '!f() { test "$1" = get || exit 0; IFS= read -r t < '
        + file
        + ' || test -n "$t" || exit 0; case $t in '
        "*:*) u=${t%%:*}; t=${t#*:};; *) u=" + NAME + ";; esac; "
        'printf \'username=%s\\npassword=%s\\n\' "$u" "$t"; }; f'
    )


def _signal(running: "subprocess.Popen[bytes]", number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, number)


def _why(command: str, answer: str, said: str) -> str:
    """Return in one line why git failed."""
    if _REDIRECTED.search(said):
        return "the remote leads elsewhere; redirects are not followed, so name where it leads"
    refused = [line.split("\t")[-1] for line in answer.splitlines() if line.startswith("!\t")]
    lines: Sequence[str] = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal: ", "error: ", "remote: "))] or lines
    if refused:
        told = [refused[0], *(line for line in told if line.startswith("remote: "))]
    text = (
        "; ".join(line.removeprefix("fatal: ").removeprefix("error: ") for line in told[:5])
        or "it gave no reason"
    )
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return f"git {command} failed: {shown[:LINE]}"
