"""What the API refuses, as exceptions. Each knows its HTTP status; its message is shown to the caller.

ApiError
├── BadRequestError            400  the request cannot be read, or a value is not allowed
│   └── UrlRefusedError        400  a URL that will not be fetched, or could not be
├── SignInRequiredError        401  the route needs a signed-in person
├── NotOwnerError              403  the thing belongs to somebody else
├── NotReviewerError           403  the person is in no group of reviewers
├── NotOperatorError           403  the person is in no group of operators
├── NotFoundError              404  no such group, image or path
├── MethodNotAllowedError      405  the path exists, the method does not
├── ConflictError              409  it cannot be done in the thing's present state
├── PayloadTooLargeError       413  more bytes than are taken
├── UnsupportedMediaTypeError  415  neither JSON nor, where pictures are taken, a picture
└── TooManyRequestsError       429  AWS is throttling; trying again later helps
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar


class ApiError(Exception):
    """A refusal with a status and a message for the caller."""

    status: ClassVar[HTTPStatus]

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = dict(headers or {})


class BadRequestError(ApiError):
    """The request cannot be read, or a value is not allowed."""

    status = HTTPStatus.BAD_REQUEST


class UrlRefusedError(BadRequestError):
    """A URL that will not be fetched, or could not be."""


class SignInRequiredError(ApiError):
    """The route needs a signed-in person."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, message: str = "Sign in to do this.") -> None:
        super().__init__(message, {"WWW-Authenticate": "Bearer"})


class NotOwnerError(ApiError):
    """The thing belongs to somebody else."""

    status = HTTPStatus.FORBIDDEN


class NotReviewerError(ApiError):
    """The person is in no group of reviewers."""

    status = HTTPStatus.FORBIDDEN


class NotOperatorError(ApiError):
    """The person is in no group of operators."""

    status = HTTPStatus.FORBIDDEN


class ConflictError(ApiError):
    """It cannot be done in the thing's present state."""

    status = HTTPStatus.CONFLICT


class NotFoundError(ApiError):
    """No such group, image or path."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowedError(ApiError):
    """The path exists, the method does not."""

    status = HTTPStatus.METHOD_NOT_ALLOWED


class PayloadTooLargeError(ApiError):
    """More bytes than are taken."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaTypeError(ApiError):
    """Neither JSON nor, where pictures are taken, a picture."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class TooManyRequestsError(ApiError):
    """AWS is throttling; trying again later helps."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, message: str = "Too many requests right now; try again in a moment.") -> None:
        super().__init__(message, {"Retry-After": "5"})
