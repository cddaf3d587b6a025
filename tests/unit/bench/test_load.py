"""Answers are counted whole, wherever the network cuts them; anything but 200 ends the measurement.

A pair of connected sockets stands for the network.
"""

import socket
from collections.abc import Iterator

import pytest

from bench.load import BadAnswerError, Client, Outcome, request_of


@pytest.fixture
def pair() -> Iterator[tuple[Client, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield Client(near), far


def test_a_request_is_sent_whole(pair: tuple[Client, socket.socket]) -> None:
    client, server = pair

    client.ask(request_of("/invocations", b"\xff\xd8picture", "image/jpeg"))

    head, _, body = server.recv(4096).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /invocations HTTP/1.1\r\n")
    assert b"Content-Length: 9" in head
    assert body == b"\xff\xd8picture"


def test_an_answer_counts_once_it_is_whole(pair: tuple[Client, socket.socket]) -> None:
    client, server = pair
    client.ask(b"?")
    states = []

    for piece in (b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: 4\r\n\r", b"\nab", b"cd"):
        server.sendall(piece)
        states.append(client.answered())

    assert states == [False, False, False, True]


def test_the_next_answer_begins_anew(pair: tuple[Client, socket.socket]) -> None:
    client, server = pair
    for length in (4, 2):
        client.ask(b"?")
        server.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode())
        assert not client.answered()
        server.sendall(b"x" * length)
        assert client.answered()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_bad_answer_is_no_measurement(pair: tuple[Client, socket.socket], answer: bytes) -> None:
    client, server = pair
    client.ask(b"?")
    server.sendall(answer)

    with pytest.raises(BadAnswerError):
        client.answered()


def test_a_closed_connection_is_no_measurement(pair: tuple[Client, socket.socket]) -> None:
    client, server = pair
    client.ask(b"?")
    server.recv(16)
    server.shutdown(socket.SHUT_RDWR)

    with pytest.raises(BadAnswerError, match="closed"):
        client.answered()


def test_the_slowest_of_a_hundred_is_the_second_to_last() -> None:
    outcome = Outcome(100, list(range(100, 0, -1)))

    assert outcome.percentile(99) == 100
    assert outcome.percentile(50) == 51
