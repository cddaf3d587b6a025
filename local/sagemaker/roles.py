"""Roles: what a service does for somebody, it does with that role's own credentials.

The service assumes the role at the gateway as root, who may assume any. A service that AWS lets in by the
role's trust policy only, as SageMaker by an execution role's, names itself, and the policy is looked at
first.
"""

import json
import os
import threading
import time
import urllib.parse
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.errors import ArtifactError
from local.sagemaker.settings import REGION

# The cloud that starts this service sets its root key.
_ROOT = {
    "aws_access_key_id": os.environ.get("AWS_ACCESS_KEY_ID", "test"),
    "aws_secret_access_key": os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
}
# The gateway may still be starting when endpoints come back; these retries cover it.
_CONFIG = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=60,
)
# Keys change every hour; those not used for longest are dropped.
_MAX_CLIENTS = 64


class RoleSessions:
    """Credentials and clients by role ARN, renewed before they expire."""

    def __init__(self, gateway: str, trusted_service: str | None = None) -> None:
        self._gateway = gateway
        self._trusted_service = trusted_service
        self._lock = threading.Lock()
        self._credentials: dict[str, dict[str, Any]] = {}
        # To make a client takes longer than most of what is asked with it.
        self._client = lru_cache(_MAX_CLIENTS)(self._new_client)

    def client(self, service: str, role_arn: str) -> Any:
        """A boto3 client that acts as the role; ArtifactError if the role can't be assumed."""
        credentials = self.credentials(role_arn)
        return self._client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    def root_client(self, service: str) -> Any:
        """A boto3 client of the local account's root, for what AWS itself does."""
        return self._client(service, **_ROOT)

    def credentials(self, role_arn: str) -> dict[str, Any]:
        """STS credentials of the role with at least five minutes to live."""
        with self._lock:
            known = self._credentials.get(role_arn)
            if known and known["Expiration"].timestamp() > time.time() + 300:
                return known
            try:
                if self._trusted_service is not None:
                    self._check_trust(role_arn, self._trusted_service)
                answer = self.root_client("sts").assume_role(RoleArn=role_arn, RoleSessionName="loupe")
            except (ClientError, BotoCoreError) as error:
                raise ArtifactError(f"Cannot assume the role {role_arn}: {error}") from error
            self._credentials[role_arn] = answer["Credentials"]
            return dict(answer["Credentials"])

    def _check_trust(self, role_arn: str, service: str) -> None:
        role = self.root_client("iam").get_role(RoleName=role_arn.rsplit("/", 1)[-1])["Role"]
        document = role["AssumeRolePolicyDocument"]
        if isinstance(document, str):
            document = json.loads(urllib.parse.unquote(document))
        if not trusts(document, service):
            raise ArtifactError(f"The role {role_arn} does not trust {service}")

    def _new_client(self, service: str, **credentials: str) -> Any:
        session = boto3.Session(region_name=REGION, **credentials)  # type: ignore[arg-type]
        return session.client(service, endpoint_url=self._gateway, config=_CONFIG)  # type: ignore[call-overload]


def trusts(document: dict[str, Any], service: str) -> bool:
    """Whether a trust policy lets `service` assume the role; a Deny wins."""
    verdicts = {
        statement["Effect"]
        for statement in _as_list(document.get("Statement"))
        if service in _as_list((statement.get("Principal") or {}).get("Service"))
        and {"sts:AssumeRole", "sts:*", "*"} & set(_as_list(statement.get("Action")))
    }
    return verdicts == {"Allow"}


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
