"""Batches on the deployed stack: every key has one row, though the run is stopped, a worker killed and the
endpoint throttled; and what is made for a run is gone afterwards.

LOUPE_BATCH_PICTURES says of how many pictures.
"""

from __future__ import annotations

import os
import secrets
import time
from collections import Counter
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import pytest

from loupe_batch.plan import PICTURES_A_BATCH
from tests.integration.batch.broken import PICTURES, broken_pictures
from tests.integration.batch.conftest import Batches
from tests.polling import WaitFor

NUMBER = int(os.environ.get("LOUPE_BATCH_PICTURES", "1200"))
# Two cores that others use as well classify some ten pictures a second.
RUN_SECONDS = 600 + NUMBER * 0.3
# One in a hundred is broken, and each way of being broken is there.
BROKEN_SHARE = 0.01
THROTTLED_SECONDS = 10.0
ODD = ("a+b %41.png", "100%.png", "e\u0301.png", "<&>'.png", "\u4e2d\u6587.png", "a//b.png")
FOLDERS = ("", "odd/", "broken/")
LASTING = {"UnsupportedImageError", "CorruptImageError", "ImageTooLargeError"}
# Names of executions are used once, also on a cloud that stays up.
TOKEN = secrets.token_hex(3)
PREFIX = f"batch/stopped-{TOKEN}/"
FIRST, SECOND, KEPT = f"stopped-{TOKEN}-1", f"stopped-{TOKEN}-2", f"kept-{TOKEN}"

pytestmark = pytest.mark.timeout(3 * RUN_SECONDS)


def fill(batches: Batches, prefix: str, good: int, broken: int) -> set[str]:
    """Pictures under a prefix, broken ones, odd keys and folder markers among them; gives what gets a row."""
    digits = [(PICTURES / f"{name}.png").read_bytes() for name in ("digit-0", "digit-3", "digit-5")]
    named = {f"{number:05}.png": digits[number % 3] for number in range(good)}
    named |= {f"odd/{name}": digits[0] for name in (*ODD, "x" * (1024 - len(prefix) - 8) + ".png")}
    ways = islice(cycle(broken_pictures().items()), broken)
    named |= {f"broken/{number:03}-{name}": content for number, (name, content) in enumerate(ways)}
    batches.put(
        {prefix + name: content for name, content in named.items()}
        | {prefix + marker: b"" for marker in FOLDERS}
    )
    return {prefix + name for name in named}


def test_a_run_that_is_stopped_killed_and_throttled_has_one_row_for_each_picture(
    batches: Batches, wait_for: WaitFor
) -> None:
    broken = max(len(broken_pictures()), round(NUMBER * BROKEN_SHARE))
    keys = fill(batches, PREFIX, NUMBER - broken - len(ODD) - 1, broken)
    assert len(keys) == NUMBER
    source = f"s3://{batches.uploads}/{PREFIX}"
    began = time.monotonic()
    first = batches.start(FIRST, source=source, threshold=0.5, concurrency=2)
    third = max(2, NUMBER // PICTURES_A_BATCH // 3)
    wait_for(lambda: len(batches.parts(FIRST)) >= third, "rows of the first run", RUN_SECONDS, 1)
    batches.states.stop_execution(executionArn=first)
    wait_for(lambda: batches.ended(first), "the stop", seconds=60)
    wait_for(lambda: batches.hosted() == [], "the first run's endpoint to go", 120, 1)
    done = {row["key"] for row in batches.classified_rows(FIRST)}
    assert 0 < len(done) < len(keys)
    said("stopped after", len(done), "of", len(keys), "and", round(time.monotonic() - began), "s")

    began = time.monotonic()
    second = batches.start(SECOND, source=source, threshold=0.5, concurrency=2, resume=FIRST, tolerate=0)
    wait_for(lambda: len(batches.parts(SECOND)) >= 2, "rows of the second run", RUN_SECONDS, 1)
    with batches.throttled(120):
        killed = wait_for(batches.kill_workers, "a worker to kill", seconds=60)
        time.sleep(THROTTLED_SECONDS)
    ended = wait_for(lambda: batches.ended(second), "the second run", RUN_SECONDS, 1)
    said("resumed:", round(time.monotonic() - began), "s, with", killed, "workers killed")

    assert ended["status"] == "SUCCEEDED", ended
    rows = batches.rows(SECOND)
    assert Counter(row["key"] for row in rows) == Counter(keys)
    failed = {row["key"].removeprefix(PREFIX): row["error"] for row in rows if row["status"] == "FAILED"}
    assert {Path(key).parent.name for key in failed} == {"broken"}
    assert len(failed) == broken
    assert set(failed.values()) == LASTING
    # What was done when the second run began it did not do again, nor anything else twice.
    before, after = batches.classified_rows(FIRST), batches.classified_rows(SECOND)
    again = Counter(row["key"] for row in after)
    assert not done & set(again)
    assert max(again.values()) == 1
    assert {row["key"] for row in before} | set(again) == keys
    assert len({row["model"] for row in (*before, *after)}) == 1
    # SageMaker deletes an endpoint after it has answered.
    wait_for(lambda: batches.hosted() == [], "the second run's endpoint to go", 120, 1)
    for name in (FIRST, SECOND):
        wait_for(partial(batches.subjects, name), f"the e-mail about {name}", 120, 1)
        assert len(batches.subjects(name)) == 1


def test_a_run_that_records_writes_records_and_no_messages(batches: Batches, wait_for: WaitFor) -> None:
    fill(batches, f"batch/{KEPT}/", 5, 3)
    source = f"s3://{batches.uploads}/batch/{KEPT}/"
    before = len(batches.stack.inbox.messages())

    arn = batches.start(KEPT, source=source, threshold=0.5, on="live", record=True)

    ended = wait_for(lambda: batches.ended(arn), "the run", seconds=RUN_SECONDS)
    assert ended["status"] == "SUCCEEDED", ended
    table = batches.stack.client("dynamodb").scan(TableName=batches.stack.outputs["ImagesTableName"])["Items"]
    found = [item for item in table if item["key"]["S"].startswith(f"batch/{KEPT}/")]
    assert len(found) == 5 + len(ODD) + 1
    assert {item["executionArn"]["S"] for item in found} == {f"batch:{KEPT}"}
    wait_for(lambda: batches.subjects(KEPT), "the e-mail about the run")
    assert len(batches.stack.inbox.messages()) == before + 1


def said(*what: object) -> None:
    """For whoever runs it with -s: what docs/batch.md says of such a run."""
    print(*what, flush=True)
