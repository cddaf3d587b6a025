"""Growth: one execution beside 100, 1,000 and 10,000 records and pictures.

Needs a local cloud with the stack on it. Records and pictures are put in directly, then pictures are
classified one after the other; the last turn is with 100 again, to see a machine that slowed down meanwhile.
"""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.context import Bench
from bench.figures import Figure, at_most, part_of
from bench.parts.executions import PICTURE, STARTERS, connect, one_execution
from loupe.aws import Cloud
from loupe.stack import Stack

SIZES = (100, 1_000, 10_000)
QUICK_SIZES = (10, 100)
EXECUTIONS = 20


def run(bench: Bench) -> Iterator[Figure]:
    """Milliseconds a picture at each size, against the smallest."""
    cloud, stack = connect()
    machine = stack.output("ClassifyStateMachineArn")
    sizes = SIZES if bench.rounds > 5 else QUICK_SIZES
    keys: list[str] = []
    times: dict[int, list[float]] = {}
    try:
        for size in sizes:
            bench.say(f"{size} records and pictures")
            keys += fill(cloud, stack, size - len(keys))
            one_execution(cloud, stack, machine)
            times[size] = [one_execution(cloud, stack, machine)[1] for _ in range(EXECUTIONS)]
        empty(cloud, stack, keys[sizes[0] :])
        again = [one_execution(cloud, stack, machine)[1] for _ in range(EXECUTIONS)]
    finally:
        empty(cloud, stack, keys)
    first = times[sizes[0]]
    for size in sizes[1:]:
        yield part_of(
            f"one execution beside {size:,} records and pictures",
            f"beside {sizes[0]}",
            sorted(times[size]),
            sorted(first),
            "ms",
            at_most(1.15),
        )
    yield part_of(
        f"the same beside {sizes[0]} once more", "at the beginning", sorted(again), sorted(first), "ms"
    )


def fill(cloud: Cloud, stack: Stack, count: int) -> list[str]:
    """Records as the workflow leaves them, each with its picture; gives their keys."""
    keys = [f"bench/growth/{uuid.uuid4().hex}.png" for _ in range(count)]
    content, s3 = PICTURE.read_bytes(), cloud.client("s3")
    bucket = stack.output("UploadsBucketName")
    with ThreadPoolExecutor(STARTERS) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=content), keys))
    with cloud.table(stack.output("ImagesTableName")).batch_writer() as writer:
        for number, key in enumerate(keys):
            writer.put_item(
                Item={
                    "imageId": uuid.uuid5(uuid.NAMESPACE_URL, key).hex,
                    "bucket": bucket,
                    "key": key,
                    "status": "CLASSIFIED",
                    "label": "3",
                    "createdAt": f"2026-01-01T00:00:00.{number % 1000:03}Z",
                }
            )
    return keys


def empty(cloud: Cloud, stack: Stack, keys: list[str]) -> None:
    """Take away what `fill` put in."""
    s3, bucket = cloud.client("s3"), stack.output("UploadsBucketName")
    for begin in range(0, len(keys), 1000):
        objects = [{"Key": key} for key in keys[begin : begin + 1000]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    with cloud.table(stack.output("ImagesTableName")).batch_writer() as writer:
        for key in keys:
            writer.delete_item(Key={"imageId": uuid.uuid5(uuid.NAMESPACE_URL, key).hex})
