"""Log events of the stack's functions and state machines, merged by time."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from loupe.aws import Cloud
from loupe.aws_errors import error_code, translate_errors
from loupe.errors import InputError
from loupe.stack import Stack, physical_ids

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

WORKFLOW = "workflow"
ENDPOINT = "endpoint"
# SageMaker makes them, for the whole account: a training's are the streams that begin with its name.
JOB_GROUPS = {
    "processing job": "/aws/sagemaker/ProcessingJobs",
    "training job": "/aws/sagemaker/TrainingJobs",
}
FOLLOW_SECONDS = 1.0
OVERLAP_MS = 30_000
"""How far back each look of a follower reaches: events come late and out of order."""


@dataclass(frozen=True, order=True)
class LogEvent:
    """One line. `timestamp` is in milliseconds since 1970; `source` is what wrote it, for people."""

    timestamp: int
    source: str
    message: str
    id: str = ""


def find_groups(cloud: Cloud, stack: Stack, name: str | None) -> dict[str, str]:
    """Log groups by the short name of what writes them; InputError when none is meant by `name`.

    `name` is a function (`serialize_image_data`, or any part of it, whatever the case), `workflow`, or
    `endpoint`: the stack's.
    """
    if name == ENDPOINT:
        return {ENDPOINT: f"/aws/sagemaker/Endpoints/{stack.output('EndpointName')}"}
    groups: dict[str, str] = {}
    for each in stack.all_names:
        with translate_errors(cloud.where):
            found = physical_ids(cloud.client("cloudformation"), each, "AWS::Logs::LogGroup").values()
        groups |= {short_name(group, each): group for group in sorted(found)}
    if name is None:
        return groups
    wanted = _plain(name)
    chosen = {
        short: group
        for short, group in groups.items()
        if (wanted == WORKFLOW and "/states/" in group) or wanted.removesuffix("function") in _plain(short)
    }
    if not chosen:
        raise InputError(
            f"Nothing called {name} writes logs. There are: {', '.join([WORKFLOW, ENDPOINT, *groups])}."
        )
    return chosen


def short_name(group: str, stack_name: str) -> str:
    """`/aws/lambda/loupe-serialize-image-data` → `serialize_image_data`."""
    return group.rpartition("/")[2].removeprefix(f"{stack_name}-").replace("-", "_")


def parse_since(text: str, now: datetime | None = None) -> int:
    """`90s`, `10m`, `2h`, `1d` or a time in ISO 8601 (UTC where it names no zone) → ms since 1970."""
    if match := re.fullmatch(r"(\d+)([smhd])", text.strip()):
        seconds = int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
        return int(((now or datetime.now(UTC)).timestamp() - seconds) * 1000)
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            f"--since {text}: give a span (90s, 10m, 2h, 1d) or a time (2026-01-31T12:00)."
        ) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def training_groups(training: str) -> dict[str, str]:
    """The log groups of what an execution of train_model started, its jobs and its trial endpoint."""
    return JOB_GROUPS | {"trial endpoint": f"/aws/sagemaker/Endpoints/{training}-trial"}


def read_events(cloud: Cloud, groups: dict[str, str], since_ms: int, training: str = "") -> list[LogEvent]:
    """Every event since then, the oldest first; of jobs, those whose names begin with that training's."""
    client: CloudWatchLogsClient = cloud.client("logs")
    events: list[LogEvent] = []
    with translate_errors(cloud.where):
        for source, group in groups.items():
            prefix = {"logStreamNamePrefix": f"{training}-"} if source in JOB_GROUPS else {}
            events += _read_group(client, source, {"logGroupName": group, "startTime": since_ms} | prefix)
    return sorted(events)


def follow_events(
    read: Callable[[int], Sequence[LogEvent]], since_ms: int, wait: Callable[[float], None] = time.sleep
) -> Iterator[LogEvent]:
    """Events for ever, each once; leaves by an exception, KeyboardInterrupt as a rule."""
    printed: set[LogEvent] = set()
    newest = since_ms
    while True:
        for event in read(max(since_ms, newest - OVERLAP_MS)):
            if event not in printed:
                printed.add(event)
                newest = max(newest, event.timestamp)
                yield event
        printed = {event for event in printed if event.timestamp >= newest - OVERLAP_MS}
        wait(FOLLOW_SECONDS)


def _read_group(client: "CloudWatchLogsClient", source: str, request: dict[str, Any]) -> Iterator[LogEvent]:
    while True:
        try:
            page = client.filter_log_events(**request)
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return  # made when its function first runs
            raise
        for each in page["events"]:
            if not str(each.get("logStreamName", "")).startswith(request.get("logStreamNamePrefix", "")):
                continue  # of an emulator that does not know the prefix
            yield LogEvent(each["timestamp"], source, each["message"].rstrip(), each.get("eventId", ""))
        token = page.get("nextToken")
        if not token or token == request.get("nextToken"):
            return
        request["nextToken"] = token


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
