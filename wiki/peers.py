"""Who holds the other end of a connection that does not leave this machine, as the operating system knows it.

No header tells a person at the machine from a proxy on it: one that adds none asks as a browser does. But a proxy runs
as a user of its own, and Linux knows to which user each socket belongs: it answers for one connection at once
(sock_diag), and lists all of them in ``/proc/net/tcp``, which takes it some milliseconds.

Source:
    sock_diag(7), and proc_net_tcp in the documentation of the Linux kernel.
"""

import os
import socket
import struct
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

Address = IPv4Address | IPv6Address

_OPEN = 1  # the state of a connection; a closed socket is listed as the administrator's, whosever it was
_HERE: Mapping[int, Address] = {4: ip_address("127.0.0.1"), 6: ip_address("::1")}
_SOCK_DIAG, _BY_FAMILY, _REQUEST = 4, 20, 1
_ANY_COOKIE = b"\xff" * 8
_HEADER = struct.Struct("=IHHII")  # length, type, flags, number, process
_QUESTION = struct.Struct("=BBBxI")  # family, protocol, extensions, states
_PORTS = struct.Struct("!HH")
_ANSWER = struct.Struct("=xBxx48x12xII")  # state, which socket, (expires, queues), user, inode


def is_ours(environ: Mapping[str, Any]) -> bool | None:
    """Say whether the process at the other end of a request's connection runs as the user that the server runs as.

    Returns:
        ``None`` where nobody can tell: the server names no port of the client, or the system has neither of both.
        ``False`` also where the connection is not open any more.
    """
    if not environ.get("REMOTE_PORT"):
        return None
    try:
        address = _plain(ip_address(environ.get("REMOTE_ADDR") or ""))
        ports = int(environ["REMOTE_PORT"]), int(environ.get("SERVER_PORT") or "")
    except ValueError:
        return False
    user = asked(address, *ports)
    if user is not None:
        return user == os.geteuid()
    return listed(address, *ports) == {os.geteuid()} if TABLES[0].exists() else None


def asked(address: Address, port: int, remote: int) -> int | None:
    """Return the user of the socket at *address* and *port* that is connected to a port *remote*, as sock_diag says.

    ``None`` where the system does not answer that, or the connection does not lead to the usual address of this machine.
    """
    try:
        return _ask(address, port, _HERE[address.version], remote) if hasattr(socket, "AF_NETLINK") else None
    except (OSError, struct.error):
        return None


def _ask(address: Address, port: int, other: Address, remote: int) -> int | None:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    ends = b"".join(each.packed.ljust(16, b"\0") for each in (address, other))
    which = _PORTS.pack(port, remote) + ends + bytes(4) + _ANY_COOKIE
    question = _QUESTION.pack(family, socket.IPPROTO_TCP, 0, 1 << _OPEN) + which
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as system:
        system.sendto(
            _HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _REQUEST, 0, 0) + question, (0, 0)
        )
        answer = system.recv(4_096, socket.MSG_DONTWAIT)  # it answers before it returns
    _, kind, *_ = _HEADER.unpack_from(answer)
    if kind != _BY_FAMILY or answer[_HEADER.size + 4 :][: len(which) - 12] != which[:-12]:
        return None  # there is no such socket, or it is one that listens
    state, user, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    return int(user) if state == _OPEN and inode else None


def listed(address: Address, port: int, remote: int) -> set[int]:
    """Return the users of such sockets as the system's tables list them; none where these cannot be read."""
    found = set()
    for table in TABLES:
        with ExitStack() as stack:
            try:
                found |= users(stack.enter_context(table.open(encoding="ascii")), address, port, remote)
            except FileNotFoundError:
                continue  # of a system without IPv6
            except OSError:
                return set()
    return found


def users(table: Iterable[str], address: Address, port: int, remote: int) -> set[int]:
    """Return the users whose sockets are at *address* and *port*, and connected to a port *remote*.

    Args:
        table: The lines of ``/proc/net/tcp`` or ``/proc/net/tcp6``; those that cannot be read are passed over.
        address: An IPv4 address is found also where the table writes it as one of IPv6.
        port: Of the socket.
        remote: What it is connected to.
    """
    local, other = f":{port:04X}", f":{remote:04X}"
    found = set()
    for line in table:
        if local not in line:
            continue
        try:
            _, here, there, state, _, _, _, user, _, inode, *_ = line.split()
            if not (here.endswith(local) and there.endswith(other)):
                continue
            if int(state, 16) == _OPEN and int(inode) and _address(here.partition(":")[0]) == address:
                found.add(int(user))
        except ValueError:
            continue
    return found


def _address(text: str) -> Address:
    """Read an address of the table: each four bytes are a number as the processor has it."""
    raw = bytes.fromhex(text)
    if sys.byteorder == "little":
        raw = b"".join(raw[start : start + 4][::-1] for start in range(0, len(raw), 4))
    return _plain(ip_address(raw))


def _plain(address: Address) -> Address:
    """Return an IPv4 address that is written as one of IPv6 as what it is."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
