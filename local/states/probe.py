"""What TestState gives to the state it tests, and what it sees of it."""

import json
from dataclasses import dataclass, field
from typing import Any

from local.states import failures, matching, shapes

THRESHOLD = "States.ExceedToleratedFailureThreshold"


class RetriableError(Exception):
    """The state failed with an error that a Retry would retry; `pair` is error and cause."""

    def __init__(self, pair: dict[str, str]) -> None:
        super().__init__(pair)
        self.pair = pair


@dataclass
class Probe:
    """Of one test: the state as written, the mock and the configuration given; what is `shown`."""

    state: dict[str, Any]
    mock: dict[str, Any]
    configuration: dict[str, Any]
    shown: dict[str, Any] = field(default_factory=dict)
    caught: dict[str, str] | None = None

    def answer(self, env: Any) -> Any:
        """What the mock gives in the place of a service or of children; raises its error."""
        if error := self.mock.get("errorOutput"):
            raise failures.failure(env, error.get("error") or "", error.get("cause"))
        failed = self.configuration.get("mapIterationFailureCount")
        if failed and failed > int(self.state.get("ToleratedFailureCount") or 0):
            raise failures.failure(env, THRESHOLD, "The specified tolerated failure threshold was exceeded")
        return json.loads(self.mock["result"])

    def retry(self, error: str, cause: str) -> None:
        """Raises RetriableError if a Retry has an attempt left for the error."""
        attempts = self.configuration.get("retrierRetryCount", 0)
        for index, rule in enumerate(self.state.get("Retry", [])):
            if not matching.matches(rule["ErrorEquals"], error):
                continue
            if attempts >= rule.get("MaxAttempts", 3):
                return
            seconds = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2.0) ** attempts
            seconds = int(min(seconds, rule.get("MaxDelaySeconds", seconds)))
            self.shown["errorDetails"] = {"retryIndex": index, "retryBackoffIntervalSeconds": seconds}
            raise RetriableError({"error": error, "cause": cause})

    def catch(self, error: str, cause: str) -> None:
        """Takes note of an error that a Catch is about to match."""
        for index, rule in enumerate(self.state.get("Catch", [])):
            if matching.matches(rule["ErrorEquals"], error):
                self.shown["errorDetails"] = {"catchIndex": index}
                self.caught = {"error": error, "cause": cause}
                return

    def note(self, key: str, value: Any) -> None:
        self.shown[key] = shapes.compact(value)
