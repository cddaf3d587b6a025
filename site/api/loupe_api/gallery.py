"""Groups and their images: what each route does, without HTTP and without AWS's words."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from loupe_api import deleting, models
from loupe_api.errors import ConflictError, NotFoundError, NotOwnerError
from loupe_api.history import visits, visits_from_record
from loupe_api.merging import AT, Merged, Read, beginnings
from loupe_api.paging import decode_token, encode_token
from loupe_api.records import (
    ANYBODY,
    GROUP_ID,
    IMAGE_ID,
    PLACEHOLDER_LIFE,
    UPLOAD_LIFE,
    Count,
    GroupRecord,
    ImageRecord,
    MadeUrls,
    Page,
    Reader,
    safe_file_name,
    timestamp,
    upload_prefix,
)
from loupe_api.rendering import discreet_error, discreet_model, group_model, image_model
from loupe_api.searching import Search, Wanted
from loupe_core.limits import MAX_IMAGE_BYTES

MOVE_ATTEMPTS = 2


class Groups(deleting.Groups, Protocol):
    """Where groups are kept; `group_table.GroupTable`."""

    def page(
        self, limit: int, start: Mapping[str, str] | None, owner_id: str | None = None
    ) -> Page[GroupRecord]: ...
    def get(self, group_id: str) -> GroupRecord | None: ...
    def create(self, group: GroupRecord) -> bool: ...
    def change(self, group_id: str, owner_id: str, values: Mapping[str, str]) -> GroupRecord: ...


class Images(deleting.Images, Protocol):
    """Where images' records are kept; `image_table.ImageTable`."""

    def page(
        self, group_id: str, limit: int, start: Mapping[str, str] | None, reader: Reader, now: datetime
    ) -> Page[ImageRecord]: ...
    def of_status(
        self, status: str, wanted: Wanted, limit: int, start: Mapping[str, str] | None
    ) -> Page[ImageRecord]: ...
    def count(self, group_id: str, reader: Reader, now: datetime) -> Count: ...
    def new_id(self, bucket: str, key: str) -> str: ...
    def get(self, image_id: str) -> ImageRecord | None: ...
    def create(self, image: ImageRecord) -> bool: ...
    def retitle(self, image_id: str, owner_id: str, title: str) -> ImageRecord: ...
    def move(self, image: ImageRecord, group_id: str, title: str | None) -> bool: ...


class Objects(deleting.Objects, Protocol):
    """Where pictures are kept; `objects.ImageObjects`."""

    def presigned_upload(self, key: str, content_type: str) -> tuple[str, dict[str, str]]: ...
    def original_url(self, bucket: str, key: str, version_id: str | None) -> str | None: ...
    def made_urls(self, record: ImageRecord) -> MadeUrls: ...


class Histories(Protocol):
    """Where executions' events are kept; `executions.Executions`."""

    def events(self, execution_arn: str) -> Sequence[Mapping[str, Any]] | None: ...
    def start(self, claimed_by: str, execution_input: Mapping[str, object]) -> None: ...


class Gallery:
    """The groups, their images and the workflow's account of them."""

    def __init__(
        self,
        groups: Groups,
        images: Images,
        objects: Objects,
        histories: Histories,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        deleted_in_parallel: int = deleting.DELETED_IN_PARALLEL,
        page_origin: str = "",
    ) -> None:
        self._groups = groups
        self._images = images
        self._objects = objects
        self._histories = histories
        self._clock = clock
        self._new_id = new_id
        self._deletion = deleting.Deletion(groups, images, objects, clock, deleted_in_parallel)
        self._page_origin = page_origin

    def groups(self, limit: int, token: str | None, reader: Reader = ANYBODY) -> models.GroupPage:
        """The public groups, and the reader's own whatever their visibility; newest first."""
        if reader.sub is None:
            start = decode_token(token, ("listing", "createdAt", "id")) if token else None
            page = self._groups.page(limit, start)
            items = [group_model(record) for record in page.records]
            return models.GroupPage(items=items, next_token=_token(page.next_key))
        positions = decode_token(token, (AT, "own", "public")) if token else beginnings("own", "public")
        lists: dict[str, Read[GroupRecord]] = {
            "public": lambda start: self._groups.page(limit, start),
            "own": lambda start: self._groups.page(limit, start, reader.sub),
        }
        records, after = Merged(lists, "id", positions).take(limit)
        return models.GroupPage(items=[group_model(record) for record in records], next_token=_token(after))

    def create_group(self, request: models.NewGroup, owner_id: str, key: str | None = None) -> models.Group:
        """A new group, or the one that the same request with the same `key` has made already."""
        now = timestamp(self._clock())
        identity = self._id("group", request, owner_id, key)
        record = GroupRecord(
            identity,
            request.name,
            request.description,
            owner_id,
            now,
            request.visibility,
            request.owner_name,
        )
        if self._groups.create(record):
            return group_model(record)
        made = self._groups.get(identity)
        if made is None or made.deleted:
            raise ConflictError("The group that this Idempotency-Key made was deleted.")
        return group_model(made)

    def change_group(self, group_id: str, request: models.ChangedGroup, owner_id: str) -> models.Group:
        self._well_formed_group(group_id)
        values = request.model_dump(exclude_none=True, by_alias=True)
        if not values:
            record = self._group(group_id, Reader(owner_id))
            if record.owner_id != owner_id:
                raise NotOwnerError("Only its owner may change this group.")
            return group_model(record)
        return group_model(self._groups.change(group_id, owner_id, values))

    def group(self, group_id: str, reader: Reader = ANYBODY) -> models.GroupResult:
        """The group, and how many images it shows this reader."""
        group = group_model(self._group(group_id, reader))
        counted = self._images.count(group_id, reader, self._clock())
        images = models.ImageCount(count=counted.count, complete=counted.complete)
        return models.GroupResult(result=group, images=images)

    def delete_group(self, group_id: str, owner_id: str) -> None:
        """Delete the group with all images in it. Raises NotFoundError or NotOwnerError."""
        self._well_formed_group(group_id)
        self._deletion.group(group_id, owner_id)

    def images(
        self, group_id: str, limit: int, token: str | None, reader: Reader = ANYBODY
    ) -> models.ImagePage:
        """The group's images, newest first, with presigned URLs."""
        attributes = ("groupId", "createdAt", "imageId")
        self._group(group_id, reader)
        start = decode_token(token, attributes, {"groupId": group_id}) if token else None
        page = self._images.page(group_id, limit, start, reader, self._clock())
        items = [self._rendered(record, reader) for record in page.records]
        return models.ImagePage(items=items, next_token=_token(page.next_key))

    def found(self, wanted: Wanted, limit: int, token: str | None, reader: Reader) -> models.FoundPage:
        """Pictures of the whole stack, as far as this reader may find them."""
        search = Search(self._groups, self._images, self._clock)
        records, next_token, searched_to = search.find(wanted, limit, token, reader)
        items = [self._rendered(record, reader) for record in records]
        return models.FoundPage(items=items, next_token=next_token, searched_to=searched_to)

    def found_by_confidence(
        self, wanted: Wanted, limit: int, surest_first: bool, reader: Reader
    ) -> models.FoundPage:
        """The surest or least sure of the pictures that fit, among those that are looked at."""
        search = Search(self._groups, self._images, self._clock)
        records, compared, searched_to = search.by_confidence(wanted, limit, surest_first, reader)
        items = [self._rendered(record, reader) for record in records]
        return models.FoundPage(items=items, searched_to=searched_to, compared=compared)

    def create_image(
        self, group_id: str, request: models.NewImage, owner_id: str, key: str | None = None
    ) -> models.ImageCreated:
        """A placeholder in the group, or the image that the same request with the same `key` has made; and a
        presigned POST for the picture.
        """
        self._well_formed_group(group_id)
        now = self._clock()
        name = safe_file_name(request.file_name, request.content_type)
        upload_id = self._id(group_id, request, owner_id, key)
        place = f"{upload_prefix(group_id, upload_id)}{name}"
        bucket = self._objects.uploads_bucket
        identity = self._images.new_id(bucket, place)
        # The core knows no page: the record tells it what to link to in the picture's e-mail.
        page_url = f"{self._page_origin}/images/{identity}" if self._page_origin else ""
        record = _placeholder(identity, bucket, place, group_id, owner_id, request.title, now, page_url)
        url, fields = self._objects.presigned_upload(place, request.content_type)
        if not self._images.create(record):
            record = self._made_before(identity, owner_id)
        upload = models.Upload(
            url=url, fields=fields, max_bytes=MAX_IMAGE_BYTES, expires_at=timestamp(now + UPLOAD_LIFE)
        )
        return models.ImageCreated(new_item=image_model(record, now), upload=upload)

    def image(self, image_id: str, reader: Reader = ANYBODY) -> models.Image:
        """The image; for operators one that stands in no group, too. Raises NotFoundError."""
        return self._rendered(self._image(image_id, reader), reader)

    def delete_image(self, image_id: str, owner_id: str) -> None:
        """Delete the image's record and all its objects. Raises NotOwnerError for another's image."""
        record = self._image(image_id, Reader(owner_id))
        if record.owner_id != owner_id:
            raise NotOwnerError("Only its owner may delete this image.")
        self._deletion.image(record, owner_id)

    def retry_image(self, image_id: str, owner_id: str, threshold: float | None = None) -> None:
        """Classify the picture again, by the live model and with this threshold or the stack's. Raises
        NotOwnerError, and ConflictError while it waits or is classified.
        """
        record = self._image(image_id, Reader(owner_id))
        if record.owner_id != owner_id:
            raise NotOwnerError("Only its owner may have this image classified again.")
        if record.execution_arn is None or record.status == "RECEIVED":
            raise ConflictError("This image is not classified yet.")
        picture: dict[str, object] = {
            "image_data": "",
            "s3_bucket": record.bucket,
            "s3_key": record.key,
            **({} if threshold is None else {"threshold": threshold}),
        }
        self._histories.start(record.execution_arn, picture)

    def change_image(self, image_id: str, request: models.ChangedImage, owner_id: str) -> models.Image:
        """Another title, another group, or both. Raises NotOwnerError, NotFoundError for a group that does
        not take it, and ConflictError while an execution holds the former title, or the former group is being
        deleted.
        """
        reader = Reader(owner_id)
        for _ in range(MOVE_ATTEMPTS):
            record = self._image(image_id, reader)
            if record.owner_id != owner_id:
                raise NotOwnerError("Only its owner may change this image.")
            if request.title is not None and record.execution_arn and record.status == "RECEIVED":
                raise ConflictError("This image is being classified; try again in a moment.")
            if request.group_id in (None, record.group_id):
                if request.title is not None:
                    record = self._images.retitle(image_id, owner_id, request.title)
                return self._rendered(record, reader)
            self._well_formed_group(request.group_id)
            if self._images.move(record, request.group_id, request.title):
                return self._rendered(self._image(image_id, reader), reader)
        raise ConflictError("This image was changed at the same moment; try again.")

    def require_owner(self, image_id: str, owner_id: str) -> None:
        """Raises NotFoundError, and NotOwnerError for another's image."""
        if self._image(image_id, Reader(owner_id)).owner_id != owner_id:
            raise NotOwnerError("Only its owner, or a reviewer, may correct this image.")

    def history(self, image_id: str, reader: Reader = ANYBODY) -> models.History:
        """The execution's states, or what the record tells where Step Functions keeps no history."""
        record = self._image(image_id, reader)
        events = self._histories.events(record.execution_arn) if record.execution_arn else None
        items = visits_from_record(record) if events is None else visits(events)
        if not reader.sees_all_of(record.owner_id):
            for item in items:
                item.error = discreet_error(record, item.error)
        return models.History(items=items)

    def _id(
        self, what: str, request: models.NewGroup | models.NewImage, owner_id: str, key: str | None
    ) -> str:
        """A new id; with a key the same for the same request of the same person."""
        if key is None:
            return self._new_id()
        said = json.dumps([what, owner_id, key, request.model_dump()], sort_keys=True)
        # As a picture's id: it cannot be computed by others, who could guess the key and the body.
        return str(uuid.UUID(hex=self._images.new_id("idempotency-keys", said), version=5))

    def _made_before(self, image_id: str, owner_id: str) -> ImageRecord:
        try:
            return self._image(image_id, Reader(owner_id))
        except NotFoundError:
            raise ConflictError("The image that this Idempotency-Key made was deleted.") from None

    def _rendered(self, record: ImageRecord, reader: Reader) -> models.Image:
        """An original says where it was taken: its owner sees it, and operators; all others see copies."""
        made, now = self._objects.made_urls(record), self._clock()
        if not reader.sees_all_of(record.owner_id):
            return discreet_model(record, now, made)
        awaited = "expiresAt" in record.attributes
        original = None
        if not awaited:
            original = self._objects.original_url(record.bucket, record.key, record.text("versionId"))
        return image_model(record, now, original, made)

    def _group(self, group_id: str, reader: Reader) -> GroupRecord:
        self._well_formed_group(group_id)
        record = self._groups.get(group_id)
        if record is None or record.deleted or not record.seen_by(reader):
            raise NotFoundError("There is no such group.")
        return record

    def _image(self, image_id: str, reader: Reader = ANYBODY) -> ImageRecord:
        """What stands in a group is for whoever may see the group, and for its own owner; a picture that was
        put into the bucket by hand is for operators alone, what was announced and never came for its owner.
        """
        now = self._clock()
        record = self._images.get(image_id) if IMAGE_ID.fullmatch(image_id) else None
        if (
            record is None
            or not (record.group_id or reader.operator)
            or record.deleted
            or record.expired(now)
            or (record.upload_status(now) == "NOT_UPLOADED" and not reader.sees_all_of(record.owner_id))
        ):
            raise NotFoundError("There is no such image.")
        if record.group_id and not reader.sees_all_of(record.owner_id):
            group = self._groups.get(record.group_id)
            if group is None or group.deleted or not group.seen_by(reader):
                raise NotFoundError("There is no such image.")
        return record

    @staticmethod
    def _well_formed_group(group_id: str) -> None:
        if not GROUP_ID.fullmatch(group_id):
            raise NotFoundError("There is no such group.")


def _placeholder(
    identity: str,
    bucket: str,
    key: str,
    group_id: str,
    owner_id: str,
    title: str,
    now: datetime,
    page_url: str,
) -> ImageRecord:
    """The record of a picture yet to come: no sequencer and no execution, so that Claim Image takes it."""
    attributes: dict[str, object] = {
        "imageId": identity,
        "bucket": bucket,
        "key": key,
        "status": "RECEIVED",
        "groupId": group_id,
        "ownerId": owner_id,
        "createdAt": timestamp(now),
        "updatedAt": timestamp(now),
        "expiresAt": int((now + PLACEHOLDER_LIFE).timestamp()),
        # Its form works as often as it is sent; what comes after the first picture is removed.
        "singleUpload": True,
    }
    if title.strip():
        attributes["title"] = title
    if page_url:
        attributes["pageUrl"] = page_url
    return ImageRecord(identity, bucket, key, "RECEIVED", timestamp(now), attributes)


def _token(key: Mapping[str, str] | None) -> str | None:
    return encode_token(key) if key else None
