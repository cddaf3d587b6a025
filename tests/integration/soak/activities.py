"""What people do to the stack during a soak. An activity of another stack is one class more in ACTIVITIES.

Each has `needs`, the output of the stack that it works on: it takes part where that one is deployed. `act`
does one thing; `finish` waits at the end for what it began, and `problems` says what went wrong with it.
"""

from __future__ import annotations

import io
import json
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from PIL import Image

from tests.cloud import DeployedStack
from tests.integration.api.conftest import LiveApi, People, Person
from tests.integration.api.web import Answer, post_form
from tests.integration.training.conftest import Training
from tests.integration.workflow.conftest import Workflow
from tests.polling import wait_for

# A bucket that is not the stack's. A few digits are enough for a training whose model is the starter's.
DIGITS = "digits-for-the-soak"


@dataclass
class Put:
    """What was put there: keys by what is expected of them."""

    kept: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    # A person started an execution, too: a request of its own, which may be answered beside the upload's.
    wished: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, kept: str = "", deleted: str = "", wished: str = "") -> None:
        with self.lock:
            self.done[what] += 1
            if kept:
                self.kept.add(kept)
            if wished:
                self.wished.add(wished)
            if deleted:
                self.kept.discard(deleted)
                self.deleted.add(deleted)


class Activity(Protocol):
    """Something that people do."""

    needs: str
    weight: int

    def act(self, choice: random.Random) -> None: ...
    def finish(self) -> None: ...
    def problems(self) -> list[str]: ...


class Uploads:
    """Pictures of several kinds into the bucket, some broken, some twice."""

    needs, weight = "UploadsBucketName", 6

    def __init__(self, stack: DeployedStack, put: Put) -> None:
        self._workflow, self._put = Workflow(stack), put
        digit = self._workflow.picture()
        photo = self._workflow.picture("cat.jpg")
        webp = io.BytesIO()
        Image.open(io.BytesIO(photo)).resize((640, 480)).save(webp, "WEBP")
        self._pictures = [
            digit,
            digit,
            digit,
            photo,
            webp.getvalue(),
            photo[: len(photo) // 2],
            b"no picture",
        ]

    def act(self, choice: random.Random) -> None:
        content = choice.choice(self._pictures)
        key = self._workflow.put(content, prefix="uploads")
        self._put.note("uploads", kept=key)
        if choice.random() < 0.1:
            self._workflow.start(self._workflow.manual(key, threshold=choice.random()))
            self._put.note("executions started by hand", wished=key)

    def finish(self) -> None:
        return

    def problems(self) -> list[str]:
        return []


class Api:
    """A person of the API: looks, uploads by form (now and then by the same form again), deletes."""

    needs, weight = "ApiUrl", 4

    def __init__(self, stack: DeployedStack, put: Put) -> None:
        self._api, self._put = LiveApi(stack), put
        self._people = People(stack)
        self._ann: Person = self._people.new()
        self._group: str = wait_for(self._new_group, "a group", 300, interval=2) or ""
        self._digit = Workflow(stack).picture()
        self._images: list[tuple[str, str]] = []
        self._failed: list[str] = []
        self._half_deleted: list[str] = []

    def _new_group(self) -> str | None:
        answer = self._ask("POST", "/groups", {"name": "soak"})
        return str(answer.body["newItem"]["id"]) if answer.status == 201 else None

    def act(self, choice: random.Random) -> None:
        pick = choice.random()
        if pick < 0.3:
            self._upload(choice)
        elif pick < 0.45:
            self._delete(choice)
        else:
            self._look(choice)

    def _upload(self, choice: random.Random) -> None:
        asked = {"contentType": "image/png"}
        answer = self._ask("POST", f"/groups/{self._group}/images", asked)
        self._expect(answer.status, 201, "announcement")
        if answer.status != 201:
            return
        created = answer.body
        key = str(created["upload"]["fields"]["key"])
        for _ in range(2 if choice.random() < 0.2 else 1):
            self._expect(post_form(created["upload"], self._digit).status, 204, "upload")
        self._images.append((created["newItem"]["imageId"], key))
        self._put.note("uploads by the API", kept=key)

    def _delete(self, choice: random.Random) -> None:
        if not self._images:
            return
        image, key = self._images.pop(choice.randrange(len(self._images)))
        self._put.note("deletions", deleted=key)
        if not self._is_gone(image):
            self._half_deleted.append(image)

    def _is_gone(self, image: str) -> bool:
        """Ask for a deletion; whether it was done, now or by a call before whose answer was lost."""
        status = self._ask("DELETE", f"/images/{image}").status
        if status != 404:
            self._expect(status, 204, "deletion")
        return status in (204, 404)

    def _look(self, choice: random.Random) -> None:
        paths = ["/groups", f"/groups/{self._group}", f"/groups/{self._group}/images"]
        if self._images:
            image = choice.choice(self._images)[0]
            paths += [f"/images/{image}", f"/images/{image}/history"]
        path = choice.choice(paths)
        self._expect(self._ask("GET", path).status, 200, path.rpartition("/")[2])
        self._put.note("reads by the API")

    def _ask(self, method: str, path: str, body: object = None) -> Answer:
        """What the API answers; as API Gateway does, 503 where that takes too long."""
        try:
            return self._api.ask(method, path, body, self._ann.token)
        except TimeoutError:
            self._put.note("requests that took too long")
            return Answer(503, {}, b"")

    def _expect(self, status: int, wanted: int, what: str) -> None:
        # A worker that was killed at work is answered 500, as a function that crashes is; 429 and 503 where
        # all workers are busy.
        if status not in (wanted, 429, 500, 503):
            self._failed.append(f"{what} was answered {status}")

    def finish(self) -> None:
        for image in self._half_deleted:
            wait_for(partial(self._is_gone, image), f"the deletion of {image}", 120, interval=2)

    def problems(self) -> list[str]:
        return self._failed


class Trainings:
    """One training after the other, whose model takes the place of the live one."""

    needs, weight = "TrainStateMachineArn", 1

    def __init__(self, stack: DeployedStack, put: Put) -> None:
        self._training, self._put = Training(stack), put
        self._training.put(DIGITS, {})
        self._started: list[str] = []
        self._lock = threading.Lock()

    def prepare(self, files: dict[str, bytes]) -> None:
        self._training.put(DIGITS, files)

    def act(self, choice: random.Random) -> None:
        with self._lock:
            if self._started and self._running(self._started[-1]):
                return
            self._started.append(self._training.start(f"s3://{DIGITS}/"))
        self._put.note("trainings")

    def _running(self, arn: str) -> bool:
        described = self._training.states.describe_execution(executionArn=arn)
        return bool(described["status"] == "RUNNING")

    def finish(self) -> None:
        for arn in self._started:
            self._training.ended(arn, 900)
            self._training.message(arn, 300)

    def problems(self) -> list[str]:
        counts = {arn: len(self._training.messages(arn)) for arn in self._started}
        return [f"{arn} was notified {count} times" for arn, count in counts.items() if count != 1]


class Batches:
    """One batch after the other, over a folder of its own, by the live endpoint."""

    needs, weight = "BatchStateMachineArn", 1
    pictures = 6

    def __init__(self, stack: DeployedStack, put: Put) -> None:
        self._workflow, self._put = Workflow(stack), put
        self._machine = stack.outputs["BatchStateMachineArn"]
        self._started: list[str] = []
        self._lock = threading.Lock()

    def act(self, choice: random.Random) -> None:
        states, workflow = self._workflow.states, self._workflow
        with self._lock:
            if self._started and self._described(self._started[-1])["status"] == "RUNNING":
                return
            folder = f"batches/{choice.getrandbits(64):016x}"
            for number in range(self.pictures):
                key = f"{folder}/{number}.png"
                workflow.s3.put_object(Bucket=workflow.bucket, Key=key, Body=workflow.picture())
            given = json.dumps({"source": f"s3://{workflow.bucket}/{folder}/", "on": "live"})
            started = states.start_execution(stateMachineArn=self._machine, input=given)
            self._started.append(started["executionArn"])
        self._put.note("batches")

    def _described(self, arn: str) -> dict[str, Any]:
        described: dict[str, Any] = self._workflow.states.describe_execution(executionArn=arn)
        return described

    def finish(self) -> None:
        for arn in self._started:
            self._workflow.ended(arn, 900)

    def problems(self) -> list[str]:
        """A picture is a row of the report whatever happened to it."""
        found = []
        for arn in self._started:
            described = self._described(arn)
            output = json.loads(described.get("output") or "{}")
            counted = sum(output.get(name, 0) for name in ("classified", "rejected", "failed"))
            if described["status"] == "SUCCEEDED" and counted != self.pictures:
                found.append(f"{arn} counted {counted} of {self.pictures} pictures")
        return found


ACTIVITIES: tuple[type[Uploads] | type[Api] | type[Trainings] | type[Batches], ...] = (
    Uploads,
    Api,
    Trainings,
    Batches,
)


def joined(stack: DeployedStack, put: Put) -> list[Activity]:
    """The activities whose stack is deployed."""
    return [kind(stack, put) for kind in ACTIVITIES if kind.needs in stack.outputs]
