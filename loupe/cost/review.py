"""What one picture that a person decides uses, beside what its classification used already."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loupe.cost.prices import PriceList
from loupe.cost.stack_usage import measurements, outcome_writes
from loupe.cost.transitions import Definition, success_path
from loupe.cost.usage import FunctionUse
from loupe.templates import load_template

# An item with its predictions, an answer and its decision, in write units.
REVIEW_KILOBYTES = 2
# open_reviews sees the record wait, be decided and be notified; then ring_reviews, conclude_review, and
# finalize_images, which acknowledges the message. None was measured: each reads and writes an item or two, as
# record_outcome does.
CALLS, LIKE = 6, "RecordOutcomeFunction"
# ring_reviews and sweep_reviews look every minute, whatever waits.
LOOKS_A_MONTH = 2 * 60 * 730


@dataclass(frozen=True)
class ReviewUsage:
    """One person's answer, which stays. `transitions` are those of an answered picture."""

    transitions: int
    memory_mb: int
    name: str = "each decided by a person, beside their classification"

    def quantities(self) -> Mapping[str, Mapping[str, float]]:
        """Quantities by service and price, each as prices.json counts it. Waiting is none of them."""
        measured = measurements()
        call = self._call()
        return {
            "Step Functions": {"states.transition": self.transitions},
            "Lambda": {"lambda.request": CALLS, "lambda.gbSecond": CALLS * call.gb_seconds},
            "DynamoDB": {
                # review_image and finalize_images both mark the record as notified.
                "dynamodb.write": review_writes()
                + outcome_writes(measured["recordKilobytes"])
                + measured["recordKilobytes"],
                "dynamodb.read": 2 * CALLS,
            },
            "SNS": {"sns.publish": 1, "sns.email": 1},
            "CloudWatch Logs": {
                "logs.gb": (
                    self.transitions * measured["workflowLogBytesPerState"]
                    + CALLS * measured["functions"][LIKE]["logBytes"]
                )
                / 2**30
            },
        }

    def a_month(self, prices: PriceList) -> float:
        """Dollars a month for looking every minute, whatever waits."""
        return (
            prices.of("lambda.request", LOOKS_A_MONTH)
            + prices.of("lambda.gbSecond", LOOKS_A_MONTH * self._call().gb_seconds)
            + prices.of("dynamodb.read", LOOKS_A_MONTH)
        )

    def _call(self) -> FunctionUse:
        return FunctionUse(LIKE, self.memory_mb, measurements()["functions"][LIKE]["billedMs"])


def usage_of_reviews(root: Path) -> ReviewUsage:
    """Counted in the review stack's own definition and template."""
    definition: Definition = load_template(root / "review" / "statemachine" / "review_image.asl.yaml")
    memory = load_template(root / "review" / "template.yaml")["Globals"]["Function"]["MemorySize"]
    return ReviewUsage(len(success_path(definition, {})), int(memory))


def review_writes() -> int:
    """Write units of a review: one a kilobyte, of the item and of each index that it is in.

    Opened: it enters the indexes of what waits and of its picture. Leased: both again. Decided: it moves
    within the first, which is a removal and an entry, and enters the one of what was decided. Concluded: it
    leaves the first. Beside it the labels and a token.
    """
    opened, leased = 3, 3
    decided, concluded = 1 + 2 + 1 + 1, 1 + 1 + 1 + 1
    return (opened + leased + decided + concluded) * REVIEW_KILOBYTES + 2
