"""JSON objects of the training bucket, as loupe_core.runs keeps its records there."""

import json
from typing import Any

from botocore.exceptions import ClientError

from loupe_core.runs import CONFLICT, ConflictError
from loupe_training.aws_errors import code_of, translated

MISSING = {"NoSuchKey", "404"}


class Objects:
    """Every method raises AccessDeniedError, ServiceUnavailableError."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3, self._bucket = s3, bucket

    def read_with_etag(self, key: str) -> tuple[Any, str] | None:
        """What it holds, and its ETag; None where there is none."""
        try:
            with translated(f"s3:GetObject on {key}"):
                answer = self._s3.get_object(Bucket=self._bucket, Key=key)
                return json.loads(answer["Body"].read()), str(answer["ETag"])
        except ClientError as error:
            if code_of(error) in MISSING:
                return None
            raise

    def write(self, key: str, value: Any, **condition: str) -> str:
        """Gives the ETag. Raises ConflictError where `condition` (IfMatch, IfNoneMatch) is not met."""
        body = json.dumps(value, ensure_ascii=False).encode()
        try:
            with translated(f"s3:PutObject on {key}"):
                answer = self._s3.put_object(
                    Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", **condition
                )
        except ClientError as error:
            if code_of(error) in CONFLICT:
                raise ConflictError(key) from error
            raise
        return str(answer["ETag"])
