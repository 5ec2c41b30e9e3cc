"""A load client: asks a few addresses over kept connections as fast as it gets answers, and says how many it got.

    python tests/benchmarks/load_client.py HOST PORT CONNECTIONS SECONDS COOKIE ADDRESS…

It speaks just enough HTTP/1.1 for servers that send Content-Length, so that it costs less than what it measures.
"""

import json
import socket
import sys
import threading
import time
from itertools import cycle


def read(connection: socket.socket, buffer: bytearray) -> bytes:
    """Read one answer into *buffer*, and return its first line."""
    del buffer[:]
    while (end := buffer.find(b"\r\n\r\n")) < 0:
        buffer += _more(connection)
    at = buffer.lower().find(b"content-length:")
    length = int(buffer[at + 15 : buffer.find(b"\r\n", at)]) if 0 <= at < end else 0
    while len(buffer) < end + 4 + length:
        buffer += _more(connection)
    return bytes(buffer[: buffer.find(b"\r\n")])


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(262_144)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data


def run(host: str, port: int, seconds: float, requests: list[bytes], times: list[float]) -> None:
    """Ask until *seconds* have passed; append how long each answer took."""
    buffer = bytearray()
    with socket.create_connection((host, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.perf_counter() + seconds
        for request in cycle(requests):
            began = time.perf_counter()
            if began > end:
                return
            connection.sendall(request)
            status = read(connection, buffer)
            if b" 200 " not in status:
                raise ConnectionError(status.decode())
            times.append(time.perf_counter() - began)


def main() -> None:
    """Run the connections in threads, and print the times in seconds as JSON."""
    host, port, connections, seconds, cookie, *addresses = sys.argv[1:]
    more = f"Cookie: {cookie}\r\n" if cookie else ""
    requests = [f"GET {a} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode() for a in addresses]
    times: list[list[float]] = [[] for _ in range(int(connections))]
    threads = [
        threading.Thread(target=run, args=(host, int(port), float(seconds), requests, each)) for each in times
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump([t for each in times for t in each], sys.stdout)


if __name__ == "__main__":
    main()
