"""The live model, which a new one is measured against on the same held-out pictures."""

import re
from typing import Any

from botocore.exceptions import ClientError

from loupe_training.aws_errors import code_of, is_missing, translated
from loupe_training.hosting import LiveVariant

NO_OBJECT = ("404", "NoSuchKey")


def artifact_of(live: LiveVariant | None, sagemaker: Any, s3: Any, models_bucket: str) -> str:
    """Where the live model's archive is; empty where none can be compared.

    A model of another bucket, of several containers or whose archive is gone bars nobody.
    Raises AccessDeniedError, ServiceUnavailableError.
    """
    if live is None or "ModelName" not in live.config:
        return ""
    try:
        with translated("sagemaker:DescribeModel"):
            found = sagemaker.describe_model(ModelName=live.config["ModelName"])
        uri = str(found.get("PrimaryContainer", {}).get("ModelDataUrl", ""))
        place = re.fullmatch(rf"s3://{re.escape(models_bucket)}/(.+)", uri)
        if place is None:
            return ""
        with translated(f"s3:GetObject on {uri}"):
            s3.head_object(Bucket=models_bucket, Key=place[1])
    except ClientError as error:
        if is_missing(error) or code_of(error) in NO_OBJECT:
            return ""
        raise
    return uri
