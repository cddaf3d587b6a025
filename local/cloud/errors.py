"""What can go wrong when the local cloud is started or stopped.

CloudError
├── CloudAlreadyRunningError   one already runs on this state folder
├── PortInUseError             something else listens on the port
├── CloudStartError            it ended, or was not ready, before its deadline
└── LambdaRuntimeMissingError  no interpreter to run Python Lambdas in
"""

from pathlib import Path


class CloudError(Exception):
    """Base of the local cloud's errors. `exit_code` is what `python -m local.cloud` ends with."""

    exit_code = 1


class CloudAlreadyRunningError(CloudError):
    """A local cloud runs on this state folder already."""

    exit_code = 3

    def __init__(self, state: Path, gateway_url: str | None = None) -> None:
        where = f" at {gateway_url}" if gateway_url else ""
        super().__init__(f"A local cloud is already running{where} (state folder {state}). Stop it first.")
        self.state = state
        self.gateway_url = gateway_url


class PortInUseError(CloudError):
    """Something else listens on the gateway's port."""

    exit_code = 4

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} on 127.0.0.1 is in use. Choose another, for example with LOUPE_PORT.")
        self.port = port


class CloudStartError(CloudError):
    """The local cloud ended, or was not ready, before its deadline."""


class LambdaRuntimeMissingError(CloudError):
    """There is no interpreter to run Python Lambdas in."""

    exit_code = 5
