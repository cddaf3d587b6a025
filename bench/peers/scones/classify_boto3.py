"""A leaner second function than the original's: boto3 in the SDK's place, its client made once."""

import base64
import json
import os
from typing import Any

import boto3

runtime = boto3.client("sagemaker-runtime")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The contract in, with inferences out."""
    body = event["body"]
    answer = runtime.invoke_endpoint(
        EndpointName=os.environ["ENDPOINT"],
        ContentType="image/png",
        Body=base64.b64decode(body["image_data"]),
    )
    body["inferences"] = json.loads(answer["Body"].read())
    return {"statusCode": 200, "body": body}
