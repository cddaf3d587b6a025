"""Requests are signed, with the root user's key too, and nobody else is the root user.

AWS: every request is anonymous or signed by a key that exists, and what anonymous callers may do is what a
resource's own policy or an unsigned operation (Cognito's sign-in) gives. An account's number is no key.
A function's session is a secret of its execution environment, and what asks with it carries the function's
ARN: the condition key lambda:SourceFunctionArn ("Using source function ARN to control function access").
Stock MiniStack: the keys `test` and any twelve digits are root and never verified, an empty key is root where
an operation is served unsigned, unsigned ListBuckets and CreateBucket are answered, and the session of a
function is computed from its name and knows no function.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator, lambda_runtime, sigv4
from ministack.core.iam_evaluator import AuthError, PrincipalInfo
from ministack.core.responses import get_account_id
from ministack.services import lambda_svc, sts

# Buckets' own policies decide the rest.
_NEVER_ANONYMOUS = ("s3:ListAllMyBuckets", "s3:CreateBucket")
_OTHER_BODY = "XAmzContentSHA256Mismatch"
_OTHER_BODY_MESSAGE = "The provided 'x-amz-content-sha256' header does not match what was computed."
_FUNCTION = "SourceFunctionArn"
_DIGEST = re.compile(r"[0-9a-f]{64}")
Wrapped = Callable[..., Any]


def install(secret: str) -> None:
    """Verify root's signatures; `secret` is this start's, of which functions' sessions are made."""
    iam_evaluator.is_root_access_key = sts.is_root_access_key = is_root
    # Who asks this wants to know whose signature need not be looked at: nobody's.
    iam_evaluator._is_root_key = lambda access_key: False
    iam_evaluator.resolve_principal = _with_anonymous(iam_evaluator.resolve_principal)
    iam_evaluator.resolve_caller_identity = _with_root(iam_evaluator.resolve_caller_identity)
    iam_evaluator.check_credentials = _without_anonymous(iam_evaluator.check_credentials)
    iam_evaluator.enforce = _refusing_anonymous(iam_evaluator.enforce)
    iam_actions._AUTH_FAILURES[_OTHER_BODY] = (
        _OTHER_BODY,
        400,
        _OTHER_BODY,
        (_OTHER_BODY, 400, _OTHER_BODY_MESSAGE),
    )
    sigv4.header_signature_failure = _whole_request(sigv4.header_signature_failure)
    sessions = _unguessable(lambda_runtime.execution_credentials, secret)
    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = sessions
    iam_evaluator._principal_keys = sts._principal_keys = _with_function(iam_evaluator._principal_keys)


def is_root(access_key: str) -> bool:
    """Whether it is the account's root key: the one that this cloud was started with."""
    return bool(access_key) and access_key == os.environ["AWS_ACCESS_KEY_ID"]


def unsigned_part(
    headers: Mapping[str, Any], signed: str, body: bytes, service: str
) -> tuple[str, str] | None:
    """The code and message for what a signature leaves out: the host, or the body it gives a digest of."""
    if "host" not in signed.lower().split(";"):
        missing = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        return "SignatureDoesNotMatch", missing
    given = headers.get("x-amz-content-sha256", "")
    if not _DIGEST.fullmatch(given) or given == hashlib.sha256(body).hexdigest():
        return None
    if service == "s3":
        return _OTHER_BODY, _OTHER_BODY_MESSAGE
    return "SignatureDoesNotMatch", str(sigv4.SIGNATURE_MISMATCH)


def _whole_request(verify: Wrapped) -> Wrapped:
    def verify_whole_request(
        signature: Any,
        secret: str,
        method: str,
        raw_path: str,
        query: Mapping[str, Any],
        headers: Mapping[str, Any],
        body: bytes,
        **how: Any,
    ) -> Any:
        failure = verify(signature, secret, method, raw_path, query, headers, body, **how)
        return failure or unsigned_part(headers, signature.signed_headers, body, signature.service)

    return verify_whole_request


def _is_anonymous(access_key: str) -> bool:
    return not access_key and bool(iam_evaluator._anonymous.get())


def _with_anonymous(resolve: Wrapped) -> Wrapped:
    """Who has no key is asked about where the operation is for anybody: it may be called, as nobody."""

    def resolve_with_anonymous(access_key: str, account: str, credential: Any = None) -> Any:
        if _is_anonymous(access_key) and credential is None:
            return PrincipalInfo("anonymous", "Anonymous", account, policies=None)
        return resolve(access_key, account, credential)

    return resolve_with_anonymous


def _with_root(resolve: Wrapped) -> Wrapped:
    def resolve_with_root(access_key: str) -> Any:
        if not is_root(access_key):
            return resolve(access_key)
        account = get_account_id()
        return {
            "accessKey": access_key,
            "accountId": account,
            "userArn": f"arn:aws:iam::{account}:root",
            "userId": account,
            "principalOrgId": iam_evaluator._principal_org_id(account),
            "session": None,
        }

    return resolve_with_root


def _without_anonymous(check: Wrapped) -> Wrapped:
    """A request of which nobody knows what it may be is for signers alone."""

    def check_signed(access_key: str, service: str | None = None) -> Any:
        if _is_anonymous(access_key):
            return AuthError("MissingAuthenticationToken", "Missing Authentication Token")
        return check(access_key, service)

    return check_signed


def _refusing_anonymous(enforce: Wrapped) -> Wrapped:
    def enforce_signed(access_key: str, action: str, *args: Any, **named: Any) -> Any:
        if action in _NEVER_ANONYMOUS and _is_anonymous(access_key):
            return AuthError("AccessDenied", "Access Denied")
        return enforce(access_key, action, *args, **named)

    return enforce_signed


def _unguessable(credentials: Wrapped, secret: str) -> Wrapped:
    def unguessable(config: Any) -> dict[str, str]:
        made = dict(credentials(config))
        key = made["AWS_ACCESS_KEY_ID"]
        made["AWS_SECRET_ACCESS_KEY"] = _derived(secret, key, "secret")
        made["AWS_SESSION_TOKEN"] = _derived(secret, key, "token")
        session = {
            **sts._sessions[key],
            "SecretAccessKey": made["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": made["AWS_SESSION_TOKEN"],
            _FUNCTION: str(config.get("FunctionArn", "")),
        }
        sts.register_session(key, session)
        return made

    return unguessable


def _with_function(keys: Wrapped) -> Wrapped:
    def keys_with_function(credential: Any) -> dict[str, Any]:
        found: dict[str, Any] = keys(credential)
        function = (sts._sessions.get(credential.access_key_id) or {}).get(_FUNCTION)
        return {**found, "lambda:sourcefunctionarn": function} if function else found

    return keys_with_function


def _derived(secret: str, key: str, what: str) -> str:
    return hmac.new(secret.encode(), f"{what}:{key}".encode(), hashlib.sha256).hexdigest()
