"""Faces by Amazon Rekognition, of a picture's bytes."""

from collections.abc import Callable, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.contract import Face

CONFIG = Config(
    connect_timeout=3,
    read_timeout=15,
    max_pool_connections=16,
    retries={"total_max_attempts": 6, "mode": "standard"},
)


class FacesNotDetectedError(Exception):
    """Rekognition's error name: the picture goes on without faces."""


class FaceDetector:
    """Calls DetectFaces. `readable` gives the picture as Rekognition takes it (JPEG or PNG, at most 5 MB), or
    None where it takes none of this size.

    Source: https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectFaces.html
    """

    def __init__(self, readable: Callable[[bytes], bytes | None], client: Any = None) -> None:
        self._readable = readable
        self._client: Any = client or boto3.client("rekognition", config=CONFIG)

    def detect(self, content: bytes) -> Sequence[Face]:
        """Boxes in parts of the upright picture. Raises CorruptImageError and FacesNotDetectedError."""
        picture = self._readable(content)
        if picture is None:
            return ()
        try:
            answer = self._client.detect_faces(Image={"Bytes": picture})
        except ClientError as error:
            raise FacesNotDetectedError(error.response.get("Error", {}).get("Code", "Unknown")) from error
        except BotoCoreError as error:
            raise FacesNotDetectedError(type(error).__name__) from error
        return [Face.parse(each) for each in answer["FaceDetails"]]
