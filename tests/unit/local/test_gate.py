"""Which requests the local cloud answers, by their Host, Origin and Sec-Fetch headers."""

import asyncio
from collections.abc import Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.cloud.gate import Gate, answering, names_this_machine

GATE = Gate(4566, "http://127.0.0.1:4567")
PAGE = "http://127.0.0.1:4567"
CHROME = {"User-Agent": "Mozilla/5.0", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}


def refused(
    method: str = "GET",
    path: str = "/",
    port: int = 4566,
    kind: str = "http",
    headers: Mapping[str, str] | None = None,
    **named: str,
) -> bool:
    given = {"Host": f"127.0.0.1:{port}", **(headers or {}), **named}
    path, _, query = path.partition("?")
    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "server": ("127.0.0.1", port),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }
    return GATE.refusal(scope) is not None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:4566", "localhost:4566", "LOCALHOST:4566", "[::1]:4566", "bucket.localhost:4566"],
)
def test_names_of_this_machine_are_answered(host: str) -> None:
    assert not refused(Host=host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4566",
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:4567",
        "127.0.0.1.evil.example:4566",
        "localhost.evil.example:4566",
        "evillocalhost:4566",
        "127.0.0.1:4566, evil.example",
        "user@127.0.0.1:4566",
        "169.254.169.254:4566",
        "0.0.0.0:4566",
        "",
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert refused(Host=host)
    assert refused(Host=host, port=4567) is (host != "127.0.0.1:4567")
    assert refused(Host=host, kind="websocket")


def test_virtual_hosts_are_the_gateways_alone() -> None:
    assert refused(Host="bucket.localhost:4567", port=4567)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:4566",
        "http://127.0.0.1:1",
        "http://localhost:4567",
        "https://127.0.0.1:4567",
        "http://127.0.0.1:4567.evil.example",
        f"{PAGE}, {PAGE}",
        "null",
        "",
    ],
)
def test_of_origins_the_pages_alone_is_answered(origin: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        for path in ("/", "/_loupe/inbox", "/_ministack/reset", "/2015-03-31/functions"):
            assert refused(method, path, Origin=origin)
            assert not refused(method, path, Origin=PAGE)
    assert refused(kind="websocket", Origin=origin)
    assert refused(port=4567, Origin=origin)


def test_programs_need_neither_origin_nor_fetch_headers() -> None:
    assert not refused("POST")
    assert not refused("PUT", "/bucket/key")
    assert not refused(port=4567)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin"])
@pytest.mark.parametrize("destination", ["script", "iframe", "object", "video", "empty", "style", "embed"])
def test_what_a_site_loads_without_an_origin_is_refused(site: str, destination: str) -> None:
    headers = CHROME | {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": destination}

    assert refused("GET", "/bucket/key?X-Amz-Signature=1", headers=headers)


def test_the_page_shows_pictures_and_goes_to_the_sign_in() -> None:
    assert not refused("GET", "/bucket/key", headers=CHROME | {"Sec-Fetch-Dest": "image"})
    going = CHROME | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert not refused("GET", "/oauth2/authorize", headers=going)
    posted = going | {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert not refused("POST", "/login", headers=posted)
    assert refused("POST", "/", headers=posted)
    assert refused("POST", "/login", headers=posted | {"Sec-Fetch-Site": "cross-site"})
    assert refused("GET", "/bucket/key", headers=going | {"Sec-Fetch-Site": "cross-site"})


def test_a_person_may_go_to_any_address_but_an_apis() -> None:
    typed = CHROME | {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

    assert not refused("GET", "/bucket/key", headers=typed)
    assert not refused("GET", "/?Action=ConfirmSubscription&Token=1", headers=typed)
    assert refused("GET", "/?Action=CreateUser&X-Amz-Signature=1", headers=typed)
    assert refused("GET", "/?Action=CreateUser&X-Amz-Signature=1", headers={"User-Agent": "Mozilla/5.0"})
    assert refused("GET", "/?Action=Unsubscribe&Action=CreateUser", headers={"User-Agent": "Mozilla/5.0"})


def test_the_page_is_found_from_elsewhere_and_its_inbox_is_not() -> None:
    going = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }

    assert not refused(port=4567, headers=going)
    assert refused(path="/_loupe/inbox", port=4567, headers=going)
    assert not refused(path="/_loupe/inbox", port=4567, headers={"Sec-Fetch-Site": "same-origin"})


def test_a_port_is_part_of_a_name() -> None:
    assert names_this_machine("localhost", 80)
    assert not names_this_machine("localhost", 4566)
    assert names_this_machine("[::1]", 80)


def test_what_is_open_to_every_origin_is_open_to_the_page() -> None:
    assert sent(None, "*") == {}
    assert sent(PAGE, "*") == {b"access-control-allow-origin": PAGE.encode(), b"access-control-max-age": b"1"}
    assert sent(PAGE, "https://own.example")[b"access-control-allow-origin"] == b"https://own.example"


def sent(origin: str | None, allowed: str) -> dict[bytes, bytes]:
    got: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        got.append(message)

    headers = [(b"access-control-allow-origin", allowed.encode()), (b"access-control-max-age", b"1")]
    message = {"type": "http.response.start", "status": 200, "headers": headers}

    async def answer() -> None:
        await answering(send, origin)(message)

    # In a thread of its own: a browser that another test drives keeps a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, answer()).result()
    return dict(got[0]["headers"])
