"""The functions Step Functions adds to JSONata, and those of jsonata-python that differ from the original.

Source: "JSONata functions provided by Step Functions" in AWS's guide; integer arguments that aren't whole
are rounded down.
"""

import hashlib
import json
import math
import random
import uuid
from collections.abc import Callable
from typing import Any

from jsonata.functions import Functions
from jsonata.utils import Utils

_DIGESTS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_MAX_HASHED_TEXT = 10_000
_MAX_RANGE = 1_000


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(function: str, name: str, value: Any) -> int:
    if not _is_number(value):
        raise ValueError(f"Argument {name} of function {function} must be a number")
    whole: int = math.floor(value)
    return whole


def _partition(array: Any = None, size: Any = None) -> Any:
    if array is None:
        return None
    items = array if isinstance(array, list) else [array]
    count = _whole("partition", "chunk size", size)
    if count < 1:
        raise ValueError("The chunk size of function partition must be a positive integer")
    return [list(items[start : start + count]) for start in range(0, len(items), count)]


def _range(first: Any = None, last: Any = None, step: Any = None) -> int | list[int]:
    """A JSONata sequence, so that one number comes without its list."""
    start, end, delta = (
        _whole("range", name, value) for name, value in (("start", first), ("end", last), ("delta", step))
    )
    if delta == 0:
        raise ValueError("The delta of function range must not be zero")
    size = max(0, (end - start) // delta + 1)
    if size > _MAX_RANGE:
        raise ValueError(f"Function range may make at most {_MAX_RANGE} values, not {size}")
    numbers = [start + delta * index for index in range(size)]
    return numbers[0] if size == 1 else numbers


def _hash(text: Any = None, algorithm: Any = None) -> Any:
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > _MAX_HASHED_TEXT:
        raise ValueError(f"Function hash takes a string of at most {_MAX_HASHED_TEXT} characters")
    if algorithm not in _DIGESTS:
        raise ValueError(f"The algorithm of function hash must be one of {', '.join(_DIGESTS)}")
    return hashlib.new(_DIGESTS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _random(seed: Any = None) -> float:
    if seed is None:
        return random.random()  # no secret depends on it
    return random.Random(_whole("random", "seed", seed)).random()


def _uuid() -> str:
    return str(uuid.uuid4())


def _parse(text: Any = None) -> Any:
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError("Function parse takes a string")
    value = json.loads(text)
    return Utils.NULL_VALUE if value is None else value


def _eval(*_arguments: Any) -> Any:
    raise ValueError("The function $eval is not supported, use $parse")


def _to_millis(timestamp: Any = None, picture: Any = None) -> Any:
    """The original refuses what isn't ISO 8601 (D3110); jsonata-python reads "2020-01-01 00:00:00" too."""
    if timestamp is None:
        return None
    try:
        if picture is None and (
            not isinstance(timestamp, str) or ("T" not in timestamp and " " in timestamp)
        ):
            raise ValueError
        return Functions.datetime_to_millis(timestamp, picture)
    except ValueError:
        message = "The argument of the toMillis function must be an ISO 8601 formatted timestamp."
        raise ValueError(f'{message} Given "{timestamp}"') from None


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": _uuid,
    "parse": _parse,
    "eval": _eval,
    "toMillis": _to_millis,
}
