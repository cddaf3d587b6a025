"""Which tokens an authorizer takes, and what patterns of policies match."""

from typing import Any

import pytest

from local.api_gateway.authorization import challenge, token_fault
from local.cloud.gaps.wildcards import compiled


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": "soon"},
        {"exp": None},
        {"exp": True},
        {"exp": 2_000_000_000, "nbf": "x"},
        {"exp": 2_000_000_000, "iat": []},
        {"exp": 2_000_000_000, "token_use": "refresh"},
    ],
)
def test_a_token_without_a_good_expiration_or_for_refreshing_is_refused(claims: dict[str, Any]) -> None:
    assert token_fault(claims) is not None


@pytest.mark.parametrize("use", ["access", "id", None])
def test_other_tokens_go_on(use: str | None) -> None:
    assert token_fault({"exp": 2_000_000_000, "iat": 1.5, "token_use": use}) is None


def test_a_refusal_names_its_scheme() -> None:
    assert challenge(None) == "Bearer"
    assert 'error="invalid_token"' in challenge("the token has no expiration")


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a\nb", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/\n", True),
        ("arn:aws:s3:::b/a?b", "arn:aws:s3:::b/a\nb", True),
        ("arn:aws:s3:::b/a", "arn:aws:s3:::b/a\n", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::c/b/*", False),
        ("arn:aws:s3:::b/[a]", "arn:aws:s3:::b/a", False),
        ("arn:aws:s3:::B/*", "arn:aws:s3:::b/a", False),
    ],
)
def test_a_wildcard_is_any_character(pattern: str, value: str, matches: bool) -> None:
    assert bool(compiled(pattern, ignore_case=False).match(value)) is matches


def test_actions_match_in_any_case() -> None:
    assert compiled("S3:get*", ignore_case=True).match("s3:GetObject")
