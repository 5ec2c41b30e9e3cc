"""A real sshd on loopback, with keys, configuration and port of its own; and clients that know nothing else."""

import getpass
import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.wiki.processes import running

PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/bin")
SEPARATED = Path("/run/sshd")  # that sshd wants to exist where root starts it
TRIES = 5  # ports: another program may take one between our look and the start
SECONDS = 60

SERVER = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserEnvironment QUIRE_USER
AcceptEnv GIT_PROTOCOL
"""

CLIENT = """
Host wiki
    HostName 127.0.0.1
    Port {port}
    User {user}
    IdentityFile {folder}/{key}
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {folder}/known_hosts
    GlobalKnownHostsFile none
    StrictHostKeyChecking yes
    BatchMode yes
    SetEnv QUIRE_USER=eve
"""

GIT_ONLY = 'restrict,command="{environment}{shell} -c \\"$SSH_ORIGINAL_COMMAND\\""'
KEYS: Mapping[str, str] = {
    "own": GIT_ONLY.replace("{environment}", ""),
    "ada": GIT_ONLY.replace("{environment}", "env QUIRE_USER=ada "),
    "nobody": GIT_ONLY.replace("{environment}", "env QUIRE_USER=nobody "),
    "bob": f'environment="QUIRE_USER=bob",{GIT_ONLY.replace("{environment}", "")}',
}
"""The keys that are let in, with what stands before each in the file of keys."""


def missing() -> str:
    """Say what is not there that these tests need; empty where all is."""
    if _find("sshd") is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        return "there is no sshd; on Debian: apt-get install openssh-server openssh-client"
    if _find("git-shell") is None:
        return "there is no git-shell, which comes with git"
    if os.geteuid() == 0 and not SEPARATED.is_dir():
        return f"sshd needs {SEPARATED}: mkdir {SEPARATED}"
    return ""


@dataclass(frozen=True)
class Sshd:
    """An sshd that answers."""

    folder: Path

    def client(self, key: str) -> dict[str, str]:
        """Return the environment of a git that comes with this key."""
        return {"GIT_SSH_COMMAND": f"ssh -F {shlex.quote(str(self.folder / f'{key}.config'))}"}

    def run(self, key: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Ask for a command that may not be git's."""
        return subprocess.run(
            ["ssh", "-F", str(self.folder / f"{key}.config"), "wiki", *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


@contextmanager
def listening(folder: Path) -> Iterator[Sshd]:
    """Let an sshd listen for as long as the context lasts."""
    program, shell = _find("sshd"), _find("git-shell")
    assert program is not None
    assert shell is not None
    for name in ("host", *KEYS):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(command, check=True, timeout=SECONDS)
    lines = [f"{before.format(shell=shell)} {_public(folder, key)}\n" for key, before in KEYS.items()]
    (folder / "authorized_keys").write_text("".join(lines))
    for tried in range(TRIES):
        port = _free_port()
        (folder / "sshd_config").write_text(SERVER.format(port=port, folder=folder))
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {_public(folder, 'host')}\n")
        for key in KEYS:
            values = {"port": port, "folder": folder, "key": key, "user": getpass.getuser()}
            (folder / f"{key}.config").write_text(CLIENT.format(**values))
        with running([program, "-D", "-e", "-f", folder / "sshd_config"]) as process:
            try:
                process.line_with("Server listening on")
            except AssertionError:
                if tried == TRIES - 1:
                    raise
                continue
            yield Sshd(folder)
            return


def _find(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *PLACES)))


def _public(folder: Path, key: str) -> str:
    return (folder / f"{key}.pub").read_text().strip()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
