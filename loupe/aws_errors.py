"""Turn what boto3 raises into the command's own errors, once."""

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from loupe.errors import CommandError, CredentialsError, ServiceError, TargetError

EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
UNKNOWN_CREDENTIALS = (
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
)
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")
SIGN_IN = "Sign in again (`aws sso login`, `aws configure`) or name another profile."


@contextmanager
def translate_errors(where: str) -> Iterator[None]:
    """`where` is the target's name, for the message. Raises CommandError's subclasses only."""
    try:
        yield
    except ClientError as error:
        raise _from_client_error(error, where) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise CredentialsError(f"{error}. {SIGN_IN}") from error
    except (
        UnauthorizedSSOTokenError,
        SSOTokenLoadError,
        TokenRetrievalError,
        CredentialRetrievalError,
    ) as error:
        raise CredentialsError(f"Your AWS session has ended. {SIGN_IN}") from error
    except (EndpointConnectionError, ConnectTimeoutError, ConnectionClosedError) as error:
        raise TargetError(f"Nothing answers at {where}. Is it running? `loupe status` tells.") from error
    except ReadTimeoutError as error:
        raise TargetError(f"{where} does not answer in time.") from error
    except BotoCoreError as error:
        raise ServiceError(str(error)) from error


@contextmanager
def uploading() -> Iterator[None]:
    """What boto3's transfers wrap comes out as the service said it, for `translate_errors` around it."""
    try:
        yield
    except S3UploadFailedError as error:
        cause = error.__cause__ or error.__context__
        raise cause if isinstance(cause, ClientError) else ServiceError(str(error)) from error


def _from_client_error(error: ClientError, where: str) -> CommandError:
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", "")).strip()
    if code in EXPIRED:
        return CredentialsError(f"Your AWS credentials have expired. {SIGN_IN}")
    if code in UNKNOWN_CREDENTIALS:
        return CredentialsError(f"{where} does not know your credentials ({code}). {SIGN_IN}")
    if code in DENIED:
        return CredentialsError(f"You may not call {error.operation_name}: {message or code}")
    return ServiceError(f"{error.operation_name}: {message or code} ({code})")


def error_code(error: ClientError) -> str:
    """AWS's name of the error; S3's HEAD answers have only the HTTP status here."""
    return str(error.response.get("Error", {}).get("Code", ""))
