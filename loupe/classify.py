"""Start an execution for each picture, follow them all, hand the endings back in the order given."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from loupe.errors import CommandError, TargetError
from loupe.pictures import Picture, S3Location, upload_key
from loupe.results import Execution, Record, Result, from_execution, is_of_another, leaves_something_unsaid


class Workflow(Protocol):
    """What classifying needs of a cloud."""

    def upload(self, path: Path, key: str) -> S3Location: ...

    def start(self, payload: dict[str, Any]) -> str: ...

    def describe(self, execution_arn: str) -> Execution: ...

    def record(self, bucket: str, key: str) -> Record | None: ...


@dataclass(frozen=True)
class ClassifyOptions:
    """How to classify.

    `threshold` and `faces` None leave it to the stack; `timeout` in seconds is per picture.
    """

    threshold: float | None = None
    faces: bool | None = None
    parallel: int = 10
    timeout: float = 900.0
    first_poll: float = 0.15
    last_poll: float = 3.0


class Stopped(Exception):  # noqa: N818 - not an error: the person pressed Ctrl-C
    """Following was called off."""


def classify_all(
    pictures: Sequence[Picture],
    workflow: Workflow,
    options: ClassifyOptions,
    on_ending: Callable[[Result], None] = lambda result: None,
) -> Iterator[Result]:
    """Yield one Result a picture, in the order given, each as soon as it and all before it are known.

    At most `options.parallel` pictures are under way at once. `on_ending` is called in the order of ending,
    from several
    threads. Leaving the iterator early stops the following; executions that were started go on by themselves.
    """
    stop = threading.Event()

    def run(picture: Picture) -> Result:
        result = _classify(picture, workflow, options, stop)
        on_ending(result)
        return result

    pool = ThreadPoolExecutor(
        max_workers=max(1, min(options.parallel, len(pictures))), thread_name_prefix="classify"
    )
    try:
        futures = [pool.submit(run, picture) for picture in pictures]
        for future in futures:
            yield future.result()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def build_payload(location: S3Location, options: ClassifyOptions) -> dict[str, Any]:
    """The input that people type in the console."""
    payload: dict[str, Any] = {"image_data": "", "s3_bucket": location.bucket, "s3_key": location.key}
    if options.threshold is not None:
        payload["threshold"] = options.threshold
    if options.faces is not None:
        payload["detectFaces"] = options.faces
    return payload


def _classify(
    picture: Picture, workflow: Workflow, options: ClassifyOptions, stop: threading.Event
) -> Result:
    """One picture from its source to its ending.

    What goes wrong on the way is this picture's failure, not the batch's.
    """
    try:
        if isinstance(picture.source, Path):
            location = workflow.upload(picture.source, upload_key(picture.source))
        else:
            location = picture.source
        arn = workflow.start(build_payload(location, options))
    except TargetError:
        raise  # no credentials, nobody there: nothing else will work either, say it once
    except (CommandError, OSError) as error:
        return Result(picture.name, "FAILED", error=type(error).__name__, cause=str(error))
    try:
        execution = _follow(arn, workflow, options, stop)
    except TargetError:
        raise
    except CommandError as error:
        return Result(picture.name, "FAILED", executionArn=arn, error=type(error).__name__, cause=str(error))
    if execution.running:
        why = f"Still running after {options.timeout:g} seconds; it goes on by itself."
        return Result(picture.name, "FAILED", executionArn=arn, error="FollowTimeoutError", cause=why)
    return from_execution(picture.name, execution, _find_record(execution, location, workflow))


def _follow(arn: str, workflow: Workflow, options: ClassifyOptions, stop: threading.Event) -> Execution:
    """Ask until the execution ends: soon at first, for most take under a second, then ever less often."""
    delay = options.first_poll
    deadline = time.monotonic() + options.timeout
    while True:
        if stop.wait(delay):
            raise Stopped
        execution = workflow.describe(arn)
        if not execution.running or time.monotonic() > deadline:
            return execution
        delay = min(delay * 1.5, options.last_poll)


def _find_record(execution: Execution, location: S3Location, workflow: Workflow) -> Record | None:
    """A success tells all by itself; a refusal's label, a duplicate's ending, and the faces of a picture that
    waits for a person are in the Images table.
    """
    if not leaves_something_unsaid(execution):
        return None
    try:
        record = workflow.record(location.bucket, location.key)
    except CommandError:
        return None
    if record is None or is_of_another(execution) or record.get("executionArn") == execution.arn:
        return record
    return None
