"""`loupe quality` on moto's tables."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from moto import mock_aws

from loupe.cli import cli
from loupe.context import Chosen
from loupe.quality import reading
from loupe.stack import Stack
from loupe_core.claims import iso
from loupe_core.items import to_item
from loupe_review.quality import Version
from loupe_review.review import AUDIT, CONCLUDED, LABEL, Answer, Decision
from tests.unit.command.test_review import OUTPUTS, Desk
from tests.unit.review.test_quality import EVALUATION
from tests.unit.review.test_rules import review


class Deployed:
    """A stack with pictures and reviews of the last days."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = Desk(monkeypatch, (("status", "createdAt"),))
        self.now = datetime.now(UTC)
        version = Version("pets-model", "pets", self.now - timedelta(days=3), EVALUATION)
        monkeypatch.setattr(reading, "versions_of", lambda cloud, stack: [version])
        deployed = Stack("loupe", "CREATE_COMPLETE", {**OUTPUTS, "EndpointName": "loupe-classifier"})
        monkeypatch.setattr(Chosen, "stack", lambda *_: (self.desk.cloud, deployed))

    def picture(self, number: int, status: str = "CLASSIFIED", days: float = 1) -> None:
        self.desk.put(number, status, createdAt=iso(self.now - timedelta(days=days)))

    def audit(self, number: int, label: str, days: float = 1) -> None:
        at = iso(self.now - timedelta(days=days))
        made = dataclasses.replace(
            review(number),
            kind=AUDIT,
            status=CONCLUDED,
            created_at=at,
            answers=(Answer("ann", LABEL, at, label, seconds=4),),
            decision=Decision(LABEL, at, label),
        )
        self.desk.client.put_item(TableName="Reviews", Item=to_item(made.to_attributes()))

    def run(self, *arguments: str) -> Any:
        result = CliRunner().invoke(cli, ["quality", *arguments], prog_name="loupe")
        assert result.exit_code == 0, result.output
        return result


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    with mock_aws():
        yield Deployed(monkeypatch)


def test_the_figures_are_those_of_the_period(deployed: Deployed) -> None:
    for number in range(4):
        deployed.picture(number)
        deployed.audit(number, "cat" if number else "dog")
    deployed.picture(10, "REJECTED", days=2)
    deployed.picture(11, days=40)
    deployed.audit(11, "dog", days=40)

    said = json.loads(deployed.run("--json").stdout)

    assert (said["audited"], said["wrong"], said["errorRate"]) == (4, 1, 0.25)
    assert (said["answers"], said["people"], said["answersAPersonAnHour"]) == (4, 1, 900)
    assert sum(week["pictures"] for week in said["weeks"]) == 5
    (model,) = said["models"]
    assert (model["model"], model["pictures"], model["audited"]) == ("pets-model", 5, 4)
    assert set(model["confidenceShift"]) == {"index", "byChance", "verdict"}
    assert said["truncated"] is False


def test_more_than_is_read_is_said(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PICTURES_A_STATUS", 2)
    for number in range(3):
        deployed.picture(number, days=number + 1)
    said = json.loads(deployed.run("--json").stdout)
    assert said["truncated"] is True
    assert sum(week["pictures"] for week in said["weeks"]) == 2
    assert "these are the newest" in deployed.run().stdout


def test_people_read_the_same(deployed: Deployed) -> None:
    for number in range(20):
        deployed.picture(number)
        deployed.audit(number, "dog" if number == 0 else "cat")
    said = deployed.run("--since", "7d").stdout
    assert "5.0% of the accepted pictures" in said
    assert "(1 of 20 audited)" in said
    assert "900 a person an hour" in said
    assert "pets-model" in said


def test_a_share_reads_the_same_wherever_it_stands(deployed: Deployed) -> None:
    for number in range(3):
        deployed.picture(number)
        deployed.audit(number, "cat" if number == 0 else "dog")
    said = deployed.run("--since", "7d").stdout
    assert "66.6% of the accepted pictures, between 20.7% and 93.8%" in said
    assert "66.7%" not in said


def test_without_reviews_nothing_is_made_up(deployed: Deployed) -> None:
    said = deployed.run().stdout
    assert "unknown: no accepted picture was audited" in said
    assert "0 by 0 people" in said
