"""The hand-overs between the workflow's steps, as frozen types. `parse` raises InvalidInputError."""

import base64
import binascii
import hashlib
import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass

from loupe_core.errors import InvalidInputError
from loupe_core.inference import Prediction

MAX_KEY_BYTES = 1024


@dataclass(frozen=True)
class ImageReference:
    """Where a picture lies. `version_id` is None for the newest one."""

    bucket: str
    key: str
    version_id: str | None = None

    @classmethod
    def parse(cls, event: Mapping[str, object]) -> "ImageReference":
        key = _text(event, "s3_key")
        try:
            size = len(key.encode())
        except UnicodeEncodeError:
            raise InvalidInputError("s3_key is not valid Unicode.") from None
        if size > MAX_KEY_BYTES:
            raise InvalidInputError(f"s3_key is longer than the {MAX_KEY_BYTES} bytes that S3 allows.")
        return cls(_text(event, "s3_bucket"), key, _optional_text(event, "s3_version_id"))


def place_digest(image: ImageReference) -> str:
    """32 hex digits for a picture's place, whatever its version. Who knows bucket and key can compute it: it
    was the image id until 2026-11, and still names copies that are for the workflow alone.
    """
    return hashlib.sha256(_place(image)).hexdigest()[:32]


# The copies of a picture that others than its owner see, by the name of the record's attribute: pixels of the
# longer side, at most, and the file.
COPIES = {"displayKey": "2048.jpg", "previewKey": "640.webp", "thumbnailKey": "320.webp"}


def copy_key(image: ImageReference, attribute: str) -> str:
    """The key in the processed bucket of a copy in COPIES."""
    return f"copies/{place_digest(image)}/{COPIES[attribute]}"


def image_id(image: ImageReference, table: str) -> str:
    """The Images table's key for a picture, whatever its version: 32 hex digits that its place alone does not
    give away. The table's name, which CloudFormation ends in random characters, is the key of the hash.
    """
    return hmac.new(table.encode(), _place(image), hashlib.sha256).hexdigest()[:32]


def _place(image: ImageReference) -> bytes:
    return f"{image.bucket}/{image.key}".encode()


@dataclass(frozen=True)
class SerializeRequest:
    """Input of serialize_image_data. Of executions of the same key, the last to claim it keeps its copies."""

    image: ImageReference
    detect_faces: bool
    claimed_at: str | None = None

    @classmethod
    def parse(cls, event: object) -> "SerializeRequest":
        fields = _object(event, "The input")
        wish = fields.get("detectFaces")
        if wish is not None and not isinstance(wish, bool):
            raise InvalidInputError("detectFaces must be true or false.")
        return cls(ImageReference.parse(fields), bool(wish), _optional_text(fields, "claimed_at"))


@dataclass(frozen=True)
class ClassifyRequest:
    """Input of classify_image_data: the model input, decoded."""

    image: ImageReference
    image_data: str
    model_input: bytes

    @classmethod
    def parse(cls, event: object) -> "ClassifyRequest":
        body = _body(event)
        image_data = _text(body, "image_data")
        try:
            model_input = base64.b64decode(image_data, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInputError("image_data is not base64.") from None
        return cls(ImageReference.parse(body), image_data, model_input)


@dataclass(frozen=True)
class FilterRequest:
    """Input of filter_inference_data. `threshold` is None where the setting decides."""

    body: dict[str, object]
    inferences: object
    threshold: float | None

    @classmethod
    def parse(cls, event: object) -> "FilterRequest":
        body = _body(event)
        if "inferences" not in body:
            raise InvalidInputError("The input lacks inferences, the model's answer.")
        threshold = _object(event, "The input").get("threshold")
        return cls(body, body["inferences"], None if threshold is None else parse_threshold(threshold))


@dataclass(frozen=True)
class Face:
    """A face's box in parts of the upright picture's width and height, and the confidence in percent."""

    left: float
    top: float
    width: float
    height: float
    confidence: float

    @classmethod
    def parse(cls, value: object) -> "Face":
        """From `{boundingBox: {left, top, width, height}, confidence}`, or so in Rekognition's capitals."""
        fields = _lower_first(_object(value, "A face"))
        box = _lower_first(_object(fields.get("boundingBox"), "A face's boundingBox"))
        return cls(
            left=_number(box, "left"),
            top=_number(box, "top"),
            width=_number(box, "width"),
            height=_number(box, "height"),
            confidence=_number(fields, "confidence"),
        )

    def as_json(self) -> dict[str, object]:
        box = {"left": self.left, "top": self.top, "width": self.width, "height": self.height}
        return {"confidence": self.confidence, "boundingBox": box}


@dataclass(frozen=True)
class AnnotateRequest:
    """Input of annotate_image. Of executions that annotate the same key, the last to claim it wins."""

    image: ImageReference
    predictions: tuple[Prediction, ...]
    faces: tuple[Face, ...]
    claimed_at: str | None

    @classmethod
    def parse(cls, event: object) -> "AnnotateRequest":
        fields = _object(event, "The input")
        predictions = tuple(_prediction(value) for value in _list(fields, "predictions"))
        faces = tuple(Face.parse(value) for value in _list(fields, "faces"))
        return cls(ImageReference.parse(fields), predictions, faces, _optional_text(fields, "claimed_at"))


def contract(image: ImageReference, image_data: str, inferences: object) -> dict[str, object]:
    """What each of the three named functions answers, at least."""
    body = {
        "image_data": image_data,
        "s3_bucket": image.bucket,
        "s3_key": image.key,
        "inferences": inferences,
    }
    return {"statusCode": 200, "body": body}


def parse_threshold(value: object) -> float:
    """A threshold from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidInputError("threshold must be a number from 0 to 1.")
    return float(value)


def _body(event: object) -> dict[str, object]:
    """The contract's body, or the event itself where it is the bare body."""
    fields = _object(event, "The input")
    return _object(fields["body"], "body") if "body" in fields else fields


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidInputError(f"{what} must be an object.")
    return value


def _list(fields: Mapping[str, object], name: str) -> list[object]:
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidInputError(f"{name} must be a list.")
    return value


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if value is None or value == "":
        raise InvalidInputError(f"The input lacks {name}.")
    if not isinstance(value, str):
        raise InvalidInputError(f"{name} must be a string.")
    return value


def _optional_text(fields: Mapping[str, object], name: str) -> str | None:
    return _text(fields, name) if fields.get(name) not in (None, "") else None


def _number(fields: Mapping[str, object], name: str) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidInputError(f"{name} must be a number.")
    return float(value)


def _prediction(value: object) -> Prediction:
    fields = _object(value, "A prediction")
    return Prediction(_text(fields, "label"), _number(fields, "score"))


def _lower_first(fields: Mapping[str, object]) -> dict[str, object]:
    return {name[:1].lower() + name[1:]: value for name, value in fields.items()}
