"""Step Functions, as reviews use it. boto3's errors become ours here."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.errors import AccessDeniedError, LoupeError, RecordsUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
# Nobody waits for the token any more: it was used, it timed out, or the execution is over.
SPENT = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}


class ReviewExecutions:
    """Executions of review_image, each called as its review."""

    def __init__(self, machine_arn: str, client: "SFNClient | None" = None) -> None:
        self._machine = machine_arn
        self._client: Any = client or boto3.client("stepfunctions", config=CONFIG)

    def start(self, name: str, execution_input: Mapping[str, object]) -> None:
        """Start it, unless it was started before."""
        try:
            self._client.start_execution(
                stateMachineArn=self._machine, name=name, input=json.dumps(execution_input)
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise named(error, "states:StartExecution") from error
        except BotoCoreError as error:
            raise failed(error) from error

    def arn(self, name: str) -> str:
        """The ARN of the execution of that name."""
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"


class Doorbell:
    """Wakes an execution that waits for a token."""

    def __init__(self, client: "SFNClient | None" = None) -> None:
        self._client: Any = client or boto3.client("stepfunctions", config=CONFIG)

    def ring(self, token: str) -> bool:
        """Send the token; False where nobody waits for it. No message names it."""
        try:
            self._client.send_task_success(taskToken=token, output="{}")
        except ClientError as error:
            if code_of(error) in SPENT:
                return False
            # Not as its cause: a client's error may hold what was sent.
            raise named(error, "states:SendTaskSuccess") from None
        except BotoCoreError as error:
            raise failed(error) from None
        return True


def code_of(error: ClientError) -> str:
    """AWS's name of the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def named(error: ClientError, action: str) -> LoupeError:
    """The error as ours; `action` is IAM's name of the call."""
    if code_of(error) in ("AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"):
        return AccessDeniedError(f"AWS refused {action} ({code_of(error)}).")
    return RecordsUnavailableError(f"Step Functions answered {code_of(error)} to {action}.")


def failed(error: BotoCoreError) -> LoupeError:
    """AWS could not be asked."""
    return RecordsUnavailableError(f"Step Functions failed ({type(error).__name__}).")
