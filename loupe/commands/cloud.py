"""`loupe up`, `down`, `status`, `open`."""

from dataclasses import replace
from typing import Any

import click
from rich.text import Text

from local import cloud as local_cloud
from local.cloud import CloudInfo
from local.demo_user import EMAIL, PASSWORD
from loupe.aws import Cloud
from loupe.console import answers, print_json, progress, working
from loupe.container import STACK as CONTAINER_STACK
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import CloudError, InputError, StackNotFoundError, TargetError
from loupe.lifecycle import bring_up, ending_by_signal, stay, watching
from loupe.settings import DEFAULT_STACK
from loupe.stack import Stack
from loupe.stacks import NAMES
from loupe.starters import STARTERS, is_model
from loupe.target import Target, exports


def _parse_parameters(given: tuple[str, ...]) -> dict[str, str]:
    """Names of stack parameters and their values; what CloudFormation takes, it judges itself."""
    parameters = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.isalnum() or not value or any(c.isspace() or c in "\"'" for c in value):
            raise click.BadParameter(
                f"{each}: write NAME=VALUE, the value without spaces and quotation marks."
            )
        parameters[name] = value
    return parameters


@click.command()
@click.option("--detach", "-d", is_flag=True, help="Return when all is up, and leave it running.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The gateway's port. Default: LOUPE_PORT, or 4566."
)
@click.option(
    "--container",
    is_flag=True,
    help="Classify in the container Lambda, with no endpoint; deploys its stack too.",
)
@click.option(
    "--set",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    callback=lambda ctx, option, given: _parse_parameters(given),
    help="A parameter of whichever stacks have it, such as WorkflowType=EXPRESS; it stays until it is set "
    "otherwise.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(NAMES),
    help="Deploy this stack and what it stands on; may be given more than once. Others are left as they are.",
)
@click.option(
    "--model",
    metavar="photos|digits|FOLDER",
    help="The model to host, or the container's. Default: what is live, or else photos (a thousand classes).",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Update a function, a layer or a definition on the stacks as soon as its source changes.",
)
@json_option
def up(
    detach: bool,
    port: int | None,
    container: bool,
    parameters: dict[str, str],
    only: tuple[str, ...],
    model: str | None,
    watch: bool,
    as_json: bool,
) -> None:
    """Start the local cloud, build and deploy the stacks on it, host a model to start with.

    Stays until Ctrl-C and stops everything then; with --detach it returns, and `loupe down` stops it. What
    hasn't changed since the last time is neither built nor deployed again. When one is running already,
    `loupe up` says so and ends with 1, while `loupe up --detach` brings the stacks on it up to date.

    Needs no AWS account and reads none of your AWS configuration.
    """
    settings = read_settings()
    if watch and detach:
        raise InputError("--watch stays, --detach returns: give one of them.")
    if model and not is_model(model):
        raise InputError(f"--model {model}: give {' or '.join(STARTERS)}, or a folder with a model.json.")
    if port is not None:
        settings = replace(settings, port=port)
    running = local_cloud.running(settings.state)
    if running and not detach:
        raise CloudError(
            f"A local cloud is already running at {running.gateway_url}. `loupe status` shows it, "
            "`loupe down` stops it, `loupe up --detach` brings the stack on it up to date."
        )
    if running and port is not None and not running.gateway_url.endswith(f":{port}"):
        raise CloudError(
            f"A local cloud is already running at {running.gateway_url}; stop it first: loupe down"
        )
    with ending_by_signal():
        info, stack = bring_up(settings, detach, container, parameters, only, model)
        info = local_cloud.running(settings.state) or info
        _print_status(info, stack, as_json)
        if container and not as_json:
            _print_outputs(_find_stack(info, CONTAINER_STACK))
        if not detach:
            progress().print(Text("Running. Ctrl-C stops it.", style="bold"))
            look = watching(settings, info, stack.name, only, parameters) if watch else lambda: None
            try:
                stay(settings, look)
            except KeyboardInterrupt:
                return  # the way to end it


@click.command()
@json_option
def down(as_json: bool) -> None:
    """Stop the local cloud and all that belongs to it. Its state is kept for the next `loupe up`."""
    settings = read_settings()
    if local_cloud.running(settings.state) is None:
        stopped = False
    else:
        with working("Stopping the local cloud", "Local cloud stopped"):
            stopped = local_cloud.stop(settings.state)
    if as_json:
        print_json({"stopped": stopped})
    elif not stopped:
        progress().print("No local cloud is running here.")


@click.command()
@target_options
@json_option
def status(chosen: Chosen, as_json: bool) -> None:
    """Say whether the local cloud runs, and how its services and the stack are; with --aws how the stack on
    AWS is.
    """
    settings = read_settings()
    if chosen.choice == "aws" or chosen.profile:
        stack = chosen.cloud(settings).stack(chosen.stack_name)
        _print_status(None, stack, as_json)
        return
    info = local_cloud.running(settings.state)
    _print_status(info, _find_stack(info, chosen.stack_name), as_json)
    if not as_json:
        _print_outputs(_find_stack(info, CONTAINER_STACK))


@click.command(name="open")
@target_options
@json_option
def open_(chosen: Chosen, as_json: bool) -> None:
    """Print where things are: the page, the API, buckets, tables, and how to point other tools there."""
    settings = read_settings()
    cloud, stack = chosen.stack(settings)
    if as_json:
        print_json(
            {"endpointUrl": cloud.target.endpoint_url, "region": cloud.session.region_name, **stack.outputs}
        )
        return
    _print_outputs(stack)
    if cloud.target.local:
        if (info := local_cloud.running(settings.state)) and _shows_page(info, stack):
            _print_page(stack)
        _print_exports(cloud)


@click.command()
def env() -> None:
    """Print what makes any AWS tool talk to the local cloud: `eval "$(loupe env)"`."""
    info = local_cloud.running(read_settings().state)
    if info is None:
        raise TargetError("No local cloud is running here. Start one with: loupe up --detach")
    for line in exports(Target.of(info)):
        click.echo(line)


def status_document(info: CloudInfo | None, stack: Stack | None) -> dict[str, Any]:
    """`{running, gatewayUrl, region, stack, outputs, services}`: a contract."""
    services = info.services if info else {}
    return {
        "running": info is not None,
        "gatewayUrl": info.gateway_url if info else None,
        "region": info.region if info else None,
        "stack": stack.name if stack else None,
        "outputs": stack.outputs if stack else {},
        "services": {name: {"url": each.url, "healthy": each.healthy} for name, each in services.items()},
    }


def _find_stack(info: CloudInfo | None, name: str) -> Stack | None:
    if info is None:
        return None
    try:
        return Cloud(Target.of(info)).stack(name)
    except StackNotFoundError:
        return None


def _print_status(info: CloudInfo | None, stack: Stack | None, as_json: bool) -> None:
    if as_json:
        print_json(status_document(info, stack))
        return
    console = answers()
    if info:
        console.print(
            Text.assemble(("Local cloud ", "bold"), ("running", "green"), f" at {info.gateway_url}")
        )
        for name, each in info.services.items():
            mark = ("● ", "green") if each.healthy else ("● ", "red")
            where = (each.url, "dim") if each.healthy else ("down", "red")
            console.print(Text.assemble("  ", mark, f"{name:<12}", where), soft_wrap=True)
    elif stack is None:
        console.print("No local cloud is running here. `loupe up` starts one.")
    if stack:
        _print_outputs(stack)
        if info and _shows_page(info, stack):
            _print_page(stack)
    elif info:
        console.print(f"The stack {DEFAULT_STACK} is not deployed. `loupe up --detach` deploys it.")


def _shows_page(info: CloudInfo, stack: Stack) -> bool:
    return "WebUrl" in stack.outputs and "page" in info.services


def _print_page(stack: Stack) -> None:
    """The page, and who may sign in there."""
    console = answers()
    console.print(Text.assemble(("The page  ", "bold"), stack.outputs["WebUrl"]), soft_wrap=True)
    if "UserPoolId" in stack.outputs:
        console.print(Text(f"  sign in as {EMAIL} with the password {PASSWORD}"), soft_wrap=True)


def _print_outputs(stack: Stack | None) -> None:
    if stack is None:
        return
    console = answers()
    style = "green" if stack.deployed else "red"
    named = " ".join([stack.name, *(f"+ {each}" for each in stack.all_names[1:])])
    console.print(Text.assemble((f"Stack {named} ", "bold"), (stack.status, style)))
    width = max(map(len, stack.outputs), default=0)
    for name, value in stack.outputs.items():
        console.print(Text.assemble("  ", (f"{name:<{width}}  ", "dim"), value), soft_wrap=True)


def _print_exports(cloud: Cloud) -> None:
    console = answers()
    console.print(Text("For the AWS CLI, SDKs and SAM (`loupe env` prints this alone):", style="bold"))
    for line in exports(cloud.target):
        console.print(Text(f"  {line}"), soft_wrap=True)
