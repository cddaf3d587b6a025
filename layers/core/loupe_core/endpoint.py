"""The SageMaker endpoint: picture in, answer out. boto3's errors become ours here.

The hot path is boto3's `sagemaker-runtime` alone. Only when the endpoint cannot be called does
`endpoint_diagnosis` load the SageMaker SDK to find out why.
"""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from loupe_core.errors import (
    AccessDeniedError,
    EndpointFailedError,
    EndpointNotReadyError,
    EndpointRejectedError,
    EndpointThrottledError,
    InvalidInputError,
    LoupeError,
    UnsupportedImageError,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

Diagnosis = Callable[[str], LoupeError | None]

MAX_ANSWER_BYTES = 4 * 1024 * 1024
MAX_REASON_LENGTH = 300
THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "ServiceQuotaExceededException"}
DENIED = {"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "ExpiredTokenException"}
DENIED |= {"InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationTokenException"}
CONTENT_TYPES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


class _RefusedInServiceError(EndpointRejectedError):
    """SageMaker refused the call, and then said that the endpoint is in service."""


class ClassificationEndpoint:
    """A hosted image classifier."""

    def __init__(
        self,
        name: str,
        timeout_seconds: float,
        client: "SageMakerRuntimeClient | None" = None,
        diagnose: Diagnosis | None = None,
    ) -> None:
        self._name = name
        self._diagnose = diagnose or _diagnose_with_sdk
        self._client: Any = client or boto3.client(
            "sagemaker-runtime",
            # One attempt: the state machine retries, and a second try would outlast the function.
            config=Config(connect_timeout=2, read_timeout=timeout_seconds, retries={"total_max_attempts": 1}),
        )

    def infer(self, picture: bytes) -> object:
        """The model's answer to a JPEG or PNG, as it came, parsed from JSON.

        Raises one of the Endpoint… errors, AccessDeniedError, or UnsupportedImageError for other bytes.
        """
        try:
            return self._ask(picture)
        except _RefusedInServiceError:
            # It may have come into service since: only a second refusal counts.
            try:
                return self._ask(picture)
            except _RefusedInServiceError as error:
                raise EndpointRejectedError(str(error)) from error

    def _ask(self, picture: bytes) -> object:
        media_type = content_type(picture)
        try:
            answer = self._client.invoke_endpoint(
                EndpointName=self._name, ContentType=media_type, Accept="application/json", Body=picture
            )
            text = answer["Body"].read(MAX_ANSWER_BYTES + 1)
        except ClientError as error:
            raise self._from_client_error(error) from error
        except ParamValidationError as error:
            raise InvalidInputError(f"{self._name!r} is not a valid endpoint name.") from error
        except NoCredentialsError as error:
            raise AccessDeniedError("No AWS credentials for sagemaker:InvokeEndpoint.") from error
        except ReadTimeoutError as error:
            raise EndpointFailedError(f"The endpoint {self._name} did not answer in time.") from error
        except BotoCoreError as error:
            raise EndpointFailedError(
                f"The connection to the endpoint {self._name} failed ({type(error).__name__})."
            ) from error
        return self._parse(text)

    def _parse(self, text: bytes) -> object:
        if len(text) > MAX_ANSWER_BYTES:
            raise EndpointRejectedError(f"The endpoint {self._name} answers more than 4 MB.")
        try:
            parsed: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise EndpointRejectedError(f"The endpoint {self._name} does not answer JSON.") from error
        return parsed

    def _from_client_error(self, error: ClientError) -> LoupeError:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        message = _readable(str(error.response.get("Error", {}).get("Message", "")))
        if code == "ModelError":
            return self._from_model_error(error, message)
        if code == "ModelNotReadyException":
            return EndpointNotReadyError(f"The endpoint {self._name} is still loading its model.")
        if code in THROTTLED or status == 429:
            return EndpointThrottledError(f"The endpoint {self._name} is throttled: {message}")
        if code in DENIED or status in (401, 403):
            return AccessDeniedError(f"AWS refused sagemaker:InvokeEndpoint on {self._name}: {message}")
        if code in ("ValidationError", "ValidationException"):
            refused = _RefusedInServiceError(f"SageMaker refused the call to {self._name}: {message}")
            return self._diagnose(self._name) or refused
        if 400 <= status < 500:
            return EndpointRejectedError(f"SageMaker refused the call to {self._name}: {code}: {message}")
        return EndpointFailedError(f"SageMaker failed while calling {self._name}: {code}: {message}")

    def _from_model_error(self, error: ClientError, message: str) -> LoupeError:
        """The container's own status decides. 0 or none means that it timed out or crashed."""
        details: dict[str, Any] = dict(error.response)
        status = int(details.get("OriginalStatusCode") or 0)
        reason = _readable(str(details.get("OriginalMessage") or message))
        if status == 429:
            return EndpointThrottledError(f"The model at {self._name} is throttled: {reason}")
        if 400 <= status < 500:
            return EndpointRejectedError(
                f"The model at {self._name} refused the picture ({status}): {reason}"
            )
        return EndpointFailedError(f"The model at {self._name} failed ({status or 'no status'}): {reason}")


def _diagnose_with_sdk(endpoint_name: str) -> LoupeError | None:
    from loupe_core.endpoint_diagnosis import diagnose

    return diagnose(endpoint_name)


def content_type(picture: bytes) -> str:
    """The media type of a model input by its first bytes. Raises UnsupportedImageError."""
    for magic, media_type in CONTENT_TYPES:
        if picture.startswith(magic):
            return media_type
    raise UnsupportedImageError("The model input is neither a JPEG nor a PNG.")


def _readable(text: str) -> str:
    """A model's own words on one line, without control characters, and cut: they may echo its input."""
    line = re.sub(r"[^\x20-\x7e\u00a0-\ud7ff]+", " ", text).strip()
    return line if len(line) <= MAX_REASON_LENGTH else line[: MAX_REASON_LENGTH - 1] + "…"
