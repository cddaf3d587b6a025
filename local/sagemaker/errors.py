"""The errors of SageMaker's API and of its runtime, worded as AWS words them.

AwsServiceError
├── ValidationException, ResourceInUse, ResourceNotFound   the API's
└── ValidationError, ModelError, ServiceUnavailable …      the runtime's

DeploymentError and JobError are the reasons that a failed endpoint or job shows; they never answer a request.
"""

import uuid
from typing import Any

from local.aws_json import AwsServiceError


class DeploymentError(Exception):
    """An endpoint's variants could not be brought up; the message is its FailureReason."""


class JobError(Exception):
    """A training or processing job failed; the message is its FailureReason."""


class ImageNotFoundError(Exception):
    """No command stands for this image."""


class ArtifactError(Exception):
    """Something in S3 could not be read, or is not what it should be."""


def validation_error(message: str) -> AwsServiceError:
    return AwsServiceError("ValidationException", message)


def not_found(kind: str, arn: str) -> AwsServiceError:
    return validation_error(f'Could not find {kind} "{arn}".')


def already_exists(kind: str, arn: str) -> AwsServiceError:
    return validation_error(f'Cannot create already existing {kind} "{arn}".')


def in_progress(arn: str) -> AwsServiceError:
    return validation_error(f'Cannot update in-progress endpoint "{arn}".')


def runtime_validation_error(message: str, **members: Any) -> AwsServiceError:
    return AwsServiceError("ValidationError", message, **members)


def service_unavailable(endpoint: str) -> AwsServiceError:
    return AwsServiceError(
        "ServiceUnavailable", f"No healthy instance of endpoint {endpoint} is available.", 503
    )


def throttled() -> AwsServiceError:
    return AwsServiceError("ThrottlingException", "Rate exceeded", 429)


def payload_too_large(limit: int) -> AwsServiceError:
    return AwsServiceError("413", f"HTTP content length exceeded {limit} bytes.", 413)


def oversize_body() -> AwsServiceError:
    return runtime_validation_error(f"Request {uuid.uuid4()} has oversize body.")


def model_error(
    received: str, *, status: int, original: str, log_group: str, log_stream_arn: str
) -> AwsServiceError:
    """424: the model's own failure; `received` begins as AWS's does, the pointer to the log is added."""
    region, account = log_stream_arn.split(":")[3:5]
    console = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={log_group}"
    message = f"{received}. See {console} in account {account} for more information."
    members = {"OriginalStatusCode": status, "OriginalMessage": original, "LogStreamArn": log_stream_arn}
    return AwsServiceError("ModelError", message, 424, **members)
