"""SageMaker, as the batch functions use it: which model serves, and the temporary endpoint's end.

boto3's errors become ours here.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_batch.errors import ServiceUnavailableError
from loupe_batch.storage import code_of
from loupe_core.endpoint_diagnosis import from_status
from loupe_core.errors import AccessDeniedError, EndpointNotFoundError, LoupeError

MISSING = "Could not find"
DENIED = {"AccessDeniedException", "AccessDenied", "UnrecognizedClientException"}
BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack")
DELETING = "Deleting"


@dataclass(frozen=True)
class Hosted:
    """What serves on an endpoint; `instance_type` is None where it is serverless."""

    endpoint: str
    status: str
    model: str
    instance_type: str | None


class Hosting:
    """SageMaker's endpoints."""

    def __init__(self, client: Any = None) -> None:
        self._client: Any = client or boto3.client(
            "sagemaker",
            config=Config(
                connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 4, "mode": "standard"}
            ),
        )

    def served(self, endpoint: str) -> Hosted:
        """Raises EndpointNotFoundError, AccessDeniedError, ServiceUnavailableError."""
        with _named(f"sagemaker:DescribeEndpoint on {endpoint}"):
            found = self._client.describe_endpoint(EndpointName=endpoint)
            name = found["EndpointConfigName"]
        with _named(f"sagemaker:DescribeEndpointConfig on {name}"):
            config = self._client.describe_endpoint_config(EndpointConfigName=name)
        variant: Mapping[str, Any] = config["ProductionVariants"][0]
        return Hosted(endpoint, found["EndpointStatus"], variant["ModelName"], variant.get("InstanceType"))

    def status(self, endpoint: str) -> tuple[str, str] | None:
        """(EndpointStatus, FailureReason); None where there is no such endpoint."""
        try:
            with _named(f"sagemaker:DescribeEndpoint on {endpoint}"):
                found = self._client.describe_endpoint(EndpointName=endpoint)
        except EndpointNotFoundError:
            return None
        return str(found["EndpointStatus"]), str(found.get("FailureReason", ""))

    def delete_endpoint(self, endpoint: str) -> None:
        """What is not there is gone already."""
        try:
            with _named(f"sagemaker:DeleteEndpoint on {endpoint}"):
                self._client.delete_endpoint(EndpointName=endpoint)
        except EndpointNotFoundError:
            return

    def delete_config(self, name: str) -> None:
        """What is not there is gone already."""
        try:
            with _named(f"sagemaker:DeleteEndpointConfig on {name}"):
                self._client.delete_endpoint_config(EndpointConfigName=name)
        except EndpointNotFoundError:
            return


def diagnosis(hosting: Hosting) -> Callable[[str], LoupeError | None]:
    """Why an endpoint refuses, without the SDK, which would not fit beside what decodes pictures."""

    def diagnose(endpoint: str) -> LoupeError | None:
        found = hosting.status(endpoint)
        if found is None:
            return EndpointNotFoundError(f"There is no endpoint {endpoint} in this account and region.")
        status, reason = found
        return from_status(endpoint, status, reason)

    return diagnose


@contextmanager
def _named(action: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _translated(error, action) from error
    except BotoCoreError as error:
        raise ServiceUnavailableError(f"{action} got no answer ({type(error).__name__}).") from error


def _translated(error: ClientError, action: str) -> LoupeError:
    message = str(error.response.get("Error", {}).get("Message", "")) or code_of(error)
    if MISSING in message:
        return EndpointNotFoundError(f"{action}: {message}")
    if code_of(error) in DENIED or "not authorized to perform" in message:
        return AccessDeniedError(f"{action} was refused: {message}")
    return ServiceUnavailableError(f"{action} failed: {message}")
