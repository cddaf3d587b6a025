"""Clients that ask a server on this machine again as soon as it has answered, as many at a time as wanted.

One thread and plain sockets: a client costs little beside a server, and the same for every server.
"""

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

RECEIVE = 65536
HEADERS_END = b"\r\n\r\n"
MAX_WAIT_SECONDS = 30


class BadAnswerError(Exception):
    """A server answered anything but 200."""


@dataclass(frozen=True)
class Outcome:
    """What clients saw: answers a second, and how long each took, in milliseconds.

    `cpu_per_answer` is the server's processor time, in seconds, where it was measured.
    """

    per_second: float
    latencies: Sequence[float]
    cpu_per_answer: float = 0.0

    def percentile(self, percent: float) -> float:
        """The latency that this part of the answers does not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@dataclass
class Client:
    """One connection, its request under way and what has come of the answer."""

    connection: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    expected: int | None = None

    def ask(self, request: bytes) -> None:
        self.received.clear()
        self.expected = None
        self.sent_at = time.perf_counter()
        self.connection.setblocking(True)
        self.connection.sendall(request)
        self.connection.setblocking(False)

    def answered(self) -> bool:
        """Take what has come; whether the answer is whole. Raises BadAnswerError."""
        chunk = self.connection.recv(RECEIVE)
        if not chunk:
            raise BadAnswerError("the server closed the connection")
        self.received += chunk
        if self.expected is None:
            end = self.received.find(HEADERS_END)
            if end < 0:
                return False
            self.expected = end + len(HEADERS_END) + _content_length(bytes(self.received[:end]))
        return len(self.received) >= self.expected


def request_of(path: str, body: bytes, content_type: str) -> bytes:
    """A POST as it goes over the wire."""
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        "Accept: application/json",
    )
    return "\r\n".join(lines).encode() + HEADERS_END + body


def drive(port: int, request: bytes, clients: int, seconds: float) -> Outcome:
    """Let `clients` ask 127.0.0.1 for so long. Raises BadAnswerError, or TimeoutError if no answer comes."""
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        connected = [Client(socket.create_connection(("127.0.0.1", port))) for _ in range(clients)]
        try:
            begin = time.perf_counter()
            for client in connected:
                client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(client.connection, selectors.EVENT_READ, client)
                client.ask(request)
            end = begin + seconds
            while (now := time.perf_counter()) < end:
                ready = selector.select(min(MAX_WAIT_SECONDS, end - now))
                for key, _ in ready:
                    if key.data.answered():
                        latencies.append((time.perf_counter() - key.data.sent_at) * 1000)
                        key.data.ask(request)
            elapsed = time.perf_counter() - begin
        finally:
            for client in connected:
                client.connection.close()
    if not latencies:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return Outcome(len(latencies) / elapsed, latencies)


def _content_length(head: bytes) -> int:
    status, *lines = head.decode("latin-1").split("\r\n")
    if status.split()[1] != "200":
        raise BadAnswerError(status)
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    raise BadAnswerError("an answer without Content-Length")
