"""What a run costs on AWS, endpoint apart: published prices of us-east-1, read on 2026-11-26.

The command's own table (loupe/cost/prices.json) has the same ones with their sources; a test holds them
equal.
"""

from collections.abc import Mapping

TRANSITION = 25 / 1_000_000
EXPRESS_REQUEST = 1 / 1_000_000
EXPRESS_GB_SECOND = 0.06 / 3600
LAMBDA_REQUEST = 0.2 / 1_000_000
LAMBDA_GB_SECOND = 0.0000166667
S3_PUT = 5 / 1_000_000
S3_GET = 0.4 / 1_000_000
DYNAMODB_WRITE = 0.625 / 1_000_000
DYNAMODB_READ = 0.125 / 1_000_000
LOG_GB = 0.5
REKOGNITION_IMAGE = 1 / 1000

FUNCTION_GB = 1769 / 1024
# An Express execution is billed in blocks of 64 MB, and its batch is smaller than one.
EXPRESS_GB = 64 / 1024
# What a call writes to its log, and the map run's log of a child (nothing but errors is logged of children).
LOG_BYTES_A_CALL = 900
# States of the parent, the endpoint's and the looks at it included, and starting a child.
PARENT_TRANSITIONS = 60
TRANSITIONS_A_CHILD = 1
# What preparing and finishing a million pictures take: two functions, some minutes each.
PREPARE_AND_FINISH_MS_A_PICTURE = 0.6


def orchestration(
    pictures: int,
    batches: int,
    calls: int,
    function_ms: float,
    *,
    recorded: int = 0,
    annotated: int = 0,
    looked_for_faces: int = 0,
) -> Mapping[str, float]:
    """Dollars by what they are for. `function_ms` is what classify_batch took in all."""
    call_seconds = function_ms / 1000
    return {
        "Step Functions": (PARENT_TRANSITIONS + batches * TRANSITIONS_A_CHILD) * TRANSITION
        + batches * EXPRESS_REQUEST
        + call_seconds * EXPRESS_GB * EXPRESS_GB_SECOND,
        "Lambda": calls * LAMBDA_REQUEST
        + call_seconds * FUNCTION_GB * LAMBDA_GB_SECOND
        + pictures * PREPARE_AND_FINISH_MS_A_PICTURE / 1000 * FUNCTION_GB * LAMBDA_GB_SECOND,
        # Listing a thousand a request; a GET a picture; of a batch its rows looked up, written and read.
        "S3": (pictures / 1000 + batches + annotated) * S3_PUT + (pictures + 2 * batches) * S3_GET,
        "DynamoDB": recorded * (DYNAMODB_READ + 3 * DYNAMODB_WRITE),
        # The first million a month; what follows is cheaper.
        "Rekognition": looked_for_faces * REKOGNITION_IMAGE,
        "Logs": calls * LOG_BYTES_A_CALL / 1e9 * LOG_GB,
    }
