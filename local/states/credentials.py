"""Service calls as the state machine's role.

AWS: Step Functions assumes the machine's role and calls services with those credentials, so that the role's
policies decide; with a Task's Credentials the machine's role assumes that other role.
MiniStack: calls its own functions directly, nothing is checked. moto: made-up credentials.
"""

import os
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from ministack.services import sts
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.utils import boto_client

from local.states import permissions, service_names
from local.states.patching import replace, replace_everywhere

_SESSION_SECONDS = 3600.0
_RENEW_BEFORE = 600.0
_READ_TIMEOUT = 905  # Lambda's longest invocation and a little more


@dataclass(frozen=True)
class _Session:
    access_key: str
    secret_key: str
    token: str
    expires: float


_lock = threading.Lock()
_sessions: dict[tuple[str, str], _Session] = {}
_clients: dict[tuple[str, str, str, str], Any] = {}


def gateway_url() -> str:
    return f"http://127.0.0.1:{os.environ.get('GATEWAY_PORT') or '4566'}"


def _session(role_arn: str, caller: str) -> _Session:
    now, name = time.time(), "states"
    with _lock:
        known = _sessions.get((role_arn, caller))
        if known and known.expires - _RENEW_BEFORE > now and known.access_key in sts._sessions:
            return known
        if caller == role_arn:
            permissions.check_role(role_arn)
        else:
            permissions.check_assumed(caller, role_arn)
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
        _sessions[role_arn, caller] = made
        return made


@dataclass(frozen=True)
class Caller:
    """Who calls a service: `role_arn`, which is the machine's role or one that this assumes."""

    role_arn: str
    machine_role_arn: str


def client(region: str, service: str, state_credentials: Caller) -> Any:
    """A boto3 client with a role's credentials for the gateway or AWS_ENDPOINT_URL_<SERVICE>; made once per
    session.
    """
    session = _session(state_credentials.role_arn, state_credentials.machine_role_arn)
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


def of_run(run: Any, service: str) -> Any:
    """A client with the credentials of an execution's machine."""
    return client(run.region, service, Caller(run.role_arn, run.role_arn))


def _of_state(self: Any, env: Any) -> Caller:
    machine_role = env.aws_execution_details.role_arn
    if not self.credentials:
        return Caller(machine_role, machine_role)
    self.credentials.eval(env=env)
    return Caller(env.stack.pop().role_arn, machine_role)


def install() -> None:
    replace(StateTask, "_eval_state_credentials", _of_state)
    replace_everywhere("boto_client_for", boto_client, client)
