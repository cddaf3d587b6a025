"""The errors of the workflow. A class's name is the state machine's contract: it stands in Retry and Catch.

    LoupeError
    ├── PermanentError                    trying again cannot help: recorded and notified
    │   ├── InvalidInputError             the input lacks a bucket or key, or a value is of the wrong type
    │   ├── ImageNotFoundError            no such bucket, key or version
    │   ├── AccessDeniedError             AWS refused the workflow's role
    │   ├── UnsupportedImageError         not a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF
    │   ├── CorruptImageError             one of those, but truncated or broken
    │   ├── ImageTooLargeError            over 25 MB or 50 megapixels, or too much to decode
    │   ├── EndpointNotFoundError         no such endpoint
    │   ├── EndpointRejectedError         the endpoint failed for good, or answers what cannot be used
    │   ├── ThresholdConfidenceNotMetError  the best confidence is below the threshold
    │   ├── DuplicateError                nothing to classify: handled already, or a folder marker
    │   ├── SupersededError               the record is no longer this execution's
    │   ├── InReviewError                 not sure enough to decide alone: a person looks at it
    │   └── SmokeTestFailedError          a new model answers otherwise than in its evaluation
    └── TransientError                    retried by the state machine
        ├── EndpointNotReadyError         being created, updated or rolled back
        ├── EndpointThrottledError        throttled, by the endpoint or by the account
        ├── EndpointFailedError           5xx, a time-out or a broken connection
        ├── StorageUnavailableError       S3 answers 5xx or SlowDown
        ├── RecordsUnavailableError       DynamoDB throttles, fails or does not answer
        └── NotificationFailedError       SNS throttles, fails or does not answer

A message is a sentence or two for a person: it goes into the record and the e-mail, and never holds bytes
of a picture.
"""

from typing import ClassVar


class LoupeError(Exception):
    """Anything that the workflow names. `transient` says whether trying again can help; `routine`, that it is
    no failure, but a way in which most executions of a busy stack may end.
    """

    transient: ClassVar[bool] = False
    routine: ClassVar[bool] = False


class PermanentError(LoupeError):
    """Trying again gives the same answer."""


class TransientError(LoupeError):
    """Trying again later can help."""

    transient: ClassVar[bool] = True


class InvalidInputError(PermanentError):
    """The input lacks a bucket or key, or a value is of the wrong type."""


class ImageNotFoundError(PermanentError):
    """No such bucket, key or version."""


class AccessDeniedError(PermanentError):
    """AWS refused the workflow's role; the message names the action."""


class UnsupportedImageError(PermanentError):
    """Not a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF; empty."""


class CorruptImageError(PermanentError):
    """A picture of a supported format, but truncated or broken."""


class ImageTooLargeError(PermanentError):
    """Over 25 MB or 50 megapixels, or more than a function has memory or time to decode."""


class EndpointNotFoundError(PermanentError):
    """No such endpoint."""


class EndpointRejectedError(PermanentError):
    """The endpoint failed for good, its model refuses this picture, or its answer cannot be read."""


class ThresholdConfidenceNotMetError(PermanentError):
    """The best confidence is below the threshold. The message begins with THRESHOLD_CONFIDENCE_NOT_MET."""


class DuplicateError(PermanentError):
    """Nothing to classify: this version is handled already, is older than the record's, or is no picture."""

    routine: ClassVar[bool] = True


class SupersededError(PermanentError):
    """The record is no longer this execution's: a newer version, another execution or a deletion has it."""

    routine: ClassVar[bool] = True


class InReviewError(PermanentError):
    """The confidence lies between the two thresholds: recorded as IN_REVIEW, and a person decides."""

    routine: ClassVar[bool] = True


class SmokeTestFailedError(PermanentError):
    """A new model, hosted on a trial endpoint, answers pictures otherwise than in its evaluation."""


class EndpointNotReadyError(TransientError):
    """Being created, updated or rolled back."""


class EndpointThrottledError(TransientError):
    """Throttled, by the endpoint or by the account."""


class EndpointFailedError(TransientError):
    """The model answers 5xx, times out or breaks the connection."""


class StorageUnavailableError(TransientError):
    """S3 answers 5xx or SlowDown."""


class RecordsUnavailableError(TransientError):
    """DynamoDB throttles, fails or does not answer."""


class NotificationFailedError(TransientError):
    """SNS throttles, fails or does not answer."""


def named(name: str) -> type[LoupeError] | None:
    """The error of that class name, as a function that failed tells it; None for a name that is not ours."""
    found = globals().get(name)
    if not isinstance(found, type) or not issubclass(found, PermanentError | TransientError):
        return None
    return None if found in (PermanentError, TransientError) else found
