"""`loupe models`, `loupe evaluate`, `loupe rollback`, `loupe confidence`: the models that were trained."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.text import Text

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
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
from loupe.training.measuring import at_threshold, fetch_model, is_model_here, measure_here
from loupe.training.models import Models, TrainedModel
from loupe.training.recorded import read_records
from loupe.training.report import models_table, print_confidence, print_evaluation
from loupe.training.summary import by_period, summarise

DEFAULT_THRESHOLD = 0.93
DEFAULT_SPAN = "7d"

endpoint_option = click.option(
    "--endpoint", "endpoint_name", help="Another endpoint than the one that the stack classifies with."
)


def endpoint_for(cloud: Cloud, stack: Stack, name: str | None) -> Endpoint:
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
    registry = Models(cloud, stack, endpoint_for(cloud, stack, endpoint_name))
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
    help="Save the report: charts as PNG and SVG, figures as JSON, predictions and suspects as CSV.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Measure on these labelled pictures instead, here: any model, MODEL may be a folder or a .tar.gz.",
)
@click.option("--threshold", type=click.FloatRange(0, 1), help="Default: the stack's ConfidenceThreshold.")
@endpoint_option
@target_options
@json_option
def evaluate(
    name: str | None,
    download: Path | None,
    data: Path | None,
    threshold: float | None,
    endpoint_name: str | None,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """Show how well a model does on the pictures that training never saw: the live one, or MODEL.

    MODEL is a model's name as `loupe models` lists it, or the name that it was trained under (the newest).
    What the threshold lets through is shown for the deployed stack's, or for --threshold.
    """
    if data and is_model_here(name):
        assert name is not None
        _measure(Path(name).expanduser(), name, data, download, threshold or DEFAULT_THRESHOLD, as_json)
        return
    cloud, stack = chosen.stack(read_settings())
    registry = Models(cloud, stack, endpoint_for(cloud, stack, endpoint_name))
    model = registry.find(name)
    line = threshold if threshold is not None else threshold_of(stack)
    if data:
        with tempfile.TemporaryDirectory() as scratch:
            packed = fetch_model(cloud, model.name, Path(scratch))
            _measure(packed, model.name, data, download, line, as_json)
        return
    report = _report_of(model)
    evaluation = registry.evaluation(report)
    if evaluation["threshold"]["value"] != line and (other := at_threshold(cloud, report, line)):
        evaluation["threshold"] = other
    saved = registry.download_report(report, download) if download else []
    if as_json:
        about = {"trainedModel": model.name, "report": str(report), "files": [str(path) for path in saved]}
        print_json(evaluation | about)
        return
    title = f"{model.title}  {model.name}"
    print_evaluation(answers(), title, evaluation, str(report), live=bool(model.share))
    for path in saved:
        step(str(path), f"{path.stat().st_size:,} bytes")


def _measure(
    model: Path, title: str, data: Path, download: Path | None, threshold: float, as_json: bool
) -> None:
    """On pictures here; the report stays where --download says, or goes."""
    with tempfile.TemporaryDirectory() as scratch:
        output = download or Path(scratch)
        with working("Measuring", "Measured"):
            found = measure_here(model, data, output, threshold)
        if as_json:
            print_json(found)
        else:
            kept = str(download or "--download FOLDER keeps it")
            print_evaluation(answers(), title, found, kept, of=f"in {data}")


def threshold_of(stack: Stack) -> float:
    return float(stack.parameters.get("ConfidenceThreshold") or DEFAULT_THRESHOLD)


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
    endpoint = endpoint_for(cloud, stack, endpoint_name)
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
@click.option("--since", help="How far back: 10m, 2h, 1d, or a time. Default: 7d; with --from all there is.")
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
    since: str | None,
    threshold: float | None,
    output: Path | None,
    place: str | None,
    endpoint_name: str | None,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """Show how sure the model was of what it was asked, over time: as numbers, and with -o as a chart.

    Reads what SageMaker's data capture wrote of the endpoint's answers; where it captures nothing, as of a
    serverless endpoint, the records of the pictures. --json prints a line an inference.
    """
    span = since or (None if place else DEFAULT_SPAN)
    earliest = datetime.fromtimestamp(parse_since(span) / 1000 if span else 0, UTC)
    captured, line, what = _read(chosen, place, endpoint_name, earliest, threshold)
    if not captured.inferences:
        hint = f" ({captured.unreadable} captured lines hold no confidence)" if captured.unreadable else ""
        when = f" in the last {span}" if span else ""
        raise ModelNotFoundError(
            f"Nothing was captured of {what}{when}{hint}. `loupe classify PICTURE` asks it; the capture is "
            "written a little later. --since looks further back."
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
        # No stack is asked of files that lie here; the line is where every stack's is by default.
        return read_capture_folder(path, since), threshold or DEFAULT_THRESHOLD, path.name
    cloud, stack = chosen.stack(read_settings())
    if threshold is None:
        threshold = threshold_of(stack)
    if place:
        return read_capture(cloud, parse_s3_uri(place), since), threshold, place
    live = endpoint_for(cloud, stack, endpoint_name).in_service()
    if live.capture is None:
        # A serverless endpoint captures nothing; what became of each picture is recorded all the same.
        table = cloud.table(stack.output("ImagesTableName"))
        with translate_errors(cloud.where):
            return read_records(table, since), threshold, f"the records of {stack.name}"
    return read_capture(cloud, live.capture, since, live.endpoint), threshold, live.endpoint
