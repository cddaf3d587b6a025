"""`loupe demo`: real digits through the real workflow, with the messages that they cause."""

import time
from pathlib import Path

import click
from rich.text import Text

from loupe import render
from loupe.aws import Cloud, StackWorkflow
from loupe.classify import Wishes, classify_all
from loupe.commands.messages import print_message
from loupe.console import answers, progress
from loupe.context import read_settings
from loupe.errors import LoupeError
from loupe.inbox import Inbox, Message
from loupe.lifecycle import bring_up, ending_by_signal
from loupe.pictures import find_pictures
from loupe.settings import Settings
from loupe.stack import Stack
from loupe.target import Target

PICTURES = ("digit-5.png", "digit-3-unsure.png")
MAIL_SECONDS = 30.0


@click.command()
def demo() -> None:
    """Bring the local cloud up, classify two handwritten digits, show the e-mails about them.

    The model is sure of one and not of the other, which the workflow refuses. Leaves the local cloud running.
    """
    settings = read_settings()
    with ending_by_signal():
        info, stack = bring_up(settings, detach=True)
    cloud = Cloud(Target.of(info))
    workflow = StackWorkflow(cloud, stack)
    inbox = Inbox(info.gateway_url, settings.state)
    before = len(inbox.messages())
    pictures = find_pictures([_shown(settings, name) for name in PICTURES], workflow.list_prefix)
    progress().print(Text("Classifying two handwritten digits", style="bold"))
    results = list(classify_all(pictures, workflow, Wishes()))
    render.print_results(answers(), results)
    for message in _new_messages(inbox, before, len(results)):
        print_message(message)
    accepted, refused = results
    if accepted.status != "SUCCEEDED" or not refused.refused:
        raise LoupeError("The digits did not end as they should: the first classified, the second refused.")
    _say_where(info.gateway_url, stack)


def _say_where(gateway_url: str, stack: Stack) -> None:
    console = answers()
    console.print(Text("All of it is running", style="bold"))
    places = {"AWS": gateway_url, "Page": stack.outputs.get("WebUrl"), "API": stack.outputs.get("ApiUrl")}
    for name, place in places.items():
        if place:
            console.print(Text.assemble("  ", (f"{name:<6}", "dim"), place), soft_wrap=True)
    console.print("`loupe open` prints the rest, `loupe classify PICTURE` goes on, `make down` stops it.")


def _shown(settings: Settings, name: str) -> str:
    """The picture's path as short as it can be said from here."""
    path = settings.root / "events" / "images" / name
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _new_messages(inbox: Inbox, before: int, expected: int) -> list[Message]:
    """The messages of these executions; they arrive a moment after the executions have ended."""
    deadline = time.monotonic() + MAIL_SECONDS
    while len(messages := inbox.messages()[before:]) < expected:
        if time.monotonic() > deadline:
            raise LoupeError(
                f"Only {len(messages)} of {expected} e-mails arrived within {MAIL_SECONDS:g} seconds."
            )
        time.sleep(0.2)
    return messages
