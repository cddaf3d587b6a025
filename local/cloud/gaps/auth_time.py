"""A refreshed token keeps the time at which its person signed in.

AWS (Cognito Developer Guide, "Understanding the access token"): `auth_time` is when the person completed
authentication; tokens of one sign-in share their `origin_jti`. Stock MiniStack: the time of the refresh.
The refresh token carries the time, so that it is known after a restart.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cognito

MAX_SIGN_INS = 10_000

Claims = dict[str, Any]


def install() -> None:
    """Remember when each sign-in was, by what its tokens share."""
    times = SignInTimes()
    cognito._signed_jwt = times.signing(cognito._signed_jwt)
    cognito._token_claims = times.reading(cognito._token_claims)


class SignInTimes:
    """Seconds since 1970 by `origin_jti`, of the latest sign-ins."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def signing(self, sign: Callable[..., str]) -> Callable[..., str]:
        def signed(claims: Claims, *args: Any, **named: Any) -> str:
            return sign(self._dated(claims), *args, **named)

        return signed

    def reading(self, read: Callable[[Any], Claims]) -> Callable[[Any], Claims]:
        def claims_of(token: Any) -> Claims:
            claims = read(token)
            if claims.get("token_use") == "refresh" and isinstance(claims.get("auth_time"), int):
                self._known(str(claims.get("origin_jti")), claims["auth_time"])
            return claims

        return claims_of

    def _dated(self, claims: Claims) -> Claims:
        origin = claims.get("origin_jti")
        if not isinstance(origin, str):
            return claims
        return {**claims, "auth_time": self._known(origin, int(claims["iat"]))}

    def _known(self, origin: str, otherwise: int) -> int:
        if origin not in self._times and len(self._times) >= MAX_SIGN_INS:
            self._times.pop(next(iter(self._times)))
        return self._times.setdefault(origin, otherwise)
