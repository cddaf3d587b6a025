"""`loupe images`, `loupe image`, `loupe download`: what the Images table and the processed bucket hold."""

from pathlib import Path

import click
from rich.text import Text

from loupe import render
from loupe.aws import Records
from loupe.aws_errors import translate_errors
from loupe.console import answers, print_json, step
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import InputError, RecordNotFoundError
from loupe.results import Record, labelled_by_person

STATUSES = ("RECEIVED", "IN_REVIEW", "CLASSIFIED", "REJECTED", "FAILED")


@click.command()
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), help="Those in one status only.")
@target_options
@json_option
def images(status: str | None, chosen: Chosen, as_json: bool) -> None:
    """List the pictures that the workflow has seen, the newest first."""
    cloud, stack = chosen.stack(read_settings())
    found = Records(cloud, stack).list(status)
    if as_json:
        for record in found:
            print_json(record)
    elif found:
        answers().print(render.records_table(found))
    else:
        answers().print(
            f"No pictures{f' in status {status}' if status else ''} yet. `loupe classify PICTURE` makes one."
        )


@click.command()
@click.argument("image_id", metavar="ID")
@target_options
@json_option
def image(image_id: str, chosen: Chosen, as_json: bool) -> None:
    """Show one picture's record. ID may be its first characters, as `loupe images` prints them."""
    cloud, stack = chosen.stack(read_settings())
    record = Records(cloud, stack).get(image_id)
    if as_json:
        print_json(record)
    else:
        _print_record(record)


@click.command()
@click.argument("image_id", metavar="ID")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file or a folder. Default: NAME-annotated.jpg, here.",
)
@target_options
@json_option
def download(image_id: str, output: Path | None, chosen: Chosen, as_json: bool) -> None:
    """Download the annotated picture."""
    cloud, stack = chosen.stack(read_settings())
    record = Records(cloud, stack).get(image_id)
    key = record.get("processedKey")
    if not key:
        raise RecordNotFoundError(
            f"{image_id} is {render.status_of_record(record)} and has no annotated picture. "
            f"`loupe image {image_id}` says why."
        )
    path = output or Path()
    path = path / _file_name(str(key)) if path.is_dir() else path
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: no such folder.")
    with translate_errors(cloud.where):
        cloud.client("s3").download_file(stack.output("ProcessedBucketName"), str(key), str(path))
    if as_json:
        print_json({"imageId": record["imageId"], "path": str(path), "bytes": path.stat().st_size})
    else:
        step(f"{path}", f"{path.stat().st_size:,} bytes")


def _file_name(key: str) -> str:
    """A name for the copy beside its original, fit for any file system: at most 255 bytes, and no folder."""
    stem = Path(key.rsplit("/", 1)[-1]).stem.strip(". ").replace("\0", "") or "picture"
    return f"{stem.encode()[:200].decode(errors='ignore')}-annotated.jpg"


def _label_of_person(record: Record) -> str | None:
    """A person's label beside the model's guess; None where it is the model's, which the predictions show."""
    if not labelled_by_person(record):
        return None
    return f"{record.get('label')}, by a person (the model's guess: {record.get('modelLabel') or 'none'})"


def _print_record(record: Record) -> None:
    console = answers()
    console.print(Text.assemble((str(record["imageId"]), "bold"), "  ", render.status_of_record(record)))
    faces = record.get("faces") or []
    error = record.get("error") or {}
    rows = {
        "Picture": f"s3://{record.get('bucket')}/{record.get('key')}",
        "Title": record.get("title"),
        "Label": _label_of_person(record),
        "Faces": f"{render.faces(record.get('faceDetected'))}{f' ({len(faces)})' if faces else ''}",
        "Annotated": record.get("processedKey"),
        "Error": error.get("name"),
        "Cause": error.get("cause"),
        "Execution": record.get("executionArn"),
        "Created": render.local_time(record.get("createdAt")),
        "Updated": render.local_time(record.get("updatedAt")),
    }
    for name, value in rows.items():
        if value:
            console.print(Text.assemble((f"{name:<11}", "dim"), str(value)), soft_wrap=True)
    for each in record.get("predictions") or []:
        score = float(each["score"])
        console.print(
            Text.assemble(
                f"  {render.percent(score):>6} ", ("█" * round(score * 30), "cyan"), f" {each['label']}"
            )
        )
