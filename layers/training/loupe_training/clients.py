"""boto3's clients, patient and quick to give up a connection."""

from typing import Any

import boto3
from botocore.config import Config

CONFIG = Config(
    connect_timeout=3,
    read_timeout=60,
    max_pool_connections=16,
    retries={"total_max_attempts": 4, "mode": "standard"},
)


def client(service: str) -> Any:
    found: Any = boto3.client(service, config=CONFIG)  # type: ignore[call-overload]
    return found
