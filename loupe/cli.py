"""The command's entry: the group of subcommands, and how a failure ends."""

import sys
from typing import Any

import click
from rich.text import Text

from loupe import __version__
from loupe.commands.batch import batch, batches
from loupe.commands.cloud import down, env, open_, status, up
from loupe.commands.cost import cost
from loupe.commands.demo import demo
from loupe.commands.doctor import doctor
from loupe.commands.messages import inbox, logs
from loupe.commands.model import model
from loupe.commands.models import confidence, evaluate, models, rollback
from loupe.commands.pictures import classify, retry
from loupe.commands.quality import quality
from loupe.commands.records import download, image, images
from loupe.commands.review import label, review
from loupe.commands.threshold import threshold
from loupe.commands.training import train
from loupe.commands.trainings import trainings
from loupe.commands.web import web
from loupe.console import progress
from loupe.errors import CommandError

EXIT_INTERRUPTED = 130


class LoupeGroup(click.Group):
    """Shows the command's own errors as one line; lists subcommands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CommandError as error:
            progress().print(Text.assemble(("Error: ", "bold red"), str(error)), soft_wrap=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            progress().print("Stopped.", style="dim")
            ctx.exit(EXIT_INTERRUPTED)


@click.group(
    cls=LoupeGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="loupe")
def cli() -> None:
    """Classify pictures with a Step Functions workflow, on a laptop as on AWS.

    `loupe up` starts a local cloud and deploys the stack on it. While one runs, every command talks to it;
    --aws talks
    to AWS all the same, and AWS_ENDPOINT_URL, where set, names another endpoint. Without a local cloud, AWS
    it is, with
    the credentials and the region that every AWS tool takes.

    LOUPE_STATE moves the local cloud's folder (.loupe), LOUPE_PORT its port (4566), LOUPE_WEB_PORT the
    page's (the next one), LOUPE_STACK the stack's name.
    """


for command in (
    *(up, down, status, open_, env, classify, retry, images, image, download, batch, batches),
    *(review, label, quality),
    *(
        train,
        trainings,
        model,
        models,
        evaluate,
        threshold,
        rollback,
        confidence,
        inbox,
        logs,
        web,
        cost,
        doctor,
        demo,
    ),
):
    cli.add_command(command)


def main() -> None:
    """The console script."""
    try:
        cli(prog_name="loupe")
    except BrokenPipeError:
        # The reader of the pipe has gone, as `head` does. Python would complain once more while flushing.
        sys.stdout = None
        sys.exit(1)
