"""Put the built page into its bucket and have CloudFront forget what it replaced."""

import hashlib
import html
import json
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from loupe.aws_errors import error_code
from loupe.errors import PageBuildError
from loupe.page.configuration import PageConfiguration, security_policy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INDEX = "index.html"
# Names under assets/ hold their content's hash.
FOR_EVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_POLICY = re.compile(r'(<meta\s+http-equiv="Content-Security-Policy"\s+content=")[^"]*(")')


@dataclass(frozen=True)
class PageFile:
    """One object of the page."""

    key: str
    body: bytes

    @property
    def content_type(self) -> str:
        return TYPES.get(Path(self.key).suffix, "application/octet-stream")

    @property
    def cache_control(self) -> str:
        return FOR_EVER if self.key.startswith("assets/") else ASK_EACH_TIME


@dataclass(frozen=True)
class Published:
    """What was done: nothing, where the same page was there already."""

    uploaded: int
    removed: int

    @property
    def changed(self) -> bool:
        return bool(self.uploaded or self.removed)


def page_files(dist: Path, configuration: PageConfiguration) -> list[PageFile]:
    """All that belongs into the bucket, the page itself last: whoever loads it finds the rest.

    Raises PageBuildError when `dist` holds no page, or one without a policy to replace.
    """
    index = dist / INDEX
    if not index.is_file():
        raise PageBuildError(f"There is no {INDEX} in {dist}: the page is not built.")
    policy = html.escape(security_policy(configuration), quote=True).replace("&#x27;", "'")
    text, replaced = _POLICY.subn(lambda match: match[1] + policy + match[2], index.read_text())
    if replaced != 1:
        raise PageBuildError(f"{index} has no Content-Security-Policy of its own to fill in.")
    found = [
        PageFile(path.relative_to(dist).as_posix(), path.read_bytes())
        for path in sorted(dist.rglob("*"))
        if path.is_file() and path != index and not path.relative_to(dist).parts[0].startswith(".")
    ]
    config = json.dumps(configuration.document, indent=2).encode()
    return [*found, PageFile("config.json", config), PageFile(INDEX, text.encode())]


def publish(s3: "S3Client", bucket: str, files: list[PageFile]) -> Published:
    """Upload what isn't there, then remove what no longer belongs. ClientError as S3 raises it."""
    version = _version(files)
    if _published_version(s3, bucket) == version:
        return Published(0, 0)
    for file in files:
        metadata = {"loupe-page": version} if file.key == INDEX else {}
        s3.put_object(
            Bucket=bucket,
            Key=file.key,
            Body=file.body,
            ContentType=file.content_type,
            CacheControl=file.cache_control,
            Metadata=metadata,
        )
    stale = sorted(_keys(s3, bucket) - {file.key for file in files})
    for begin in range(0, len(stale), 1000):
        doomed: Any = [{"Key": key} for key in stale[begin : begin + 1000]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
    return Published(len(files), len(stale))


def invalidate(cloudfront: Any, distribution_id: str) -> None:
    """Have every edge ask the bucket again. One path, however many files."""
    paths = {"Quantity": 1, "Items": ["/*"]}
    cloudfront.create_invalidation(
        DistributionId=distribution_id,
        InvalidationBatch={"Paths": paths, "CallerReference": uuid.uuid4().hex},
    )


def _version(files: list[PageFile]) -> str:
    digest = hashlib.sha256()
    for file in files:
        for part in (file.key, file.content_type, file.cache_control):
            digest.update(part.encode() + b"\0")
        digest.update(hashlib.sha256(file.body).digest())
    return digest.hexdigest()


def _published_version(s3: "S3Client", bucket: str) -> str | None:
    try:
        return s3.head_object(Bucket=bucket, Key=INDEX)["Metadata"].get("loupe-page")
    except ClientError as error:
        if error_code(error) in ("404", "NoSuchKey", "NotFound"):
            return None
        raise


def _keys(s3: "S3Client", bucket: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}
