"""How long is waited for a client, where its thread would wait for ever."""

import io
import socket
import time

from wiki.transport.patience import Patience


def test_who_takes_too_long_is_cut_off() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Patience(ours, 0.2) as patience:
        with patience.turn():
            assert ours.recv(1) == b""  # which would last
        assert theirs.recv(1) == b""


def test_who_takes_many_short_turns_is_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Patience(ours, 0.3) as patience:
        for _ in range(6):
            with patience.turn():
                time.sleep(0.1)
        time.sleep(0.5)  # while it is not the client's turn
        theirs.sendall(b"x")
        assert ours.recv(1) == b"x"


def test_a_stream_is_read_by_turns() -> None:
    with Patience(None) as patience:
        stream = patience.reading(io.BytesIO(b"abc"))
        assert [stream.read(2), stream.read(2), stream.read(2)] == [b"ab", b"c", b""]
