"""`loupe inbox` and `loupe logs`: what was sent, and what was logged."""

import json
from datetime import UTC, datetime
from typing import Any

import click
from rich.text import Text

from local import cloud as local_cloud
from loupe.aws import Cloud, Records
from loupe.console import answers, print_json, progress
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import InputError, ModelNotFoundError, TargetError
from loupe.inbox import Inbox, Message
from loupe.logs import LogEvent, find_groups, follow_events, parse_since, read_events, training_groups
from loupe.render import local_time
from loupe.results import Execution
from loupe.stack import Stack
from loupe.trace import events_of, is_trace, way_of
from loupe.training.workflow import TrainingWorkflow

DEFAULT_SINCE = "10m"
SOURCE_STYLES = ("cyan", "magenta", "green", "yellow", "blue")


@click.command()
@click.option("--clear", is_flag=True, help="Delete all messages (after printing none).")
@json_option
def inbox(clear: bool, as_json: bool) -> None:
    """Show the e-mails and text messages that the local cloud delivered, the oldest first.

    On AWS they go to the addresses that subscribed to the stack's topic, and there is nothing to show here.
    """
    settings = read_settings()
    info = local_cloud.running(settings.state)
    if info is None:
        raise TargetError(
            "No local cloud is running here, so there is no inbox. Start one with: loupe up --detach"
        )
    box = Inbox(info.gateway_url, settings.state)
    if clear:
        deleted = box.clear()
        if as_json:
            print_json({"deleted": deleted})
        else:
            progress().print(f"{deleted} message{'' if deleted == 1 else 's'} deleted.")
        return
    messages = box.messages()
    for message in messages:
        if as_json:
            print_json(message.to_dict())
        else:
            print_message(message)
    if not messages and not as_json:
        answers().print("The inbox is empty. `loupe classify PICTURE` fills it.")


def print_message(message: Message) -> None:
    """A message as a mail program shows it."""
    console = answers()
    console.print(Text("─" * min(console.width, 80), style="dim"))
    console.print(Text(message.subject, style="bold"))
    console.print(Text(f"To {message.to}, {local_time(message.received_at)}", style="dim"), soft_wrap=True)
    console.print()
    console.print(Text(message.body.rstrip()), soft_wrap=True)
    console.print()


@click.command()
@click.argument("name", required=False, metavar="[FUNCTION|workflow|endpoint|TRAINING|IMAGE|EXECUTION]")
@click.option("--follow", "-f", is_flag=True, help="Go on with what is logged from now on, until Ctrl-C.")
@click.option(
    "--since",
    help="How far back: 90s, 10m, 2h, 1d, or a time. Default: 10m; of a picture, since it was "
    "claimed; of a training, since it began.",
)
@target_options
@json_option
def logs(name: str | None, follow: bool, since: str | None, chosen: Chosen, as_json: bool) -> None:
    """Show what the functions and the workflow logged, the oldest first; of all, or of one.

    Of a picture (its id, or the beginning of it, as `loupe images` prints it) or an execution (its ARN):
    its way across all functions and the workflow. Of a training (its name, as `loupe trainings` prints it):
    its jobs and its trial endpoint.
    """
    since_ms = parse_since(since or DEFAULT_SINCE)
    cloud, stack = chosen.stack(read_settings())
    way = way_of(name, Records(cloud, stack)) if name and is_trace(name) else None
    training: Execution | None = None
    try:
        groups = find_groups(cloud, stack, None if way else name)
    except InputError:
        training = _training(cloud, stack, name or "")
        if training is None:
            raise
        groups = training_groups(training.name)
        since_ms = int(training.started.timestamp() * 1000) if since is None else since_ms
    styles = {source: SOURCE_STYLES[i % len(SOURCE_STYLES)] for i, source in enumerate(groups)}
    if way and way.since_ms is not None and since is None:
        since_ms = way.since_ms

    def read(from_ms: int) -> list[LogEvent]:
        events = read_events(cloud, groups, from_ms, training.name if training else "")
        return events_of(way, events) if way else events

    events = follow_events(read, since_ms) if follow else iter(read(since_ms))
    none_yet = True
    for event in events:
        none_yet = False
        if as_json:
            print_json({"timestamp": _iso(event), "source": event.source, "message": event.message})
        else:
            _print_event(event, styles[event.source])
    if none_yet and not as_json:
        about = f" about {name}" if way else ""
        progress().print(f"Nothing was logged{about} in the last {since or DEFAULT_SINCE}.", style="dim")


def _training(cloud: Cloud, stack: Stack, name: str) -> Execution | None:
    """The training of that name; None where there is none, or no training stack."""
    if "TrainStateMachineArn" not in stack.outputs:
        return None
    try:
        return TrainingWorkflow(cloud, stack).find(name)
    except ModelNotFoundError:
        return None


def _print_event(event: LogEvent, style: str) -> None:
    time = datetime.fromtimestamp(event.timestamp / 1000).astimezone().strftime("%H:%M:%S.%f")[:-3]
    line = Text.assemble((time, "dim"), " ", (event.source, style), " ", readable(event.message))
    answers().print(line, soft_wrap=True)


def readable(message: str) -> Text:
    """A function's JSON (Powertools') and a state machine's as sentences; anything else stays as it is."""
    try:
        entry = json.loads(message)
    except ValueError:
        return Text(message)
    if isinstance(entry, dict) and {"level", "message"} <= entry.keys():
        return _function_entry(entry)
    if isinstance(entry, dict) and {"type", "execution_arn"} <= entry.keys():
        return _workflow_entry(entry)
    return Text(message)


def _function_entry(entry: dict[str, Any]) -> Text:
    """Level and message first, the rest after it."""
    level, said = str(entry.pop("level")), str(entry.pop("message"))
    style = {"ERROR": "red", "CRITICAL": "red", "WARNING": "yellow"}.get(level, "dim")
    hidden = (
        "timestamp",
        "service",
        "xray_trace_id",
        "function_arn",
        "function_memory_size",
        "cold_start",
        "location",
    )
    rest = " ".join(f"{name}={value}" for name, value in entry.items() if name not in hidden)
    return Text.assemble((level, style), " ", said, (f" {rest}" if rest else "", "dim"))


def _workflow_entry(entry: dict[str, Any]) -> Text:
    """The beginning of the execution's name, what happened, to which state, and what went wrong."""
    details = entry.get("details") or {}
    name, kind = str(entry["execution_arn"]).rpartition(":")[2][:8], str(entry["type"])
    style = "red" if kind.endswith(("Failed", "TimedOut", "Aborted")) else ""
    about = [str(details[each]) for each in ("name", "resource", "error", "cause") if details.get(each)]
    return Text.assemble((name, "dim"), " ", (kind, style), " ", ": ".join(about))


def _iso(event: LogEvent) -> str:
    return datetime.fromtimestamp(event.timestamp / 1000, UTC).isoformat(timespec="milliseconds")
