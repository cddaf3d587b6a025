"""`loupe model`: check a model, and bring it into service."""

from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from loupe.console import answers, print_json, step
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import InputError, ModelRefusedError
from loupe.hosting import Hosting
from loupe.lifecycle import ending_by_signal
from loupe.starters import check_folder, deploy_model, is_model, model_folder, try_out_pictures
from loupe.training.endpoint import Endpoint
from loupe.training.export import export_model
from loupe.training.models import Models
from loupe_core.confidence import percent
from model.check import Report, check_model
from model.errors import ModelError


@click.group()
def model() -> None:
    """Check a model of your own, and bring it into service.

    A model is a folder with model.onnx, any ONNX image classifier, and model.json, which says what goes in
    and comes out (model/spec.py). `photos` and `digits` are those that Loupe brings along.
    """


@model.command()
@click.argument("wanted", metavar="FOLDER|photos|digits")
@click.option(
    "--fix",
    "fixed",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="NEW",
    help="Put right what can be, in a copy: a new folder.",
)
@json_option
@click.pass_context
def check(ctx: click.Context, wanted: str, fixed: Path | None, as_json: bool) -> None:
    """Run a model on blank and real pictures, and say what a server would answer wrongly. Needs no cloud.

    Ends with 0 when it can be hosted, with 3 when it can't; --json prints one object with the problems.
    """
    settings = read_settings()
    folder = model_folder(settings.root, wanted)
    pictures = try_out_pictures(settings.root)
    done: list[str] = []
    if fixed:
        # Only this needs the onnx package.
        from model.fix import fix_model

        try:
            report, done = fix_model(folder, fixed, pictures)
        except ModelError as error:
            raise InputError(str(error)) from error
    else:
        report = check_model(folder, pictures)
    if as_json:
        print_json(report.to_dict() | {"fixed": done})
    else:
        _print_report(answers(), report, done)
    if not report.passed:
        ctx.exit(ModelRefusedError.exit_code)


@model.command()
@click.argument("wanted", metavar="FOLDER|photos|digits|MODEL")
@click.option(
    "--endpoint", "endpoint_name", help="Another endpoint than the one that the stack classifies with."
)
@click.option(
    "--instance-type",
    metavar="TYPE",
    help="Such as ml.m5.large, or serverless. Default: as the endpoint is; serverless for a new one.",
)
@click.option("--image", metavar="URI", help="The container. Default: loupe-model:serving of the account.")
@target_options
@json_option
def deploy(
    wanted: str,
    endpoint_name: str | None,
    instance_type: str | None,
    image: str | None,
    chosen: Chosen,
    as_json: bool,
) -> None:
    """Bring a model into service: check it, pack it, try it on an endpoint of its own, exchange the live one.

    MODEL is one of `loupe models`. The exchange has no gap; `loupe rollback` goes back. When anything fails,
    what is live stays live, and nothing is left over.

    Ends with 0 when it is live, 3 when the model was refused (with the reason), 2 when an argument is wrong,
    1 on any other failure. --json prints status, model, endpoint, endpointConfig, previousEndpointConfig,
    triedOn.
    """
    settings = read_settings()
    if is_model(wanted):
        check_folder(settings.root, model_folder(settings.root, wanted))
    with ending_by_signal():
        cloud, stack = chosen.stack(settings)
        endpoint = Endpoint(cloud, endpoint_name or stack.output("EndpointName"))
        hosting = Hosting(cloud, stack, endpoint, image, instance_type)
        if is_model(wanted) or Path(wanted).is_dir():
            hosted = deploy_model(hosting, settings.root, wanted)
        else:
            found = Models(cloud, stack, endpoint).find(wanted)
            with export_model(cloud, found.name) as folder:
                hosted = deploy_model(hosting, settings.root, str(folder))
    if as_json:
        print_json(hosted.to_dict())
    elif hosted.previous:
        answers().print(
            Text(f"{hosted.endpoint} serves {hosted.model}. `loupe rollback` goes back."), soft_wrap=True
        )
    else:
        answers().print(Text(f"{hosted.endpoint} serves {hosted.model}."), soft_wrap=True)


def _print_report(console: Console, report: Report, done: list[str]) -> None:
    for message in done:
        step("Put right", message)
    name = f"{report.spec.name}, {len(report.spec.labels)} labels" if report.spec else str(report.folder)
    state = ("can be hosted", "green") if report.passed else ("can't be hosted", "red")
    console.print(Text.assemble((f"{name}  ", "bold"), state), soft_wrap=True)
    for problem in report.problems:
        console.print(Text.assemble(("  ✗ ", "red"), problem.message), soft_wrap=True)
        if problem.fix is not None:
            console.print("    --fix NEW writes it put right to the folder NEW.", soft_wrap=True)
    for note in report.notes:
        console.print(Text.assemble(("  – ", "yellow"), note), soft_wrap=True)
    for picture, answer in report.answers.items():
        console.print(
            Text.assemble((f"  {picture:<14}", "dim"), f"{answer.label}  {percent(answer.score)}"),
            soft_wrap=True,
        )
    if report.milliseconds is not None:
        console.print(Text(f"  {report.milliseconds:g} ms a picture on one thread here", style="dim"))
