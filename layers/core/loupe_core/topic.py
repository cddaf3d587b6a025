"""SNS, as the functions use it. boto3's errors become ours here."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.errors import AccessDeniedError, NotificationFailedError

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

DENIED = {"AuthorizationError", "AccessDenied", "AccessDeniedException", "InvalidClientTokenId"}


class Topic:
    """The topic of the notifications."""

    def __init__(self, arn: str, client: "SNSClient | None" = None) -> None:
        self._arn = arn
        self._client: Any = client or boto3.client(
            "sns",
            config=Config(
                connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"}
            ),
        )

    def publish(self, message: dict[str, Any]) -> None:
        """Publish a notification. Raises AccessDeniedError and NotificationFailedError."""
        try:
            self._client.publish(TopicArn=self._arn, **message)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in DENIED:
                raise AccessDeniedError(f"AWS refused sns:Publish on {self._arn} ({code}).") from error
            raise NotificationFailedError(f"SNS answered {code}.") from error
        except BotoCoreError as error:
            raise NotificationFailedError(f"SNS failed ({type(error).__name__}).") from error
