"""The original's way: the SageMaker SDK's Predictor. sagemaker_predictor.py ENDPOINT < event."""

import base64
import json
import sys
from typing import Any

import sagemaker
from sagemaker.predictor import Predictor
from sagemaker.serializers import IdentitySerializer


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The answer in the contract of the original."""
    picture = base64.b64decode(event["body"]["image_data"])
    predictor = Predictor(sys.argv[1], sagemaker_session=sagemaker.Session(default_bucket="unused"))
    predictor.serializer = IdentitySerializer("image/png")
    event["body"]["inferences"] = json.loads(predictor.predict(picture))
    return {"statusCode": 200, "body": event["body"]}


if __name__ == "__main__":
    print(json.dumps(handler(json.load(sys.stdin), None)["body"]["inferences"]))
