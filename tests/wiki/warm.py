"""The command with its modules loaded: each call is a process of its own that begins where their import has ended.

A call costs a fork rather than a second of imports. Its arguments, folder, environment, streams, process id and exit code
are its own; what Python itself reads from the environment when it starts is that of `environment` at the first call.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock

_ROOT = Path(__file__).parent.parent.parent
_LENGTH = 8  # bytes that tell how long a request is


class Warm:
    """A process that has loaded the command and forks for each call.

    Args:
        environment: Of the process; each call brings its own.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair()
        self._lock = Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                cwd=_ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._close)

    def run(
        self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end.

        Raises:
            subprocess.TimeoutExpired: It takes longer than *seconds*, and was ended.
        """
        request = json.dumps([list(arguments), str(cwd), dict(environment)]).encode()
        ours, theirs = socket.socketpair()
        with ours, TemporaryFile() as out, TemporaryFile() as err:
            with theirs, self._lock:
                fds = [out.fileno(), err.fileno(), theirs.fileno()]
                socket.send_fds(self._socket, [len(request).to_bytes(_LENGTH)], fds)
                self._socket.sendall(request)
            child = int.from_bytes(ours.recv(_LENGTH))
            assert child, "the command could not be loaded"
            if not select.select([ours], [], [], seconds)[0]:
                os.kill(child, signal.SIGKILL)
                raise subprocess.TimeoutExpired([*arguments], seconds)
            code = int.from_bytes(ours.recv(_LENGTH), signed=True)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess([*arguments], code, _text(out.read()), _text(err.read()))

    def _close(self) -> None:
        self._socket.close()
        self._process.wait()


def _text(output: bytes) -> str:
    return output.decode().replace("\r\n", "\n")


def _serve(requests: socket.socket) -> None:
    """Fork for each request, and return only in what was forked."""
    from wiki import cli  # loaded here, as the tests that ask need nothing of it

    watching: list[int] = []
    while True:
        length, fds, _, _ = socket.recv_fds(requests, _LENGTH, 3)
        if not length:
            for child in watching:
                os.waitpid(child, 0)
            os._exit(0)
        watching = [child for child in watching if os.waitpid(child, os.WNOHANG) == (0, 0)]
        request = b""
        while missing := int.from_bytes(length) - len(request):  # behind it stands the next one
            request += requests.recv(missing)
        child = os.fork()
        if not child:
            requests.close()
            _watch(request, *fds)
            cli.main()
            return
        watching.append(child)
        for fd in fds:
            os.close(fd)


def _watch(request: bytes, out: int, err: int, told: int) -> None:
    """Return in a process that is to run the command; the one that has asked is told its id, and how it ended."""
    if child := os.fork():
        os.write(told, child.to_bytes(_LENGTH))
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(told, ended.to_bytes(_LENGTH, signed=True))
        os._exit(0)
    arguments, cwd, environment = json.loads(request)
    os.dup2(out, 1)
    os.dup2(err, 2)
    for fd in (out, err, told):
        os.close(fd)
    sys.argv = ["quire", *arguments]
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
