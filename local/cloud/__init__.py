"""The local cloud's life: start it, find it, stop it.

`running(state)` gives a `CloudInfo` or None, `start(state, port, detach=True)` starts one and waits until it
is healthy, `stop(state)` stops it and waits until nothing of it is left. `python -m local.cloud` runs one in
the foreground.
"""

from local.cloud.client import CloudInfo, ServiceInfo, running, start, stop
from local.cloud.errors import (
    CloudAlreadyRunningError,
    CloudError,
    CloudStartError,
    LambdaRuntimeMissingError,
    PortInUseError,
)

__all__ = [
    "CloudAlreadyRunningError",
    "CloudError",
    "CloudInfo",
    "CloudStartError",
    "LambdaRuntimeMissingError",
    "PortInUseError",
    "ServiceInfo",
    "running",
    "start",
    "stop",
]
