"""The function that classifies in the endpoint's place, asked as the workflow asks it."""

import base64
import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core import errors
from loupe_core.contract import ImageReference, contract

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

THROTTLED = ("TooManyRequestsException", "EC2ThrottledException", "ENILimitReachedException")
# The contract names a place, which a picture that is posted or one of a batch needs not.
NOWHERE = ImageReference("predict", "picture")


class ClassifierFunction:
    """A Lambda function with classify_image_data's contract and a model of its own."""

    def __init__(self, function: str, timeout_seconds: float, client: "LambdaClient | None" = None) -> None:
        self._function = function
        self._client: Any = client or boto3.client(
            "lambda",
            # One attempt: whoever asks tries again, and knows for how long.
            config=Config(connect_timeout=2, read_timeout=timeout_seconds, retries={"total_max_attempts": 1}),
        )

    def infer(self, picture: bytes) -> object:
        """The model's answer to a JPEG or PNG, as it came: what an endpoint's `infer` gives.

        Raises one of the Endpoint… errors or AccessDeniedError, and what the function itself fails with.
        """
        data = base64.b64encode(picture).decode()
        answer = self._invoke({"statusCode": 200, "body": contract(NOWHERE, data, [])["body"]})
        body = answer.get("body") if isinstance(answer, dict) else None
        if not isinstance(body, dict) or "inferences" not in body:
            raise errors.EndpointRejectedError(
                f"The function {self._function} does not answer as classify_image_data does: it lacks "
                "body.inferences."
            )
        inferences: object = body["inferences"]
        return inferences

    def _invoke(self, event: dict[str, Any]) -> object:
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=json.dumps(event))
            payload: object = json.loads(answer["Payload"].read())
        except ClientError as error:
            raise self._from_client_error(error) from error
        except BotoCoreError as error:
            raise errors.EndpointFailedError(
                f"The function {self._function} did not answer ({type(error).__name__})."
            ) from error
        except ValueError as error:
            raise errors.EndpointRejectedError(
                f"The function {self._function} does not answer JSON."
            ) from error
        if answer.get("FunctionError"):
            raise _from_function_error(payload)
        return payload

    def _from_client_error(self, error: ClientError) -> errors.LoupeError:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code in THROTTLED or status == 429:
            return errors.EndpointThrottledError(f"The function {self._function} is throttled.")
        if code == "ResourceNotFoundException":
            return errors.EndpointNotFoundError(f"There is no function {self._function}.")
        if code.startswith("AccessDenied") or status in (401, 403):
            return errors.AccessDeniedError(
                f"AWS refused lambda:InvokeFunction on {self._function} ({code})."
            )
        if status >= 500 or code == "ResourceNotReadyException":
            return errors.EndpointFailedError(f"Lambda failed for {self._function}: {code}.")
        return errors.EndpointRejectedError(f"Lambda refused the call to {self._function}: {code}.")


def _from_function_error(payload: object) -> errors.LoupeError:
    """The function's exception, by its name; what it does not share with us is a failure of the model."""
    told = payload if isinstance(payload, dict) else {}
    kind = errors.named(str(told.get("errorType", ""))) or errors.EndpointFailedError
    return kind(str(told.get("errorMessage", "The function failed and did not say why.")))
