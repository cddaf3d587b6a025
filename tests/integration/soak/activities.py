"""What people do to the stack during a soak. An activity of another stack is one class more in ACTIVITIES.

Each has `needs`, the output of the stack that it works on: it takes part where that one is deployed. `act`
does one thing; `finish` waits at the end for what it began, and `problems` says what went wrong with it.
"""

from __future__ import annotations

import io
import json
import random
import threading
import time
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
UNSURE = "digit-9-unsure.png"
CHOICES: tuple[dict[str, str], ...] = (
    {"choice": "LABEL", "label": "9"},
    {"choice": "LABEL", "label": "4"},
    {"choice": "NONE"},
    {"choice": "UNUSABLE"},
)


# Killed at work a function is answered 500, as one that crashes is; 429 and 503 where all are busy.
BUSY_OR_KILLED = (429, 500, 503)
MAX_AT_ONCE = 50


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
            self._workflow.picture(UNSURE),
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
    """A person of the API: looks, uploads by form (now and then by the same form again), moves, deletes."""

    needs, weight = "ApiUrl", 4

    def __init__(self, stack: DeployedStack, put: Put) -> None:
        self._api, self._put = LiveApi(stack), put
        self._people = People(stack)
        self._ann: Person = self._people.new()
        self._groups = [wait_for(self._new_group, "a group", 300, interval=2) or "" for _ in range(2)]
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
        elif pick < 0.55:
            self._move(choice)
        else:
            self._look(choice)

    def _upload(self, choice: random.Random) -> None:
        asked = {"contentType": "image/png"}
        answer = self._ask("POST", f"/groups/{choice.choice(self._groups)}/images", asked)
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

    def _move(self, choice: random.Random) -> None:
        if not self._images:
            return
        moved = choice.choice(self._images)
        status = self._ask("PATCH", f"/images/{moved[0]}", {"groupId": choice.choice(self._groups)}).status
        # Somebody else may have deleted it meanwhile, or be moving it.
        if status != 409 and (status != 404 or moved in self._images):
            self._expect(status, 200, "move")
        self._put.note("moves")

    def _look(self, choice: random.Random) -> None:
        group = choice.choice(self._groups)
        paths = ["/groups", f"/groups/{group}", f"/groups/{group}/images"]
        looked_at = choice.choice(self._images) if self._images else None
        if looked_at:
            paths += [f"/images/{looked_at[0]}", f"/images/{looked_at[0]}/history"]
        path = choice.choice(paths)
        status = self._ask("GET", path).status
        # Somebody else may have deleted it meanwhile.
        if status != 404 or looked_at in self._images:
            self._expect(status, 200, path.rpartition("/")[2])
        self._put.note("reads by the API")

    def _ask(self, method: str, path: str, body: object = None) -> Answer:
        return _asked(self._api, self._put, method, path, body, self._ann.token)

    def _expect(self, status: int, wanted: int, what: str) -> None:
        if status not in (wanted, *BUSY_OR_KILLED):
            self._failed.append(f"{what} was answered {status}")

    def finish(self) -> None:
        for image in self._half_deleted:
            wait_for(partial(self._is_gone, image), f"the deletion of {image}", 120, interval=2)

    def problems(self) -> list[str]:
        return self._failed


class Reviews:
    """A reviewer: takes what the model is unsure of, and decides by chance."""

    needs, weight = "ReviewStateMachineArn", 3

    def __init__(self, stack: DeployedStack, put: Put) -> None:
        self._api, self._put = LiveApi(stack), put
        self._states, self._machine = stack.client("stepfunctions"), stack.outputs["ReviewStateMachineArn"]
        people = People(stack)
        claims = {"cognito:groups": ["reviewers"], "exp": int(time.time()) + 7200}
        self._token = people.forger(people.new().token).signed(**claims)
        self._failed: list[str] = []

    def act(self, choice: random.Random) -> None:
        self.decides(choice)

    def decides(self, choice: random.Random) -> bool:
        """Whether there was a picture to decide about."""
        asked = self._ask("/reviews/next", {})
        given = asked.body["result"] if asked.status == 200 else None
        if given is None:
            return False
        # 409: somebody else had it meanwhile, or a newer version of it came.
        path = f"/reviews/{given['reviewId']}/answer"
        if self._ask(path, {**choice.choice(CHOICES), "seconds": 1}).status == 200:
            self._put.note("reviews")
        return True

    def decides_all(self, choice: random.Random) -> None:
        """What waits just now; where a decision is refused, the next call tries again."""
        for _ in range(MAX_AT_ONCE):
            if not self.decides(choice):
                break

    def _ask(self, path: str, body: object) -> Answer:
        answer = _asked(self._api, self._put, "POST", path, body, self._token)
        if answer.status not in (200, 409, *BUSY_OR_KILLED):
            self._failed.append(f"{path} was answered {answer.status}")
        return answer

    def finish(self) -> None:
        """Nothing yet: pictures come to people until the last one is classified."""

    def problems(self) -> list[str]:
        try:
            wait_for(lambda: not self._waiting(), "the end of each review", 300, interval=5)
        except AssertionError:
            return [*self._failed, *(f"{name} still waits" for name in self._waiting())]
        return self._failed

    def _waiting(self) -> list[str]:
        asked = {"stateMachineArn": self._machine, "statusFilter": "RUNNING", "maxResults": 100}
        return [each["name"] for each in self._states.list_executions(**asked)["executions"]]


def _asked(api: LiveApi, put: Put, method: str, path: str, body: object, token: str) -> Answer:
    """What the API answers; as API Gateway does, 503 where that takes too long."""
    try:
        return api.ask(method, path, body, token)
    except TimeoutError:
        put.note("requests that took too long")
        return Answer(503, {}, b"")


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


ACTIVITIES: tuple[type[Uploads] | type[Api] | type[Reviews] | type[Trainings] | type[Batches], ...] = (
    Uploads,
    Api,
    Reviews,
    Trainings,
    Batches,
)


def joined(stack: DeployedStack, put: Put) -> list[Activity]:
    """The activities whose stack is deployed."""
    return [kind(stack, put) for kind in ACTIVITIES if kind.needs in stack.outputs]
