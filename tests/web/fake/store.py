"""The fake cloud's memory: groups, pictures, objects and the inbox."""

import base64
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.web.fake.classifier import THRESHOLD, annotate, classify
from tests.web.fake.workflow import Clock, Course, timestamp

Item = dict[str, Any]
UPLOAD_SECONDS = 300


@dataclass
class Picture:
    """A picture's record; `course` is None until the upload came."""

    image_id: str
    group_id: str
    owner_id: str
    title: str
    file_name: str
    content_type: str
    created_at: float
    course: Course | None = None
    data: bytes = b""
    annotated: bytes = b""
    # Its execution's own; None where the stack's holds.
    threshold: float | None = None
    # What a person said later: a choice and a label.
    correction: tuple[str, str] | None = None


@dataclass
class Store:
    """All that the fake cloud holds. `pace` stretches the workflow's time."""

    pace: float = 1.0
    clock: Clock = time.time
    groups: dict[str, Item] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    inbox: list[Item] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def add_group(self, name: str, description: str, owner_id: str, created_at: float | None = None) -> Item:
        moment = self.clock() if created_at is None else created_at
        group = {
            "id": str(uuid.uuid4()),
            "name": name,
            "description": description,
            "ownerId": owner_id,
            "createdAt": timestamp(moment),
            "visibility": "public",
            "ownerName": "",
        }
        self.groups[group["id"]] = group
        return group

    def announce(self, group_id: str, owner_id: str, wish: Item, created_at: float | None = None) -> Picture:
        """A picture whose upload is awaited."""
        picture = Picture(
            image_id=uuid.uuid4().hex,
            group_id=group_id,
            owner_id=owner_id,
            title=wish.get("title", ""),
            file_name=wish.get("fileName", ""),
            content_type=wish.get("contentType", "image/jpeg"),
            created_at=self.clock() if created_at is None else created_at,
        )
        self.pictures[picture.image_id] = picture
        return picture

    def take_in(self, picture: Picture, data: bytes, uploaded_at: float | None = None) -> None:
        """The upload came: the workflow begins."""
        threshold = THRESHOLD if picture.threshold is None else picture.threshold
        answer = classify(picture.file_name.lower(), data, threshold)
        moment = self.clock() if uploaded_at is None else uploaded_at
        picture.data = data
        picture.course = Course(moment, self.pace, answer)
        if answer.failure is None:
            picture.annotated = annotate(data, answer)

    def of_group(self, group_id: str) -> list[Picture]:
        """Newest first."""
        found = [picture for picture in self.pictures.values() if picture.group_id == group_id]
        return sorted(found, key=lambda picture: (picture.created_at, picture.image_id), reverse=True)

    def rendered(self, picture: Picture, base_url: str) -> Item:
        """A picture as the API shows it at this moment. URLs differ each time, as presigned ones do."""
        now = self.clock()
        course = picture.course
        item: Item = {
            "imageId": picture.image_id,
            "groupId": picture.group_id,
            "ownerId": picture.owner_id,
            "title": picture.title,
            "status": "RECEIVED",
            "uploadStatus": self.upload_status(picture),
            "classifying": course is not None and course.begun(now) and not course.finished(now),
            "label": None,
            "confidence": None,
            "predictions": [],
            "faceDetected": None,
            "faces": [],
            "error": None,
            "createdAt": timestamp(picture.created_at),
            "updatedAt": timestamp(picture.created_at),
            "imageUrl": None,
            "annotatedUrl": None,
        }
        if course is None:
            return item
        signed = f"?X-Amz-Expires=900&X-Amz-Date={now}"
        item["imageUrl"] = f"{base_url}/uploads/{picture.image_id}{signed}"
        if course.finished(now):
            item |= self._outcome(picture, course)
            if picture.annotated:
                item["annotatedUrl"] = f"{base_url}/processed/{picture.image_id}{signed}"
                for name, pixels in (("display", 2048), ("preview", 640), ("thumbnail", 320)):
                    item[f"{name}Url"] = f"{base_url}/copies/{picture.image_id}/{pixels}{signed}"
            if picture.correction is not None:
                item |= _corrected(*picture.correction)
        return item

    def upload_status(self, picture: Picture) -> str:
        if picture.course is not None:
            return "UPLOADED"
        return "AWAITED" if self.clock() < picture.created_at + UPLOAD_SECONDS else "NOT_UPLOADED"

    def shown_to(self, picture: Picture, reader: str | None) -> bool:
        """What was announced and never came is its owner's alone to see."""
        return self.upload_status(picture) != "NOT_UPLOADED" or picture.owner_id == reader

    def shown_of_group(self, group_id: str, reader: str | None) -> list[Picture]:
        """Newest first, as far as a reader sees them."""
        return [each for each in self.of_group(group_id) if self.shown_to(each, reader)]

    def _outcome(self, picture: Picture, course: Course) -> Item:
        answer = course.answer
        best = answer.predictions[0] if answer.predictions else {"label": None, "score": None}
        self._tell(picture, answer.status, best)
        return {
            "status": answer.status,
            "label": best["label"],
            "confidence": best["score"],
            "predictions": answer.predictions,
            "faceDetected": bool(answer.faces),
            "faces": answer.faces,
            "error": answer.failure,
            "threshold": picture.threshold,
        }

    def _tell(self, picture: Picture, status: str, best: Item) -> None:
        if picture.image_id in self.told:
            return
        self.told.add(picture.image_id)
        subject = (
            f"{picture.title}: {best['label']}" if status == "CLASSIFIED" else f"{picture.title}: {status}"
        )
        body = f"{picture.title} ended as {status}.\n\nImage {picture.image_id}"
        received = timestamp(self.clock())
        self.inbox.append({"to": "you@example.com", "subject": subject, "body": body, "receivedAt": received})


def _corrected(choice: str, label: str) -> Item:
    if choice == "LABEL":
        return {"status": "CLASSIFIED", "label": label, "labelledBy": "person", "error": None}
    name = "NoLabelFitsError" if choice == "NONE" else "UnusableImageError"
    return {
        "status": "REJECTED",
        "labelledBy": "person",
        "error": {"name": name, "cause": "A person said so."},
    }


def page_of(items: list[Item], limit: int, token: str | None) -> Item:
    """One page of a list; the token says where to go on."""
    start = int(base64.urlsafe_b64decode(token)) if token else 0
    end = start + limit
    more = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None
    return {"items": items[start:end], "nextToken": more}
