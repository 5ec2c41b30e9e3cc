"""Git's hooks, which are thin: each asks the server, through a socket that no other user of the machine can open.

Those of a push over HTTP ask the process that runs git, and name the push. Those that ``quire hook install`` puts into a
repository ask any process of the server, see `wiki.transport.host`.
The checks of a push, and the following of the branch, so exist once, in the server.
"""

import atexit
import json
import os
import secrets
import shlex
import shutil
import socket
import struct
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from hashlib import sha256
from logging import getLogger
from pathlib import Path
from typing import Any, Protocol

from engine.errors import StoreError
from engine.pushing import Update
from engine.pushing.pushing import Say
from wiki.transport import shim

log = getLogger(__name__)

HOOKS = ("pre-receive", "proc-receive")
ASKED = 2_000_000  # bytes of one question; a push has a thousand updates at most
SECONDS = 30.0  # that a hook may take to ask
ALIVE = 5.0  # seconds after which a hook is told that its answer still comes
AGAIN = 0.1  # seconds after which is listened on, where the system had no room for one more hook
LOOK = 10.0  # seconds after which it is looked whether hooks still find us
TRIES = 5  # to listen, where somebody deletes meanwhile what is in the cache
TRIED = 1.0  # seconds that it is tried whether somebody listens at a socket
MAKING = 60.0  # seconds after which nobody is making a socket any more
PATH = 100  # bytes of a socket's path that every system takes
CHARACTERS = 2_000  # of a line that is said
LONGEST = 3_600.0  # seconds after which a check stops that no server's git waits for
PUBLISHING = 5.0  # seconds that what was allowed may take to be published when the server ends
NOTHING = frozenset("0")  # an object id of zeros stands for none
CREDENTIALS = struct.Struct("3i")  # of unix(7): process, user, group
ANOTHER = "git runs as another user than the wiki; let it run as the same"
FAILED = "something went wrong here; the server has written down what it was"


class Receiver(Protocol):
    """Decides on one push."""

    def check(
        self, updates: Sequence[Update], quarantine: Path | None, say: Say, stop: Callable[[], bool]
    ) -> bool:
        """Say whether it may be; *stop* tells when nobody wants to know any more."""
        ...

    def publish(self, updates: Sequence[Update], say: Say) -> Mapping[str, str]:
        """Move the references, and return why not for each that was not."""
        ...


class Rechecker(Protocol):
    """Decides on one push that nobody remembers between two hooks."""

    def check(
        self, updates: Sequence[Update], quarantine: Path | None, say: Say, stop: Callable[[], bool]
    ) -> bool:
        """Say whether it may be; *stop* tells when nobody wants to know any more."""
        ...

    def publish(
        self, updates: Sequence[Update], say: Say, stop: Callable[[], bool], publishing: "Publishing"
    ) -> Mapping[str, str]:
        """Check it again and move the references, and return why not for each that was not.

        Args:
            updates: All of them.
            say: Tells whoever pushes one line.
            stop: Tells while it is checked when nobody wants to know any more.
            publishing: A context that is entered when all is checked, and left when all is done, which nothing stops;
                it says whether it may be still.
        """
        ...


Publishing = Callable[[], AbstractContextManager[bool]]


class Host(Protocol):
    """Decides on pushes whose git the server did not run."""

    def receiver(self, user: str | None, address: str) -> Rechecker:
        """Return what decides on what somebody pushes.

        Args:
            user: Who pushes, as the environment of git names them; ``None`` where it names nobody.
            address: From where; empty: from this machine.
        """
        ...


class Push:
    """One push that git is at work on: it can be taken back until it was allowed, and then runs to its end.

    Args:
        receiver: Decides on it.
        hooks: The folder with the hooks.
        told: The environment that lets them ask *receiver*.
    """

    def __init__(self, receiver: Receiver, hooks: Path, told: Mapping[str, str]) -> None:
        self.hooks = hooks
        self.told = told
        self._receiver = receiver
        self._changed = threading.Condition()
        self._asking = 0  # hooks that are being answered
        self._allowed = False
        self._taken_back = False

    def check(self, updates: Sequence[Update], quarantine: Path | None, say: Say) -> bool:
        """Say whether it may be."""
        with self._answering() as wanted:
            if not wanted or not self._receiver.check(updates, quarantine, say, self._is_taken_back):
                return False
            with self._changed:
                self._allowed = not self._taken_back
                return self._allowed

    def publish(self, updates: Sequence[Update], say: Say) -> Mapping[str, str]:
        """Move the references, and return why not for each that was not."""
        with self._answering():
            if not self._allowed:
                return dict.fromkeys((update.reference for update in updates), "it was not checked")
            return self._receiver.publish(updates, say)

    def take_back(self) -> bool:
        """Let it not be, and say whether that was still possible."""
        with self._changed:
            self._taken_back = not self._allowed
            return self._taken_back

    def end(self) -> None:
        """Wait until no hook is answered any more; called when git has ended."""
        with self._changed:
            self._taken_back, self._allowed = True, False
            while self._asking:
                self._changed.wait()

    def _is_taken_back(self) -> bool:
        return self._taken_back

    @contextmanager
    def _answering(self) -> Iterator[bool]:
        """Let `end` wait; say whether an answer is still wanted."""
        with self._changed:
            self._asking += 1
            wanted = not self._taken_back
        try:
            yield wanted
        finally:
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()


class Hooks:
    """The folder with the hooks, and the socket that they ask.

    Args:
        folder: Where both are made, when somebody pushes first.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._listener: tuple[int, _Listener] | None = None  # and the process that it is of
        self._pushes: dict[str, Push] = {}
        self._host: Host | None = None

    @property
    def sockets(self) -> Path:
        """The folder with the sockets of all processes of the server."""
        return self._folder / "sockets"

    def listen(self, host: Host) -> None:
        """Answer also hooks of a git that the server does not run; where nothing can be listened on, that is logged.

        Args:
            host: Decides on what they bring.
        """
        self._host = host
        atexit.register(self.close)
        try:
            self._listening()
        except (OSError, StoreError) as error:
            log.warning("hooks that were installed get no answer: %s", error)

    @contextmanager
    def of(self, receiver: Receiver) -> Iterator[Push]:
        """Let hooks ask *receiver* for as long as the context lasts, which ends when no hook is answered any more.

        Raises:
            StoreError: They cannot be written, or nothing can be listened on.
        """
        name = secrets.token_hex(16)
        try:
            hooks, place = self.written(), self._listening()
        except OSError as error:
            raise StoreError(f"the hooks of git cannot be made: {error.strerror or error}") from error
        push = Push(receiver, hooks, {"QUIRE_PUSH": name, "QUIRE_SOCKET": str(place)})
        self._pushes[name] = push
        try:
            yield push
        finally:
            del self._pushes[name]
            push.end()

    def written(self) -> Path:
        """Return the folder with the hooks, which holds nothing else; made where it is not there."""
        texts = {name: f"#!/bin/sh\n{_program(name)}\n" for name in HOOKS}
        digest = sha256(repr(texts).encode("utf-8", "surrogateescape")).hexdigest()[:12]
        folder = self._folder / f"hooks-{digest}"
        if _holds(folder, texts):
            return folder
        made = self._folder / f"hooks-{secrets.token_hex(6)}.new"
        made.mkdir(mode=0o700, parents=True)
        for name, text in texts.items():
            (made / name).write_text(text, encoding="utf-8", errors="surrogateescape")
            (made / name).chmod(0o700)
        if folder.exists():  # somebody has changed it
            folder.rename(made.with_suffix(".old"))
            shutil.rmtree(made.with_suffix(".old"), ignore_errors=True)
        try:
            made.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(made, ignore_errors=True)
            if not _holds(folder, texts):
                raise
        return folder

    def _listening(self) -> Path:
        """Return where this process listens; a child that was forked listens on its own."""
        with self._lock:
            if self._listener is None or self._listener[0] != os.getpid():
                self._listener = (os.getpid(), _Listener(self.sockets, self._pushes, self._host))
            return self._listener[1].place

    def close(self) -> None:
        """Listen no longer; what is being published has some time to come to its end."""
        atexit.unregister(self.close)
        with self._lock:
            if self._listener is not None and self._listener[0] == os.getpid():
                self._listener[1].close()
            self._listener = None


class _Listener:
    """Answers hooks, each in a thread of its own.

    Args:
        folder: Where its socket is made.
        pushes: Those that this process lets git be at work on, by name.
        host: Decides on all others.
    """

    def __init__(self, folder: Path, pushes: Mapping[str, Push], host: Host | None) -> None:
        self.place = folder / secrets.token_hex(4)
        self._pushes = pushes
        self._host = host
        self._closed = False
        self._changed = threading.Condition()
        self._publishing = 0  # pushes whose git nobody here waits for
        self._socket = self._opened()
        _listeners.add(self)
        threading.Thread(target=self._run, name="hooks", daemon=True).start()

    def _opened(self) -> socket.socket:
        """Listen at our place."""
        for _ in range(TRIES - 1):
            try:
                return self._made()
            except FileNotFoundError:
                continue
        return self._made()

    def _made(self) -> socket.socket:
        """Listen under a name that nobody looks at, and then give it our place."""
        folder = self.place.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        _sweep(folder)
        making = folder / f".{self.place.name}"
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _with_short_path(making, made.bind)
            making.chmod(0o600)
            made.listen(16)
            made.settimeout(LOOK)
            making.rename(self.place)
        except BaseException:
            made.close()
            with suppress(OSError):
                making.unlink(missing_ok=True)
            raise
        return made

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
                try:
                    _in_thread(self._answer, connection)
                except RuntimeError:
                    connection.close()
                    raise
            except TimeoutError:
                self._look()
            except (OSError, RuntimeError) as error:  # too many descriptors, or threads
                if self._closed:
                    return
                log.warning("a hook is not answered: %s", error)
                time.sleep(AGAIN)

    def _look(self) -> None:
        """Listen anew where somebody has deleted the place: what is in the cache may be."""
        with self._changed:
            try:
                if self._closed or self.place.exists():
                    return
                made = self._opened()
            except (OSError, StoreError) as error:
                log.warning("hooks are not answered: %s", error)
                return
            self._socket.close()
            self._socket = made

    def _answer(self, connection: socket.socket) -> None:
        hook = _Hook(connection)
        with connection:
            try:
                connection.settimeout(SECONDS)
                hook.tell(alive=True)
                if question := _question(connection):
                    self._decide(json.loads(question), hook)
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.warning("a hook asked what cannot be answered: %r", error)
            except Exception:
                log.exception("a push failed")
                hook.say(FAILED)
            finally:
                hook.answered.set()

    def _decide(self, asked: Mapping[str, Any], hook: "_Hook") -> None:
        end = time.monotonic() + LONGEST

        def stop() -> bool:
            return self._closed or hook.gone.is_set() or time.monotonic() > end

        @contextmanager
        def publishing() -> Iterator[bool]:
            hook.tell(alive=True)  # which finds out whether it is there
            with self._published(stop) as wanted:
                yield wanted

        if "user" in asked and hook.user() != os.geteuid():
            hook.say(f"nothing was pushed: {ANOTHER}")
            hook.tell(end=1, refused={})
            return
        decides = self._decides(asked, stop, publishing)
        if decides is None:
            hook.say("nothing was pushed: this push did not come through the wiki")
            hook.tell(end=1, refused={})
            return
        updates = [Update(name, _object(old), _object(new)) for old, new, name in asked["updates"]]
        _in_thread(hook.keep_alive)
        if asked["hook"] == "pre-receive":
            quarantine = Path(asked["quarantine"]) if asked["quarantine"] else None
            allowed = decides.check(updates, quarantine, hook.say)
            hook.tell(end=0 if allowed else 1)
        else:
            refused = decides.publish(updates, hook.say)
            hook.tell(end=0, refused={name: printable(why)[:CHARACTERS] for name, why in refused.items()})

    def _decides(
        self, asked: Mapping[str, Any], stop: Callable[[], bool], publishing: Publishing
    ) -> "Push | _Unnamed | None":
        """Return what decides on the push that a hook asks about; ``None`` where nothing does."""
        if "user" not in asked:
            return self._pushes.get(asked["push"])
        if self._host is None:
            return None
        user = None if asked["user"] is None else str(asked["user"])
        return _Unnamed(self._host.receiver(user, str(asked["address"])), stop, publishing)

    @contextmanager
    def _published(self, stop: Callable[[], bool]) -> Iterator[bool]:
        """Let `close` wait for what is published, unless it is not wanted any more, as after `close`; say whether it is."""
        with self._changed:
            wanted = not stop()
            self._publishing += wanted
        try:
            yield wanted
        finally:
            with self._changed:
                self._publishing -= wanted
                self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # which wakes the thread
        self._socket.close()
        self.place.unlink(missing_ok=True)
        with self._changed:
            self._changed.wait_for(lambda: not self._publishing, PUBLISHING)

    def leave_to_the_parent(self) -> None:
        """Close what a child has inherited: nobody there would answer."""
        self._socket.close()


class _Hook:
    """One hook that waits for its answer."""

    def __init__(self, connection: socket.socket) -> None:
        self.answered = threading.Event()
        self.gone = threading.Event()  # what was decided holds
        self._connection = connection
        self._telling = threading.Lock()

    def tell(self, **answer: object) -> None:
        with self._telling:
            try:
                self._connection.sendall(json.dumps(answer).encode() + b"\n")
            except OSError:
                self.gone.set()

    def say(self, line: str, /) -> None:
        for part in line.splitlines() or [""]:
            self.tell(say=printable(part)[:CHARACTERS])

    def user(self) -> int:
        """Return the id of the user that it runs as; ours, where the system does not tell."""
        if not hasattr(socket, "SO_PEERCRED"):
            return os.geteuid()
        found = self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        user: int = CREDENTIALS.unpack(found)[1]
        return user

    def keep_alive(self) -> None:
        while not self.answered.wait(ALIVE):
            self.tell(alive=True)


class _Unnamed:
    """One question about a push that the server does not know: its git was run by somebody else."""

    def __init__(
        self,
        receiver: Rechecker,
        stop: Callable[[], bool],
        publishing: Publishing,
    ) -> None:
        self._receiver = receiver
        self._stop = stop
        self._publishing = publishing

    def check(self, updates: Sequence[Update], quarantine: Path | None, say: Say) -> bool:
        return self._receiver.check(updates, quarantine, say, self._stop)

    def publish(self, updates: Sequence[Update], say: Say) -> Mapping[str, str]:
        return self._receiver.publish(updates, say, self._stop, self._publishing)


_listeners = weakref.WeakSet[_Listener]()


def _leave_to_the_parent() -> None:
    for listener in [*_listeners]:
        listener.leave_to_the_parent()


os.register_at_fork(after_in_child=_leave_to_the_parent)


def installed(sockets: Path) -> Mapping[str, str]:
    """Return the hooks of a repository whose git the server does not run, by name.

    Args:
        sockets: Where the processes of the server listen.
    """
    return {name: f"{_program(name)} {shlex.quote(str(sockets))}\n" for name in HOOKS}


def listens(sockets: Path) -> bool:
    """Say whether a process of the server answers hooks there."""
    try:
        return any(_is_answered(place) for place in sockets.iterdir() if not _is_being_made(place))
    except OSError:
        return False


def _program(name: str) -> str:
    """Return the line of a shell that is a hook."""
    return f"exec {shlex.quote(sys.executable)} -I -S {shlex.quote(shim.__file__)} {name}"


def _is_answered(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as tried:
        tried.settimeout(shim.ANSWER)
        try:
            _with_short_path(place, tried.connect)
            return shim.is_greeted(tried)
        except OSError:
            return False


def _is_being_made(place: Path) -> bool:
    """Say whether nobody listens at a socket yet."""
    return place.name.startswith(".")


def _question(connection: socket.socket) -> bytes:
    """Read one line, in `SECONDS` altogether; empty where another process looked whether somebody listens here."""
    question, end = bytearray(), time.monotonic() + SECONDS
    while not question.endswith(b"\n") and len(question) < ASKED:
        connection.settimeout(max(0.001, end - time.monotonic()))
        try:
            part = connection.recv(ASKED - len(question))
        except ConnectionError:
            return b""
        if not part:
            break
        question += part
    connection.settimeout(SECONDS)
    return bytes(question)


def _in_thread(work: Callable[..., object], *arguments: object) -> None:
    """Let a thread do something; RuntimeError where there are too many."""
    threading.Thread(target=work, args=arguments, name="hook", daemon=True).start()


def printable(line: str) -> str:
    """Return a line without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in line.replace("\t", " "))


def _object(text: str) -> str | None:
    return None if NOTHING.issuperset(text) else text


def _holds(folder: Path, texts: Mapping[str, str]) -> bool:
    """Say whether a folder holds these files, that can be run, and nothing else."""
    try:
        found = {
            place.name: place.read_text(encoding="utf-8", errors="surrogateescape")
            for place in folder.iterdir()
        }
        return found == texts and all(os.access(folder / name, os.X_OK) for name in texts)
    except OSError:
        return False


def _sweep(folder: Path) -> None:
    """Remove sockets that nobody listens on any more."""
    for place in folder.iterdir():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as tried, suppress(OSError):
            if _is_being_made(place) and time.time() - place.lstat().st_mtime < MAKING:
                continue
            tried.settimeout(TRIED)
            try:
                _with_short_path(place, tried.connect)
            except ConnectionRefusedError:
                place.unlink(missing_ok=True)


def _with_short_path(place: Path, use: "_Use") -> None:
    """Use the address of a socket, whose path may be longer than the system takes."""
    if len(os.fsencode(place)) <= PATH:
        use(str(place))
        return
    if not Path("/proc/self/fd").is_dir():
        raise StoreError(f"{place} is too long for a socket; name a shorter folder with --cache")
    folder = os.open(place.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        use(f"/proc/self/fd/{folder}/{place.name}")
    finally:
        os.close(folder)


class _Use(Protocol):
    def __call__(self, address: str, /) -> object: ...
