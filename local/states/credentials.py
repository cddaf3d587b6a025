"""Service calls as the state machine's role.

AWS: Step Functions assumes the machine's role (its trust policy must name states.amazonaws.com) and calls
services with those credentials, so that the role's policies decide.
MiniStack: calls its own functions directly, nothing is checked. moto: made-up credentials.
"""

import json
import os
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from ministack.core import iam_evaluator
from ministack.services import iam, sts

from local.states import service_names

SERVICE_PRINCIPAL = "states.amazonaws.com"
_SESSION_SECONDS = 3600.0
_RENEW_BEFORE = 600.0
_READ_TIMEOUT = 905  # Lambda's longest invocation and a little more


class RoleError(Exception):
    """The role doesn't exist or may not be assumed by Step Functions."""


@dataclass(frozen=True)
class _Session:
    access_key: str
    secret_key: str
    token: str
    expires: float


_lock = threading.Lock()
_sessions: dict[str, _Session] = {}
_clients: dict[tuple[str, str, str, str], Any] = {}


def gateway_url() -> str:
    return f"http://127.0.0.1:{os.environ.get('GATEWAY_PORT') or '4566'}"


def check_role(role_arn: str) -> None:
    """Raises RoleError in AWS's words unless Step Functions may assume the role."""
    parts = role_arn.split(":")
    role = iam._roles.get_scoped(parts[4], None, role_arn.rsplit("/", 1)[-1]) if len(parts) > 5 else None
    document = (role or {}).get("AssumeRolePolicyDocument") or {}
    if role is None or not _trusted(document):
        raise RoleError(
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized "
            "to assume the provided role."
        )


def _trusted(document: Any) -> bool:
    statements = (json.loads(document) if isinstance(document, str) else document).get("Statement", [])
    trusted = False
    for statement in [statements] if isinstance(statements, dict) else statements:
        if not iam_evaluator._service_principal_matches(statement.get("Principal"), SERVICE_PRINCIPAL):
            continue
        if statement.get("Effect") == "Deny":
            return False
        trusted = True
    return trusted


def _session(role_arn: str, name: str) -> _Session:
    now = time.time()
    with _lock:
        known = _sessions.get(role_arn)
        if known and known.expires - _RENEW_BEFORE > now and known.access_key in sts._sessions:
            return known
        check_role(role_arn)
        made = _Session(
            "ASIA" + secrets.token_hex(8).upper(),
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(60),
            now + _SESSION_SECONDS,
        )
        account, role_name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
        sts.register_session(
            made.access_key,
            {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}",
                "UserId": f"{sts._role_id(role_arn)}:{name}",
                "SecretAccessKey": made.secret_key,
                "SessionToken": made.token,
                "Expiration": made.expires,
                "AccountId": account,
                "PrincipalType": "AssumedRole",
            },
        )
        _sessions[role_arn] = made
        return made


def client(region: str, service: str, state_credentials: Any = None, role_arn: str | None = None) -> Any:
    """A boto3 client with the role's credentials for the gateway or AWS_ENDPOINT_URL_<SERVICE>, made once per
    session.
    """
    role = role_arn or getattr(state_credentials, "role_arn", None)
    if role is None:
        raise RoleError("A service call needs the state machine's role.")
    session = _session(role, "states")
    key = (session.access_key, region, service, gateway_url())
    with _lock:
        made = _clients.get(key)
        if made is None:
            if len(_clients) > 256:
                _clients.clear()
            made = _clients[key] = _make(region, service, session)
        return made


def _make(region: str, service: str, session: _Session) -> Any:
    override = os.environ.get("AWS_ENDPOINT_URL_" + service.upper().replace("-", "_").replace(" ", "_"))
    return service_names.session.create_client(
        service,
        region_name=region,
        endpoint_url=override or gateway_url(),
        aws_access_key_id=session.access_key,
        aws_secret_access_key=session.secret_key,
        aws_session_token=session.token,
        config=Config(
            parameter_validation=False,
            retries={"total_max_attempts": 1},
            connect_timeout=10,
            read_timeout=_READ_TIMEOUT,
            inject_host_prefix=False,
            max_pool_connections=64,
            s3={"addressing_style": "path"},
        ),
    )
