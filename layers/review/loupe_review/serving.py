"""Which model the endpoint serves, so that each review says who made the guess. boto3's errors end here."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

# Asked again after so long. A picture's review is opened seconds after the model has answered.
ASKED_EVERY = timedelta(seconds=30)
CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})


class LiveModel:
    """SageMaker's model behind an endpoint, asked at most every half a minute."""

    def __init__(
        self, endpoint: str, now: Callable[[], datetime], client: "SageMakerClient | None" = None
    ) -> None:
        self._endpoint, self._now = endpoint, now
        self._client: Any = client or boto3.client("sagemaker", config=CONFIG)
        self._name = ""
        self._asked_at: datetime | None = None

    def name(self) -> str:
        """The model's name; "" where nobody can say: no such endpoint, several models on it, or AWS refuses.

        A review is opened all the same: who made the guess is worth no picture.
        """
        now = self._now()
        if self._asked_at is None or self._asked_at + ASKED_EVERY <= now:
            self._name, self._asked_at = self._ask(), now
        return self._name

    def _ask(self) -> str:
        if not self._endpoint:
            return ""
        try:
            serving = self._client.describe_endpoint(EndpointName=self._endpoint)
            config = self._client.describe_endpoint_config(EndpointConfigName=serving["EndpointConfigName"])
        except (ClientError, BotoCoreError) as error:
            logger.warning("The live model is not known: %s", error)
            return ""
        names = {str(each.get("ModelName") or "") for each in config["ProductionVariants"]}
        return names.pop() if len(names) == 1 else ""
