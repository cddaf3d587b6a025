"""DynamoDB's errors become ours here."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.errors import AccessDeniedError, RecordsUnavailableError

DENIED = {"AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"}


class ConditionFailedError(Exception):
    """The item is not as it was expected: somebody else was faster."""


@contextmanager
def named_errors(action: str, table: str) -> Iterator[None]:
    """`action` is IAM's name of the call, `table` what people call the table.

    Raises ConditionFailedError, AccessDeniedError, RecordsUnavailableError.
    """
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code == "ConditionalCheckFailedException":
            raise ConditionFailedError from error
        if code in DENIED:
            raise AccessDeniedError(f"AWS refused {action} on the {table} table ({code}).") from error
        raise RecordsUnavailableError(f"DynamoDB answered {code} to {action}.") from error
    except BotoCoreError as error:
        raise RecordsUnavailableError(f"DynamoDB failed ({type(error).__name__}).") from error
