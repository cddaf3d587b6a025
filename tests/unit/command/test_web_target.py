"""Which stack on AWS gets the page, where the person names none."""

from pathlib import Path

import pytest

from loupe.commands.web import as_told_to_sam
from loupe.context import Chosen
from loupe.settings import DEFAULT_STACK

GUIDED = '[default.deploy.parameters]\nstack_name = "pictures"\nregion = "eu-central-1"\nprofile = "work"\n'
UNNAMED = Chosen("aws", None, None, DEFAULT_STACK)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "samconfig.toml"
    path.write_text(GUIDED)
    return path


def test_guided_deployments_answers_are_taken(config: Path) -> None:
    assert as_told_to_sam(UNNAMED, config, {}) == Chosen("aws", "work", "eu-central-1", "pictures")


def test_what_the_person_names_wins(config: Path) -> None:
    named = Chosen("aws", "home", "us-east-1", "other")

    assert as_told_to_sam(named, config, {}) == named
    assert as_told_to_sam(UNNAMED, config, {"AWS_PROFILE": "env"}).profile is None


@pytest.mark.parametrize("text", ["", "default = 1", "not toml ="])
def test_configuration_that_says_nothing_changes_nothing(config: Path, text: str) -> None:
    config.write_text(text)

    assert as_told_to_sam(UNNAMED, config, {}) == UNNAMED
