"""What a run is going to cost, how long it will take and what share is broken, by a sample of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loupe.cost.batch import BatchUsage
from loupe.cost.estimate import estimate as bill
from loupe.cost.prices import load_prices

# What hosting takes until the temporary endpoint answers.
HOSTING_SECONDS = 300
LISTED_A_SECOND = 6_000
FINISHED_A_SECOND = 4_000


@dataclass(frozen=True)
class Estimate:
    """`dollars` without the endpoint; `broken` is a share from 0 to 1."""

    pictures: int
    dollars: float
    seconds: float
    endpoint_hours: float
    broken: float
    rejected: float
    sampled: int


def estimate(summary: Mapping[str, Any], concurrency: int, instances: int, *, temporary: bool) -> Estimate:
    """From the sample's summary.json. A source of fewer pictures than the sample was sampled whole."""
    sampled, pictures = summary["pictures"], summary["listed"]["listed"]
    per_picture_ms = summary["functionMs"] / max(1, sampled)
    million = sum(summary["costsOfAMillion"].values())
    classify = pictures * per_picture_ms / 1000 / max(1, concurrency)
    seconds = pictures / LISTED_A_SECOND + classify + pictures / FINISHED_A_SECOND
    hosting = HOSTING_SECONDS if temporary else 0
    return Estimate(
        pictures=pictures,
        dollars=million * pictures / 1_000_000,
        seconds=seconds + hosting,
        endpoint_hours=instances * (classify + hosting) / 3600 if temporary else 0.0,
        broken=summary["failed"] / max(1, sampled),
        rejected=summary["rejected"] / max(1, sampled),
        sampled=sampled,
    )


def spent(pictures: int, seconds: float, at_once: int) -> float:
    """Dollars that so many pictures have cost, endpoint apart, as if every batch's place was always taken."""
    milliseconds = seconds * at_once * 1000 / max(1, pictures)
    return bill(BatchUsage(milliseconds), load_prices(), pictures).dollars


def spoken(seconds: float) -> str:
    """A time for people: `40 s`, `12 min`, `3.4 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def lines(found: Estimate, plan: Mapping[str, Any]) -> list[str]:
    """The estimate for a person who is asked whether to go on."""
    hosted = [f"{each['InitialInstanceCount']} × {each['InstanceType']}" for each in plan["variants"]]
    where = f"a temporary endpoint ({', '.join(hosted)})" if hosted else f"the live {plan['endpoint']}"
    if plan["on"] == "container":
        where = f"the function {plan['model']}, which is billed beside"
    endpoint = f", and {found.endpoint_hours:,.1f} instance hours of the endpoint" if hosted else ""
    return [
        f"{found.pictures:,} pictures, {found.sampled:,} of them sampled",
        f"broken: {found.broken:.1%}; below the threshold: {found.rejected:.1%}",
        f"on {where}, {plan['concurrency']} batches of {plan['picturesABatch']} at once",
        f"about {spoken(found.seconds)}, ${found.dollars:,.2f}{endpoint}",
    ]
