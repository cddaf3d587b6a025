"""Tokens of one sign-in say when it was, however often they are refreshed."""

from typing import Any

from local.cloud.gaps.auth_time import SignInTimes


def signed(times: SignInTimes, **claims: Any) -> dict[str, Any]:
    """What is signed where these claims are asked for."""
    made: list[dict[str, Any]] = []

    def sign(given: dict[str, Any], pool: str) -> str:
        made.append(given)
        return pool

    times.signing(sign)(claims, "pool")
    return made[0]


def test_a_refreshed_token_keeps_the_time_of_its_sign_in() -> None:
    times = SignInTimes()
    issued = [(100, "one"), (200, "two"), (300, "one")]

    tokens = [signed(times, origin_jti=origin, iat=when, auth_time=when) for when, origin in issued]

    assert [claims["auth_time"] for claims in tokens] == [100, 200, 100]


def test_the_refresh_token_tells_the_time_after_a_restart() -> None:
    refresh = signed(SignInTimes(), origin_jti="one", iat=100, token_use="refresh")
    restarted = SignInTimes()
    restarted.reading(lambda token: refresh)("token")

    assert signed(restarted, origin_jti="one", iat=900)["auth_time"] == 100


def test_a_token_of_no_persons_sign_in_gets_no_time() -> None:
    assert "auth_time" not in signed(SignInTimes(), iat=100)
