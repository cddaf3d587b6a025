"""A local folder or list goes to S3 before a run: what is there already stays, so that it can go on."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors, uploading
from loupe.errors import InputError
from loupe.pictures import is_picture_name

PREFIX = "batch/"
"""Where pictures go in the uploads bucket: what lies under `uploads/` starts the online workflow."""
PARALLEL = 16
LISTS = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz")
# In one part, so that an object's ETag is its MD5, by which a picture that changed is known.
WHOLE = TransferConfig(multipart_threshold=64 << 20, use_threads=False)


def is_list(path: Path) -> bool:
    return path.name.endswith(LISTS)


def folder_prefix(folder: Path) -> str:
    """The same for the same folder, so that an upload that broke off goes on."""
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]
    name = os.fsencode(folder.resolve().name).decode("utf-8", "replace") or "folder"
    return f"{PREFIX}{name}-{digest}/"


def pictures_in(folder: Path) -> list[Path]:
    """The pictures under a folder, by their names' endings, sorted. InputError where there is none."""
    try:
        found = sorted(
            path for path in folder.rglob("*") if path.is_file() and is_picture_name(os.fsdecode(path.name))
        )
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}).") from error
    if not found:
        raise InputError(f"No pictures in {folder}.")
    return found


def upload_folder(
    cloud: Cloud, folder: Path, bucket: str, on_file: Callable[[int, int], None] = lambda sent, of: None
) -> tuple[str, int]:
    """The prefix under which the pictures lie then, and how many had to be sent.

    `on_file` is told how many of how many are there, from several threads.
    """
    prefix, paths = folder_prefix(folder), pictures_in(folder)
    s3 = cloud.client("s3")
    with translate_errors(cloud.where):
        there = _etags(s3, bucket, prefix)

        def send(path: Path) -> bool:
            key = prefix + os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")
            if there.get(key) == _md5(path):
                return False
            s3.upload_file(str(path), bucket, key, Config=WHOLE)
            return True

        sent = 0
        pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="upload")
        try:
            with uploading():
                for number, is_sent in enumerate(pool.map(send, paths), 1):
                    sent += is_sent
                    on_file(number, len(paths))
        except OSError as error:
            raise InputError(f"{error.filename}: cannot be read ({error.strerror}).") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return f"s3://{bucket}/{prefix}", sent


def upload_list(cloud: Cloud, path: Path, bucket: str, run: str) -> str:
    """Where the list lies then."""
    ending = next(ending for ending in LISTS if path.name.endswith(ending))
    key = f"runs/{run}/source{ending}"
    with translate_errors(cloud.where), uploading():
        cloud.client("s3").upload_file(str(path), bucket, key)
    return f"s3://{bucket}/{key}"


def _etags(s3: Any, bucket: str, prefix: str) -> dict[str, str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {each["Key"]: each["ETag"].strip('"') for page in pages for each in page.get("Contents", [])}


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
