"""Runs that are stopped, whose function dies and whose endpoint is throttled, as chance will have it."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from loupe_core.errors import EndpointThrottledError, LoupeError
from tests.workflow.batch_world import UPLOADS, BatchWorld
from tests.workflow.interpreter import ServiceError

PICTURES = 48
ODD = ("a+b %41.png", "100%.png", "e\u0301.png", "<&>'.png", "\u4e2d\u6587.png", "a//b.png", "x" * 1020)
CALLS = ("Classify Batch", "Classify Picture", "Record Lost Picture")
DIED = ServiceError("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: signal: killed")


class StoppedError(Exception):
    """StopExecution: nothing that the state machine says comes after it."""


class Disturbed:
    """A world whose calls die, before their work or after it, and whose endpoint throttles."""

    def __init__(self, seed: int) -> None:
        self.world, self.chance = BatchWorld(), random.Random(seed)
        self.world.pictures_a_batch = 6
        self.calls_left: int | None = None
        self._service = self.world.service
        self.world.service = self._disturbed  # type: ignore[method-assign]
        self.world.endpoint.fault = self._throttled

    def _disturbed(self, name: str, arguments: Any) -> Any:
        if name not in CALLS:
            return self._service(name, arguments)
        if self.calls_left is not None:
            self.calls_left -= 1
            if self.calls_left < 0:
                raise StoppedError
        fate = self.chance.random()
        if name == "Classify Batch" and fate < 0.15:
            raise DIED
        answer = self._service(name, arguments)
        if name == "Classify Batch" and fate < 0.3:
            raise DIED
        return answer

    def _throttled(self, content: str) -> LoupeError | None:
        return EndpointThrottledError("slow down") if self.chance.random() < 0.2 else None


@pytest.mark.parametrize("seed", range(3))
def test_every_key_has_one_row_and_nothing_is_asked_twice(seed: int) -> None:
    disturbed = Disturbed(seed)
    world = disturbed.world
    world.put_pictures(PICTURES)
    for number, name in enumerate(ODD):
        world.put(f"zoo/{name}", f"dog 0.{600 + number}")
    for number in range(5):
        world.put(f"zoo/broken-{number}.jpg", "broken")
    for marker in ("zoo/", "zoo/a/"):
        world.put(marker, "")
    wanted = Counter(
        [f"zoo/{number:03}.jpg" for number in range(PICTURES)]
        + [f"zoo/{name}" for name in ODD]
        + [f"zoo/broken-{number}.jpg" for number in range(5)]
    )
    given = {"source": f"s3://{UPLOADS}/zoo/", "threshold": 0.5}

    for number in (1, 2):
        disturbed.calls_left = disturbed.chance.randrange(1, 6)
        resumed = {"resume": f"run-{number - 1}"} if number > 1 else {}
        with pytest.raises(StoppedError):
            world.run({**given, **resumed}, f"run-{number}")
    disturbed.calls_left = None
    ending = world.run({**given, "resume": "run-2"}, "run-3")

    assert ending.status == "SUCCEEDED"
    rows = world.rows("run-3")
    assert Counter(row["key"] for row in rows) == wanted
    assert {row["error"] for row in rows if row["status"] == "FAILED"} == {"CorruptImageError"}
    assert sum(row["status"] == "FAILED" for row in rows) == 5
    assert set(world.endpoint.asked.values()) == {1}
    assert len(world.endpoint.asked) == PICTURES + len(ODD)
