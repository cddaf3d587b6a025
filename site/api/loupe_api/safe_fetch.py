"""Fetch a picture from a URL that a stranger gave, without becoming the stranger's way into our network.

The name is resolved once, every address is checked, and the connection goes to a checked address itself, so
that a name that resolves differently a moment later gains nothing. Host header, SNI and the certificate check
keep the name. The environment's proxies, cookies and credentials play no part: this is http.client.
"""

import http.client
import io
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import cast

from loupe_api.address_policy import Address, AddressPolicy, is_public
from loupe_api.errors import PayloadTooLargeError, UnsupportedMediaTypeError, UrlRefusedError
from loupe_api.web_address import WebAddress, parse_web_address
from loupe_core.errors import UnsupportedImageError
from loupe_imaging.formats import image_format

MAX_BYTES = 10 * 1024 * 1024
SECONDS = 10.0
MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK = 64 * 1024
_MAX_CHUNK_LINE = 1024

Resolver = Callable[[str, int], Sequence[Address]]
Connector = Callable[[Address, int, float], socket.socket]


def resolve(host: str, port: int) -> list[Address]:
    """All addresses of a name, as the system resolves it. A zone (fe80::1%eth0) stays on, to be refused."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(entry[4][0])) for entry in found))


def connect(address: Address, port: int, seconds: float) -> socket.socket:
    """A TCP connection to the address itself."""
    return socket.create_connection((str(address), port), timeout=seconds)


@dataclass(frozen=True)
class Fetcher:
    """Fetches pictures. The defaults are the rules; tests put in other addresses, ports and clocks."""

    permits: AddressPolicy = is_public
    resolver: Resolver = resolve
    connector: Connector = connect
    ports: frozenset[int] = frozenset({80, 443})
    seconds: float = SECONDS
    largest_bytes: int = MAX_BYTES
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def fetch(self, url: str) -> bytes:
        """The picture at `url`.

        Raises UrlRefusedError, PayloadTooLargeError over 10 MB, UnsupportedMediaTypeError for no picture.
        """
        deadline = time.monotonic() + self.seconds
        address = parse_web_address(url, self.ports)
        for _ in range(MAX_REDIRECTS + 1):
            try:
                answer = self._get(address, deadline)
                if isinstance(answer, bytes):
                    return answer
                address = address.joined(answer, self.ports)
            except (OSError, http.client.HTTPException, ValueError) as error:
                # One wording for refused, silent and unknown: the answer must not map anybody's network.
                # ValueError is what the standard library says to much that a server answers wrongly.
                raise UrlRefusedError("url: it could not be fetched.") from error
        raise UrlRefusedError(f"url: more than {MAX_REDIRECTS} redirects.")

    def _get(self, address: WebAddress, deadline: float) -> bytes | str:
        """The picture, or where a redirect leads."""
        connection = http.client.HTTPConnection(address.host, address.port)
        connection.response_class = _StrictResponse
        connection.sock = cast(socket.socket, self._open(address, deadline))
        try:
            connection.putrequest("GET", address.target, skip_host=True, skip_accept_encoding=True)
            for name, value in _headers(address).items():
                connection.putheader(name, value)
            connection.endheaders()
            with connection.getresponse() as response:
                if response.status in REDIRECTS:
                    return response.getheader("Location", "")
                _check(response, self.largest_bytes)
                return self._read(response)
        finally:
            connection.close()

    def _open(self, address: WebAddress, deadline: float) -> "_TimedSocket":
        """A connection to a checked address of the host, over TLS where the URL says so."""
        candidates = [address.literal] if address.literal else self._resolved(address, deadline)
        if not candidates or not all(self.permits(candidate) for candidate in candidates):
            raise UrlRefusedError("url: its host is not a public address.")
        raw = self.connector(candidates[0], address.port, _left(deadline))
        try:
            if address.secure:
                raw.settimeout(_left(deadline))
                raw = self.tls.wrap_socket(raw, server_hostname=address.host)
        except BaseException:
            raw.close()
            raise
        return _TimedSocket(raw, deadline)

    def _resolved(self, address: WebAddress, deadline: float) -> Sequence[Address]:
        """Resolve in time: getaddrinfo knows no time-out, so it gets a thread that may outlive us."""
        answers: queue.SimpleQueue[Sequence[Address] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self.resolver(address.host, address.port))
            except Exception as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=_left(deadline))
        except queue.Empty:
            raise TimeoutError("the name was not resolved in time") from None
        if isinstance(answer, ValueError | UnicodeError):
            raise UrlRefusedError("url: its host is not a public address.") from answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        body = bytearray()
        while chunk := response.read(CHUNK):
            body += chunk
            if len(body) > self.largest_bytes:
                raise _too_large(self.largest_bytes)
        try:
            image_format(bytes(body))
        except UnsupportedImageError as error:
            raise _no_picture() from error
        return bytes(body)


class _StrictResponse(http.client.HTTPResponse):
    """An answer whose chunk sizes are numbers as RFC 9112 writes them.

    The standard library takes whatever int() does: of a chunk of size -1 it reads all that comes, at once.
    """

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(_MAX_CHUNK_LINE + 1)
        size = line.split(b";", 1)[0].strip()
        if len(line) > _MAX_CHUNK_LINE or not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            self.close()
            raise http.client.HTTPException("a chunk's size is malformed")
        return int(size, 16)


class _TimedSocket:
    """What http.client needs of a socket, with one deadline for all of it.

    A socket's own time-out starts afresh with each byte; a server that drips would hold us for hours.
    """

    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline
        self._lent = False

    def sendall(self, data: bytes) -> None:
        self._raw.settimeout(_left(self._deadline))
        self._raw.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        self._lent = True
        return io.BufferedReader(_TimedReader(self._raw, self._deadline))

    def close(self) -> None:
        """As with a socket, a file made of it stays open: http.client closes before it has read the body."""
        if not self._lent:
            self._raw.close()


class _TimedReader(io.RawIOBase):
    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        self._raw.settimeout(_left(self._deadline))
        return self._raw.recv_into(buffer)


def _headers(address: WebAddress) -> dict[str, str]:
    return {
        "Host": address.authority,
        "User-Agent": "Loupe",
        "Accept": "image/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _check(response: http.client.HTTPResponse, largest_bytes: int) -> None:
    if response.status != http.HTTPStatus.OK:
        raise UrlRefusedError(f"url: its server answers {response.status}.")
    if response.getheader("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise _no_picture()
    if not response.getheader("Content-Type", "").strip().lower().startswith("image/"):
        raise _no_picture()
    if response.length is not None and response.length > largest_bytes:
        raise _too_large(largest_bytes)


def _no_picture() -> UnsupportedMediaTypeError:
    return UnsupportedMediaTypeError("url: what is there is not a picture.")


def _too_large(largest_bytes: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(f"url: over {largest_bytes // (1024 * 1024)} MB.")


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises TimeoutError past it."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("out of time")
    return left
