"""Parameters that several routes take."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query

from loupe_api.paging import MAX_TOKEN

MAX_PAGE = 100
DEFAULT_PAGE = 50

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many items at most.")]
NextToken = Annotated[
    str | None,
    Query(alias="nextToken", max_length=MAX_TOKEN, description="From the page before; go on from there."),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=r"^[!-~]+$",
        description="The same request with the same key makes one thing, however often it is sent.",
    ),
]
GroupId = Annotated[str, Path(alias="groupId", description="A group's id.")]
ImageId = Annotated[str, Path(alias="imageId", description="An image's id: 32 hex digits.")]
