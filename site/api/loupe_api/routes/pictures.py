"""All pictures of the stack: an operator finds every one, others what is public or theirs."""

import re
from datetime import datetime
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from loupe_api import models
from loupe_api.errors import BadRequestError
from loupe_api.records import timestamp
from loupe_api.requests import reader
from loupe_api.routes.answers import SIGNED_IN, answers
from loupe_api.routes.parameters import DEFAULT_PAGE, Limit, NextToken
from loupe_api.routes.router import ListedRouter, new_router
from loupe_api.searching import EARLIEST, LATEST, Wanted
from loupe_api.services import Services

MAX_SEARCHED = 200
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
Text = Annotated[str | None, Query(min_length=1, max_length=MAX_SEARCHED)]
Status = Annotated[
    models.ImageStatus | None, Query(description="This status alone: one list is read, not five.")
]
Search = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=MAX_SEARCHED,
        description="Part of the label, the title, the key or the image's id, in capitals or not.",
    ),
]
Source = Annotated[
    models.Source | None,
    Query(
        description="Where it came from: a group, the bucket by itself, or by hand (command, batch, console)."
    ),
]
Since = Annotated[models.Moment | None, Query(alias="from", description="Added then or later.")]
Before = Annotated[models.Moment | None, Query(alias="before", description="Added earlier than that.")]
Sort = Annotated[
    Literal["newest", "oldest", "surest", "leastSure"],
    Query(
        description="Which come first: by when they were added, or by confidence. By confidence a thousand "
        "of the newest records are compared, with no further pages."
    ),
]


def picture_routes(services: Services) -> ListedRouter:
    """GET /signed-in/images."""
    router = new_router()

    @router.get(
        "/signed-in/images",
        summary="Find pictures of the whole stack",
        description="Operators find all, in a group or in none; others what is public, and their own.",
        tags=["images"],
        operation_id="findImages",
        security=SIGNED_IN,
        responses=answers(200, "Pictures that fit.", models.FoundPage, 400, 401),
    )
    def find_images(
        status: Status = None,
        label: Text = None,
        search: Search = None,
        error: Text = None,
        source: Source = None,
        model: Text = None,
        face_detected: Annotated[bool | None, Query(alias="faceDetected")] = None,
        min_confidence: Annotated[float | None, Query(alias="minConfidence", ge=0, le=1)] = None,
        max_confidence: Annotated[float | None, Query(alias="maxConfidence", ge=0, le=1)] = None,
        since: Since = None,
        before: Before = None,
        sort: Sort = "newest",
        limit: Limit = DEFAULT_PAGE,
        next_token: NextToken = None,
    ) -> models.FoundPage:
        wanted = Wanted(
            status=status,
            label=label,
            search=search,
            error=error,
            source=source,
            model=model,
            face_detected=face_detected,
            least=min_confidence,
            most=max_confidence,
            since=_moment("from", since, EARLIEST),
            before=_moment("before", before, LATEST),
            newest_first=sort != "oldest",
        )
        who = reader(router.current_event.raw_event)
        if sort in ("newest", "oldest"):
            return services.gallery.found(wanted, limit, next_token, who)
        if next_token is not None:
            raise BadRequestError("nextToken: a sort by confidence has no further pages.")
        return services.gallery.found_by_confidence(wanted, limit, sort == "surest", who)

    return router


def _moment(name: str, given: str | None, otherwise: str) -> str:
    """As records have it. Raises BadRequestError for what is no time of RFC 3339."""
    if given is None:
        return otherwise
    try:
        if not RFC_3339.fullmatch(given):
            raise ValueError
        return timestamp(datetime.fromisoformat(given.upper()))
    except (ValueError, OverflowError):
        raise BadRequestError(f"{name}: it must be a time such as 2026-11-28T09:30:00Z.") from None
