"""Whether a hosted model answers as in its evaluation, on the pictures that `model.smoke_test` wrote."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from loupe_core.contract import ImageReference
from loupe_core.errors import InvalidInputError, SmokeTestFailedError
from loupe_core.inference import ranked_predictions

SHOWN = 3


@dataclass(frozen=True)
class SmokePicture:
    """A picture and the label that the model gave it when it was evaluated."""

    label: str
    content: bytes


@dataclass(frozen=True)
class SmokeTestRequest:
    """Which endpoint to ask, and where the pictures are."""

    endpoint_name: str
    pictures: ImageReference

    @classmethod
    def parse(cls, event: dict[str, Any]) -> "SmokeTestRequest":
        """Raises InvalidInputError."""
        given = [event.get(name) for name in ("endpointName", "s3_bucket", "s3_key")]
        if not all(isinstance(value, str) and value for value in given):
            raise InvalidInputError("endpointName, s3_bucket and s3_key must be given.")
        name, bucket, key = map(str, given)
        return cls(name, ImageReference(bucket, key, None))


def read_pictures(content: bytes) -> list[SmokePicture]:
    """The pictures of a smoke_test.json. Raises SmokeTestFailedError if there are none to be read."""
    try:
        found = [
            SmokePicture(str(each["label"]), base64.b64decode(each["image"], validate=True))
            for each in json.loads(content)["pictures"]
        ]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise SmokeTestFailedError(f"The smoke test's pictures cannot be read: {error}.") from error
    if not found:
        raise SmokeTestFailedError("The evaluation found no picture that the model answers rightly.")
    return found


def smoke_test(infer: Callable[[bytes], object], pictures: Sequence[SmokePicture], endpoint: str) -> int:
    """Ask for every picture; how many there were.

    Raises SmokeTestFailedError, and whatever `infer` raises.
    """
    wrong = []
    for picture in pictures:
        best = ranked_predictions(infer(picture.content))[0].label
        if best != picture.label:
            wrong.append(f"{picture.label[:50]} as {best[:50]}")
    if wrong:
        raise SmokeTestFailedError(
            f"The new model at {endpoint} answers {len(wrong)} of {len(pictures)} pictures otherwise than in "
            f"its evaluation: {', '.join(wrong[:SHOWN])}."
        )
    return len(pictures)
