"""What git runs as a hook: asks the server, says what it says, and ends as it decides.

It is a program of its own that knows nothing of the wiki, so that it starts fast: it must import nothing but the
standard library. The name of the hook is its argument. Where the server runs git, the push and the server's socket are
in its environment; where somebody else does, as with ssh, a second argument names the folder with the servers' sockets.

::

    server -> shim   {"alive": true}, at once: until it comes another server may be asked
    shim -> server   one line of JSON: hook, updates (old, new, reference), quarantine, and push, or user and address
    server -> shim   lines of JSON: {"say": line} and, every few seconds, {"alive": true}; then {"end": code, "refused": {reference: reason}}
"""

import json
import os
import socket
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECONDS = 30.0  # after which a server that says nothing is gone: it says that it lives more often
ANSWER = 3.0  # seconds after which a server that has not greeted has stopped
AGAIN = 0.05  # seconds after which a server is tried again that had no room
Update = list[str]  # old, new, reference

NOT_RUNNING = "the wiki is not running: "
START = "start it, and push again; or take its hooks away with quire hook remove, and nobody checks what is pushed"
PROC_RECEIVE_REFS = "refs"  # without this value git itself would move the branch
UNSET = "git has not the settings that quire hook install makes; run it again"
ANOTHER = "git must run as the user that runs the wiki"


def main(hook: str, sockets: str = "") -> int:
    """Be one hook, and return the exit code."""
    return pre_receive(sockets) if hook == "pre-receive" else proc_receive(sockets)


def pre_receive(sockets: str) -> int:
    """Ask whether a push may be.

    Source:
        githooks(5): a line for each reference, with the old and the new object.
    """
    updates = [os.fsdecode(line).split(" ", 2) for line in sys.stdin.buffer.read().splitlines()]
    try:
        if sockets and PROC_RECEIVE_REFS not in settings("receive.procReceiveRefs"):
            say(f"nothing was pushed: {UNSET}")
            return 1
        return int(ask("pre-receive", updates, sockets)["end"])
    except (OSError, ValueError, KeyError) as error:
        say(f"nothing was pushed: {why(error)}")
        return 1


def proc_receive(sockets: str) -> int:
    """Let the server move the references, and report which it did.

    Source:
        githooks(5), "proc-receive"; gitprotocol-common(5) for the lines.
    """
    while receive() is not None:  # its version, and what it can do
        pass
    send(b"version=1")
    send(None)
    sys.stdout.buffer.flush()
    updates = []
    while (line := receive()) is not None:
        updates.append(os.fsdecode(line.rstrip(b"\n")).split(" ", 2))
    try:
        answer = ask("proc-receive", updates, sockets)
        refused, whole = dict(answer["refused"]), "" if answer["end"] == 0 else "the wiki refused it"
    except (OSError, ValueError, KeyError, TypeError) as error:
        refused, whole = {}, why(error)
    for _old, _new, reference in updates:
        reason = refused.get(reference, whole)
        send(os.fsencode(f"ng {reference} {reason}" if reason else f"ok {reference}"))
    send(None)
    sys.stdout.buffer.flush()
    return 0


def ask(hook: str, updates: list[Update], sockets: str = "") -> "dict[str, Any]":
    """Ask the server, and return how it ended; what it says meanwhile is said at once."""
    asked: dict[str, Any] = {
        "hook": hook,
        "updates": updates,
        "quarantine": os.environ.get("GIT_QUARANTINE_PATH", ""),
    }
    if sockets:
        asked["user"] = os.environ.get("QUIRE_USER")
        asked["address"] = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    else:
        asked["push"] = os.environ.get("QUIRE_PUSH", "")
    with connected(sockets) as connection:
        connection.sendall(json.dumps(asked).encode() + b"\n")
        with connection.makefile("rb") as answers:
            for line in answers:
                answer = json.loads(line)
                if "end" in answer:
                    return dict(answer)
                if "say" in answer:
                    say(answer["say"])
    raise OSError("it ended meanwhile")


def connected(sockets: str) -> socket.socket:
    """Return a connection to the server that runs git, or to one that greets of those in a folder."""
    place = os.environ.get("QUIRE_SOCKET", "")
    if not sockets and not place:
        raise OSError("this push did not come through it")
    # A module less; and the whole path may be too long for a socket.
    folder, names = (sockets, None) if sockets else (os.path.dirname(place), [os.path.basename(place)])  # noqa: PTH119, PTH120
    try:
        os.chdir(folder)
        for name in names or _shuffled():
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                if not sockets:
                    _connect(connection, name, SECONDS)
                    return connection
                _connect(connection, name, ANSWER)
                if is_greeted(connection):
                    connection.settimeout(SECONDS)
                    return connection
            except PermissionError:
                raise
            except OSError:  # of a server that is no more, or has stopped
                if not sockets:
                    raise
            connection.close()
    except PermissionError as error:
        if sockets:
            raise PermissionError(f"{folder} cannot be entered: {ANOTHER}") from error
        raise
    except FileNotFoundError:
        if not sockets:
            raise
    raise OSError(START)


def settings(key: str) -> list[str]:
    """Return the values that a setting has for git, which runs this hook with the same environment."""
    # As `subprocess` takes long to import.
    reading, writing = os.pipe()
    with open(reading, encoding="utf-8", errors="replace") as values:  # noqa: PTH123
        try:
            git = os.posix_spawnp(
                "git",
                ["git", "config", "--get-all", key],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)],
            )
        finally:
            os.close(writing)
        found = values.read().split("\n")
    os.waitpid(git, 0)
    return found


def is_greeted(connection: socket.socket) -> bool:
    """Wait until the server greets, and say whether it does; what it sends stays to be read."""
    return bool(connection.recv(1, socket.MSG_PEEK))


def _shuffled() -> list[str]:
    """Name the sockets in the current folder in any order, without those that are being made."""
    names = [name for name in os.listdir() if not name.startswith(".")]  # noqa: PTH208
    return sorted(names, key=lambda _: os.urandom(4))


def _connect(connection: socket.socket, name: str, seconds: float) -> None:
    """Connect; where there is no room for one more, wait for it."""
    connection.settimeout(seconds)
    end = time.monotonic() + seconds
    while True:
        try:
            connection.connect(name)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(AGAIN)
        else:
            return


def why(error: Exception) -> str:
    """Say why there is no answer."""
    return str(error) if isinstance(error, PermissionError) else f"{NOT_RUNNING}{error}"


def say(line: str) -> None:
    """Tell whoever pushes one line."""
    sys.stderr.buffer.write(line.encode("utf-8", "replace") + b"\n")
    sys.stderr.buffer.flush()


def receive() -> bytes | None:
    """Read one line of git's, ``None`` for the end of some."""
    length = int(sys.stdin.buffer.read(4) or b"0", 16)
    return sys.stdin.buffer.read(length - 4) if length >= 4 else None


def send(line: bytes | None) -> None:
    """Write one line to git, ``None`` for the end of some."""
    sys.stdout.buffer.write(b"0000" if line is None else b"%04x%b" % (len(line) + 4, line))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
