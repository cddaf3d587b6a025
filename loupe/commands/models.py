"""`loupe models`, `loupe evaluate`, `loupe rollback`, `loupe confidence`: the models that were trained."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.text import Text

from loupe.aws import Cloud
from loupe.console import answers, print_json, step, working
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import InputError, ModelNotFoundError
from loupe.lifecycle import ending_by_signal
from loupe.logs import parse_since
from loupe.pictures import S3Location, parse_s3_uri
from loupe.stack import Stack
from loupe.training.captures import Captured, read_capture, read_capture_folder
from loupe.training.chart import draw_confidence
from loupe.training.endpoint import Endpoint
from loupe.training.export import export_to
from loupe.training.models import Models, TrainedModel
from loupe.training.report import models_table, print_confidence, print_evaluation
from loupe.training.summary import by_period, summarise

endpoint_option = click.option(
    "--endpoint", "endpoint_name", help="Another endpoint than the one that the stack classifies with."
)


def _endpoint(cloud: Cloud, stack: Stack, name: str | None) -> Endpoint:
    return Endpoint(cloud, name or stack.output("EndpointName"))


@click.command()
@click.option(
    "--delete", "unwanted", metavar="MODEL", help="Delete a model that is not live, and its package."
)
@click.option("--yes", is_flag=True, help="With --delete: do not ask.")
@click.option(
    "--export",
    "wanted",
    nargs=2,
    type=(str, click.Path(path_type=Path, file_okay=False)),
    metavar="MODEL FOLDER",
    help="Save a model's files to a new folder, as `loupe model deploy` takes them.",
)
@endpoint_option
@target_options
@json_option
def models(
    unwanted: str | None,
    yes: bool,
    wanted: tuple[str, Path] | None,
    endpoint_name: str | None,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """List the models, the newest first: how accurate each is, and which one is live.

    With --delete or --export one of them is deleted or saved instead.
    """
    if unwanted and wanted:
        raise InputError("Give --delete or --export, not both.")
    cloud, stack = chosen.stack(read_settings())
    registry = Models(cloud, stack, _endpoint(cloud, stack, endpoint_name))
    if unwanted:
        _delete(registry, unwanted, yes, as_json)
        return
    if wanted:
        name, folder = wanted
        exported = registry.find(name).name
        with working(f"Saving {exported} to {folder}", f"{exported} saved to {folder}"):
            export_to(cloud, exported, folder)
        if as_json:
            print_json({"model": exported, "folder": str(folder)})
        return
    found = registry.all()
    if as_json:
        for model in found:
            print_json(model.to_dict())
    elif found:
        answers().print(models_table(found))
    else:
        answers().print("No models yet. `loupe train` makes one, `loupe model deploy` brings one.")


def _delete(registry: Models, name: str, yes: bool, as_json: bool) -> None:
    """Ask first where a person is at the terminal."""
    model = registry.find(name)
    if model.name != name and model.title != name:
        raise ModelNotFoundError(f"There is no model {name}; is {model.name} meant?")
    if not yes and sys.stdin.isatty() and not click.confirm(f"Delete {model.name}?", err=True):
        raise InputError("Nothing was deleted.")
    deleted = registry.delete(model)
    if as_json:
        print_json({"model": model.name, "deleted": deleted})
    else:
        answers().print(Text(f"Deleted: {', '.join(deleted)}."), soft_wrap=True)


@click.command()
@click.argument("name", required=False, metavar="[MODEL]")
@click.option(
    "--download",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Save the report: confusion matrix, calibration and mistakes as PNG and SVG, the figures as JSON.",
)
@endpoint_option
@target_options
@json_option
def evaluate(
    name: str | None, download: Path | None, endpoint_name: str | None, chosen: Chosen, as_json: bool
) -> None:
    """Show how well a model does on the pictures that training never saw: the live one, or MODEL.

    MODEL is a model's name as `loupe models` lists it, or the name that it was trained under (the newest).
    """
    cloud, stack = chosen.stack(read_settings())
    registry = Models(cloud, stack, _endpoint(cloud, stack, endpoint_name))
    model = registry.find(name)
    report = _report_of(model)
    evaluation = registry.evaluation(report)
    saved = registry.download_report(report, download) if download else []
    if as_json:
        about = {"trainedModel": model.name, "report": str(report), "files": [str(path) for path in saved]}
        print_json(evaluation | about)
        return
    print_evaluation(answers(), model, evaluation)
    for path in saved:
        step(str(path), f"{path.stat().st_size:,} bytes")


def _report_of(model: TrainedModel) -> S3Location:
    if model.report is None:
        raise ModelNotFoundError(
            f"Nothing is known of how {model.name} does: it was not trained by this stack. "
            "`loupe train` evaluates what it trains."
        )
    return model.report


@click.command()
@click.option(
    "--to", "wanted", metavar="MODEL", help="Any model of `loupe models`, instead of the one before."
)
@endpoint_option
@target_options
@json_option
def rollback(wanted: str | None, endpoint_name: str | None, chosen: Chosen, as_json: bool) -> None:
    """Serve the model again that was live before the present one, and wait until it is in service.

    The exchange has no gap, and SageMaker keeps the present model when the other one does not start.
    """
    cloud, stack = chosen.stack(read_settings())
    endpoint = _endpoint(cloud, stack, endpoint_name)
    live = endpoint.in_service()
    if wanted:
        config = endpoint.config_of(Models(cloud, stack, endpoint).find(wanted).name)
    else:
        config = endpoint.config_before(live)
    with ending_by_signal(), working(f"Updating the endpoint {endpoint.name}", f"{config} is in service"):
        after = endpoint.switch(live, config, remember=wanted is not None)
    if as_json:
        print_json(
            {
                "endpoint": after.endpoint,
                "status": after.status,
                "endpointConfig": after.config,
                "previousEndpointConfig": live.config,
                "models": list(after.shares),
            }
        )
    else:
        answers().print(
            Text(f"{after.endpoint} serves {', '.join(after.shares)} instead of {', '.join(live.shares)}."),
            soft_wrap=True,
        )


@click.command()
@click.option("--since", default="7d", show_default=True, help="How far back: 10m, 2h, 1d, or a time.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Where to draw the line. Default: the stack's ConfidenceThreshold.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw it: a file that ends in .png or .svg.",
)
@click.option("--from", "place", metavar="SRC", help="Other capture files: s3://BUCKET/PREFIX/, or a folder.")
@endpoint_option
@target_options
@json_option
def confidence(
    since: str,
    threshold: float | None,
    output: Path | None,
    place: str | None,
    endpoint_name: str | None,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """Tell how sure the model was of what it was asked, over time: as numbers, and with -o as a chart.

    Reads what SageMaker's data capture wrote of the endpoint's answers. --json prints a line an inference.
    """
    earliest = datetime.fromtimestamp(parse_since(since) / 1000, UTC)
    captured, line, what = _read(chosen, place, endpoint_name, earliest, threshold)
    if not captured.inferences:
        hint = f" ({captured.unreadable} captured lines tell no confidence)" if captured.unreadable else ""
        raise ModelNotFoundError(
            f"Nothing was captured of {what} in the last {since}{hint}. `loupe classify PICTURE` asks it; "
            "the capture is written a little later. --since looks further back."
        )
    if output:
        draw_confidence(output, captured.inferences, line, f"Confidence of {what}")
        step(str(output), f"{output.stat().st_size:,} bytes")
    if as_json:
        for inference in captured.inferences:
            print_json(inference.to_dict(line))
        return
    length, periods = by_period(captured.inferences, line)
    whole = summarise(captured.inferences, line)
    print_confidence(answers(), what, whole, periods, length, line, captured.unreadable)


def _read(
    chosen: Chosen, place: str | None, endpoint_name: str | None, since: datetime, threshold: float | None
) -> tuple[Captured, float, str]:
    """The captured inferences, the threshold, and whose they are."""
    if place and not place.startswith("s3://"):
        path = Path(place).expanduser()
        if not path.exists():
            raise InputError(f"--from {place}: no such file or folder.")
        if threshold is None:
            raise InputError("Give --threshold with --from a folder: no stack is asked.")
        return read_capture_folder(path, since), threshold, path.name
    cloud, stack = chosen.stack(read_settings())
    if threshold is None:
        threshold = float(stack.parameters.get("ConfidenceThreshold") or 0.93)
    if place:
        return read_capture(cloud, parse_s3_uri(place), since), threshold, place
    live = _endpoint(cloud, stack, endpoint_name).in_service()
    if live.capture is None:
        raise ModelNotFoundError(
            f"The endpoint {live.endpoint} captures nothing of what it answers. What `loupe train` brings "
            "into service does, unless it is serverless or the parameter DataCapturePercentage is 0."
        )
    return read_capture(cloud, live.capture, since, live.endpoint), threshold, live.endpoint
