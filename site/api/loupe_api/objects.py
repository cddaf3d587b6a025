"""The pictures in S3: presigned requests for browsers, and removal."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from loupe_api.errors import TooManyRequestsError
from loupe_api.records import UPLOAD_LIFE, ImageRecord, MadeUrls
from loupe_core.contract import ImageReference, place_digest
from loupe_core.limits import MAX_IMAGE_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DOWNLOAD_SECONDS = 900
JPEG, WEBP = "image/jpeg", "image/webp"
# S3 enforces a POST's conditions under this signature only. The bucket's regional host name: the page's
# policy allows no other, and browsers do not follow the redirect from the global one that a young bucket
# outside us-east-1 answers. In us-east-1 botocore signs for the global one unless it is told.
SIGNING = Config(
    signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
)


# Which of these keys stay.
Kept = Callable[[Sequence[str]], set[str]]


class ImageObjects:
    """Originals in the uploads bucket, annotated pictures and copies in the processed bucket."""

    def __init__(self, client: "S3Client", uploads_bucket: str, processed_bucket: str) -> None:
        """`client` must be configured with SIGNING."""
        self._client = client
        self.uploads_bucket = uploads_bucket
        self._processed_bucket = processed_bucket

    def presigned_upload(self, key: str, content_type: str) -> tuple[str, dict[str, str]]:
        """URL and form fields of a POST of 1 byte to 25 MB, of this content type, within five minutes."""
        post = self._client.generate_presigned_post(
            self.uploads_bucket,
            key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, MAX_IMAGE_BYTES]],
            ExpiresIn=int(UPLOAD_LIFE.total_seconds()),
        )
        return post["url"], dict(post["fields"])

    def original_url(self, bucket: str, key: str, version_id: str | None) -> str | None:
        """Where the original can be read for a quarter of an hour. None for a bucket that is not ours."""
        if bucket != self.uploads_bucket:
            return None
        return self._readable(bucket, key, version_id)

    def made_urls(self, record: ImageRecord) -> MadeUrls:
        """Where what was made of the picture can be read as long: as a JPEG or WebP, whatever its object says
        that it is. None where it was not made.
        """
        return MadeUrls(
            annotated=self._made(record.processed_key, JPEG),
            display=self._made(record.text("displayKey"), JPEG),
            preview=self._made(record.text("previewKey"), WEBP),
            thumbnail=self._made(record.text("thumbnailKey"), WEBP),
        )

    def remove(self, prefix: str, but: Kept | None = None) -> None:
        """Remove every version under `prefix`: originals, and what was made of them under the same keys.

        `but` says which of some keys stay; it is asked of a page of them at a time.
        """
        self._empty(self.uploads_bucket, prefix, but)
        self._empty(self._processed_bucket, prefix, but)

    def remove_copies(self, bucket: str, key: str) -> None:
        """Remove the copies that are shown, and those that were made for face detection, one a version."""
        for kind in ("copies", "faces"):
            self._empty(self._processed_bucket, f"{kind}/{place_digest(ImageReference(bucket, key))}/")

    def _made(self, key: str | None, content_type: str) -> str | None:
        if not key:
            return None
        return self._readable(self._processed_bucket, key, None, ResponseContentType=content_type)

    def _readable(self, bucket: str, key: str, version_id: str | None, **answered: str) -> str:
        parameters = {"Bucket": bucket, "Key": key, **answered}
        if version_id:
            parameters["VersionId"] = version_id
        return self._client.generate_presigned_url("get_object", parameters, ExpiresIn=DOWNLOAD_SECONDS)

    def _empty(self, bucket: str, prefix: str, but: Kept | None = None) -> None:
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        try:
            for page in pages:
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                kept = but(list(dict.fromkeys(each["Key"] for each in found))) if but and found else ()
                doomed: Any = [
                    {"Key": each["Key"], "VersionId": each["VersionId"]}
                    for each in found
                    if each["Key"] not in kept
                ]
                if doomed:
                    self._delete(bucket, doomed)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "SlowDown":
                raise TooManyRequestsError from error
            raise

    def _delete(self, bucket: str, doomed: Any) -> None:
        answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
        errors = answer.get("Errors", [])
        if any(error.get("Code") in ("SlowDown", "InternalError") for error in errors):
            raise TooManyRequestsError
        if errors:
            raise RemovalError(f"{len(errors)} objects could not be removed: {errors[0].get('Code')}")


class RemovalError(Exception):
    """S3 refused to remove objects for good; the caller sees an internal error."""
