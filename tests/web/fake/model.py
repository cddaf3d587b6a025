"""The fake cloud's live model, as GET /model shows it."""

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.web.fake.classifier import LABELS, THRESHOLD
from tests.web.fake.issuer import Issuer
from tests.web.fake.store import Item


def digits_card() -> Item:
    """What the digits model says of itself."""
    return {
        "name": "digits",
        "version": "digits-60d1db21f052",
        "share": 1,
        "createdAt": "2026-11-20T09:00:00Z",
        "trained": True,
        "endpoint": {
            "name": "loupe-classifier",
            "status": "InService",
            "inService": True,
            "changedAt": "2026-11-20T09:05:00Z",
        },
        "threshold": THRESHOLD,
        "labels": {"count": len(LABELS), "items": list(LABELS), "complete": True},
        "accuracy": {
            "value": 0.9917,
            "low": 0.9759,
            "high": 0.9973,
            "pictures": 360,
            "measured": "evaluation",
        },
        "input": {"kind": "grey", "width": 16, "height": 16},
        "license": "Apache-2.0, as the project",
        "source": "scikit-learn load_digits, the first 1437",
        "summary": "Which digit, 0 to 9, a picture shows.",
        "limits": ["More than one digit, other signs.", "Ruled paper, shadows and other structure."],
        "unknown": [],
    }


def photos_card() -> Item:
    """A model of a thousand labels that was brought, and not trained here."""
    return digits_card() | {
        "name": "photos",
        "version": "photos-ae0d527ea0ad",
        "trained": False,
        "labels": {"count": 1000, "items": [f"thing {each}" for each in range(1000)], "complete": True},
        "accuracy": None,
    }


@dataclass
class LiveModel:
    """`card` is None where nothing is hosted."""

    issuer: Issuer
    card: Item | None = field(default_factory=digits_card)
    reads_open: bool = True

    def routes(self) -> list[Route]:
        return [Route("/model", self._show), Route("/signed-in/model", self._show)]

    async def _show(self, request: Request) -> Response:
        closed = not self.reads_open or request.url.path.startswith("/signed-in")
        if closed and self.issuer.subject_of(request.headers.get("authorization")) is None:
            return JSONResponse({"error": "Sign in."}, 401)
        if self.card is None:
            return JSONResponse({"error": "There is no endpoint: no model is hosted yet."}, 404)
        return JSONResponse({"result": self.card})
