"""Executions: one after the other, and two hundred at once, against the original workflow on the same cloud.

Needs a local cloud with the stack on it (`loupe up --detach`). All classify the same picture on the same
endpoint. Loupe also claims, annotates, records and notifies; with faces off, as the template has it.
The original makes the SageMaker SDK's Predictor in its handler; beside it stands the same with boto3 alone.
"""

import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import environ
from typing import Any

from bench.context import ROOT, Bench
from bench.figures import CannotRunHereError, Figure, Spread, Target, at_least, at_most, part_of
from bench.peers.scones.deployment import LEANER, ORIGINAL, deployed
from loupe.aws import Cloud
from loupe.errors import CommandError
from loupe.settings import Settings
from loupe.stack import Stack
from loupe.target import resolve_target

LOUPE = "Loupe"
PICTURE = ROOT / "events" / "images" / "digit-3.png"
SINGLE, AT_ONCE = 40, 200
BLOCK = 10
STARTERS = 10
MAX_SECONDS = 600
# What the original does as well, in Loupe's workflow.
SHARED = ("Serialize Image Data", "Classify Image Data", "Filter Inference Data")


def run(bench: Bench) -> Iterator[Figure]:
    """Milliseconds from the start of an execution to its end, then executions a second."""
    cloud, stack = connect()
    single = SINGLE if bench.rounds > 5 else 10
    at_once = AT_ONCE if bench.rounds > 5 else 20
    with deployed(cloud, stack) as peers:
        machines = {LOUPE: stack.output("ClassifyStateMachineArn"), **peers}
        bench.say(f"{single} executions of each, in turns of {BLOCK}")
        laps: dict[str, list[float]] = {name: [] for name in machines}
        shared: list[float] = []
        # In blocks: with twelve workers for more functions each would drive the other's workers out.
        for _ in range(0, single, BLOCK):
            for name, machine in machines.items():
                for _ in range(3):
                    one_execution(cloud, stack, machine)
                for _ in range(BLOCK):
                    arn, milliseconds = one_execution(cloud, stack, machine)
                    laps[name].append(milliseconds)
                    if name == LOUPE:
                        shared.append(shared_milliseconds(cloud, arn))
        yield from single_figures(laps[LOUPE], laps[ORIGINAL], ORIGINAL, at_most(1))
        yield from single_figures(laps[LOUPE], laps[LEANER], LEANER)
        for peer in (ORIGINAL, LEANER):
            yield part_of("of it the three states of both, p50", peer, shared, laps[peer], "ms")
        rounds = 3 if bench.rounds >= 15 else 1
        rates: dict[str, list[float]] = {name: [] for name in machines}
        for _ in range(rounds):
            for name, machine in machines.items():
                bench.say(f"{at_once} executions at once: {name}")
                rates[name].append(many_executions(cloud, stack, machine, at_once))
        for peer, target in ((ORIGINAL, at_least(1.5)), (LEANER, None)):
            yield part_of(f"{at_once} executions at once", peer, rates[LOUPE], rates[peer], "/s", target)


def single_figures(
    ours: list[float], theirs: list[float], peer: str, target: Target | None = None
) -> Iterator[Figure]:
    """Median and 99th percentile of executions measured in turns."""
    yield part_of("one execution, warm, p50", peer, ours, theirs, "ms", target)
    slow_ours, slow_theirs = _percentile(ours, 0.99), _percentile(theirs, 0.99)
    one = Spread.of([slow_ours / slow_theirs])
    yield Figure(
        "one execution, warm, p99",
        peer,
        one,
        Spread.of([slow_ours]),
        Spread.of([slow_theirs]),
        "ms",
        target,
        detail={"executions": len(ours)},
    )


def connect() -> tuple[Cloud, Stack]:
    """The local cloud that runs here, and the stack on it. CannotRunHereError without."""
    try:
        cloud = Cloud(resolve_target(Settings.from_environ(environ), choice="local"), parallel=STARTERS)
        return cloud, cloud.stack("loupe")
    except CommandError as error:
        raise CannotRunHereError(f"{error} (loupe up --detach)") from error


def one_execution(cloud: Cloud, stack: Stack, machine: str) -> tuple[str, float]:
    """An execution's ARN, and the milliseconds that Step Functions counts from its start to its end."""
    states = cloud.client("stepfunctions")
    arn = start(cloud, stack, machine)
    while (ended := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.02)
    check(ended)
    return arn, float((ended["stopDate"] - ended["startDate"]).total_seconds() * 1000)


def shared_milliseconds(cloud: Cloud, arn: str) -> float:
    """The time in the states that the original has, too, without what Loupe does between them."""
    events = cloud.client("stepfunctions").get_execution_history(executionArn=arn)["events"]
    entered = {_state(each, "Entered"): each["timestamp"] for each in events}
    exited = {_state(each, "Exited"): each["timestamp"] for each in events}
    return sum(float((exited[name] - entered[name]).total_seconds() * 1000) for name in SHARED)


def _state(event: dict[str, Any], way: str) -> str:
    return str(event.get(f"state{way}EventDetails", {}).get("name", ""))


def many_executions(cloud: Cloud, stack: Stack, machine: str, count: int) -> float:
    """Executions a second, from the first start to the last end."""
    keys = [upload(cloud, stack) for _ in range(count)]
    began = time.monotonic()
    with ThreadPoolExecutor(STARTERS) as pool:
        arns = list(pool.map(partial(_start_key, cloud, stack, machine), keys))
    states = cloud.client("stepfunctions")
    while time.monotonic() - began < MAX_SECONDS:
        if not states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
            break
        time.sleep(0.25)
    seconds = time.monotonic() - began
    for arn in arns:
        check(states.describe_execution(executionArn=arn))
    return count / seconds


def upload(cloud: Cloud, stack: Stack) -> str:
    """A picture under a new key, whose event nobody follows."""
    key = f"bench/{uuid.uuid4().hex}/digit.png"
    cloud.client("s3").put_object(
        Bucket=stack.output("UploadsBucketName"), Key=key, Body=PICTURE.read_bytes()
    )
    return key


def start(cloud: Cloud, stack: Stack, machine: str) -> str:
    """Upload a picture and start an execution for it."""
    return _start_key(cloud, stack, machine, upload(cloud, stack))


def _start_key(cloud: Cloud, stack: Stack, machine: str, key: str) -> str:
    given = {
        "image_data": "",
        "s3_bucket": stack.output("UploadsBucketName"),
        "s3_key": key,
        "detectFaces": False,
    }
    states = cloud.client("stepfunctions")
    return str(states.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"])


def check(ended: Any) -> None:
    """RuntimeError unless the execution succeeded: what fails is fast."""
    if ended["status"] != "SUCCEEDED":
        raise RuntimeError(f"{ended['executionArn']} ended {ended['status']}: {ended.get('cause')}")


def _percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
