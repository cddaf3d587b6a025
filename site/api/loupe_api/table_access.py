"""DynamoDB's items as plain values, lists read within bounds, and ClientError as the API's own errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from loupe_api.errors import NotFoundError, NotOwnerError, TooManyRequestsError
from loupe_core.items import from_item, to_item

THROTTLED = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}
# Who may see a group besides its owner; groups of an earlier release say nothing and are public.
PUBLIC, LINK = "public", "link"
# A filter can empty whole pages; so many are read for one answer.
MAX_READS = 20


def collected(
    read: Any, request: dict[str, Any], limit: int, start: Mapping[str, str] | None, key: tuple[str, ...]
) -> tuple[list[dict[str, Any]], dict[str, str] | None]:
    """Read until `limit` items have passed the filter, and where to go on."""
    items: list[dict[str, Any]] = []
    position: Any = to_item(start) if start else None
    for _ in range(MAX_READS):
        with translated():
            answer = read(**request, Limit=limit, **({"ExclusiveStartKey": position} if position else {}))
        items += [from_item(item) for item in answer["Items"]]
        position = answer.get("LastEvaluatedKey")
        if len(items) >= limit or not position:
            break
    if len(items) > limit:
        return items[:limit], {name: items[limit - 1][name] for name in key}
    return items, {
        name: str(value) for name, value in from_item({each: position[each] for each in key}).items()
    } if position else None


def refused(error: ClientError, what: str, doing: str = "delete") -> Exception:
    """Why a write that only the owner may do did not pass."""
    if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
        return error
    old: Any = error.response.get("Item")
    hidden = old and from_item(old).get("visibility") not in (None, PUBLIC, LINK)
    if not old or hidden or from_item(old).get("status") == "DELETED" or "deletedAt" in old:
        return NotFoundError(f"There is no such {what}.")
    return NotOwnerError(f"Only its owner may {doing} this {what}.")


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in THROTTLED:
            raise TooManyRequestsError from error
        raise
