"""How the fake cloud's stack does, as GET /operator/figures shows it."""

from tests.web.fake.model import digits_card
from tests.web.fake.store import Item
from tests.web.fake.workflow import timestamp

HOUR = 3600.0


def some_figures(now: float, hours: int, failed_image: str) -> Item:
    """Every third hour has no pictures; the newest failure is of one picture."""
    start = now - now % HOUR - (hours - 1) * HOUR
    by_hour = [
        _hour(start + index * HOUR, 40 + 7 * (index % 5) if index % 3 else 0) for index in range(hours)
    ]
    pictures = sum(sum(value for value in each.values() if isinstance(value, int)) for each in by_hour)
    return {
        "hours": hours,
        "since": timestamp(now - hours * HOUR),
        "countedFrom": timestamp(now - hours * HOUR),
        "pictures": pictures,
        "byHour": by_hour,
        "failures": [
            {
                "name": "CorruptImageError",
                "count": 17,
                "examples": [{"imageId": failed_image, "title": "Torn scan", "thumbnailUrl": None}],
            },
            {"name": "EndpointThrottledError", "count": 2, "examples": []},
        ],
        "execution": _step("Execution", 812, 19, 2_350.0, 6_900.0),
        "steps": [
            _step("Claim Image", 812, 0, 31.0, 80.5),
            _step("Serialize Image Data", 812, 17, 210.0, 640.0),
            _step("Classify Image Data", 795, 2, 95.0, 410.0),
            _step("Annotate Image", None, None, None, None),
        ],
        "model": digits_card(),
        "pending": 3,
        "undelivered": 0,
        "cost": {
            "total": 0.4231,
            "services": {"Step Functions": 0.2, "Lambda": 0.22, "DynamoDB": 0.0031},
            "pricesRead": "2026-11-20",
            "notIncluded": ["the endpoint's instances", "CloudWatch"],
        },
        "links": [{"name": "Executions", "url": "https://console.aws.amazon.com/states/home"}],
        "unknown": ["pending: read a minute ago"],
    }


def _hour(moment: float, pictures: int) -> Item:
    return {
        "hour": timestamp(moment),
        "classified": pictures,
        "rejected": pictures // 6,
        "inReview": pictures // 10,
        "failed": pictures // 20,
        "waiting": 0,
    }


def _step(
    name: str, invocations: int | None, errors: int | None, p50: float | None, p95: float | None
) -> Item:
    return {"step": name, "invocations": invocations, "errors": errors, "p50": p50, "p95": p95}
