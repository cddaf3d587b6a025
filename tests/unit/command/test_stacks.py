"""Which stacks there are, what each is given, and what the command makes of them together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loupe.aws import Cloud
from loupe.deploy import LocalDeployment
from loupe.errors import InputError, StackNotFoundError
from loupe.settings import Settings
from loupe.stack import Stack
from loupe.stacks import NAMES, in_turn, selected
from loupe.target import Target

ROOT = Path(__file__).parents[3]
GATEWAY = "http://127.0.0.1:1"


class StacksCloud(Cloud):
    """A cloud with these stacks."""

    def __init__(self, *stacks: Stack) -> None:
        super().__init__(Target(GATEWAY, local=True, region="us-east-1"))
        self._stacks = {each.name: each for each in stacks}

    def single_stack(self, name: str) -> Stack:
        if name not in self._stacks:
            raise StackNotFoundError(f"There is no stack {name}.")
        return self._stacks[name]


def stack(name: str, outputs: dict[str, str] | None = None, **parameters: str) -> Stack:
    return Stack(name, "CREATE_COMPLETE", outputs or {}, "a test", parameters)


def given(name: str, cloud: Cloud, core: str = "loupe", **wished: str) -> dict[str, str]:
    """What `loupe up` gives to the stack of this name in the registry."""
    deployment = LocalDeployment(Settings(ROOT, ROOT / "build", 1, None), GATEWAY)
    [source] = [each for each in selected() if each.name == name]
    return deployment._parameters_of(source, cloud, core, wished)


def test_the_core_comes_first_and_is_always_one_of_them() -> None:
    assert NAMES[0] == "core"
    assert [each.name for each in selected(["site"])] == ["core", "site"]
    assert [each.name for each in selected()] == list(NAMES)
    with pytest.raises(InputError, match=r"no stack called sight.*core, training, batch, review, site"):
        selected(["sight"])


def test_stacks_are_called_after_the_core() -> None:
    assert [each.stack_name("mine") for each in selected(["site"])] == ["mine", "mine-site"]


def test_outputs_of_all_stacks_are_read_as_one() -> None:
    cloud = StacksCloud(stack("loupe", {"A": "1"}, X="y"), stack("loupe-site", {"B": "2"}))

    together = cloud.stack("loupe")

    assert together.outputs == {"A": "1", "B": "2"}
    assert (together.name, together.all_names) == ("loupe", ("loupe", "loupe-site"))
    assert together.parameters == {"X": "y"}
    with pytest.raises(StackNotFoundError, match=r"no output C.*loupe, loupe-site"):
        together.output("C")


def test_without_a_core_there_is_no_stack() -> None:
    with pytest.raises(StackNotFoundError):
        StacksCloud(stack("loupe-site")).stack("loupe")


def test_a_stack_takes_from_the_core_what_both_have() -> None:
    cloud = StacksCloud(stack("loupe", EndpointName="mine", NotificationEmail="me@example.com"))

    found: Any = given("site", cloud)

    assert found == {"EndpointName": "mine", "CoreStackName": "loupe"}


def test_a_wish_goes_to_every_stack_that_has_the_parameter() -> None:
    wished = {"EndpointName": "new", "WebOrigin": "http://localhost:1", "MinimumAccuracy": "0.5"}
    cloud = StacksCloud(stack("loupe", EndpointName="old"))

    assert given("core", cloud, **wished) == {"EndpointName": "new"}
    assert given("site", cloud, **wished)["EndpointName"] == "new"
    assert "MinimumAccuracy" not in given("site", cloud, **wished)
    assert given("training", cloud, **wished)["MinimumAccuracy"] == "0.5"


def test_what_no_stack_has_is_left_to_cloudformation_to_refuse() -> None:
    assert given("core", StacksCloud(), Nonsense="x") == {"Nonsense": "x"}


def test_a_stack_is_deployed_after_those_whose_outputs_it_takes() -> None:
    groups = [[each.name for each in group] for group in in_turn(selected())]
    assert groups == [["core"], ["training", "batch"], ["review"], ["site"]]
    assert [[each.name for each in group] for group in in_turn(selected(["site"]))] == [["core"], ["site"]]


def test_the_review_stack_is_given_the_trainings_machine_and_bucket() -> None:
    outputs = {"TrainStateMachineArn": "arn", "TrainingBucketName": "bucket", "HostingRoleArn": "other"}
    cloud = StacksCloud(stack("loupe"), stack("loupe-training", outputs))
    assert given("review", cloud, RetrainAfterAnswers="20") == {
        "CoreStackName": "loupe",
        "TrainStateMachineArn": "arn",
        "TrainingBucketName": "bucket",
        "RetrainAfterAnswers": "20",
    }
