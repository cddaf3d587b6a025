"""The least that a function can do: boto3 asks the endpoint. bare_boto3.py ENDPOINT < event."""

import base64
import json
import sys
from typing import Any

import boto3

client = boto3.client("sagemaker-runtime")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The answer in the contract of the original."""
    picture = base64.b64decode(event["body"]["image_data"])
    answer = client.invoke_endpoint(EndpointName=sys.argv[1], ContentType="image/png", Body=picture)
    event["body"]["inferences"] = json.loads(answer["Body"].read())
    return {"statusCode": 200, "body": event["body"]}


if __name__ == "__main__":
    print(json.dumps(handler(json.load(sys.stdin), None)["body"]["inferences"]))
