"""boto3's errors become ours here."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from loupe_core.errors import AccessDeniedError, LoupeError
from loupe_training.errors import ServiceUnavailableError

DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "403",
    "Forbidden",
    "AuthorizationError",
}
MISSING_MESSAGE = "Could not find"
BUSY = {"Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown", "RequestTimeout"}


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", "")) or code_of(error)


def is_denied(error: ClientError) -> bool:
    """Whether AWS refused the caller, by IAM or by a policy of the resource."""
    return code_of(error) in DENIED or "not authorized to perform" in message_of(error)


def is_missing(error: ClientError) -> bool:
    """Whether SageMaker says that there is no such thing: it answers ValidationException with these words."""
    return MISSING_MESSAGE in message_of(error)


def is_transient(error: ClientError) -> bool:
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status >= 500 or status == 429 or code_of(error) in BUSY


@contextmanager
def translated(action: str) -> Iterator[None]:
    """`action` is IAM's name of the call. Raises AccessDeniedError or ServiceUnavailableError.

    Any other ClientError passes: what it means is the caller's to say.
    """
    try:
        yield
    except ClientError as error:
        translation = _translate(error, action)
        if translation is None:
            raise
        raise translation from error
    except NoCredentialsError as error:
        raise AccessDeniedError(f"No AWS credentials for {action}.") from error
    except BotoCoreError as error:
        raise ServiceUnavailableError(f"{action} got no answer ({type(error).__name__}).") from error


def _translate(error: ClientError, action: str) -> LoupeError | None:
    if is_denied(error):
        return AccessDeniedError(f"{action} was refused: {message_of(error)}")
    if is_transient(error):
        return ServiceUnavailableError(f"{action} failed: {message_of(error)}")
    return None
