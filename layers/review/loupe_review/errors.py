"""The errors of reviews. A class's name is the state machine's contract, as in loupe_core.errors.

    PermanentError
    ├── NotAnsweredError         the execution was woken, but nobody has decided
    ├── AnswerNotFinalError      who answered may still take it back
    ├── UnchangedError           the review changes nothing about the record: an audit that agrees
    ├── ReviewNotFoundError      no such review
    ├── ReviewOverError          it is decided, and takes no answer any more
    ├── ReviewTakenError         another reviewer has it, or this one has answered it
    ├── UndoTooLateError         the ten seconds are over, or the answer is not the last one
    ├── NoLabelFitsError         recorded: a person found that none of the labels fits
    ├── UnusableImageError       recorded: a person found the picture unusable
    └── ReviewTimedOutError      recorded: nobody answered in time

The last three are never raised: they are the reasons for which a record is REJECTED.
"""

from typing import ClassVar

from loupe_core.errors import PermanentError


class NotAnsweredError(PermanentError):
    """The execution was woken, but nobody has decided: it goes on waiting."""

    routine: ClassVar[bool] = True


class AnswerNotFinalError(PermanentError):
    """Who answered may still take the answer back."""

    routine: ClassVar[bool] = True


class UnchangedError(PermanentError):
    """The review changes nothing about the record: an audit that agrees, or that nobody answered."""

    routine: ClassVar[bool] = True


class ReviewNotFoundError(PermanentError):
    """No such review."""


class ReviewOverError(PermanentError):
    """The review is decided: by others, by time, by a newer version or a deletion."""


class ReviewTakenError(PermanentError):
    """Another reviewer has it for the time being, or this one has answered it already."""


class UndoTooLateError(PermanentError):
    """The answer is not this reviewer's last one, or can no longer be taken back."""


class NoLabelFitsError(PermanentError):
    """A person found that none of the labels fits the picture."""


class UnusableImageError(PermanentError):
    """A person found that the picture shows nothing that could be named."""


class ReviewTimedOutError(PermanentError):
    """Nobody answered in time, not even after the escalation."""
