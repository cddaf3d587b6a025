"""What a reviewer does: take the next picture, answer, skip, take back. The same for page and command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from loupe_core.claims import iso
from loupe_review import rules
from loupe_review.errors import ReviewOverError, ReviewTakenError
from loupe_review.queueing import next_for
from loupe_review.review import LABEL, WAITING, Answer, Review
from loupe_review.table import ReviewsTable

# So many of those that wait are looked at together for the next one: enough to spread over classes.
LOOKED_AT = 100
# Others may wait behind those that this reviewer has answered or skipped: so many are read for one.
MAX_LOOKED_AT = 2000


@dataclass(frozen=True)
class Desk:
    """The reviews that wait, as one reviewer at a time works on them.

    Every method may be repeated; besides what it names, each raises AccessDeniedError and
    RecordsUnavailableError.
    """

    table: ReviewsTable
    now: Callable[[], datetime]

    def waiting(self, limit: int) -> list[Review]:
        """Those that wait, in their order."""
        return list(self.table.queue(WAITING, limit))

    def next(self, reviewer: str, recent: Sequence[str] = (), without: Sequence[str] = ()) -> Review | None:
        """Lease the best one to this reviewer; None where there is none for them.

        `recent` are labels of the pictures just seen, `without` ids of reviews not to give.
        """
        queue = self.table.queue(WAITING, MAX_LOOKED_AT, LOOKED_AT)
        while looked_at := list(islice(queue, LOOKED_AT)):
            others = [each for each in looked_at if each.review_id not in without]
            for each in next_for(others, reviewer, iso(self.now()), recent):
                try:
                    return self.lease(each.review_id, reviewer)
                except (ReviewOverError, ReviewTakenError):
                    continue  # Somebody was faster than the index.
        return None

    def lease(self, review_id: str, reviewer: str) -> Review:
        """Take a picture, or keep it for longer.

        Raises ReviewNotFoundError, ReviewOverError, ReviewTakenError.
        """
        return self.table.change(review_id, lambda seen: rules.leased(seen, reviewer, self.now()))

    def answer(
        self,
        review_id: str,
        reviewer: str,
        choice: str,
        label: str = "",
        *,
        guess_shown: bool = False,
        seconds: float | None = None,
    ) -> Review:
        """Answer, with a lease or without.

        Raises ReviewNotFoundError, ReviewOverError, ReviewTakenError, InvalidInputError.
        """
        answer = Answer(reviewer, choice, iso(self.now()), label.strip(), guess_shown, seconds)
        changed = self.table.change(review_id, lambda seen: rules.answered(seen, answer, self.now()))
        if choice == LABEL:
            self.table.add_labels({answer.label})
        return changed

    def skip(self, review_id: str, reviewer: str) -> Review:
        """Leave a picture to others. Raises ReviewNotFoundError, ReviewOverError."""
        return self.table.change(review_id, lambda seen: rules.skipped(seen, reviewer, self.now()))

    def undo(self, review_id: str, reviewer: str) -> Review:
        """Take an answer back within ten seconds. Raises ReviewNotFoundError, UndoTooLateError."""
        return self.table.change(review_id, lambda seen: rules.undone(seen, reviewer, self.now()))
