"""The fetcher against real servers on loopback, which these tests permit and the real policy never does."""

import contextlib
import gzip
import socket
import struct
import time
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loupe_api.address_policy import Address
from loupe_api.errors import ApiError, PayloadTooLargeError, UnsupportedMediaTypeError, UrlRefusedError
from loupe_api.safe_fetch import Fetcher
from tests.integration.api.servers import (
    Server,
    answering,
    certificate,
    dripping,
    redirecting,
    serving,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
IMAGE = "Content-Type: image/png"
LOOPBACK = ip_address("127.0.0.1")
# Generous against the fetcher's second: a machine under load must not fail the test, a hanging fetch must.
SOON = 20.0


def by_name(host: str, port: int) -> Sequence[Address]:
    return [LOOPBACK]


def fetcher(*servers: Server, **changes: object) -> Fetcher:
    changed: dict[str, object] = {
        "permits": lambda address: address.is_loopback,
        "resolver": by_name,
        "ports": frozenset(server.port for server in servers),
        **changes,
    }
    return Fetcher(**changed)  # type: ignore[arg-type]


def test_a_picture_is_fetched_whole() -> None:
    with serving(answering(PNG, IMAGE, f"Content-Length: {len(PNG)}")) as server:
        assert (
            fetcher(server).fetch(f"http://pictures.example.com:{server.port}/a b.png".replace(" ", "%20"))
            == PNG
        )
    request = server.requests[0]
    assert request.startswith(b"GET /a%20b.png HTTP/1.1\r\n")
    assert f"Host: pictures.example.com:{server.port}\r\n".encode() in request
    assert b"Cookie" not in request
    assert b"Authorization" not in request


@pytest.mark.parametrize("headers", [[IMAGE], [IMAGE, "Transfer-Encoding: chunked"]])
def test_a_picture_without_a_length_is_fetched_too(headers: list[str]) -> None:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(PNG), PNG) if len(headers) > 1 else PNG
    with serving(answering(chunked, *headers)) as server:
        assert fetcher(server).fetch(f"http://example.com:{server.port}/") == PNG


@pytest.mark.parametrize(
    "location", ["/elsewhere.png", "//other.example.com:{port}/x", "http://127.0.0.1:{port}/"]
)
def test_a_redirect_is_followed(location: str) -> None:
    with serving(answering(PNG, IMAGE)) as server:
        server._behaviours.insert(0, redirecting(location.format(port=server.port)))
        assert fetcher(server).fetch(f"http://example.com:{server.port}/") == PNG
        assert server.connections == 2


def test_after_three_redirects_it_is_enough() -> None:
    with serving(redirecting("/again", "307 Temporary Redirect")) as server:
        with pytest.raises(UrlRefusedError, match="more than 3 redirects"):
            fetcher(server).fetch(f"http://example.com:{server.port}/")
        assert server.connections == 4


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:{inner}/",
        "http://inner.example.com:{inner}/",
        "http://0x7f000001:{inner}/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://user@example.com/",
        "http://localhost:{inner}/",
    ],
)
def test_a_redirect_inside_is_refused_and_nothing_there_is_connected_to(location: str) -> None:
    def resolver(host: str, port: int) -> Sequence[Address]:
        return [ip_address("127.0.0.2") if host == "inner.example.com" else LOOPBACK]

    with (
        serving(answering(PNG, IMAGE)) as inner,
        serving(redirecting(location.format(inner=inner.port))) as server,
    ):
        only_one = fetcher(server, inner, permits=lambda address: address == LOOPBACK, resolver=resolver)
        with pytest.raises(UrlRefusedError):
            only_one.fetch(f"http://example.com:{server.port}/")
        assert (server.connections, inner.connections) == (1, 0)


def test_a_name_that_changes_its_address_between_check_and_connection_gains_nothing() -> None:
    answers = [LOOPBACK, ip_address("10.0.0.1")]

    def rebinding(host: str, port: int) -> Sequence[Address]:
        return [answers.pop(0)]

    with serving(answering(PNG, IMAGE)) as server:
        assert fetcher(server, resolver=rebinding).fetch(f"http://example.com:{server.port}/") == PNG
    # The name was asked for once: the connection went to what had been checked.
    assert len(answers) == 1


@pytest.mark.parametrize(
    "headers", [[IMAGE, "Content-Length: 99999999999"], [IMAGE], [IMAGE, "Content-Length: -5"]]
)
def test_too_much_is_refused_by_its_length_and_by_counting(headers: list[str]) -> None:
    with serving(answering(PNG * 50, *headers)) as server, pytest.raises(PayloadTooLargeError):
        fetcher(server, largest_bytes=4096).fetch(f"http://example.com:{server.port}/")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (PNG, ["Content-Type: text/html"]),
        (PNG, []),
        (PNG, [IMAGE, "Content-Encoding: gzip"]),
        (b"<svg onload=alert(1)>", ["Content-Type: image/svg+xml"]),
        (b"root:x:0:0:root:/root:/bin/bash", [IMAGE]),
        (b"", [IMAGE]),
    ],
)
def test_what_is_no_picture_is_refused(body: bytes, headers: list[str]) -> None:
    with serving(answering(body, *headers)) as server, pytest.raises(UnsupportedMediaTypeError):
        fetcher(server).fetch(f"http://example.com:{server.port}/")


@pytest.mark.parametrize(
    "status", ["404 Not Found", "204 No Content", "206 Partial Content", "500 Oops", "300 Many"]
)
def test_another_status_is_refused(status: str) -> None:
    answer = answering(PNG, IMAGE, status=status)
    with serving(answer) as server, pytest.raises(UrlRefusedError, match="answers"):
        fetcher(server).fetch(f"http://example.com:{server.port}/")


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + PNG, b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silence", "an endless header", "endless headers", "an endless body", "endless promises"],
)
def test_one_deadline_holds_for_all_of_it(head: bytes, drop: bytes) -> None:
    with serving() as server:
        server._behaviours.append(dripping(head, drop, server.closing.is_set))
        started = time.monotonic()
        with pytest.raises(UrlRefusedError, match="could not be fetched"):
            fetcher(server, seconds=1.0).fetch(f"http://example.com:{server.port}/")
        assert time.monotonic() - started < SOON
        server.closing.set()


def test_a_name_that_is_never_resolved_ends_in_time() -> None:
    def silent(host: str, port: int) -> Sequence[Address]:
        time.sleep(3)
        return []

    with pytest.raises(UrlRefusedError, match="could not be fetched"):
        Fetcher(resolver=silent, seconds=0.2).fetch("http://example.com/")


def test_garbage_and_a_broken_connection_are_refused() -> None:
    for behaviour in (answering(b"", status="x" * 100), lambda connection: connection.close()):
        with serving(behaviour) as server, pytest.raises(UrlRefusedError):
            fetcher(server).fetch(f"http://example.com:{server.port}/")


CHUNKED = f"HTTP/1.1 200 OK\r\n{IMAGE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
PLAIN = f"HTTP/1.1 200 OK\r\n{IMAGE}\r\n".encode()
WRONG = {
    "negative chunk": CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    "chunk of all that comes": CHUNKED + b"-1\r\n" + PNG * 1000,
    "signed chunk": CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n",
    "prefixed chunk": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "underlined chunk": CHUNKED + b"1_0\r\nhello\r\n0\r\n\r\n",
    "chunk without a size": CHUNKED + b"\r\nhello\r\n0\r\n\r\n",
    "chunk of words": CHUNKED + b"many\r\nhello\r\n",
    "endless chunk size": CHUNKED + b"f" * 100_000,
    "huge chunk": CHUNKED + b"f" * 15 + b"\r\n" + PNG,
    "huger chunk": CHUNKED + b"f" * 64 + b"\r\n" + PNG,
    "chunk cut short": CHUNKED + b"ff\r\nhello",
    "negative length": PLAIN + b"Content-Length: -1\r\n\r\n<html>",
    "length of words": PLAIN + b"Content-Length: many\r\n\r\n<html>",
    "length of many digits": PLAIN + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx",
    "length cut short": PLAIN + b"Content-Length: 100\r\n\r\nhello",
    "long header": PLAIN + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
    "many headers": PLAIN + b"X: x\r\n" * 1000 + b"\r\n",
    "header without a name": PLAIN + b": x\r\n\r\n<html>",
    "header of bytes": PLAIN + bytes(range(128, 256)) + b"\r\n\r\n<html>",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "old HTTP": b"HTTP/0.9 200 OK\r\n\r\n" + PNG,
    "status of words": b"HTTP/1.1 fine OK\r\n\r\n",
    "status of many digits": b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n\r\n",
    "only going on": b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
    "a switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "nothing": b"",
    "a cut status line": b"HTTP/1.1 20",
    "a compressed body": PLAIN + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(10_000_000)),
    "a compressed transfer": PLAIN + b"Transfer-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(10_000_000)),
    "nowhere to go": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "a bracket to go to": b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "a port to go to": b"HTTP/1.1 302 Found\r\nLocation: http://a:x/\r\nContent-Length: 0\r\n\r\n",
    "bytes to go to": b"HTTP/1.1 302 Found\r\nLocation: /\xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "a name to go to": b"HTTP/1.1 302 Found\r\nLocation: http://" + b"a" * 300 + b"/\r\n\r\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_whatever_a_server_answers_wrongly_is_the_callers_to_know(name: str) -> None:
    """A refusal with a status of its own (4xx): nothing that a server does is our fault."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(WRONG[name])

    with serving(answer) as server, pytest.raises(ApiError) as refused:
        fetcher(server, seconds=2.0).fetch(f"http://example.com:{server.port}/")
    assert 400 <= refused.value.status < 500


def test_a_reset_connection_is_refused() -> None:
    def reset(connection: socket.socket) -> None:
        connection.sendall(CHUNKED)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(reset) as server, pytest.raises(UrlRefusedError, match="could not be fetched"):
        fetcher(server).fetch(f"http://example.com:{server.port}/")


def test_a_server_without_tls_is_refused_where_the_address_asks_for_it() -> None:
    with serving(answering(PNG, IMAGE)) as server, pytest.raises(UrlRefusedError, match="could not be"):
        fetcher(server).fetch(f"https://example.com:{server.port}/")


@settings(max_examples=60, deadline=None)
@given(
    start=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", PLAIN + b"\r\n", CHUNKED]),
    rest=st.binary(max_size=200),
)
def test_whatever_bytes_come_are_refused_or_a_picture(start: bytes, rest: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(start + rest)

    with serving(answer) as server, contextlib.suppress(ApiError):
        fetcher(server, seconds=2.0).fetch(f"http://example.com:{server.port}/")


def test_nobody_listens() -> None:
    with serving(answering(PNG, IMAGE)) as server:
        port = server.port
    with pytest.raises(UrlRefusedError, match="could not be fetched"):
        fetcher(server).fetch(f"http://example.com:{port}/")


def test_the_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(PNG, IMAGE)) as proxy, serving(answering(PNG, IMAGE)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert fetcher(server).fetch(f"http://example.com:{server.port}/") == PNG
        assert proxy.connections == 0


def test_tls_is_checked_against_the_name_though_the_connection_goes_to_an_address(tmp_path: Path) -> None:
    server_tls, client_tls = certificate(tmp_path, "pictures.example.com")
    with serving(answering(PNG, IMAGE), tls=server_tls) as server:
        trusting = fetcher(server, tls=client_tls)
        assert trusting.fetch(f"https://pictures.example.com:{server.port}/") == PNG
        for other in ("https://other.example.com", "https://127.0.0.1"):
            with pytest.raises(UrlRefusedError, match="could not be fetched"):
                trusting.fetch(f"{other}:{server.port}/")
        # A certificate that nobody vouches for
        with pytest.raises(UrlRefusedError, match="could not be fetched"):
            fetcher(server).fetch(f"https://pictures.example.com:{server.port}/")
