"""Figures of records and metrics: hours, failures, cost. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from loupe_api.figures_models import HourOfPictures, OperatorLink, PeriodCost
from loupe_api.records import ImageRecord, timestamp
from loupe_core.messages import NO_ACCOUNT, console_host

HOUR = timedelta(hours=1)
LOG_GROUPS = "#logsV2:log-groups$3FlogGroupNameFilter$3D$252Faws$252Flambda$252F"
COLUMNS = {
    "CLASSIFIED": "classified",
    "REJECTED": "rejected",
    "IN_REVIEW": "in_review",
    "FAILED": "failed",
    "RECEIVED": "waiting",
}
EXAMPLES, MAX_FAILURES = 3, 20
# The core's functions by their step, with their memory in MB; a test compares with template.yaml.
STEPS: Mapping[str, tuple[str, int]] = {
    "Claim Image": ("claim-image", 256),
    "Serialize Image Data": ("serialize-image-data", 512),
    "Classify Image Data": ("classify-image-data", 512),
    "Annotate Image": ("annotate-image", 512),
    "Filter Inference Data": ("filter-inference-data", 256),
    "Record Result": ("record-outcome", 256),
    "Finalize Images": ("finalize-images", 256),
}
# A picture that is classified without faces; a test compares with the definition.
TRANSITIONS = 8
# Published prices of us-east-1; a test compares with the command's own table, which has the sources.
PRICES_READ = "2026-11-26"
TRANSITION, LAMBDA_REQUEST, LAMBDA_GB_SECOND = 25 / 1_000_000, 0.2 / 1_000_000, 0.0000166667
NOT_INCLUDED = (
    "the endpoint",
    "S3, DynamoDB, SNS, EventBridge, Rekognition and CloudWatch",
    "the site, batches, trainings and reviews",
    "free tiers, discounts and taxes",
)


def hour_of(moment: str) -> str:
    """The beginning of a moment's hour, both as records have them."""
    return f"{moment[:13]}:00:00.000Z"


def hours_between(since: datetime, until: datetime) -> list[str]:
    """Every hour that begins from `since`'s own until then."""
    start = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [timestamp(start + number * HOUR) for number in range(int((until - start) / HOUR) + 1)]


def by_hour(records: Iterable[ImageRecord], hours: Sequence[str]) -> list[HourOfPictures]:
    """Counts by hour and outcome; an hour without pictures has zeros."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        if column := COLUMNS.get(record.status):
            counted[hour_of(record.created_at)][column] += 1
    return [
        HourOfPictures(hour=hour, **{column: counted[hour][column] for column in COLUMNS.values()})
        for hour in hours
    ]


def failures(records: Iterable[ImageRecord]) -> list[tuple[str, int, list[ImageRecord]]]:
    """Errors by how often they were met, each with its newest pictures."""
    found: dict[str, list[ImageRecord]] = defaultdict(list)
    for record in records:
        if record.status == "FAILED":
            found[error_name(record)].append(record)
    most = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))[:MAX_FAILURES]
    return [
        (name, len(met), sorted(met, key=lambda each: each.created_at, reverse=True)[:EXAMPLES])
        for name, met in most
    ]


def error_name(record: ImageRecord) -> str:
    error = record.attributes.get("error")
    return str(error.get("name") or "UnknownError") if isinstance(error, Mapping) else "UnknownError"


def cost_of(invocations: Mapping[str, float], milliseconds: Mapping[str, float], standard: int) -> PeriodCost:
    """Of the core's functions, by step, and of so many executions of the Standard workflow."""
    gb_seconds = sum(STEPS[step][1] / 1024 * total / 1000 for step, total in milliseconds.items())
    services = {
        "Lambda": sum(invocations.values()) * LAMBDA_REQUEST + gb_seconds * LAMBDA_GB_SECOND,
        "Step Functions": standard * TRANSITIONS * TRANSITION,
    }
    return PeriodCost(
        total=round(sum(services.values()), 6),
        services={name: round(dollars, 6) for name, dollars in services.items()},
        prices_read=PRICES_READ,
        not_included=list(NOT_INCLUDED),
    )


def links_of(machine: str, core: str) -> list[OperatorLink]:
    """Where the console shows executions, logs and the dashboard; none on the local cloud."""
    parts = machine.split(":")
    if len(parts) < 7 or parts[4] == NO_ACCOUNT:
        return []
    region = parts[3]
    place = f"https://{console_host(parts[1], region)}"
    logs = f"{place}/cloudwatch/home?region={region}"
    return [
        OperatorLink(
            name="Executions", url=f"{place}/states/home?region={region}#/statemachines/view/{machine}"
        ),
        OperatorLink(
            name="Logs",
            url=f"{logs}{LOG_GROUPS}{core}-",
        ),
        OperatorLink(name="Dashboards", url=f"{logs}#dashboards:?~(searchTerm~'{core})"),
    ]
