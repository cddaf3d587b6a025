"""`loupe threshold`: where the line is, what another would let through, and how to move it."""

import click
from rich.text import Text

from loupe.commands.models import endpoint_for, threshold_of
from loupe.console import answers, print_json
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.errors import CommandError
from loupe.stack import Stack
from loupe.training.measuring import at_threshold
from loupe.training.models import Models

PARAMETER = "ConfidenceThreshold"


@click.command()
@click.argument("value", required=False, type=click.FloatRange(0, 1))
@target_options
@json_option
def threshold(value: float | None, chosen: Chosen, as_json: bool) -> None:
    """Show the confidence from which a picture is accepted; for VALUE, what it accepts and how to set it.

    What it would accept is counted on the live model's test pictures. `loupe evaluate` suggests values.
    """
    cloud, stack = chosen.stack(read_settings())
    now = threshold_of(stack)
    line = now if value is None else value
    found = None
    try:
        model = Models(cloud, stack, endpoint_for(cloud, stack, None)).find(None)
        found = at_threshold(cloud, model.report, line) if model.report else None
    except CommandError:
        pass  # nothing is live, or nothing is known of it: the threshold is all there is to say
    how = None if line == now else how_to_set(stack, line, cloud.target.local)
    if as_json:
        print_json({"threshold": now, "asked": line, "accepts": found, "command": how})
        return
    said = [f"The stack {stack.name} accepts from {now:g}."]
    if found:
        right = found["acceptedAccuracy"]
        of_these = "" if right is None else f", {right:.2%} of them right"
        said.append(
            f"At {line:g} the live model accepts {found['acceptedShare']:.1%} of its test pictures{of_these}."
        )
    for each in said:
        answers().print(Text(each), soft_wrap=True)
    if how:
        answers().print(Text.assemble("To set it:  ", (how, "bold")), soft_wrap=True)


def how_to_set(stack: Stack, value: float, local: bool) -> str:
    """The command that changes the parameter alone: the template and all other parameters stay."""
    if local:
        return f"loupe up --set {PARAMETER}={value:g}"
    others = " ".join(
        f"ParameterKey={name},UsePreviousValue=true" for name in sorted(stack.parameters) if name != PARAMETER
    )
    return (
        f"aws cloudformation update-stack --stack-name {stack.name} --use-previous-template "
        "--capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --parameters "
        f"ParameterKey={PARAMETER},ParameterValue={value:g} {others}".rstrip()
    )
