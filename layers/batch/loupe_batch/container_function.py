"""The container stack's function in an endpoint's place: picture in, answer out.

It scales by itself and costs nothing while nobody asks. Its contract is classify_image_data's. boto3's errors
become ours here.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core import errors
from loupe_core.errors import (
    AccessDeniedError,
    EndpointFailedError,
    EndpointNotFoundError,
    EndpointRejectedError,
    EndpointThrottledError,
    LoupeError,
)

# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
THROTTLED = {"TooManyRequestsException", "EC2ThrottledException", "ThrottlingException"}
DENIED = {"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "KMSAccessDeniedException"}
MAX_REASON_LENGTH = 300


class ContainerFunction:
    """A function with a model inside."""

    def __init__(self, arn: str, timeout_seconds: float, client: Any = None) -> None:
        self._arn = arn
        self._client: Any = client or boto3.client(
            "lambda",
            # One attempt: whoever asks tries again, and knows for how long.
            config=Config(connect_timeout=2, read_timeout=timeout_seconds, retries={"total_max_attempts": 1}),
        )

    def infer(self, picture: bytes) -> object:
        """The model's answer to a JPEG or PNG, as it came.

        Raises one of the Endpoint… errors or AccessDeniedError, and what the function itself fails with.
        """
        body = {"image_data": base64.b64encode(picture).decode(), "s3_bucket": "batch", "s3_key": "picture"}
        try:
            answer = self._client.invoke(
                FunctionName=self._arn, Payload=json.dumps({"statusCode": 200, "body": body})
            )
            payload = json.loads(answer["Payload"].read())
        except ClientError as error:
            raise self._translated(error) from error
        except BotoCoreError as error:
            raise EndpointFailedError(f"{self._arn} got no answer ({type(error).__name__}).") from error
        except ValueError as error:
            raise EndpointFailedError(f"{self._arn} does not answer JSON.") from error
        if "FunctionError" in answer:
            raise self._own(payload)
        try:
            return payload["body"]["inferences"]
        except (KeyError, TypeError) as error:
            raise EndpointRejectedError(
                f"{self._arn} does not answer as classify_image_data does: it lacks inferences."
            ) from error

    def _own(self, payload: Any) -> LoupeError:
        """The function's error by its own name, where it is one of ours."""
        said: Mapping[str, Any] = payload if isinstance(payload, Mapping) else {}
        kind = getattr(errors, str(said.get("errorType", "")), None)
        message = str(said.get("errorMessage", ""))[:MAX_REASON_LENGTH]
        if isinstance(kind, type) and issubclass(kind, LoupeError) and kind is not LoupeError:
            return kind(message)
        return EndpointFailedError(f"{self._arn} failed: {said.get('errorType', 'no reason')}: {message}")

    def _translated(self, error: ClientError) -> LoupeError:
        code = str(error.response.get("Error", {}).get("Code", ""))
        message = str(error.response.get("Error", {}).get("Message", ""))[:MAX_REASON_LENGTH]
        if code == "ResourceNotFoundException":
            return EndpointNotFoundError(f"There is no function {self._arn}.")
        if code in DENIED:
            return AccessDeniedError(f"AWS refused lambda:InvokeFunction on {self._arn}: {message}")
        if code in THROTTLED:
            return EndpointThrottledError(f"{self._arn} is throttled: {message}")
        if code == "RequestTooLargeException":
            return EndpointRejectedError(f"The picture is too large for {self._arn}: {message}")
        return EndpointFailedError(f"Lambda failed while calling {self._arn}: {code}: {message}")
