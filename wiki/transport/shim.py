"""What git runs as a hook: asks the server, says what it says, and ends as it decides.

It is a program of its own that knows nothing of the wiki, so that it starts fast: it must import nothing but the
standard library. The name of the hook is its argument; the push and the server's socket are in its environment.

::

    shim -> server   one line of JSON: hook, push, updates (old, new, reference), quarantine
    server -> shim   lines of JSON: {"say": line} and, every few seconds, {"alive": true}; then {"end": code, "refused": {reference: reason}}
"""

import json
import os
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECONDS = 30.0  # after which a server that says nothing is gone: it says that it lives more often
Update = list[str]  # old, new, reference

NOT_RUNNING = "the wiki is not running: "


def main(hook: str) -> int:
    """Be one hook, and return the exit code."""
    return pre_receive() if hook == "pre-receive" else proc_receive()


def pre_receive() -> int:
    """Ask whether a push may be.

    Source:
        githooks(5): a line for each reference, with the old and the new object.
    """
    updates = [os.fsdecode(line).split(" ", 2) for line in sys.stdin.buffer.read().splitlines()]
    try:
        return int(ask("pre-receive", updates)["end"])
    except (OSError, ValueError, KeyError) as error:
        say(f"nothing was pushed: {NOT_RUNNING}{error}")
        return 1


def proc_receive() -> int:
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
        answer = ask("proc-receive", updates)
        refused, whole = dict(answer["refused"]), "" if answer["end"] == 0 else "the wiki refused it"
    except (OSError, ValueError, KeyError, TypeError) as error:
        refused, whole = {}, f"{NOT_RUNNING}{error}"
    for _old, _new, reference in updates:
        reason = refused.get(reference, whole)
        send(os.fsencode(f"ng {reference} {reason}" if reason else f"ok {reference}"))
    send(None)
    sys.stdout.buffer.flush()
    return 0


def ask(hook: str, updates: list[Update]) -> "dict[str, Any]":
    """Ask the server, and return how it ended; what it says meanwhile is said at once."""
    place = os.environ.get("QUIRE_SOCKET", "")
    if not place:
        raise OSError("this push did not come through it")
    asked = {
        "hook": hook,
        "push": os.environ.get("QUIRE_PUSH", ""),
        "updates": updates,
        "quarantine": os.environ.get("GIT_QUARANTINE_PATH", ""),
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        os.chdir(os.path.dirname(place))  # noqa: PTH120 - a module less; the whole path may be too long for a socket
        connection.settimeout(SECONDS)
        connection.connect(os.path.basename(place))  # noqa: PTH119
        connection.sendall(json.dumps(asked).encode() + b"\n")
        with connection.makefile("rb") as answers:
            for line in answers:
                answer = json.loads(line)
                if "end" in answer:
                    return dict(answer)
                if "say" in answer:
                    say(answer["say"])
    raise OSError("it ended meanwhile")


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
    sys.exit(main(sys.argv[1]))
