"""How pictures come to a state: uploaded, manual, repeated, aborted, superseded, deleted."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from PIL import Image

from tests.integration.workflow.conftest import Workflow
from tests.integration.workflow.faults import Faults, execution_arn
from tests.polling import wait_for

WITHOUT_EVENT = ("manual", "twice", "aborted", "aborted, twice", "lost", "superseded")


class Scenarios:
    """Brings the pictures of one row to where its fault is; `events`: whether status events arrive."""

    def __init__(self, workflow: Workflow, faults: Faults, *, events: bool) -> None:
        self._workflow, self._faults, self._events = workflow, faults, events

    @contextmanager
    def begun(self, scenario: str, marker: str, keys: list[str], picture: bytes) -> Iterator[None]:
        """All pictures on their way; at the end of the with block what else was broken works again."""
        beginnings: dict[str, Callable[[int, str], None]] = {
            "upload": lambda number, key: self._put(key, picture),
            "manual": lambda number, key: self._manual(key, picture),
            "twice": lambda number, key: self._twice(key, picture),
            "deleted": lambda number, key: self._deleted(key, picture),
        }
        if scenario in beginnings:
            self._each(beginnings[scenario], keys)
            yield
        elif scenario == "superseded":
            with self._held("annotate-image", marker, keys, picture) as met:
                self._each(lambda number, key: self._supersede(key, picture), keys)
                wait_for(lambda: met() >= 2 * len(keys), "the newer versions' annotation", 300, 0.5)
            yield
        elif scenario == "unrecorded":
            denied = {"service": "lambda", "kind": "denied", "containing": ["record-outcome", marker]}
            with self._faults.put(denied):
                self._each(lambda number, key: self._put(key, picture), keys)
                yield
        else:
            self._abort(marker, keys, picture)
            if scenario == "aborted, twice":
                self._each(lambda number, key: self._deliver(key), keys)
            elif scenario == "lost" or not self._events:
                self._workflow.end_leases(keys)
            yield

    def _abort(self, marker: str, keys: list[str], picture: bytes) -> None:
        with self._held("serialize-image-data", marker, keys, picture):
            arns = [execution_arn(self._workflow, marker, number) for number in range(len(keys))]
            for arn in arns:
                self._workflow.states.stop_execution(executionArn=arn)

    @contextmanager
    def _held(
        self, function: str, marker: str, keys: list[str], picture: bytes
    ) -> Iterator[Callable[[], int]]:
        """Executions that have claimed their pictures and wait for a function's answer."""
        fault = {"service": "lambda", "kind": "timeout", "containing": [function, marker]}
        with self._faults.put(fault):
            self._each(lambda number, key: self._named(f"{marker}-{number}", key, picture), keys)
            wait_for(lambda: self._faults.met([fault]) >= len(keys), f"{function} being asked", 300, 0.5)
            yield lambda: self._faults.met([fault])

    def _each(self, deed: Callable[[int, str], None], keys: list[str]) -> None:
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(deed, range(len(keys)), keys))

    def _put(self, key: str, picture: bytes) -> None:
        self._workflow.s3.put_object(Bucket=self._workflow.bucket, Key=key, Body=picture)

    def _deliver(self, key: str, name: str | None = None, sequencer: str = "0066") -> None:
        event = self._workflow.event(key)
        event["detail"]["object"]["sequencer"] = sequencer
        more: Any = {"name": name} if name else {}
        self._workflow.states.start_execution(
            stateMachineArn=self._workflow.machine, input=json.dumps(event), **more
        )

    def _named(self, name: str, key: str, picture: bytes) -> None:
        self._put(key, picture)
        self._deliver(key, name)

    def _manual(self, key: str, picture: bytes) -> None:
        self._put(key, picture)
        self._workflow.start(self._workflow.manual(key))

    def _twice(self, key: str, picture: bytes) -> None:
        self._put(key, picture)
        self._deliver(key)
        self._deliver(key)

    def _supersede(self, key: str, picture: bytes) -> None:
        self._put(key, picture)
        self._deliver(key, sequencer="0067")

    def _deleted(self, key: str, picture: bytes) -> None:
        """What the API leaves of a deleted image, and an upload that was still on its way."""
        tombstone = {
            "imageId": self._workflow.image_id(key),
            "status": "DELETED",
            "executionArn": "deleted",
            "sequencer": "~" * 64,
            "deletedAt": "2026-11-21T12:00:00.000Z",
        }
        self._workflow.stack.cloud.table(self._workflow.stack.outputs["ImagesTableName"]).put_item(
            Item=tombstone
        )
        self._put(key, picture)


def too_small_for_faces(picture: bytes) -> bytes:
    """The picture at a size that Rekognition does not take, so that no row but its own waits for it."""
    target = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        image.resize((64, 64), Image.Resampling.LANCZOS).save(target, "PNG")
    return target.getvalue()
