"""Page tokens: opaque to callers, checked on the way back."""

import base64
import binascii
import json
import re
from collections.abc import Mapping

from loupe_api.errors import BadRequestError

MAX_TOKEN = 1024
Key = dict[str, str]

_GROUP_POSITION = re.compile(r"|[0-9TZ:.+-]{10,40}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IMAGE_POSITION = re.compile(r"|[0-9TZ:.+-]{10,40}/[0-9a-f]{32}")
# What a key's attributes look like. A token is no secret, only a place to go on from.
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "id": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "listing": re.compile(r"public"),
    # Where each of several lists has been read to (merging.py).
    "at": re.compile(f"{_GROUP_POSITION.pattern}{_IMAGE_POSITION.pattern}"),
    **dict.fromkeys(("public", "own"), _GROUP_POSITION),
    **dict.fromkeys(("RECEIVED", "IN_REVIEW", "CLASSIFIED", "REJECTED", "FAILED"), _IMAGE_POSITION),
    "groupId": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "imageId": re.compile(r"[0-9a-f]{32}"),
    "createdAt": re.compile(r"[0-9TZ:.+-]{10,40}"),
}


def encode_token(key: Mapping[str, str]) -> str:
    """The token for the page after the item with this key."""
    text = json.dumps(dict(sorted(key.items())), separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_token(token: str, attributes: tuple[str, ...], fixed: Mapping[str, str] | None = None) -> Key:
    """The key in `token`: just these attributes, well formed, and those in `fixed` with that value.

    Raises BadRequestError for anything else, such as the token of another list.
    """
    key = _unpack(token)
    well_formed = (
        isinstance(key, dict)
        and set(key) == set(attributes)
        and all(isinstance(value, str) and _SHAPES[name].fullmatch(value) for name, value in key.items())
        and all(key[name] == value for name, value in (fixed or {}).items())
    )
    # One spelling only: base64 would ignore stray bits, JSON would take spaces.
    if not isinstance(key, dict) or not well_formed or encode_token(key) != token:
        raise BadRequestError("nextToken: not a token of this list.")
    return key


def _unpack(token: str) -> object:
    if len(token) > MAX_TOKEN or not token.isascii():
        return None
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        parsed: object = json.loads(text)
    except (binascii.Error, ValueError, RecursionError):
        return None
    return parsed
