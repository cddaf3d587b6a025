"""A burst of requests waits for CloudFront's functions.

AWS: a function runs beside the cache, in under a millisecond, however many viewers ask at once. Stock
MiniStack: starts a Node process for each request that finds none idle and answers 503 when one takes over
five seconds, as on a busy machine the starting alone may.
"""

import threading
from collections.abc import Callable
from typing import Any

from ministack.core import cloudfront_js

# As many as the pool keeps.
AT_ONCE = 2
PATIENCE_SECONDS = 60.0


def install() -> None:
    """Queue for a worker instead of starting one more."""
    cloudfront_js._EVAL_TIMEOUT = PATIENCE_SECONDS
    cloudfront_js.evaluate = queueing(cloudfront_js.evaluate)


def queueing(evaluate: Callable[..., Any], at_once: int = AT_ONCE) -> Callable[..., Any]:
    """`evaluate`, run at most so often at once."""
    free = threading.BoundedSemaphore(at_once)

    def evaluate_in_turn(*arguments: Any) -> Any:
        with free:
            return evaluate(*arguments)

    return evaluate_in_turn
