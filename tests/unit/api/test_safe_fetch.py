"""The fetcher refuses every way into somebody's network. Sockets are blocked, and the connector counts."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupe_api.address_policy import Address, is_public
from loupe_api.errors import UrlRefusedError
from loupe_api.safe_fetch import Fetcher
from loupe_api.web_address import parse_web_address

PUBLIC = ip_address("93.184.215.14")

SPELLINGS = [
    # Schemes
    "file:///etc/passwd",
    "ftp://example.com/a.png",
    "gopher://127.0.0.1:6379/_INFO",
    "data:image/png;base64,AAAA",
    "//127.0.0.1/",
    "http:127.0.0.1",
    "http:///127.0.0.1",
    "dict://127.0.0.1:11211/stats",
    " http://example.com/",
    "http\t://example.com/",
    "",
    # Plain addresses of machines and networks
    "http://127.0.0.1/",
    "http://127.255.255.254/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/v2/credentials",
    "http://100.64.0.1/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    # The same, spelt otherwise
    "http://2130706433/",
    "http://0x7f000001/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.0.0.1./",
    "http://127.0.0.1../",
    "http://0251.0376.0251.0376/",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://425.510.425.510/",
    "http://127.0.0.1%2f@example.com/",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[0:0:0:0:0:ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2606:4700::5efe:7f00:1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1%25lo]/",
    "http://[::1/",
    "http://[v1.127]/",
    # Names of the inside
    "http://localhost/",
    "http://LOCALHOST./",
    "http://a.localhost/",
    "http://metadata/",
    "http://metadata.google.internal/",
    "http://printer.local/",
    "http://router.home.arpa/",
    # Things that parsers disagree about
    "http://user@example.com/",
    "http://user:secret@example.com/",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com\\.127.0.0.1/",
    "http://example.com#@127.0.0.1\n/",
    "http://exa mple.com/",
    "http://example.com:80:80/",
    "http://example.com:/",
    "http://%31%32%37.0.0.1/",
    "http://example..com/",
    "http://-example.com/",
    "http://" + "a" * 64 + ".com/",
    "http://xn--a/",
    # Ports that are not the web's
    "http://example.com:22/",
    "http://example.com:6379/",
    "https://example.com:8443/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://example.com:-1/",
]


class Wire:
    """A connector that nobody may reach, and the names that were asked for."""

    def __init__(self, answers: Sequence[str] = ()) -> None:
        self.answers = [ip_address(answer) for answer in answers]
        self.connected: list[tuple[Address, int]] = []
        self.resolved: list[str] = []

    def resolve(self, host: str, port: int) -> Sequence[Address]:
        self.resolved.append(host)
        return self.answers

    def connect(self, address: Address, port: int, seconds: float) -> socket.socket:
        self.connected.append((address, port))
        raise ConnectionRefusedError

    def fetcher(self) -> Fetcher:
        return Fetcher(resolver=self.resolve, connector=self.connect)


@pytest.mark.parametrize("url", SPELLINGS)
def test_no_spelling_leads_inside(url: str) -> None:
    # Given a resolver that would even call every name public
    wire = Wire([str(PUBLIC)])
    with pytest.raises(UrlRefusedError, match=r"^url: "):
        wire.fetcher().fetch(url)
    assert wire.connected == []


INNER = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fd00:ec2::254",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "0.0.0.0",
]


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("beside", [[], [str(PUBLIC)]])
def test_a_public_name_with_one_inner_address_is_refused_whole(inner: str, beside: list[str]) -> None:
    wire = Wire([*beside, inner])
    with pytest.raises(UrlRefusedError, match="not a public address"):
        wire.fetcher().fetch("https://rebind.example.com/dog.png")
    assert wire.connected == []


def test_a_name_without_addresses_is_refused() -> None:
    wire = Wire([])
    with pytest.raises(UrlRefusedError, match="not a public address"):
        wire.fetcher().fetch("https://nothing.example.com/dog.png")


def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_is_asked_for_once() -> None:
    wire = Wire([str(PUBLIC)])
    with pytest.raises(UrlRefusedError, match="could not be fetched"):
        wire.fetcher().fetch("http://example.com/dog.png")
    assert wire.resolved == ["example.com"]
    assert wire.connected == [(PUBLIC, 80)]


def test_a_name_that_cannot_be_resolved_is_told_like_one_that_does_not_answer() -> None:
    def unknown(host: str, port: int) -> Sequence[Address]:
        raise socket.gaierror("Name or service not known")

    with pytest.raises(UrlRefusedError, match=r"^url: it could not be fetched\.$"):
        Fetcher(resolver=unknown, connector=Wire().connect).fetch("http://example.com/")


@pytest.mark.parametrize(
    ("url", "read_as"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://Example.COM:443/A?b=c#d", "https://example.com/A?b=c"),
        ("http://example.com./", "http://example.com/"),
        ("http://bücher.example/ä.png", "http://xn--bcher-kva.example/%C3%A4.png"),
        ("http://93.184.215.14/x", "http://93.184.215.14/x"),
        ("http://[2606:4700:0:0::1111]:80/", "http://[2606:4700::1111]/"),
        ("http://example.com/a%20b?c=%0d%0a", "http://example.com/a%20b?c=%0d%0a"),
    ],
)
def test_an_honest_url_is_read_as_it_is_meant(url: str, read_as: str) -> None:
    assert parse_web_address(url).url == read_as


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "//169.254.169.254/",
        "file:///etc/passwd",
        "http://localhost/",
        "https://x:22/",
        "\\\\x",
    ],
)
def test_a_redirect_is_read_by_the_same_rules(location: str) -> None:
    address = parse_web_address("http://example.com/dir/dog.png")
    wire = Wire([str(PUBLIC)])
    with pytest.raises(UrlRefusedError):
        wire.fetcher().fetch(address.joined(location, frozenset({80, 443})).url)
    assert wire.connected == []


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_inside_an_ipv6_one_is_never_public(number: int) -> None:
    for shape in ("::ffff:0:0", "::", "64:ff9b::", "64:ff9b:1::", "2002::", "2001::"):
        shift = 80 if shape == "2002::" else 0
        assert not is_public(IPv6Address(int(IPv6Address(shape)) | number << shift)), shape


@given(st.ip_addresses(v=4))
def test_what_python_calls_private_is_never_public(address: IPv4Address) -> None:
    assert not (is_public(address) and (address.is_private or address.is_multicast or address.is_reserved))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        address = parse_web_address(f"http://{text}")
    except UrlRefusedError:
        return
    # What was read is read the same again: there is one reading.
    assert parse_web_address(address.url) == address
