"""`loupe cost`: what pictures cost on AWS."""

from collections.abc import Collection
from dataclasses import replace

import click
from rich.table import Table
from rich.text import Text

from loupe.aws_errors import translate_errors
from loupe.console import answers, print_json
from loupe.context import Chosen, json_option, read_settings, target_options
from loupe.cost.batch import BatchUsage
from loupe.cost.deployed import facts_of_stack
from loupe.cost.estimate import Estimate, estimate
from loupe.cost.prices import DEFAULT_REGION, PriceList, load_prices
from loupe.cost.review import ReviewUsage, usage_of_reviews
from loupe.cost.stack_usage import EXPRESS, STANDARD, StackFacts, facts_of_template, measurements, usage_of
from loupe.cost.standing import hosting_instances, standing_of
from loupe.cost.usage import WHOLE_PROCESSOR_MB, Usage
from loupe.errors import CommandError
from loupe.stacks import CORE, STACKS

# What is no workflow of the core's.
APART = ("batch", "review")
WORDS = {
    "states.transition": "state transitions",
    "states.express.request": "Express executions",
    "states.express.gbSecond": "GB-seconds of Express executions",
    "lambda.request": "invocations",
    "lambda.gbSecond": "GB-seconds of functions",
    "dynamodb.write": "write request units",
    "dynamodb.read": "read request units",
    "s3.put": "PUT requests",
    "s3.get": "GET requests",
    "events.event": "S3 events",
    "sns.publish": "messages published",
    "sns.email": "e-mails to one address",
    "logs.gb": "GB of logs taken in",
    "xray.trace": "traces",
    "cloudwatch.alarm": "alarms",
    "cloudwatch.metric": "custom metrics",
    "cloudwatch.dashboard": "dashboards",
    "rekognition.image": "pictures looked at for faces",
    "sagemaker.serverless.gbSecond": "GB-seconds of the endpoint (serverless)",
    "sagemaker.data.gb": "GB sent to the endpoint",
}
HOSTING = "hosting."


@click.command()
@click.option(
    "--images", default=1_000_000, show_default=True, type=click.IntRange(1), help="How many pictures."
)
@click.option(
    "--type",
    "kind",
    type=click.Choice(["standard", "express", "container", "batch", "review"], case_sensitive=False),
    help="Another workflow than the stack's: Standard or Express, Standard with the container function, "
    "batches (loupe batch), or what a person's decision about a picture adds (loupe review).",
)
@click.option("--faces/--no-faces", default=None, help="With face detection, or without it.")
@click.option("--offline", is_flag=True, help="Ask no cloud: the template's defaults.")
@target_options
@json_option
def cost(
    images: int, kind: str | None, faces: bool | None, offline: bool, chosen: Chosen, as_json: bool
) -> None:
    """Estimate what pictures cost on AWS, service by service.

    Counts the state transitions of the workflow's own definition, takes memory sizes and parameters from the
    deployed stack (or from the template, where there is none) and multiplies with published prices. Then
    what the stacks cost each month, however few pictures come.
    """
    settings = read_settings()
    names: Collection[str] = (CORE,)
    instances: dict[str, int] = {}
    facts, source, region = facts_of_template(settings.root), "template.yaml's defaults", DEFAULT_REGION
    if not offline:
        try:
            cloud, stack = chosen.stack(settings)
            facts = facts_of_stack(cloud, stack, facts)
            source, region = f"the stack {stack.name} at {cloud.where}", cloud.session.region_name
            names = [each.name for each in STACKS if each.stack_name(stack.name) in stack.all_names]
            with translate_errors(cloud.where):
                instances = hosting_instances(cloud, stack.output("EndpointName"))
        except CommandError:
            pass  # no cloud, no stack: an estimate needs neither
    facts = _as_wished(facts, kind, faces)
    prices = load_prices(region)
    if kind == "batch":
        used = BatchUsage(measurements()["batchMs"])
        bill, notes = estimate(used, prices, images), batch_assumptions(used, prices)
    elif kind == "review":
        reviews = usage_of_reviews(settings.root)
        bill, notes = estimate(reviews, prices, images), review_assumptions(reviews, prices)
    else:
        usage = usage_of(facts, settings.root)
        bill, notes = estimate(usage, prices, images), assumptions(facts, usage, prices, source)
    unpriced = {each for each in instances if not prices.knows(HOSTING + each)}
    known = {each: count for each, count in instances.items() if each not in unpriced}
    monthly = estimate(standing_of(settings.root, names, known), prices, 1)
    notes += standing_assumptions(names, unpriced)
    if as_json:
        more = {"monthly": _lines(monthly), "monthlyDollars": round(monthly.dollars, 2)}
        named = {"type": kind} if kind in APART else {}
        print_json(to_json(bill, facts, prices, notes) | more | named)
    else:
        _print(
            bill,
            f"${bill.dollars / bill.images * 1000:,.3f} a thousand",
            f"{bill.images:,} pictures, {bill.name}",
        )
        _print(monthly, "a month", "Each month, however few pictures come")
        for note in notes:
            answers().print(Text(f"- {note}", style="dim"), soft_wrap=True)


def _as_wished(facts: StackFacts, kind: str | None, faces: bool | None) -> StackFacts:
    if faces is not None:
        facts = replace(facts, faces=faces)
    if kind is None:
        return facts
    if kind in APART:
        return facts
    if kind == "container":
        return replace(facts, workflow_type=STANDARD, uses_container=True)
    return replace(facts, workflow_type=EXPRESS if kind == "express" else STANDARD, uses_container=False)


def assumptions(facts: StackFacts, usage: Usage, prices: PriceList, source: str) -> list[str]:
    """What the estimate takes for granted, for people."""
    measured = measurements()
    times = ", ".join(
        f"{each.name.removesuffix('Function')} {each.billed_ms:.0f}" for each in usage.functions
    )
    counted = (
        f"Counted on {source}; {len(usage.functions)} functions, faces {'on' if facts.faces else 'off'}."
    )
    billed = (
        f"Billed milliseconds: {times} (measured {measured['measuredAt']} on a whole processor, stretched to "
        f"what Lambda gives below {WHOLE_PROCESSOR_MB} MB). No cold starts, no failures, no retries."
    )
    record = (
        f"A record of up to {measured['recordKilobytes']} KB without a group; "
        f"{'one e-mail a picture' if facts.email else 'no e-mail'}; the log at level ALL."
    )
    endpoint = "The endpoint is a serverless one; one on instances costs by the hour, whatever it classifies."
    if facts.uses_container:
        endpoint = "The model runs in the container function, so there is no endpoint."
    differing = ""
    if prices.region != DEFAULT_REGION:
        own = ", ".join(sorted(prices.own)) or "nothing"
        differing = f"; for {prices.region} only {own}, the rest is {DEFAULT_REGION}'s"
    return [
        counted,
        billed,
        record,
        endpoint,
        "Not counted: storage, the uploads themselves, data sent out, the API, free tiers, taxes.",
        f"Prices read on {prices.read}, in US dollars{differing}: loupe/cost/prices.json names the sources.",
    ]


def standing_assumptions(names: Collection[str], unpriced: Collection[str]) -> list[str]:
    """What the monthly part takes for granted, for people."""
    said = [
        f"Each month: the stacks {', '.join(names)}; a metric is billed for the hours in which it is written."
    ]
    if unpriced:
        listed = ", ".join(sorted(unpriced))
        said.append(f"The endpoint's instances ({listed}) are not counted: their price was not read.")
    return said


def batch_assumptions(used: BatchUsage, prices: PriceList) -> list[str]:
    """What the estimate of batches takes for granted, for people."""
    taken = f"{used.milliseconds:g} ms a picture of a function with a whole processor: small photos."
    return [
        f"{taken} 12-megapixel ones take some 85; the sample of `loupe batch` says what yours take.",
        "The endpoint is left out: one on instances costs by the hour (docs/batch.md says how many).",
        "Not counted: records (--record), storage, data sent out, free tiers, taxes.",
        f"Prices read on {prices.read}, in US dollars: loupe/cost/prices.json names the sources.",
    ]


def review_assumptions(used: ReviewUsage, prices: PriceList) -> list[str]:
    """What the estimate of reviews takes for granted, for people."""
    return [
        f"{used.transitions} state transitions a picture; waiting costs nothing. One person, one e-mail.",
        f"Beside it some ${used.a_month(prices):.2f} a month for two functions that look every minute.",
        "Not counted: classification, the page's API, digests, storage, free tiers, taxes, people's time.",
        f"Prices read on {prices.read}, in US dollars: loupe/cost/prices.json names the sources.",
    ]


def to_json(bill: Estimate, facts: StackFacts, prices: PriceList, notes: list[str]) -> dict[str, object]:
    """The estimate for programs."""
    return {
        "images": bill.images,
        "type": "container" if facts.uses_container else facts.workflow_type.lower(),
        "faces": facts.faces,
        "region": prices.region,
        "pricesRead": prices.read,
        "dollars": round(bill.dollars, 2),
        "services": {service: round(dollars, 4) for service, dollars in by_service(bill).items()},
        "lines": _lines(bill),
        "assumptions": notes,
    }


def _lines(bill: Estimate) -> list[dict[str, object]]:
    return [
        {
            "service": line.service,
            "what": _words(line.price),
            "quantity": round(line.quantity, 4),
            "dollars": round(line.dollars, 4),
        }
        for line in bill.lines
    ]


def _words(price: str) -> str:
    if price.startswith(HOSTING):
        return f"hours of {price.removeprefix(HOSTING)}"
    return WORDS[price]


def by_service(bill: Estimate) -> dict[str, float]:
    totals: dict[str, float] = {}
    for line in bill.lines:
        totals[line.service] = totals.get(line.service, 0) + line.dollars
    return totals


def _print(bill: Estimate, total: str, title: str) -> None:
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("Service")
    table.add_column("What")
    table.add_column("Quantity", justify="right")
    table.add_column("US dollars", justify="right")
    last = ""
    for line in bill.lines:
        shown = line.service if line.service != last else ""
        table.add_row(shown, _words(line.price), _amount(line.quantity), f"{line.dollars:,.2f}")
        last = line.service
    table.add_section()
    table.add_row("Total", total, "", f"{bill.dollars:,.2f}")
    answers().print(table)


def _amount(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity >= 10 or quantity == int(quantity) else f"{quantity:,.2f}"
