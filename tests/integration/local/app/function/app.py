"""A function of the tests' stack."""

import json
import os
from typing import Any

import boto3
import from_layer  # type: ignore[import-not-found]  # the layer has it

VERSION = "first"


class BlurryImageError(Exception):
    """What the state machine catches by name."""


def handler(event: dict[str, Any], context: object) -> object:
    """Answer an HTTP request, or do what a test asks."""
    if "requestContext" in event:
        claims = event["requestContext"].get("authorizer", {}).get("jwt", {}).get("claims", {})
        return {"path": event.get("pathParameters"), "email": claims.get("email")}
    if event.get("do") == "fail":
        raise BlurryImageError("too blurry")
    if event.get("do") == "read":
        body = boto3.client("s3").get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read()
        return json.loads(body)
    return {"version": VERSION, "threshold": os.environ["THRESHOLD"], "layer": from_layer.WHO}
