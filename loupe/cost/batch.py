"""What one picture of a batch uses. A run's report counts alike (layers/batch/loupe_batch/cost.py)."""

from collections.abc import Mapping
from dataclasses import dataclass

from loupe.cost.usage import EXPRESS_CHUNK_MB, WHOLE_PROCESSOR_MB

PICTURES_A_BATCH = 40
# Of a run, whatever its size: the states of its parent, the looks at its endpoint among them.
PARENT_TRANSITIONS, RUN = 60, 1_000_000
PREPARE_AND_FINISH_MS = 0.6
LOG_BYTES_A_CALL = 900


@dataclass(frozen=True)
class BatchUsage:
    """A picture's share of a run over a million. `milliseconds` is its share of a batch's call."""

    milliseconds: float
    name: str = "in batches of 40"

    def quantities(self) -> Mapping[str, Mapping[str, float]]:
        """Quantities by service and price, each as prices.json counts it."""
        batch = 1 / PICTURES_A_BATCH
        function_gb = WHOLE_PROCESSOR_MB / 1024
        return {
            "Step Functions": {
                "states.transition": batch + PARENT_TRANSITIONS / RUN,
                "states.express.request": batch,
                "states.express.gbSecond": self.milliseconds / 1000 * EXPRESS_CHUNK_MB / 1024,
            },
            "Lambda": {
                "lambda.request": batch,
                "lambda.gbSecond": (self.milliseconds + PREPARE_AND_FINISH_MS) / 1000 * function_gb,
            },
            # Listing a thousand a request; a GET a picture; a batch's rows looked up, written and read.
            "S3": {"s3.put": 1 / 1000 + batch, "s3.get": 1 + 2 * batch},
            "CloudWatch Logs": {"logs.gb": batch * LOG_BYTES_A_CALL / 1e9},
        }
