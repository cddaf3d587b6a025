"""Role credentials for containers, as the container credentials endpoint of AWS gives them.

AWS's SDKs fetch them from `AWS_CONTAINER_CREDENTIALS_FULL_URI` and renew them there. The path is a secret of
this process.
"""

import secrets
import threading
from typing import Any

from local.sagemaker.roles import RoleSessions


class CredentialsPaths:
    """Paths under which roles' credentials are handed out; a role keeps its path while the service runs."""

    prefix = "/credentials"

    def __init__(self, roles: RoleSessions) -> None:
        self._roles = roles
        self._lock = threading.Lock()
        self._tokens: dict[str, str] = {}

    def path(self, role_arn: str) -> str:
        with self._lock:
            return f"{self.prefix}/{self._tokens.setdefault(role_arn, secrets.token_urlsafe(32))}"

    def credentials(self, token: str) -> dict[str, Any] | None:
        """The document that SDKs expect, or None for a path nobody was given."""
        with self._lock:
            role = next(
                (arn for arn, known in self._tokens.items() if secrets.compare_digest(known, token)), None
            )
        if role is None:
            return None
        keys = self._roles.credentials(role)
        return {
            "RoleArn": role,
            "AccessKeyId": keys["AccessKeyId"],
            "SecretAccessKey": keys["SecretAccessKey"],
            "Token": keys["SessionToken"],
            "Expiration": keys["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
