"""A training starts by itself after enough new answers. What comes of it the training decides and reports, as
of any other: its trial endpoint, the least accuracy, the live model on the same pictures.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from loupe_core.claims import iso
from loupe_core.errors import LoupeError
from loupe_core.finalizing import Topic
from loupe_review import messages
from loupe_review.publishing import ReviewedDataset
from loupe_review.review import LABEL, Review
from loupe_review.settings import RetrainSettings
from loupe_review.table import ReviewsTable

# Answers that are older and were in no training are not waited for any more.
COUNTED_WITHIN = timedelta(days=90)
# What SageMaker takes of an execution's name as the beginning of a job's.
MAX_STEM_LENGTH = 20


class Trainings(Protocol):
    """The training workflow's executions, as retraining uses them."""

    def running(self) -> bool: ...

    def last_given(self) -> Mapping[str, Any] | None: ...

    def start(self, name: str, given: str) -> None: ...


@dataclass(frozen=True)
class Retraining:
    """The last one: until which moment answers were counted, and the execution, started or about to be."""

    until: str = ""
    execution: str = ""
    given: str = ""
    started: bool = True
    revision: int = 0


@dataclass(frozen=True)
class Retrainer:
    """Starts trainings. Every method may be repeated, and raises LoupeError where AWS fails."""

    settings: RetrainSettings
    reviews: ReviewsTable
    dataset: ReviewedDataset
    trainings: Trainings
    topic: Topic
    now: Callable[[], datetime]

    def run(self) -> dict[str, Any]:
        """`{answers, execution}`: how many new answers were counted, and the execution that was started.

        Two runs at the same time start one: the item that says which execution is next is written first, on
        the condition that nobody wrote it since. A run that dies after that is finished by the next one.
        """
        last = Retraining(**self.reviews.retraining())
        if not last.started:
            return {"answers": 0, "execution": self._start(last)}
        if self.trainings.running():
            return {"answers": 0, "execution": ""}
        new = self._new_answers(last.until)
        if len(new) < self.settings.after:
            return {"answers": len(new), "execution": ""}
        return {"answers": len(new), "execution": self._begin(last, new)}

    def _new_answers(self, until: str) -> list[Review]:
        """Pictures that people gave a label since then, in order of time."""
        since = max(until, iso(self.now() - COUNTED_WITHIN))
        return [
            each
            for each in self.reviews.decided(since, iso(self.now()))
            if each.answers and each.decision is not None and each.decision.outcome == LABEL
        ]

    def _begin(self, last: Retraining, new: list[Review]) -> str:
        assert new[-1].decision is not None
        following = Retraining(until=new[-1].decision.at, revision=last.revision + 1)
        given = self.trainings.last_given()
        if given is None:
            return self._explain(following, last, len(new), messages.NO_TRAINING)
        published = self.dataset.publish(self.reviews.all())
        if not published.pictures:
            return self._explain(following, last, len(new), messages.NO_PICTURE)
        given = {**given, "reviewed": published.uri, "afterAnswers": len(new)}
        stem = str(given.get("name") or "model")[:MAX_STEM_LENGTH].strip("-")
        following = replace(
            following,
            execution=f"{stem}-answers-{self.now():%Y%m%d-%H%M%S}",
            given=json.dumps(given, ensure_ascii=False),
            started=False,
        )
        return self._start(following) if self._write(following, last) else ""

    def _start(self, following: Retraining) -> str:
        self.trainings.start(following.execution, following.given)
        self._write(replace(following, started=True, revision=following.revision + 1), following)
        return following.execution

    def _explain(self, following: Retraining, last: Retraining, answers: int, why: str) -> str:
        """Nothing was started: people read why, once, and then after as many answers again."""
        if not self._write(following, last):
            return ""
        try:
            self.topic.publish(messages.not_retrained(answers, why))
        except LoupeError:
            self._write(replace(last, revision=following.revision + 1), following)
            raise
        return ""

    def _write(self, new: Retraining, seen: Retraining) -> bool:
        return self.reviews.write_retraining(dict(vars(new)), seen.revision)
