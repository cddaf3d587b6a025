"""The original's second function: the decoded picture to the endpoint, its scores into the contract.

As the original has it, the SageMaker SDK's Predictor is made in the handler.
"""

import base64
import json
import os
import sys
from typing import Any

# Where a layer would be.
sys.path.append(os.environ["SDK"])

import sagemaker
from sagemaker.predictor import Predictor
from sagemaker.serializers import IdentitySerializer


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The contract in, with inferences out."""
    body = event["body"]
    predictor = Predictor(os.environ["ENDPOINT"], sagemaker_session=sagemaker.Session())
    predictor.serializer = IdentitySerializer("image/png")
    body["inferences"] = json.loads(predictor.predict(base64.b64decode(body["image_data"])))
    return {"statusCode": 200, "body": body}
