"""`loupe train`."""

import functools
import tempfile
from pathlib import Path
from typing import Any

import click

from loupe.aws import Cloud
from loupe.console import progress, step
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import InputError, LoupeError
from loupe.lifecycle import ending_by_signal
from loupe.pictures import S3Location, parse_s3_uri
from loupe.stack import Stack
from loupe.torch_setup import set_training_up
from loupe.training import datasets
from loupe.training.display import TrainingDisplay, byte_bar, print_result
from loupe.training.endpoint import Endpoint
from loupe.training.follow import Follower
from loupe.training.models import Models
from loupe.training.results import TOO_LOW, TrainingResult, from_execution
from loupe.training.upload import upload_dataset
from loupe.training.workflow import TrainingWorkflow, execution_name
from model.errors import HyperparameterError, ModelSpecError
from model.hyperparameters import Hyperparameters
from model.spec import read_spec

EXIT_INTERRUPTED = 130


@click.command()
@click.option(
    "--data",
    required=True,
    metavar="SRC",
    help="`digits` (scikit-learn's), a folder, or s3://BUCKET/PREFIX/ that the stack may read.",
)
@click.option("--name", help="The model's name: letters, digits, hyphens. Default: the data's.")
@click.option("--epochs", type=click.IntRange(1), help="Default: by the number of pictures, 3 to 60.")
@click.option("--seed", type=click.IntRange(0), help="The same seed and data give the same model.")
@click.option(
    "--labels",
    metavar="NAMES",
    help="Names of numbered labels: cat,dog (from 0 on) or 8=bicycle,48=motorcycle.",
)
@click.option(
    "--minimum-accuracy",
    type=click.FloatRange(0, 1),
    help="Refuse the model below this (0 to 1). Default: the stack's.",
)
@click.option("--endpoint", help="The endpoint to serve it on. Default: the stack's, which classifies.")
@click.option("--no-deploy", is_flag=True, help="Train and evaluate only; no endpoint changes.")
@click.option(
    "--backbone",
    metavar="SRC",
    help="Weights to start from: a folder or s3://… with model.onnx and model.json, or an EfficientNet's.",
)
@click.option(
    "--set", "settings_given", multiple=True, metavar="NAME=VALUE", help="A hyperparameter (model/README.md)."
)
@click.option(
    "--prepare",
    "preparation_given",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="How to prepare the data: side=64, color=RGB, test=0.2, tolerate=0.05, ignore-unlabelled …",
)
@click.option("--detach", "-d", is_flag=True, help="Start it and return; it goes on by itself.")
@target_options
@json_option
@click.pass_context
def train(
    ctx: click.Context,
    data: str,
    name: str | None,
    epochs: int | None,
    seed: int | None,
    labels: str | None,
    minimum_accuracy: float | None,
    endpoint: str | None,
    no_deploy: bool,
    backbone: str | None,
    settings_given: tuple[str, ...],
    preparation_given: tuple[str, ...],
    detach: bool,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """Train a classifier, evaluate it on pictures it never saw, and bring it into service.

    A folder may hold a folder by class, a .lst manifest (index, label, file; train.lst and test.lst beside
    train/ and test/), a CSV list, or MNIST's IDX files. What is local is uploaded first, once; an upload that
    broke off goes on. The state machine of the stack does the rest: it copies, prepares, trains, evaluates,
    tries the new model beside the live one, and then exchanges them without a gap.

    Ctrl-C stops the execution and its jobs; what is live stays live.

    Ends with 0 when the model is trained (and live, unless --no-deploy), 3 when it is less accurate than
    --minimum-accuracy and so was refused, 1 on any other failure, 2 when an argument is wrong. With --json
    the last line tells status, accuracy, perClass, model, endpoint, executionArn, durationMs, error, cause.
    """
    source = datasets.parse_source(data)
    title = datasets.model_name(name) if name else datasets.default_name(data)
    if not title:
        raise InputError(f"--name {name}: use letters, digits and hyphens.")
    hyperparameters = _hyperparameters(settings_given, epochs, seed)
    settings = read_settings()
    with ending_by_signal():
        cloud, stack = chosen.stack(settings)
        workflow = TrainingWorkflow(cloud, stack)
        if cloud.target.local:
            set_training_up(settings)
        payload: dict[str, Any] = {"name": title, "source": str(_in_s3(cloud, stack, title, source))}
        if backbone:
            payload["backbone"] = str(_backbone_in_s3(cloud, stack, backbone))
        preparation = _preparation_for(backbone) | _preparation(preparation_given, labels)
        payload |= _options(hyperparameters, minimum_accuracy, endpoint, no_deploy, preparation)
        arn = workflow.start(execution_name(title), payload)
        step("Training started", arn)
        if detach:
            result = TrainingResult("RUNNING", executionArn=arn)
        else:
            result = _follow(workflow, arn, functools.partial(_refusal_figures, cloud, stack, arn))
    if as_json:
        print(result.to_json(), flush=True)
    elif not detach:
        print_result(result, title)
    ctx.exit(EXIT_INTERRUPTED if result.error == "Stopped" else result.exit_code)


def _follow(workflow: TrainingWorkflow, arn: str, refusal_figures: Any) -> TrainingResult:
    """To the end; an interruption stops the execution and waits until all of it has stopped."""
    follower = Follower(workflow, arn)
    with TrainingDisplay() as display:
        try:
            for happening in follower.run():
                display.show(happening)
                if follower.log_trouble:
                    display.say_once(f"The training job's log can't be read: {follower.log_trouble}")
            assert follower.ending is not None
            ending = follower.ending
        except KeyboardInterrupt:
            display.say_once(
                "Stopping the execution and its jobs; once more Ctrl-C leaves them to themselves"
            )
            ending = follower.stop(display.say_once)
    result = from_execution(ending)
    return from_execution(ending, refusal_figures()) if result.error == TOO_LOW else result


def _refusal_figures(cloud: Cloud, stack: Stack, arn: str) -> dict[str, Any]:
    """What the evaluation of a refused model says; it lies where the workflow writes it."""
    run = arn.rpartition(":")[2]
    report = S3Location(stack.output("TrainingBucketName"), f"runs/{run}/evaluation/")
    try:
        found = Models(cloud, stack, Endpoint(cloud, stack.output("EndpointName"))).evaluation(report)
    except LoupeError:
        return {}
    return found | {"report": str(report)}


def _options(
    hyperparameters: dict[str, str],
    minimum_accuracy: float | None,
    endpoint: str | None,
    no_deploy: bool,
    preparation: dict[str, str | bool],
) -> dict[str, Any]:
    """The execution's optional inputs, where they are given."""
    options = {
        "hyperparameters": hyperparameters or None,
        "minimumAccuracy": minimum_accuracy,
        "endpointName": endpoint,
        "deploy": False if no_deploy else None,
        "preparation": preparation or None,
    }
    return {key: value for key, value in options.items() if value is not None}


def _preparation(given: tuple[str, ...], labels: str | None) -> dict[str, str | bool]:
    """Options of model.prepare: a value, or true for a flag."""
    prepared: dict[str, str | bool] = {}
    for text in given:
        key, equals, value = text.partition("=")
        prepared[key.strip().lstrip("-").replace("_", "-")] = value.strip() if equals else True
    return prepared | ({"labels": labels} if labels else {})


def _preparation_for(backbone: str | None) -> dict[str, str | bool]:
    """The pictures' size and colours that a backbone in a folder here takes, as its model.json has them."""
    if backbone is None or backbone.startswith("s3://"):
        return {}
    try:
        takes = read_spec(Path(backbone).expanduser()).input
    except ModelSpecError:  # an EfficientNet's weights have none; a broken one the training names
        return {}
    color = "L" if takes.channels == 1 else "RGB"
    return {"side": str(takes.width), "color": color} if takes.width == takes.height else {}


def _hyperparameters(given: tuple[str, ...], epochs: int | None, seed: int | None) -> dict[str, str]:
    """As SageMaker wants them: strings. InputError for one that the training would refuse."""
    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set {text}: write NAME=VALUE, such as learning_rate=0.002.")
        found[key.strip()] = value.strip()
    if "name" in found:
        raise InputError("--set name=…: the option --name gives the model's name.")
    found |= {key: str(value) for key, value in (("epochs", epochs), ("seed", seed)) if value is not None}
    try:
        Hyperparameters.parse(found)
    except HyperparameterError as error:
        raise InputError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    return found


def _in_s3(cloud: Cloud, stack: Stack, title: str, source: S3Location | Path | None) -> S3Location:
    """Where the data is, once it is there."""
    if isinstance(source, S3Location):
        return source
    if source is not None:
        return _upload(cloud, stack, title, source)
    with tempfile.TemporaryDirectory() as folder:
        datasets.write_digits(Path(folder))
        return _upload(cloud, stack, title, Path(folder))


def _backbone_in_s3(cloud: Cloud, stack: Stack, text: str) -> S3Location:
    if text.startswith("s3://"):
        location = parse_s3_uri(text)
        return location if location.is_prefix else S3Location(location.bucket, location.key + "/")
    path = Path(text).expanduser()
    if not path.is_dir():
        raise InputError(f"--backbone {text}: no such folder.")
    return _upload(cloud, stack, datasets.default_name(text), path)


def _upload(cloud: Cloud, stack: Stack, title: str, folder: Path) -> S3Location:
    dataset = datasets.scan(folder)
    bucket = stack.output("TrainingBucketName")
    with byte_bar(progress(), "Reading", dataset.size) as advance:
        prefix = datasets.upload_prefix(title, dataset, advance)
    with byte_bar(progress(), "Uploading", dataset.size) as advance:
        sent = upload_dataset(cloud, dataset, bucket, prefix, lambda file: advance(file.size))
    location = S3Location(bucket, prefix)
    there = f"{sent:,} of {len(dataset.files):,} files uploaded" if sent else "The data is uploaded already"
    step(there, str(location))
    return location
