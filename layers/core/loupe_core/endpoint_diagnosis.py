"""Why an endpoint cannot be called, asked of SageMaker through its SDK.

InvokeEndpoint answers one ValidationError for an endpoint that was never made, one that is being made and one
that failed. Only the second is worth a retry, so the difference matters. The SDK takes over a second to
import: nothing else may import this module at start.
"""

import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.errors import (
    AccessDeniedError,
    EndpointFailedError,
    EndpointNotFoundError,
    EndpointNotReadyError,
    EndpointRejectedError,
    EndpointThrottledError,
    LoupeError,
)

COMING = {
    "Creating": "is still being created",
    "Updating": "is being updated",
    "SystemUpdating": "is under maintenance",
    "RollingBack": "is being rolled back",
}


def diagnose(endpoint_name: str) -> LoupeError | None:
    """The error that fits the endpoint's status; None where it is in service and something else was wrong."""
    # Heavy: pandas, pydantic and thousands of shapes.
    from sagemaker.core.resources import Endpoint

    try:
        endpoint = Endpoint.get(endpoint_name=endpoint_name, session=_impatient_session())
    except ClientError as error:
        return _from_describe_error(error, endpoint_name)
    except BotoCoreError as error:
        return EndpointFailedError(
            f"SageMaker could not be asked about {endpoint_name} ({type(error).__name__})."
        )
    return from_status(endpoint_name, str(endpoint.endpoint_status), endpoint.failure_reason)


def _impatient_session() -> boto3.Session:
    """A session whose clients try twice and wait briefly: the SDK's own try for over 20 seconds."""
    # The SDK sets its own retries in code unless the environment says something.
    os.environ.setdefault("AWS_MAX_ATTEMPTS", "2")
    session = botocore.session.get_session()
    session.set_default_client_config(Config(connect_timeout=2, read_timeout=5))
    return boto3.Session(botocore_session=session)


def from_status(endpoint_name: str, status: str, failure_reason: Any = None) -> LoupeError | None:
    """The error for a status as DescribeEndpoint words it."""
    if status in COMING:
        return EndpointNotReadyError(f"The endpoint {endpoint_name} {COMING[status]}.")
    if status == "Failed":
        reason = failure_reason if isinstance(failure_reason, str) else "SageMaker gives no reason"
        return EndpointRejectedError(f"The endpoint {endpoint_name} failed: {reason}")
    if status == "Deleting":
        return EndpointNotFoundError(f"The endpoint {endpoint_name} is being deleted.")
    if status == "OutOfService":
        return EndpointRejectedError(f"The endpoint {endpoint_name} is out of service.")
    return None


def _from_describe_error(error: ClientError, endpoint_name: str) -> LoupeError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in ("ValidationException", "ValidationError", "ResourceNotFound"):
        return EndpointNotFoundError(f"There is no endpoint {endpoint_name} in this account and region.")
    if code.startswith("AccessDenied") or status in (401, 403):
        return AccessDeniedError(
            f"The endpoint {endpoint_name} cannot be called, "
            "and AWS refused sagemaker:DescribeEndpoint, which says why."
        )
    if code.startswith("Throttling") or status == 429:
        return EndpointThrottledError(f"SageMaker throttles questions about {endpoint_name}.")
    return EndpointFailedError(f"SageMaker could not say what became of {endpoint_name} ({code}).")
