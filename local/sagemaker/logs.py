"""What containers print: into a file, and into CloudWatch Logs with the execution role's permissions."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.errors import ArtifactError

_log = logging.getLogger(__name__)
_BATCH = 1000
_EVENT_LIMIT = 250_000


class LogStream:
    """Ships lines to one CloudWatch Logs stream about once a second.

    What can't be shipped is only in the file.
    """

    def __init__(self, client: Callable[[], Any], group: str, stream: str) -> None:
        self.group, self.stream = group, stream
        self._client = client
        self._lines: SimpleQueue[tuple[int, str] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._ship, name=f"logs {stream}", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        self._lines.put((int(time.time() * 1000), line[:_EVENT_LIMIT]))

    def close(self, timeout: float = 10) -> None:
        """Ship what is left, for at most `timeout` seconds."""
        self._lines.put(None)
        self._thread.join(timeout)

    def _ship(self) -> None:
        client, open_ = None, True
        while open_:
            batch, open_ = self._next_batch()
            if not batch:
                continue
            try:
                client = client or self._prepare()
                client.put_log_events(logGroupName=self.group, logStreamName=self.stream, logEvents=batch)
            except (ClientError, BotoCoreError, ArtifactError) as error:
                # As on AWS: a role that may not write logs costs the logs, not the job.
                _log.warning("%s: log lines not shipped: %s", self.stream, error)

    def _next_batch(self) -> tuple[list[dict[str, Any]], bool]:
        """The lines of about the next second, and whether more may come."""
        item = self._lines.get()
        batch: list[dict[str, Any]] = []
        deadline = time.monotonic() + 1
        while item is not None:
            batch.append({"timestamp": item[0], "message": item[1] or " "})
            if len(batch) == _BATCH:
                return batch, True
            try:
                item = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                return batch, True
        return batch, False

    def _prepare(self) -> Any:
        client = self._client()
        _unless_there(client.create_log_group, logGroupName=self.group)
        _unless_there(client.create_log_stream, logGroupName=self.group, logStreamName=self.stream)
        return client


def _unless_there(create: Callable[..., Any], **names: str) -> None:
    try:
        create(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise


def pump(source: IO[bytes], path: Path, on_line: Callable[[str], None]) -> threading.Thread:
    """Copy a process's output to a file and, line by line, to `on_line`, in a thread of its own."""

    def run() -> None:
        with source, path.open("ab") as file:
            for raw in iter(source.readline, b""):
                file.write(raw)
                file.flush()
                on_line(raw.decode(errors="replace").rstrip("\r\n"))

    thread = threading.Thread(target=run, name=f"output {path.name}", daemon=True)
    thread.start()
    return thread
