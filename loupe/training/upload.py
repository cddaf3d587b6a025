"""Upload a local dataset: in parallel, small files together, and only what isn't there yet."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors, uploading
from loupe.errors import InputError
from loupe.training.datasets import LocalDataset, LocalFile
from loupe.training.shards import Shard, planned

PARALLEL = 16
PARALLEL_SHARDS = 4


def upload_dataset(
    cloud: Cloud,
    dataset: LocalDataset,
    bucket: str,
    prefix: str,
    on_file: Callable[[LocalFile], None] = lambda file: None,
) -> int:
    """Put the files under the prefix; gives how many had to be sent.

    The prefix stands for the contents (`datasets.upload_prefix`), so an object of the same name and size is
    the same file, and an archive of small files is there whole or not at all. `on_file` is called for each
    file that is there, from several threads. A failure or an interruption stops the others; what is there
    stays for the next time.
    """
    s3 = cloud.client("s3")
    with translate_errors(cloud.where):
        there = _sizes(s3, bucket, prefix)
        shards, alone = planned(dataset.files)
        missing: list[LocalFile] = []
        for file in alone:
            if there.get(prefix + file.name) == file.size:
                on_file(file)
            else:
                missing.append(file)

        def send(item: LocalFile | Shard) -> None:
            if isinstance(item, LocalFile):
                s3.upload_file(str(item.path), bucket, prefix + item.name)
                on_file(item)
                return
            if prefix + item.name not in there:
                s3.put_object(Bucket=bucket, Key=prefix + item.name, Body=item.pack())
            for file in item.files:
                on_file(file)

        # An archive is held in memory while it is sent: few at a time.
        _all_or_the_first_error(send, shards, PARALLEL_SHARDS)
        _all_or_the_first_error(send, missing, PARALLEL)
    packed = sum(len(shard.files) for shard in shards if prefix + shard.name not in there)
    return packed + len(missing)


def _sizes(s3: Any, bucket: str, prefix: str) -> dict[str, int]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", [])}


def _all_or_the_first_error(send: Callable[[Any], None], items: Iterable[object], parallel: int) -> None:
    pool = ThreadPoolExecutor(parallel, thread_name_prefix="upload")
    try:
        futures = [pool.submit(send, item) for item in items]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        with uploading():
            for future in done:
                future.result()
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}).") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
