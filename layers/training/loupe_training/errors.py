"""The errors that the training workflow adds to loupe_core's; their names stand in its Retry and Catch.

    LoupeError (loupe_core.errors)
    ├── PermanentError
    │   ├── DatasetNotFoundError          no such bucket, or nothing under the prefix
    │   ├── DatasetChangedError           somebody wrote to the dataset while it was copied
    │   ├── CopyFailedError               objects could not be copied
    │   ├── AccuracyTooLowError           the model is below the minimum on held-out pictures
    │   ├── LiveModelBetterError          the live model does better on the same pictures
    │   ├── DeploymentFailedError         the endpoint did not take the new model
    │   └── SupersededError               another model took the endpoint over
    └── TransientError
        ├── ServiceUnavailableError       an AWS service is busy, or does not answer
        ├── CleanupPendingError           (loupe_core.runs) something cannot be removed yet
        └── NotificationError             the topic did not take the message

A message is a sentence or two for a person: it goes into the e-mail.
"""

from loupe_core.errors import PermanentError, TransientError


class DatasetNotFoundError(PermanentError):
    """No such bucket, or nothing under the prefix."""


class DatasetChangedError(PermanentError):
    """Somebody wrote to the dataset while it was copied."""


class CopyFailedError(PermanentError):
    """Objects could not be copied; what is copied stays."""


class AccuracyTooLowError(PermanentError):
    """The model is below the minimum accuracy on pictures that training never saw."""


class LiveModelBetterError(PermanentError):
    """The live model does better on the same held-out pictures than chance explains."""


class DeploymentFailedError(PermanentError):
    """The endpoint did not take the new model; SageMaker has gone back to what served before."""


class SupersededError(PermanentError):
    """Another model took the endpoint over before this one was seen to be live."""


class ServiceUnavailableError(TransientError):
    """An AWS service is busy, or does not answer."""


class NotificationError(TransientError):
    """The topic did not take the message."""
