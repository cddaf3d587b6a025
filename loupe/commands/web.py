"""`loupe web deploy`."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from loupe.console import print_json
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.page.deployment import deploy_page
from loupe.settings import DEFAULT_STACK


@click.group()
def web() -> None:
    """The page."""


@web.command()
@target_options
@json_option
def deploy(chosen: Chosen, as_json: bool) -> None:
    """Build the page and put it where the stack serves it.

    Uploads what changed to the stack's bucket, removes what no longer belongs there, and has CloudFront
    forget what it kept. Needs Node. With --aws, stack, region and profile are what `sam deploy --guided` was
    given, unless you name others.
    """
    settings = read_settings()
    if chosen.choice == "aws":
        chosen = as_told_to_sam(chosen, settings.root / "samconfig.toml", os.environ)
    cloud, stack = chosen.stack(settings)
    done = deploy_page(settings, cloud, stack)
    if as_json:
        print_json({"url": stack.output("WebUrl"), "uploaded": done.uploaded, "removed": done.removed})


def as_told_to_sam(chosen: Chosen, config: Path, environ: Mapping[str, str]) -> Chosen:
    """What the person did not choose here, as samconfig.toml keeps it of their last guided deployment."""
    try:
        saved = tomllib.loads(config.read_text())["default"]["deploy"]["parameters"]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError):
        return chosen
    if chosen.stack_name == DEFAULT_STACK and saved.get("stack_name"):
        chosen = replace(chosen, stack_name=str(saved["stack_name"]))
    if not chosen.profile and not environ.get("AWS_PROFILE") and saved.get("profile"):
        chosen = replace(chosen, profile=str(saved["profile"]))
    if not chosen.region and saved.get("region"):
        chosen = replace(chosen, region=str(saved["region"]))
    return chosen
