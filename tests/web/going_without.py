"""Without a browser or Node: in CI that is a failure, elsewhere the test is skipped and says why."""

import os
from typing import NoReturn

import pytest

REQUIRED = os.environ.get("LOUPE_BROWSER_TESTS") == "required"


def go_without(reason: str) -> NoReturn:
    """End the test."""
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)
