"""`loupe demo`: photos and a digit through the real workflow, with the messages that they cause."""

import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from loupe import render
from loupe.aws import Cloud, StackWorkflow
from loupe.classify import ClassifyOptions, classify_all
from loupe.commands.messages import print_message
from loupe.console import answers, progress, working
from loupe.context import read_settings
from loupe.errors import CommandError
from loupe.hosting import Hosting
from loupe.inbox import Inbox, Message
from loupe.lifecycle import bring_up, ending_by_signal
from loupe.pictures import find_pictures
from loupe.results import IN_REVIEW, Result
from loupe.settings import Settings
from loupe.stack import Stack
from loupe.starters import DIGITS, PHOTOS, deploy_model
from loupe.target import Target
from loupe.training.endpoint import Endpoint, Live

STACKS = ("site",)
"""Beside the core: what the demo shows and its e-mails link to. `loupe up` deploys the others."""
PHOTO_NAMES = ("coffee.jpg", "cat.jpg", "astronaut.jpg")
PHOTO_THRESHOLD = 0.3
"""Nine of ten photos above it are named rightly; what is none of the thousand classes, as a person, stays
below as a rule (the model card has the table). The stack's own threshold is for few, distinct classes.
"""
DIGIT_NAME = "digit-5.png"
MAIL_SECONDS = 30.0


@click.command()
def demo() -> None:
    """Bring the local cloud up, classify three photos and a handwritten digit, show the e-mails about them.

    A cup and a cat are accepted; a person, whom the photo model has no name for, is refused. Then the digits
    model takes the photo model's place for a digit, and what was live before is live again. Deploys the core
    and the site, and leaves the local cloud running; `loupe up` adds the other stacks.
    """
    settings = read_settings()
    with ending_by_signal():
        info, stack = bring_up(settings, detach=True, only=STACKS)
        cloud = Cloud(Target.of(info))
        inbox = Inbox(info.gateway_url, settings.state)
        endpoint = Endpoint(cloud, stack.output("EndpointName"))
        before = endpoint.in_service()
        hosting = Hosting(cloud, stack, endpoint)
        try:
            if not any(name.startswith(f"{PHOTOS}-") for name in before.shares):
                deploy_model(hosting, settings.root, PHOTOS)
            workflow = StackWorkflow(cloud, stack)
            paths = [_shown(settings, name) for name in PHOTO_NAMES]
            cup, cat, person = _classify(workflow, inbox, "three photos", paths, PHOTO_THRESHOLD)
            deploy_model(hosting, settings.root, DIGITS)
            paths = [_shown(settings, DIGIT_NAME)]
            (digit,) = _classify(workflow, inbox, "a handwritten digit", paths, None)
        finally:
            _put_back(endpoint, before)
    if not (cup.status == cat.status == digit.status == "SUCCEEDED" and is_unsure(person)):
        raise CommandError("The pictures did not end as they should: all classified but the astronaut.")
    _say_where(info.gateway_url, stack)


def _classify(
    workflow: StackWorkflow, inbox: Inbox, what: str, paths: Sequence[str], threshold: float | None
) -> list[Result]:
    """Classify and print: the results, and the messages that they caused."""
    before = len(inbox.messages())
    accepted_from = "" if threshold is None else f", accepted from {threshold:.0%}"
    progress().print(Text(f"Classifying {what}{accepted_from}", style="bold"))
    pictures = find_pictures(list(paths), workflow.list_prefix)
    results = list(classify_all(pictures, workflow, ClassifyOptions(threshold=threshold)))
    render.print_results(answers(), results)
    for message in _new_messages(inbox, before, messages_about(results)):
        print_message(message)
    return results


def is_unsure(result: Result) -> bool:
    """Whether the model was less sure than the threshold: refused, or a person's to decide where the stack
    has a ReviewThreshold.
    """
    return result.refused or result.status == IN_REVIEW


def messages_about(results: Sequence[Result]) -> int:
    """How many messages they cause: one each, but for what waits for a person."""
    return sum(result.status != IN_REVIEW for result in results)


def _put_back(endpoint: Endpoint, before: Live) -> None:
    """Serve again what was live before the demo."""
    now = endpoint.in_service()
    if now.config != before.config:
        what = ", ".join(before.shares)
        with working(f"Going back to {what}", f"{endpoint.name} serves {what} again"):
            endpoint.switch(now, before.config, remember=False)


def _say_where(gateway_url: str, stack: Stack) -> None:
    console = answers()
    console.print(Text("All of it is running", style="bold"))
    places = {"AWS": gateway_url, "Page": stack.outputs.get("WebUrl"), "API": stack.outputs.get("ApiUrl")}
    for name, place in places.items():
        if place:
            console.print(Text.assemble("  ", (f"{name:<6}", "dim"), place), soft_wrap=True)
    console.print(
        "`loupe open` prints the rest, `loupe classify PICTURE` goes on, `loupe up` adds training, review "
        "and batch, `make down` stops it.",
        soft_wrap=True,
    )


def _shown(settings: Settings, name: str) -> str:
    """The picture's path as short as it can be said from here."""
    path = settings.root / "events" / "images" / name
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _new_messages(inbox: Inbox, before: int, expected: int) -> list[Message]:
    """The messages of these executions; they arrive a moment after the executions have ended."""
    deadline = time.monotonic() + MAIL_SECONDS
    while len(messages := inbox.messages()[before:]) < expected:
        if time.monotonic() > deadline:
            raise CommandError(
                f"Only {len(messages)} of {expected} e-mails arrived within {MAIL_SECONDS:g} seconds."
            )
        time.sleep(0.2)
    return messages
