"""What verify_on_aws.sh asks: a line a claim, nothing of others removed, and a page that lists them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.verify import CLAIMS, Account, SkipError, remove, verify

ROOT = Path(__file__).parents[3]


def holds(account: Account) -> None:
    """Nothing to say."""


def fails(account: Account) -> None:
    raise AssertionError("it is otherwise")


def cannot_be_asked(account: Account) -> None:
    raise SkipError("not here")


def breaks(account: Account) -> None:
    raise KeyError("Stacks")


def test_each_claim_is_a_line_and_failures_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    failed = verify(Account("loupe"), [holds, fails, cannot_be_asked, breaks])

    assert failed == 2
    assert capsys.readouterr().out.splitlines() == [
        "pass  holds",
        "fail  fails: it is otherwise",
        "skip  cannot be asked: not here",
        "fail  breaks: 'Stacks'",
    ]


def test_no_stack_is_removed_that_the_script_did_not_make() -> None:
    with pytest.raises(ValueError, match="not removed"):
        remove(Account("loupe"))
    script = ROOT / "pipeline" / "verify_on_aws.sh"
    refused = subprocess.run(
        ["bash", str(script), "--stack-name", "loupe"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert refused.returncode == 2
    assert "loupe-verify-" in refused.stderr


def test_every_claim_that_is_asked_is_on_the_page() -> None:
    page = (ROOT / "docs" / "aws-readiness.md").read_text(encoding="utf-8")

    for claim in CLAIMS:
        assert f"`{claim.__name__.replace('_', ' ')}`" in page
