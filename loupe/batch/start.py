"""What a run is started with: its source where the stack finds it, and its input."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loupe.aws import Cloud
from loupe.batch.upload import LISTS, is_list, upload_folder, upload_list
from loupe.errors import InputError
from loupe.stack import Stack

MANIFEST = "manifest.json"
# As the workflow takes them.
MAX_REVIEWED = 10_000


def default_name(source: str) -> str:
    """A run's name by its source: the folder, the prefix or the list."""
    parts = [part for part in re.split(r"[/\\]", source.removeprefix("s3://")) if part not in ("", MANIFEST)]
    name = parts[-1] if parts else "batch"
    for ending in LISTS:
        name = name.removesuffix(ending)
    return name


def parse_tolerance(text: str | None) -> float | None:
    """`1%` or `1` is one percent. InputError for anything else."""
    if text is None:
        return None
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise InputError(f"--tolerate {text}: give a percentage from 0 to 100, such as 1%.")
    return value


def parse_review(text: str | None) -> int | None:
    """`lowest:500` is the 500 least sure. InputError for anything else."""
    if text is None:
        return None
    found = re.fullmatch(r"lowest:(\d+)", text.strip())
    if not found or not 1 <= int(found[1]) <= MAX_REVIEWED:
        raise InputError(f"--review {text}: give lowest:N, N from 1 to {MAX_REVIEWED:,}.")
    return int(found[1])


def source_in_s3(
    cloud: Cloud, stack: Stack, source: str, run: str, on_file: Callable[[int, int], None]
) -> tuple[str, int]:
    """The source's address in S3, and how many pictures were uploaded for it."""
    if source.startswith("s3://"):
        return source, 0
    path = Path(source).expanduser()
    if path.is_dir():
        return upload_folder(cloud, path, stack.output("UploadsBucketName"), on_file)
    if path.is_file() and is_list(path):
        return upload_list(cloud, path, stack.output("BatchBucketName"), run), 0
    kinds = f"a folder, a list ({', '.join(LISTS)}) or s3://BUCKET/…"
    raise InputError(f"{source}: give {kinds}.")


def payload_of(**given: Any) -> dict[str, Any]:
    """The execution's input, without what was not said."""
    return {name: value for name, value in given.items() if value is not None and value is not False}


def resumed(plan: dict[str, Any]) -> dict[str, Any]:
    """The input by which a run like this one goes on from what it has done."""
    source = plan["source"]
    place = (
        {"records": True}
        if source["kind"] == "records"
        else {"source": f"s3://{source['bucket']}/{source['key']}"}
    )
    variants = plan["variants"]
    return payload_of(
        **place,
        on=plan["on"],
        instances=variants[0]["InitialInstanceCount"] if variants else None,
        instanceType=variants[0]["InstanceType"] if variants else None,
        concurrency=plan["concurrency"],
        threshold=plan["threshold"],
        tolerate=plan["tolerate"],
        maxPictures=plan["maxPictures"],
        record=plan["record"],
        annotate=plan.get("annotate"),
        faces=plan.get("faces"),
        review=plan.get("review"),
        resume=plan["run"],
    )
