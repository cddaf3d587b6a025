"""The sure path: reviews whose execution is over are concluded, and reviewers are written to, in bundles."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from loupe_core.claims import iso, parse_time
from loupe_core.errors import LoupeError, RecordsUnavailableError, SupersededError
from loupe_core.executions import LOST, RUNNING, UNKNOWN, ExecutionState, failure_of
from loupe_core.finalizing import Topic
from loupe_core.observability import correlate, logger
from loupe_core.outcomes import Failure
from loupe_review import messages
from loupe_review.concluding import Concluder
from loupe_review.errors import AnswerNotFinalError, NotAnsweredError, ReviewNotFoundError, UnchangedError
from loupe_review.review import AUDIT, CONCLUDED, WAITING
from loupe_review.states import ReviewExecutions
from loupe_review.table import MAX_LOOKED_THROUGH

# The schedule looks this far back for executions that failed or were stopped: several of its runs.
ENDED_WITHIN = timedelta(minutes=15)
# Who stopped an execution has so long to redrive it.
ENDED_GRACE = timedelta(minutes=2)
# A decision is concluded within seconds; one that is older may have lost its execution.
DECIDED_BEFORE = timedelta(minutes=5)
# An execution that lives has timed out long before. Whose end the schedule missed is looked for once an hour.
OVERDUE_BY = timedelta(hours=1)
MAX_SWEPT = 200
MAX_COUNTED = 1000


class States(Protocol):
    """Step Functions, as sweeping uses it."""

    def state(self, arn: str) -> ExecutionState: ...

    def ended(self, machine_arn: str, since: datetime, until: datetime) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Sweeper:
    """Finishes what executions left. Every method may be repeated."""

    concluder: Concluder
    executions: ReviewExecutions
    states: States
    topic: Topic
    now: Callable[[], datetime]

    def sweep(self) -> dict[str, int]:
        """All of it; one that fails does not keep the others. Raises RecordsUnavailableError at the end."""
        finished = failed = 0
        for review_id, failure in self._without_execution().items():
            correlate({"executionArn": self.executions.arn(review_id)})
            try:
                finished += self._finish(review_id, failure)
            except LoupeError as error:
                failed += 1
                logger.error(str(error), extra={"error": type(error).__name__})
        if failed:
            raise RecordsUnavailableError(f"{failed} reviews could not be concluded; {finished} were.")
        return {"finished": finished, "written": int(self.write_to_reviewers())}

    def write_to_reviewers(self) -> bool:
        """The digest, where pictures came since the last one and that is long enough ago."""
        settings, reviews, now = self.concluder.settings, self.concluder.reviews, self.now()
        if not settings.digest_minutes:
            return False
        waiting = list(reviews.queue(WAITING, MAX_COUNTED))
        before = reviews.digest_sent_at()
        if before and parse_time(before) + timedelta(minutes=settings.digest_minutes) > now:
            return False
        if not any(each.created_at > before for each in waiting):
            return False
        if not reviews.claim_digest(iso(now), before):
            return False
        try:
            audited = sum(each.kind == AUDIT for each in waiting)
            self.topic.publish(messages.digest(len(waiting) - audited, audited, settings.page_url))
        except LoupeError:
            reviews.return_digest(iso(now), before)
            raise
        return True

    def _without_execution(self) -> dict[str, Failure]:
        """Reviews whose execution has ended without concluding them, and why it ended."""
        now = self.now()
        found: dict[str, Failure] = {}
        machine = self.concluder.settings.machine_arn
        for each in self.states.ended(machine, now - ENDED_WITHIN, now - ENDED_GRACE):
            found[str(each["executionArn"]).rpartition(":")[2]] = failure_of(each) or LOST
        reviews = self.concluder.reviews
        late = reviews.late(iso(now - DECIDED_BEFORE), MAX_SWEPT)
        if now.minute == 0:
            overdue = iso(now - OVERDUE_BY)
            # Anywhere among all that wait: the queue is in another order.
            waiting = reviews.queue(WAITING, MAX_LOOKED_THROUGH)
            missed = [each for each in waiting if each.due_at <= overdue]
            late += random.sample(missed, min(MAX_SWEPT, len(missed)))
        for review in late:
            if review.review_id in found:
                continue
            state = self.states.state(self.executions.arn(review.review_id))
            if state.status not in (RUNNING, UNKNOWN):
                found[review.review_id] = state.failure or LOST
        return found

    def _finish(self, review_id: str, failure: Failure) -> bool:
        try:
            if self.concluder.reviews.get(review_id).status == CONCLUDED:
                return False  # What is still to be notified of it, finalize_images notifies.
            made = self.concluder.conclude(review_id, failure)
        except (UnchangedError, SupersededError):
            return True
        except (AnswerNotFinalError, NotAnsweredError, ReviewNotFoundError):
            return False
        self.topic.publish(made["notification"])
        return True
