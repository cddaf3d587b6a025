"""Many reviews at once: executions that wait side by side, and every call of the review stack breakable.

An execution runs in a thread of its own, but only one thread ever runs: each hands over where it waits, so
that a run is the same every time. Streams bring every single write, in order, until it was handled.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from local.states import matching
from loupe_core.errors import LoupeError, NotificationFailedError, RecordsUnavailableError
from loupe_core.items import from_item
from tests.workflow.definitions import load
from tests.workflow.interpreter import Ending, Execution, ServiceError
from tests.workflow.review_world import EXECUTION, ReviewWorld
from tests.workflow.world import KilledError, World

# Before the call has its effect: throttled, or the caller dies. After it: no answer comes, or it dies.
THROTTLED, KILLED, UNANSWERED, KILLED_AFTER = "throttled", "killed", "unanswered", "killed after"
FAILING, STOPPED = "failing", "stopped"
AFTER = (UNANSWERED, KILLED_AFTER)
CALLS = (THROTTLED, FAILING, UNANSWERED, KILLED, KILLED_AFTER)
# A service of AWS itself is not killed; what SNS took is sent, whether its answer arrives or not.
SERVICE, TOPIC = (THROTTLED, FAILING, UNANSWERED), (THROTTLED, FAILING)
KEYS = {"ImagesTable": "imageId", "ReviewsTable": "reviewId"}
UNDO = timedelta(seconds=11)
A_MINUTE = timedelta(minutes=1)


@dataclass
class Fault:
    """What happens to the next `calls` calls of an operation whose arguments contain all `words`."""

    operation: str
    words: tuple[str, ...]
    kind: str
    calls: int
    met: int = 0

    @property
    def spent(self) -> bool:
        return self.met >= self.calls


@dataclass
class Fiber:
    """An execution of review_image, which runs while it has the baton."""

    name: str
    token: str = ""
    until: datetime | None = None
    stopped: bool = False
    over: bool = False
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    waits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Breakable:
    """DynamoDB's client, whose calls meet the world's fault and whose writes come to its streams."""

    def __init__(self, client: Any, crowd: CrowdWorld) -> None:
        self._client, self._crowd = client, crowd
        self._written: dict[tuple[str, str], Any] = {}

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in ("get_item", "put_item", "update_item", "query"):
            return call
        return lambda **arguments: self._crowd.meet(
            name, str(arguments), lambda: self._call(name, call, arguments), _client_error(name)
        )

    def _call(self, name: str, call: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        table = arguments["TableName"]
        if name in ("get_item", "query") or table not in KEYS:
            return call(**arguments)
        if name == "put_item":
            answer, new = call(**arguments), arguments["Item"]
        else:
            answer = call(**{"ReturnValues": "ALL_NEW", **arguments})
            new = answer["Attributes"]
        key = table, new[KEYS[table]]["S"]
        old, self._written[key] = self._written.get(key), new
        self._crowd.changes.append((table, {"dynamodb": {"OldImage": old, "NewImage": new}}))
        return answer


@dataclass
class CrowdWorld(ReviewWorld):
    """`fault` is the one that is on."""

    fault: Fault | None = None
    changes: deque[tuple[str, Any]] = field(default_factory=deque)
    fibers: dict[str, Fiber] = field(default_factory=dict)
    running_fiber: Fiber | None = None
    swept_at: datetime | None = None
    tokens: set[str] = field(default_factory=set)

    def dynamodb(self) -> Any:
        return Breakable(super().dynamodb(), self)

    def meet(
        self, operation: str, arguments: str, call: Callable[[], Any], error: Callable[[str], Exception]
    ) -> Any:
        """The call, or what the fault makes of it."""
        fault = self.fault
        if fault is None or fault.spent or fault.operation != operation:
            return call()
        if not all(word in arguments for word in fault.words):
            return call()
        fault.met += 1
        if fault.kind in AFTER:
            call()
        if fault.kind in (KILLED, KILLED_AFTER, STOPPED):
            raise KilledError
        raise error(fault.kind)

    # Time passes: streams, schedules, executions.

    def pass_time(self, seconds: float) -> None:
        """What happens by itself meanwhile."""
        self.later(seconds=seconds)
        self._deliver()
        for name in list(self.started):
            if name not in self.fibers:
                self._begin(name)
        for fiber in self.fibers.values():
            due = fiber.until is not None and fiber.until <= self.now
            if not fiber.over and (fiber.token in self.rung if fiber.token else due):
                self._resume(fiber)
        if self.swept_at is None or self.swept_at + A_MINUTE <= self.now:
            self.swept_at = self.now
            for schedule in (self.ringer.ring_again, self.sweeper.sweep, self._finalizer.finish_pending):
                attempt(schedule)

    def stop_one(self) -> bool:
        """StopExecution of one that waits for an answer; False where none does."""
        fiber = next((each for each in self.fibers.values() if each.token and not each.over), None)
        if fiber is not None:
            fiber.stopped = True
            self._resume(fiber)
        return fiber is not None

    def _deliver(self) -> None:
        """A stream's records in order; one that is not handled keeps the others, and comes again."""
        while self.changes:
            table, change = self.changes[0]
            new = from_item(change["dynamodb"]["NewImage"] or {})
            if table == "ImagesTable":
                handled = attempt(partial(self.opener.on_change, change))
            elif new.get("queue") == "DECIDED":
                handled = attempt(partial(self.ringer.ring, new["reviewId"], new["imageId"]))
            else:
                handled = True
            if not handled:
                return
            self.changes.popleft()

    def start(self, name: str, execution_input: Any) -> None:
        self.meet("start", name, lambda: super(CrowdWorld, self).start(name, execution_input), _unavailable)

    def ring(self, token: str) -> bool:
        """As the adapter rings: False where nobody waits for the token any more."""
        waiting = any(each.token == token and not each.over for each in self.fibers.values())
        return bool(
            self.meet("ring", token, lambda: waiting and super(CrowdWorld, self).ring(token), _unavailable)
        )

    def publish(self, message: dict[str, Any]) -> None:
        self.meet("publish", str(message), lambda: super(CrowdWorld, self).publish(message), _not_notified)

    # An execution.

    def _begin(self, name: str) -> None:
        fiber = self.fibers[name] = Fiber(name)
        self.running.add(f"{EXECUTION}:{name}")
        threading.Thread(target=self._execute, args=(fiber,), daemon=True).start()
        self._resume(fiber)

    def _execute(self, fiber: Fiber) -> None:
        fiber.go.acquire()
        arn = f"{EXECUTION}:{fiber.name}"
        try:
            ending = Execution(load("review_image"), self._serve, arn, self.now).run(self.started[fiber.name])
        except KilledError:
            ending = Ending("ABORTED")
        self.running.discard(arn)
        self.endings[arn], self.stopped_at[arn] = ending, self.now
        fiber.over = True
        fiber.waits.release()

    def _resume(self, fiber: Fiber) -> None:
        self.running_fiber = fiber
        fiber.go.release()
        fiber.waits.acquire()
        self.running_fiber = None

    def _pause(self, token: str = "", until: datetime | None = None) -> None:
        fiber = self.running_fiber
        assert fiber is not None
        fiber.token, fiber.until = token, until
        fiber.waits.release()
        fiber.go.acquire()
        fiber.token, fiber.until = "", None
        if fiber.stopped:
            raise KilledError

    def _serve(self, state: str, arguments: Any) -> Any:
        if self.running_fiber is None:
            return World._serve(self, state, arguments)
        if state == "Conclude Review":
            self._pause(until=self.now + UNDO)
        used: dict[int, int] = {}
        while True:
            try:
                return self._attempt(state, arguments)
            except ServiceError as error:
                self._wait_before_retry(state, error, used)

    def _attempt(self, state: str, arguments: Any) -> Any:
        if state == "Wait For Answer":
            return self._wait(arguments)
        if state == "Mark Notified":
            return self._updated(arguments)
        if "TopicArn" in arguments:
            try:
                return World._serve(self, state, arguments)
            except NotificationFailedError as error:
                raise ServiceError("SNS.AmazonSNSException", str(error)) from error
        return self.meet(state, "", lambda: World._serve(self, state, arguments), _function_error)

    def _wait_before_retry(self, state: str, error: ServiceError, used: dict[int, int]) -> None:
        """Where the state's Retry knows the error, until the next attempt; else raises it."""
        for number, retrier in enumerate(load("review_image")["States"][state]["Retry"]):
            if matching.matches(retrier["ErrorEquals"], error.error):
                used[number] = used.get(number, 0) + 1
                if used[number] <= retrier["MaxAttempts"]:
                    seconds = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** (used[number] - 1)
                    self._pause(until=self.now + timedelta(seconds=min(seconds, retrier["MaxDelaySeconds"])))
                    return
                break
        raise error

    def _wait(self, arguments: Any) -> Any:
        self._updated(arguments)
        token = arguments["ExpressionAttributeValues"][":token"]["S"]
        self.tokens.add(token)
        self._pause(token=token)
        return {}

    def _updated(self, arguments: Any) -> Any:
        try:
            self._client.update_item(**arguments)
        except (ClientError, ReadTimeoutError) as error:
            raise ServiceError("DynamoDb.DynamoDbException", str(error)) from error
        return {}

    def _function(self, state: str, payload: Any) -> Any:
        try:
            return super()._function(state, payload)
        except KilledError as error:
            raise ServiceError("Runtime.ExitError", "RequestId: 1 Error: Runtime exited") from error


def attempt(call: Callable[[], object]) -> bool:
    """Whether it went well; else whoever called it calls it again."""
    try:
        call()
    except (LoupeError, KilledError):
        return False
    return True


def _client_error(operation: str) -> Callable[[str], Exception]:
    def made(kind: str) -> Exception:
        if kind == UNANSWERED:
            return ReadTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")
        code = "ThrottlingException" if kind == THROTTLED else "InternalServerError"
        return ClientError({"Error": {"Code": code, "Message": kind}}, operation)

    return made


def _unavailable(kind: str) -> Exception:
    return RecordsUnavailableError(f"Step Functions is {kind}.")


def _not_notified(kind: str) -> Exception:
    return NotificationFailedError(f"SNS is {kind}.")


def _function_error(kind: str) -> Exception:
    return ServiceError("Lambda.TooManyRequestsException" if kind == THROTTLED else "Lambda.Unknown", kind)
