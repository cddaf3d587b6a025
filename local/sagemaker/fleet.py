"""What serves an endpoint: its production variants' instances, and who gets the next request."""

import itertools
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.sagemaker.errors import (
    oversize_body,
    payload_too_large,
    runtime_validation_error,
    service_unavailable,
    throttled,
)
from local.sagemaker.instances import Instance
from local.sagemaker.logs import LogStream

REALTIME_PAYLOAD_LIMIT = 6 * 2**20
SERVERLESS_PAYLOAD_LIMIT = 4 * 2**20


class Variant:
    """One production variant.

    `weight` is its share of the requests; `settings` is its part of the endpoint config.
    """

    def __init__(self, settings: dict[str, Any], role_arn: str, image: str) -> None:
        self.name: str = settings["VariantName"]
        self.settings = settings
        self.role_arn = role_arn
        self.image = image
        self.weight: float = settings.get("InitialVariantWeight", 1.0)
        self.instances: list[Instance] = []
        self.logs: dict[str, LogStream] = {}
        self._turn = itertools.count()
        serverless = settings.get("ServerlessConfig")
        self._slots = threading.Semaphore(serverless["MaxConcurrency"]) if serverless else None

    def check_payload(self, size: int) -> None:
        """Refuse a request that is too large."""
        if self._slots is None and size > REALTIME_PAYLOAD_LIMIT:
            raise payload_too_large(REALTIME_PAYLOAD_LIMIT)
        if self._slots is not None and size > SERVERLESS_PAYLOAD_LIMIT:
            raise oversize_body()

    def pick(self, endpoint: str) -> Instance:
        """The next healthy instance in turn."""
        healthy = [instance for instance in self.instances if instance.healthy]
        if not healthy:
            raise service_unavailable(endpoint)
        return healthy[next(self._turn) % len(healthy)]

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A serverless variant takes MaxConcurrency requests at a time and throttles the rest."""
        if self._slots is None:
            yield
            return
        if not self._slots.acquire(blocking=False):
            raise throttled()
        try:
            yield
        finally:
            self._slots.release()

    def stop(self) -> None:
        """Take every instance down, all at once, then ship the last of their logs."""
        stop_all(self.instances)
        for stream in self.logs.values():
            stream.close(timeout=2)


class Fleet:
    """All variants of one deployment.

    Counts the requests inside so that it can be retired without breaking one.
    """

    def __init__(self, endpoint: str, variants: list[Variant], data_capture: dict[str, Any] | None) -> None:
        self.endpoint = endpoint
        self.variants = {variant.name: variant for variant in variants}
        self.data_capture = data_capture
        self._inside = 0
        self._retired = False
        self._changed = threading.Condition()

    def choose(self, target: str | None) -> Variant:
        """The variant a request goes to: the one it names, else by weight."""
        if target is not None:
            if target not in self.variants:
                raise runtime_validation_error(
                    f"Variant {target} of endpoint {self.endpoint} not found.",
                    ErrorCode="TARGET_VARIANT_NOT_FOUND",
                )
            return self.variants[target]
        variants = list(self.variants.values())
        weights = [variant.weight for variant in variants]
        return random.choices(variants, weights if any(weights) else None)[0]

    def enter(self) -> bool:
        """Let one request in, which must `leave`; False if this fleet has been retired meanwhile."""
        with self._changed:
            if self._retired:
                return False
            self._inside += 1
            return True

    def leave(self) -> None:
        """A request that was let in is over."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def retire(self, timeout: float) -> None:
        """Let no more requests in, and stop once the last has left, or after `timeout` seconds."""
        with self._changed:
            self._retired = True
            self._changed.wait_for(lambda: self._inside == 0, timeout)
        self.stop()

    def stop(self) -> None:
        for variant in self.variants.values():
            variant.stop()


def stop_all(instances: list[Instance]) -> None:
    """Stop several instances at the same time."""
    threads = [threading.Thread(target=instance.stop) for instance in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
