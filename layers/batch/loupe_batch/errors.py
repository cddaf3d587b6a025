"""The errors of the batch workflow, beside loupe_core's. A class's name is the state machine's contract.

LoupeError
├── PermanentError
│   ├── SourceNotFoundError       no such bucket, list or manifest
│   ├── EmptySourceError          the source names no picture
│   ├── SourceUnreadableError     a list or manifest that is not what its name says
│   ├── SourceTooLargeError       more pictures than one run lists
│   ├── RunNotFoundError          the run to resume has left nothing
│   ├── HostingFailedError        the temporary endpoint did not come into service
│   ├── ImageArchivedError        (a row's) in Glacier, and not restored
│   ├── PictureLostError          (a row's) the function died at this picture
│   └── NotStartedError           (a row's) the run ended before the picture's turn
└── TransientError
    ├── CleanupPendingError       (loupe_core.runs) something cannot be removed yet
    └── ServiceUnavailableError   SageMaker throttles, fails or does not answer
"""

from loupe_core.errors import PermanentError, TransientError


class SourceNotFoundError(PermanentError):
    """No such bucket, list or manifest."""


class EmptySourceError(PermanentError):
    """The source names no picture."""


class SourceUnreadableError(PermanentError):
    """A list or an inventory's manifest that cannot be understood."""


class SourceTooLargeError(PermanentError):
    """More pictures than can be listed in one call."""


class RunNotFoundError(PermanentError):
    """The run to resume has left no rows."""


class HostingFailedError(PermanentError):
    """The temporary endpoint did not come into service."""


class ImageArchivedError(PermanentError):
    """The picture is archived and must be restored before it can be read."""


class PictureLostError(PermanentError):
    """The function that classifies died or ran out of time at this picture, more than once."""


class NotStartedError(PermanentError):
    """The run ended before this picture's turn."""


class ServiceUnavailableError(TransientError):
    """SageMaker throttles, fails or does not answer."""
