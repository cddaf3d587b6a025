"""What every subcommand shares: the settings, and the options that choose the cloud."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import click

from loupe.aws import Cloud
from loupe.settings import DEFAULT_STACK, Settings
from loupe.stack import Stack
from loupe.target import resolve_target

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Chosen:
    """What the options of one call choose."""

    choice: str | None
    profile: str | None
    region: str | None
    stack_name: str

    def cloud(self, settings: Settings, parallel: int = 10) -> Cloud:
        """The cloud to talk to."""
        target = resolve_target(settings, choice=self.choice, profile=self.profile, region=self.region)
        return Cloud(target, parallel=parallel)

    def stack(self, settings: Settings, parallel: int = 10) -> tuple[Cloud, Stack]:
        """The cloud and its stack; StackNotFoundError when it isn't there."""
        cloud = self.cloud(settings, parallel)
        return cloud, cloud.stack(self.stack_name)


def read_settings() -> Settings:
    return Settings.from_environ(os.environ)


def target_options(command: Command) -> Command:
    """Add --stack, --aws/--local, --profile and --region; the command gets them as one `Chosen` named
    `chosen`.
    """

    @click.option(
        "--stack",
        "stack_name",
        default=DEFAULT_STACK,
        envvar="LOUPE_STACK",
        show_default=True,
        help="The stack's name.",
    )
    @click.option(
        "--aws/--local",
        "aws",
        default=None,
        help="Talk to AWS even while a local cloud runs, or to the local cloud only.",
    )
    @click.option("--profile", help="A profile of your AWS configuration (chooses AWS).")
    @click.option("--region", help="An AWS region, where the profile names none.")
    @functools.wraps(command)
    def with_target(
        *args: Any, stack_name: str, aws: bool | None, profile: str | None, region: str | None, **others: Any
    ) -> Any:
        choice = None if aws is None else "aws" if aws else "local"
        return command(*args, chosen=Chosen(choice, profile, region, stack_name), **others)

    return cast(Command, with_target)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
