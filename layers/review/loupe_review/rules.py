"""What may happen to a review, and what it becomes. Pure: a review and a clock in, the changed review out."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from loupe_core.claims import iso, parse_time
from loupe_core.errors import InvalidInputError
from loupe_core.outcomes import Failure
from loupe_review.errors import ReviewOverError, ReviewTakenError, UndoTooLateError
from loupe_review.review import (
    ABORTED,
    CHOICES,
    CONCLUDED,
    DECIDED,
    LABEL,
    SUPERSEDED,
    TIMED_OUT,
    WAITING,
    Answer,
    Decision,
    Review,
)

LEASE = timedelta(minutes=5)
UNDO_WITHIN = timedelta(seconds=10)
MAX_LABEL_LENGTH = 256
# Step Functions' clock and a function's need not agree to the second.
DUE_TOLERANCE = timedelta(minutes=1)
# Sorts behind everything that was not escalated.
ESCALATED_ORDER = "9"


def leased(review: Review, reviewer: str, now: datetime) -> Review:
    """This reviewer's for five minutes from now; also how a lease is renewed.

    Raises ReviewOverError, and ReviewTakenError where another has it or this one has answered.
    """
    _require_waiting(review)
    if review.has_answered(reviewer):
        raise ReviewTakenError("You have answered this one; others look at it, too.")
    if review.leased(iso(now)) and review.reviewer != reviewer:
        raise ReviewTakenError("Somebody else is looking at this picture.")
    return review.changed(reviewer=reviewer, lease_until=iso(now + LEASE))


def skipped(review: Review, reviewer: str, now: datetime) -> Review:
    """Not answered by this reviewer, who does not get it again; anybody else may have it."""
    _require_waiting(review)
    mine = review.reviewer == reviewer
    return review.changed(
        skipped=tuple(sorted({*review.skipped, reviewer})),
        reviewer="" if mine else review.reviewer,
        lease_until="" if mine else review.lease_until,
    )


def answered(review: Review, answer: Answer, now: datetime) -> Review:
    """With this answer, and decided where it was the last one needed.

    Whoever holds no lease may answer, too, unless somebody else holds one: a lease that ended while a person
    was thinking costs them nothing. The same answer given twice, as when the first one's acknowledgement was
    lost, counts once. Raises ReviewOverError, ReviewTakenError, InvalidInputError.
    """
    require_valid(answer)
    if any((each.reviewer, each.vote) == (answer.reviewer, answer.vote) for each in review.answers):
        return review
    review = leased(review, answer.reviewer, now)
    answers = (*review.answers, answer)
    winner = verdict(answers, review.required)
    decision = Decision(winner.choice, answer.at, winner.label) if winner else None
    return replace(
        review,
        answers=answers,
        reviewer="",
        lease_until="",
        decision=decision,
        status=DECIDED if decision else WAITING,
    )


def undone(review: Review, reviewer: str, now: datetime) -> Review:
    """Without this reviewer's answer, and theirs again for five minutes. Raises UndoTooLateError."""
    last = review.answers[-1] if review.answers else None
    if review.status == WAITING and review.reviewer == reviewer and _withdrew(review, reviewer):
        return review
    if review.status == CONCLUDED or last is None or last.reviewer != reviewer:
        raise UndoTooLateError("There is no answer of yours that could be taken back.")
    if parse_time(last.at) + UNDO_WITHIN < now:
        raise UndoTooLateError("An answer can be taken back for ten seconds only.")
    return review.changed(
        answers=review.answers[:-1],
        withdrawn=(*review.withdrawn, last),
        decision=None,
        status=WAITING,
        reviewer=reviewer,
        lease_until=iso(now + LEASE),
    )


def overdue(review: Review, now: datetime, timeout: timedelta) -> Review:
    """What its time being over makes of it: waiting for a second time, behind all others; then timed out.

    A review that is not due, or no longer waits, stays as it is: asked twice about one timeout, this answers
    alike.
    """
    if review.status != WAITING or now + min(DUE_TOLERANCE, timeout / 2) < parse_time(review.due_at):
        return review
    if review.escalated:
        return _ended(review, Decision(TIMED_OUT, iso(now)))
    order = ESCALATED_ORDER + review.order
    return review.changed(escalated=True, due_at=iso(now + timeout), order=order)


def superseded(review: Review, now: datetime) -> Review:
    """A newer version, another execution or a deletion has the picture."""
    return _ended(review, Decision(SUPERSEDED, iso(now)))


def aborted(review: Review, now: datetime, failure: Failure) -> Review:
    """Its execution is over, and nobody had answered."""
    return _ended(review, Decision(ABORTED, iso(now), error=failure.name, cause=failure.cause))


def concluded(review: Review) -> Review:
    return review.changed(status=CONCLUDED, reviewer="", lease_until="")


def is_final(review: Review, now: datetime) -> bool:
    """Whether what was decided can no longer be taken back."""
    decision = review.decision
    if decision is None:
        return False
    return decision.outcome not in CHOICES or parse_time(decision.at) + UNDO_WITHIN < now


def verdict(answers: tuple[Answer, ...], required: int) -> Answer | None:
    """The answer that most have given, once enough have; None while more are needed, as after a tie."""
    if len(answers) < required:
        return None
    counted = Counter(each.vote for each in answers).most_common(2)
    if len(counted) > 1 and counted[0][1] == counted[1][1]:
        return None
    return next(each for each in answers if each.vote == counted[0][0])


def require_valid(answer: Answer) -> None:
    """Raises InvalidInputError."""
    if answer.choice not in CHOICES:
        raise InvalidInputError(f"An answer is one of {', '.join(CHOICES)}.")
    if (answer.choice == LABEL) != bool(answer.label.strip()):
        raise InvalidInputError("An answer has a label where, and only where, it is LABEL.")
    if len(answer.label) > MAX_LABEL_LENGTH or not answer.label.isprintable():
        raise InvalidInputError(f"A label is at most {MAX_LABEL_LENGTH} printable characters.")


def _withdrew(review: Review, reviewer: str) -> bool:
    return bool(review.withdrawn) and review.withdrawn[-1].reviewer == reviewer


def _require_waiting(review: Review) -> None:
    if review.status != WAITING:
        raise ReviewOverError("This picture waits for nobody any more.")


def _ended(review: Review, decision: Decision) -> Review:
    _require_waiting(review)
    return review.changed(status=DECIDED, decision=decision, reviewer="", lease_until="")
