"""A URL that a caller gave, taken apart strictly: one reading only, or refused."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import idna

from loupe_api.address_policy import Address
from loupe_api.errors import UrlRefusedError
from loupe_api.models import MAX_URL

DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_CANONICAL_IPV4 = re.compile(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}")
# Names that mean this machine or this network wherever they are asked for.
_INNER_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "onion", "test", "invalid")


@dataclass(frozen=True)
class WebAddress:
    """A checked URL. `literal` is set where the host is an address; else `host` is a name in ASCII."""

    scheme: str
    host: str
    port: int
    target: str
    literal: Address | None = None

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """The Host header's value."""
        host = f"[{self.host}]" if isinstance(self.literal, ipaddress.IPv6Address) else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    def joined(self, location: str, ports: frozenset[int]) -> "WebAddress":
        """Where a redirect leads, by the same rules."""
        _require_plain(location)
        return parse_web_address(urljoin(self.url, location), ports)


def parse_web_address(url: str, ports: frozenset[int] = frozenset({80, 443})) -> WebAddress:
    """Take `url` apart. Raises UrlRefusedError for what can be read in two ways, or is not http(s)."""
    _require_plain(url)
    if not re.match(r"https?://", url, re.IGNORECASE):
        raise UrlRefusedError("url: only http:// and https:// are fetched.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefusedError("url: it is not well formed.") from error
    if "@" in parts.netloc:
        raise UrlRefusedError("url: it must not hold a user name or password.")
    if parts.netloc.endswith(":"):
        raise UrlRefusedError("url: it is not well formed.")
    scheme = parts.scheme.lower()
    port = DEFAULT_PORTS[scheme] if port is None else port
    if port not in ports:
        raise UrlRefusedError(f"url: port {port} is not fetched from.")
    host, literal = _host(parts.netloc)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return WebAddress(scheme, host, port, f"{path}?{query}" if query else path, literal)


def _require_plain(url: str) -> None:
    if len(url) > MAX_URL:
        raise UrlRefusedError(f"url: longer than {MAX_URL} characters.")
    # Parsers disagree about these: some drop them, some take the backslash for a slash.
    if re.search(r"[\x00-\x20\x7f-\xa0\\\ud800-\udfff]", url):
        raise UrlRefusedError("url: it holds a space, a backslash or a control character.")


def _host(netloc: str) -> tuple[str, Address | None]:
    if netloc.startswith("["):
        return _ipv6_literal(netloc)
    name = netloc.rsplit(":", 1)[0] if ":" in netloc else netloc
    if not name or "%" in name or ":" in name:
        raise UrlRefusedError("url: its host is not well formed.")
    try:
        # UTS 46 folds full-width digits and dots, circled letters and the like into what they stand for.
        ascii_name = idna.uts46_remap(name, std3_rules=False, transitional=False)
        ascii_name = ascii_name if ascii_name.isascii() else idna.encode(ascii_name).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise UrlRefusedError("url: its host is not a valid name.") from error
    ascii_name = ascii_name.lower().removesuffix(".")
    if _ends_in_number(ascii_name):
        return _ipv4_literal(ascii_name)
    _require_outer_name(ascii_name)
    return ascii_name, None


def _ipv6_literal(netloc: str) -> tuple[str, Address]:
    inner, closed, rest = netloc[1:].partition("]")
    if not closed or "%" in inner or (rest and not rest.startswith(":")):
        raise UrlRefusedError("url: its host is not well formed.")
    try:
        address = ipaddress.IPv6Address(inner)
    except ValueError as error:
        raise UrlRefusedError("url: its host is not well formed.") from error
    return str(address), address


def _ipv4_literal(name: str) -> tuple[str, Address]:
    """Four decimal numbers only: some read 127.1, 0177.0.0.1, 0x7f000001 and 2130706433 as 127.0.0.1."""
    if not _CANONICAL_IPV4.fullmatch(name):
        raise UrlRefusedError("url: an IPv4 address is written as four decimal numbers.")
    try:
        address = ipaddress.IPv4Address(name)
    except ValueError as error:
        raise UrlRefusedError("url: its host is not a valid address.") from error
    return str(address), address


def _ends_in_number(name: str) -> bool:
    """Whether a browser would take the host for an IPv4 address (WHATWG's URL standard)."""
    last = name.rpartition(".")[2]
    return last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


def _require_outer_name(name: str) -> None:
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlRefusedError("url: its host is not a valid name.")
    if len(labels) == 1 or any(name == inner or name.endswith(f".{inner}") for inner in _INNER_NAMES):
        raise UrlRefusedError("url: its host is not a public name.")
