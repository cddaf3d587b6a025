"""Records as the API shows them, read leniently: an odd record must not break a page."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import get_args

from loupe_api.history import public_error
from loupe_api.models import (
    BoundingBox,
    Face,
    Group,
    Image,
    ImageError,
    ImageStatus,
    LabelledBy,
    Prediction,
    UploadStatus,
    Visibility,
)
from loupe_api.records import GroupRecord, ImageRecord, MadeUrls

NOT_MADE = MadeUrls()
SIDES = ("left", "top", "width", "height")


def group_model(record: GroupRecord) -> Group:
    return Group(
        id=record.id,
        name=record.name,
        description=record.description,
        owner_id=record.owner_id,
        owner_name=record.owner_name,
        created_at=record.created_at,
        visibility=_visibility(record.visibility),
    )


def image_model(
    record: ImageRecord, now: datetime, image_url: str | None = None, made: MadeUrls = NOT_MADE
) -> Image:
    """`image_url` is what this reader may have of the original, `made` what anybody may have."""
    attributes = record.attributes
    face_detected = attributes.get("faceDetected")
    return Image(
        image_id=record.image_id,
        group_id=record.group_id,
        owner_id=record.owner_id,
        title=record.text("title") or "",
        status=_status(record.status),
        upload_status=_upload_status(record.upload_status(now)),
        classifying=record.status == "RECEIVED" and record.execution_arn is not None,
        label=record.text("label"),
        labelled_by=_labelled_by(record.text("labelledBy")),
        confidence=_number(attributes.get("confidence")),
        threshold=_number(attributes.get("threshold")),
        predictions=_predictions(attributes.get("predictions")),
        model=record.text("model"),
        face_detected=face_detected if isinstance(face_detected, bool) else None,
        faces=_faces(attributes.get("faces")),
        error=public_error(attributes.get("error")),
        created_at=record.created_at,
        updated_at=record.text("updatedAt"),
        image_url=image_url,
        annotated_url=made.annotated,
        display_url=made.display,
        preview_url=made.preview,
        thumbnail_url=made.thumbnail,
    )


def discreet_model(record: ImageRecord, now: datetime, made: MadeUrls) -> Image:
    """The image as others than its owner and operators may know it: by its copies.

    Of a picture that was moved, nothing names the group that it left: who knows the id of one with visibility
    `link` sees it.
    """
    if record.former_group_id:
        made = replace(made, annotated=None)
    model = image_model(record, now, made.display or made.preview, made)
    model.error = discreet_error(record, model.error)
    return model


def discreet_error(record: ImageRecord, error: ImageError | None) -> ImageError | None:
    """The error as others than its owner and operators may know it."""
    if error is None or record.former_group_id is None:
        return error
    return ImageError(name=error.name, cause=error.cause.replace(record.former_group_id, "…"))


def _visibility(value: str) -> Visibility:
    """What is none that is known shows nobody anything: it is called private."""
    known: tuple[Visibility, ...] = get_args(Visibility)
    return next((visibility for visibility in known if visibility == value), "private")


def _status(value: str) -> ImageStatus:
    known: tuple[ImageStatus, ...] = get_args(ImageStatus)
    return next((status for status in known if status == value), "FAILED")


def _upload_status(value: str) -> UploadStatus:
    known: tuple[UploadStatus, ...] = get_args(UploadStatus)
    return next(status for status in known if status == value)


def _labelled_by(value: str | None) -> LabelledBy | None:
    known: tuple[LabelledBy, ...] = get_args(LabelledBy)
    return next((who for who in known if who == value), None)


def _predictions(value: object) -> list[Prediction]:
    found = []
    for each in _mappings(value):
        score = _number(each.get("score"))
        if score is not None:
            found.append(Prediction(label=str(each.get("label", "")), score=score))
    return found


def _faces(value: object) -> list[Face]:
    found = []
    for each in _mappings(value):
        confidence = _number(each.get("confidence"))
        box = each.get("boundingBox")
        sides = [_number(box.get(side)) for side in SIDES] if isinstance(box, Mapping) else []
        known = [side for side in sides if side is not None]
        if confidence is not None and len(known) == 4:
            left, top, width, height = known
            bounding_box = BoundingBox(left=left, top=top, width=width, height=height)
            found.append(Face(bounding_box=bounding_box, confidence=confidence))
    return found


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
