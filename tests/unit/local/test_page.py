"""The page's policy and functions on this machine."""

import asyncio
import threading
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.cloud.gaps.edge_functions import queueing
from local.cloud.page import local_policy, send_answer

GATEWAY = "http://127.0.0.1:4566"


def test_addresses_at_aws_become_the_gateway_and_nothing_else_changes() -> None:
    policy = (
        "default-src 'none'; img-src 'self' blob: https://*.s3.us-east-1.amazonaws.com; connect-src 'self' "
        "https://*.execute-api.us-east-1.amazonaws.com https://*.s3.us-east-1.amazonaws.com "
        "https://cognito-idp.us-east-1.amazonaws.com https://loupe-1.auth.us-east-1.amazoncognito.com; "
        "frame-ancestors 'none'"
    )

    assert local_policy(policy, GATEWAY) == (
        f"default-src 'none'; img-src 'self' blob: {GATEWAY}; connect-src 'self' {GATEWAY}; "
        "frame-ancestors 'none'"
    )


def test_another_issuer_stays() -> None:
    policy = "connect-src 'self' https://example.eu.auth0.com https://amazonaws.com.evil.example"

    assert local_policy(policy, GATEWAY) == policy


@pytest.mark.parametrize(("with_body", "sent"), [(True, b"page"), (False, b"")])
def test_what_is_answered_has_a_length_whether_or_not_its_body_is_sent(with_body: bool, sent: bytes) -> None:
    messages: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    answer = send_answer(send, 200, [(b"etag", b"1")], b"page", with_body)
    # In a thread: a browser test's event loop may be this one's.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, answer).result()

    start, body = messages
    assert (b"content-length", b"4") in start["headers"]
    assert body["body"] == sent


def test_no_more_functions_run_at_once_than_there_are_workers() -> None:
    running, most, done = [0], [0], threading.Barrier(6)
    counted = threading.Lock()
    second = threading.Event()

    def evaluate(number: int) -> int:
        with counted:
            running[0] += 1
            most[0] = max(most[0], running[0])
            if running[0] == 2:
                second.set()
        second.wait(10)
        with counted:
            running[0] -= 1
        return number

    in_turn = queueing(evaluate, at_once=2)

    def ask(number: int) -> None:
        in_turn(number)
        done.wait(10)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    done.wait(10)
    for thread in threads:
        thread.join(10)

    assert most[0] == 2
