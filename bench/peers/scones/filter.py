"""The original's third function: raise unless one score meets the threshold."""

from typing import Any

THRESHOLD = 0.93


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The contract in and out, or THRESHOLD_CONFIDENCE_NOT_MET."""
    inferences = event["body"]["inferences"]
    scores = inferences["scores"] if isinstance(inferences, dict) else inferences
    if not any(score >= THRESHOLD for score in scores):
        raise Exception("THRESHOLD_CONFIDENCE_NOT_MET")
    return {"statusCode": 200, "body": event["body"]}
