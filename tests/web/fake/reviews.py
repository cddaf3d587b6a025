"""The fake cloud's reviews: the real rules over a dictionary, and the routes that reviewers ask."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from loupe_core.claims import iso
from loupe_review import rules
from loupe_review.errors import ReviewOverError, ReviewTakenError, UndoTooLateError
from loupe_review.queueing import next_for, order_of
from loupe_review.review import WAITING, Answer, Review
from tests.web.fake.issuer import Issuer
from tests.web.fake.samples import digit
from tests.web.fake.store import Store

# The page shows less than a margin: how sure the fake model is.
SCORES = (0.61, 0.3)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Reviews:
    """What waits, by id. `given` notes who got which picture; `ages` moves an answer into the past."""

    store: Store
    issuer: Issuer
    items: dict[str, Review] = field(default_factory=dict)
    given: list[tuple[str, str]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)

    def fill(self, count: int) -> None:
        """So many handwritten digits that the model is unsure of."""
        owner = "somebody-else"
        group = self.store.add_group("Unsure", "", owner)
        for index in range(count):
            label, data = digit(index)
            wish = {"title": "", "fileName": f"scan-{index + 1}.png", "contentType": "image/png"}
            picture = self.store.announce(group["id"], owner, wish)
            self.store.take_in(picture, data)
            other = digit(index + 1)[0]
            predictions = tuple(
                {"label": each, "score": score} for each, score in zip((other, label), SCORES, strict=True)
            )
            self.labels |= {label, other}
            self.items[f"review-{index}"] = Review(
                review_id=f"review-{index}",
                image_id=picture.image_id,
                claim_id="claim",
                bucket="uploads",
                key=f"uploads/{wish['fileName']}",
                version_id="v1",
                kind="UNCERTAIN",
                status=WAITING,
                predictions=predictions,
                required=1,
                created_at=iso(now()),
                due_at=iso(now() + timedelta(hours=72)),
                order=order_of(predictions, f"{index:03}"),
            )

    def routes(self) -> list[Route]:
        named = [
            Route(f"/reviews/{{review_id}}/{action}", getattr(self, f"_{action}"), methods=["POST"])
            for action in ("lease", "answer", "skip", "undo")
        ]
        return [
            Route("/reviews", self._summary),
            Route("/reviews/next", self._next, methods=["POST"]),
            *named,
        ]

    def waiting(self) -> list[Review]:
        return [each for each in self.items.values() if each.status == WAITING]

    async def _summary(self, request: Request) -> Response:
        return JSONResponse({"waiting": len(self.waiting()), "labels": sorted(self.labels)})

    async def _next(self, request: Request) -> Response:
        person = self._person(request)
        if person is None:
            return JSONResponse({"message": "Unauthorized"}, 401)
        wish = json.loads(await request.body())
        waiting = [each for each in self.waiting() if each.review_id not in wish["without"]]
        ordered = next_for(sorted(waiting, key=lambda each: each.order), person, iso(now()), wish["recent"])
        if not ordered:
            return JSONResponse({"result": None, "waiting": len(self.waiting())})
        review = self.items[ordered[0].review_id] = rules.leased(ordered[0], person, now())
        self.given.append((person, review.review_id))
        # Another request may come between reading and writing, as on AWS; here nothing does.
        await asyncio.sleep(0)
        shown = self._shown(request, review, wish["showGuess"])
        return JSONResponse({"result": shown, "waiting": len(self.waiting())})

    async def _lease(self, request: Request) -> Response:
        return self._changed(request, lambda seen, person: rules.leased(seen, person, now()))

    async def _answer(self, request: Request) -> Response:
        wish: dict[str, Any] = json.loads(await request.body())

        def rule(seen: Review, person: str) -> Review:
            answer = Answer(
                person, wish["choice"], iso(now()), wish["label"], wish["guessShown"], wish["seconds"]
            )
            return rules.answered(seen, answer, now())

        return self._changed(request, rule)

    async def _skip(self, request: Request) -> Response:
        return self._changed(request, lambda seen, person: rules.skipped(seen, person, now()))

    async def _undo(self, request: Request) -> Response:
        return self._changed(request, lambda seen, person: rules.undone(seen, person, now()))

    def _changed(self, request: Request, rule: Callable[[Review, str], Review]) -> Response:
        person = self._person(request)
        if person is None:
            return JSONResponse({"message": "Unauthorized"}, 401)
        name = request.path_params["review_id"]
        try:
            review = self.items[name] = rule(self.items[name], person)
        except (ReviewOverError, ReviewTakenError, UndoTooLateError) as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse(
            {
                "guess": [dict(each) for each in review.predictions],
                "undoUntil": iso(now() + rules.UNDO_WITHIN),
                "leaseUntil": review.lease_until,
                "result": self._shown(request, review, False),
            }
        )

    def _person(self, request: Request) -> str | None:
        return self.issuer.subject_of(request.headers.get("authorization"))

    @staticmethod
    def _shown(request: Request, review: Review, show_guess: bool) -> dict[str, Any]:
        return {
            "reviewId": review.review_id,
            "imageId": review.image_id,
            "fileName": review.key.rpartition("/")[2],
            "imageUrl": f"{str(request.base_url).rstrip('/')}/uploads/{review.image_id}",
            "createdAt": review.created_at,
            "expiresAt": review.due_at,
            "leaseUntil": review.lease_until,
            "guess": [dict(each) for each in review.predictions] if show_guess else [],
        }
