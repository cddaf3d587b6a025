"""`loupe train`."""

from typing import Any

import click

from loupe.aws import Cloud
from loupe.console import step
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import CommandError, InputError
from loupe.lifecycle import ending_by_signal
from loupe.pictures import S3Location
from loupe.reviews import Reviews
from loupe.stack import Stack
from loupe.torch_setup import set_training_up
from loupe.training import datasets
from loupe.training.display import TrainingDisplay, print_result
from loupe.training.endpoint import Endpoint
from loupe.training.follow import Follower
from loupe.training.inputs import hyperparameters_from, options_of, preparation_from
from loupe.training.models import Models
from loupe.training.results import REFUSALS, TrainingResult, from_execution
from loupe.training.sending import backbone_in_s3, data_in_s3
from loupe.training.start import AUTO, preparation_in_s3, start_from
from loupe.training.workflow import TrainingWorkflow, execution_name

EXIT_INTERRUPTED = 130


@click.command()
@click.option(
    "--data",
    metavar="SRC",
    help="`digits` (scikit-learn's), a folder, an archive, or s3://BUCKET/PREFIX/ that the stack may read.",
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
@click.option(
    "--replace",
    type=click.Choice(["if-not-worse", "always"]),
    help="When it goes live: if the live model is not better on the same pictures (default), or always.",
)
@click.option("--no-deploy", is_flag=True, help="Train and evaluate only; no endpoint changes.")
@click.option(
    "--backbone",
    metavar="SRC",
    default=AUTO,
    show_default=True,
    help="What to start from: auto (colour pictures: the photo model or nothing, whichever does better; grey "
    "ones: nothing), none, photos, a folder or s3://… with model.onnx and model.json, or an EfficientNet's.",
)
@click.option(
    "--with-reviews", is_flag=True, help="Add the pictures that people labelled in reviews (docs/review.md)."
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
@click.option("--yes", "-y", is_flag=True, help="Ask nothing, even if something about the data is off.")
@click.option("--follow", metavar="NAME", help="Start nothing: follow a training of `loupe trainings`.")
@target_options
@json_option
@click.pass_context
def train(
    ctx: click.Context,
    data: str | None,
    name: str | None,
    epochs: int | None,
    seed: int | None,
    labels: str | None,
    minimum_accuracy: float | None,
    endpoint: str | None,
    replace: str | None,
    no_deploy: bool,
    backbone: str,
    with_reviews: bool,
    settings_given: tuple[str, ...],
    preparation_given: tuple[str, ...],
    detach: bool,
    yes: bool,
    follow: str | None,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """Train a classifier, evaluate it on pictures it never saw, and bring it into service.

    A folder may hold a folder by class (train/, test/ above them or not), a list (.lst, CSV, SageMaker's or
    Hugging Face's manifest, COCO), MNIST's IDX files or Parquet; an archive any of these. It is looked at
    and summed up, then uploaded, once; an upload that broke off goes on. The state machine of the stack does
    the rest: it prepares, trains, evaluates, tries the new model beside the live one, and then exchanges
    them without a gap.

    Ctrl-C stops the execution and its jobs; what is live stays live. With --follow it only stops looking.

    Ends with 0 when the model is trained (and live, unless --no-deploy), 3 when it was refused
    (less accurate than --minimum-accuracy, or than the live model), 1 on any other failure, 2 when an
    argument or the data is wrong, 130 after Ctrl-C. With --json the last line is status, accuracy,
    perClass, model, endpoint, executionArn, durationMs, error, cause.
    """
    settings = read_settings()
    if follow:
        _follow_only(ctx, chosen, follow, as_json)
    if data is None:
        raise click.UsageError("Missing option '--data'.")
    source = datasets.parse_source(data)
    title = datasets.model_name(name) if name else datasets.default_name(data)
    if not title:
        raise InputError(f"--name {name}: use letters, digits and hyphens.")
    hyperparameters = hyperparameters_from(settings_given, epochs, seed)
    given = preparation_from(preparation_given, labels)
    options_of(hyperparameters, minimum_accuracy, endpoint, no_deploy, replace, given)
    start = start_from(backbone, settings.root)
    if start.remark:
        step(start.remark)
    with ending_by_signal():
        cloud, stack = chosen.stack(settings)
        workflow = TrainingWorkflow(cloud, stack)
        if cloud.target.local:
            set_training_up(settings)
        ask = not (yes or as_json or detach)
        payload: dict[str, Any] = {
            "name": title,
            "source": str(data_in_s3(cloud, stack, source, given, ask)),
        }
        prepared = start.preparation
        if isinstance(start.source, S3Location):
            prepared = preparation_in_s3(cloud, start.source)
        if weights := backbone_in_s3(cloud, stack, start):
            payload["backbone"] = weights
        if with_reviews and (reviewed := _published(cloud, stack)):
            payload["reviewed"] = reviewed
        payload |= options_of(
            start.hyperparameters | hyperparameters,
            minimum_accuracy,
            endpoint,
            no_deploy,
            replace,
            prepared | given,
        )
        arn = workflow.start(execution_name(title), payload)
        step("Training started", arn)
        if detach:
            result = TrainingResult("RUNNING", executionArn=arn)
        else:
            result = _follow(cloud, stack, workflow, arn)
    _end(ctx, result, title, as_json, shown=not detach)


def _published(cloud: Cloud, stack: Stack) -> str:
    """Where what people answered lies for the training, "" where nobody has named a picture yet."""
    found = Reviews(cloud, stack).publish()
    left_out = f"; {found.left_out} are gone or replaced" if found.left_out else ""
    step(f"{found.pictures:,} reviewed pictures{left_out}", found.uri or "none to add")
    return found.uri


def _end(ctx: click.Context, result: TrainingResult, title: str, as_json: bool, shown: bool = True) -> None:
    if as_json:
        print(result.to_json(), flush=True)
    elif shown:
        print_result(result, title)
    ctx.exit(EXIT_INTERRUPTED if result.error == "Stopped" else result.exit_code)


def _follow_only(ctx: click.Context, chosen: Chosen, name: str, as_json: bool) -> None:
    """Join a training that somebody started; Ctrl-C leaves it to itself."""
    cloud, stack = chosen.stack(read_settings())
    workflow = TrainingWorkflow(cloud, stack)
    training = workflow.find(name)
    step("Following", training.arn)
    try:
        result = _follow(cloud, stack, workflow, training.arn, stopping=False)
    except KeyboardInterrupt:
        step("It goes on by itself", f"loupe train --follow {training.name}")
        ctx.exit(EXIT_INTERRUPTED)
    _end(ctx, result, training.name, as_json)


def _follow(
    cloud: Cloud, stack: Stack, workflow: TrainingWorkflow, arn: str, stopping: bool = True
) -> TrainingResult:
    """To the end; with `stopping` an interruption stops the execution, and all of it is waited for."""
    follower = Follower(workflow, arn)
    with TrainingDisplay() as display:
        try:
            for happening in follower.run():
                display.show(happening)
                if follower.log_trouble:
                    display.say_once(f"The training job's log can't be read: {follower.log_trouble}")
            assert follower.outcome is not None
            outcome = follower.outcome
        except KeyboardInterrupt:
            if not stopping:
                raise
            display.say_once(
                "Stopping the execution and its jobs; once more Ctrl-C leaves them to themselves"
            )
            outcome = follower.stop(display.say_once)
    result = from_execution(outcome)
    if result.status == "SUCCEEDED" or result.error in REFUSALS:
        return from_execution(outcome, _figures(cloud, stack, arn))
    return result


def _figures(cloud: Cloud, stack: Stack, arn: str) -> dict[str, Any]:
    """What the evaluation says; it lies where the workflow writes it. Nothing where it cannot be read."""
    run = arn.rpartition(":")[2]
    report = S3Location(stack.output("TrainingBucketName"), f"runs/{run}/evaluation/")
    try:
        found = Models(cloud, stack, Endpoint(cloud, stack.output("EndpointName"))).evaluation(report)
    except CommandError:
        return {}
    return found | {"report": str(report)}
