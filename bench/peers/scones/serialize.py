"""The original's first function, as its contract tells: the picture from S3 as it is, in base64."""

import base64
import tempfile
from typing import Any

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """{s3_bucket, s3_key} in, the contract with an empty list of inferences out."""
    key, bucket = event["s3_key"], event["s3_bucket"]
    # The original downloads to one name in /tmp, of which each of Lambda's environments has its own.
    with tempfile.TemporaryFile() as file:
        s3.download_fileobj(bucket, key, file)
        file.seek(0)
        image_data = base64.b64encode(file.read()).decode()
    body = {"image_data": image_data, "s3_bucket": bucket, "s3_key": key, "inferences": []}
    return {"statusCode": 200, "body": body}
