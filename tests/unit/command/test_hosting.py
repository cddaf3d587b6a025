"""A model comes into service by a trial; whatever fails, what was live stays and nothing is left over."""

from pathlib import Path
from typing import Any

import pytest

from loupe.aws import Cloud
from loupe.errors import ModelRefusedError
from loupe.hosting import Hosted, Hosting
from loupe.stack import Stack
from loupe.starters import DIGITS_FOLDER, check_folder, host_starter, try_out_pictures
from loupe.target import Target, local_session
from loupe.training.endpoint import Endpoint
from tests.unit.command.fake_sagemaker import FakeRuntime, FakeS3, FakeSageMaker, refusal

ROOT = Path(__file__).parents[3]
DIGITS = ROOT / DIGITS_FOLDER
OUTPUTS = {"EndpointName": "classifier", "ModelsBucketName": "models", "WorkflowRoleArn": "arn:shared"}


class World:
    """A cloud with an endpoint `classifier`, which may serve something."""

    def __init__(self, local: bool = True) -> None:
        url = "http://127.0.0.1:1" if local else None
        self.cloud = Cloud(Target(url, local=local, region="eu-central-1"), local_session("eu-central-1"))
        self.sagemaker, self.s3, self.runtime = FakeSageMaker(), FakeS3(), FakeRuntime(DIGITS)
        self.cloud._clients = {"sagemaker": self.sagemaker, "s3": self.s3, "sagemaker-runtime": self.runtime}
        self.stack = Stack("loupe", "CREATE_COMPLETE", OUTPUTS)
        self.endpoint = Endpoint(self.cloud, "classifier")

    def serve(self, **variant: Any) -> None:
        """Something is live: `pets`."""
        self.sagemaker.create_model(ModelName="pets")
        settings = variant or {"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName="pets",
            ProductionVariants=[{"VariantName": "A", "ModelName": "pets", **settings}],
        )
        self.sagemaker.create_endpoint(EndpointName="classifier", EndpointConfigName="pets")

    def deploy(self, **options: Any) -> Hosted:
        hosting = Hosting(self.cloud, self.stack, self.endpoint, wait=lambda _: None, **options)
        return hosting.deploy(DIGITS, try_out_pictures(ROOT), check_folder(ROOT, DIGITS))

    @property
    def live(self) -> str | None:
        there = self.sagemaker.endpoints.get("classifier")
        return there["EndpointConfigName"] if there else None


@pytest.fixture
def world() -> World:
    return World()


def test_where_nothing_is_live_the_endpoint_is_made_and_asked(world: World) -> None:
    hosted = world.deploy()

    assert world.live == hosted.config
    assert hosted.previous is None
    assert {name for name, _ in world.runtime.asked} == {"classifier"}
    assert {kind for _, kind in world.runtime.asked} == {"image/jpeg", "image/png"}
    assert list(world.s3.objects) == [f"deployed/{hosted.model}/model.tar.gz"]
    (variant,) = world.sagemaker.configs[hosted.config]["ProductionVariants"]
    assert "ServerlessConfig" in variant


def test_what_is_live_is_exchanged_after_a_trial_that_leaves_nothing(world: World) -> None:
    world.serve()

    hosted = world.deploy()

    assert world.live == hosted.config
    assert hosted.previous == "pets"
    assert hosted.tried_on
    assert hosted.tried_on.startswith("classifier-trial-")
    assert {name for name, _ in world.runtime.asked} == {hosted.tried_on}
    assert list(world.sagemaker.endpoints) == ["classifier"]
    assert world.sagemaker.tags[f"arn:{hosted.config}"] == {"loupe:previous-endpoint-config": "pets"}


def test_it_is_hosted_as_what_it_replaces_is(world: World) -> None:
    world.serve()

    (variant,) = world.sagemaker.configs[world.deploy().config]["ProductionVariants"]

    assert variant["InstanceType"] == "ml.m5.large"
    assert variant["InitialInstanceCount"] == 2


@pytest.mark.parametrize(
    ("wanted", "key"), [("serverless", "ServerlessConfig"), ("ml.c5.xlarge", "InstanceType")]
)
def test_the_instance_type_can_be_chosen(world: World, wanted: str, key: str) -> None:
    world.serve()

    (variant,) = world.sagemaker.configs[world.deploy(instance_type=wanted).config]["ProductionVariants"]

    assert key in variant


def test_the_same_model_again_changes_nothing(world: World) -> None:
    first = world.deploy()
    asked = len(world.runtime.asked)

    again = world.deploy()

    assert again.config == first.config
    assert len(world.runtime.asked) == asked
    assert world.s3.uploads == 1
    assert world.sagemaker.calls["update_endpoint"] == 0


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(
    "answer",
    [
        {"labels": ["9"], "scores": [0.2]},
        {"labels": [], "scores": []},
        {"labels": ["5"], "scores": ["much"]},
        [0.1, 0.9],
        "5",
    ],
)
def test_a_trial_that_answers_otherwise_changes_nothing_and_is_removed(
    world: World, live: bool, answer: Any
) -> None:
    if live:
        world.serve()
    world.runtime.answer = answer

    with pytest.raises(ModelRefusedError, match=r"classifier"):
        world.deploy()

    assert world.live == ("pets" if live else None)
    assert list(world.sagemaker.endpoints) == (["classifier"] if live else [])
    assert list(world.sagemaker.models) == (["pets"] if live else [])
    assert list(world.sagemaker.configs) == (["pets"] if live else [])


def test_a_model_that_does_not_come_up_is_refused_with_sagemakers_reason(world: World) -> None:
    world.serve()
    world.sagemaker.failing = {f"digits-{digest()}": "The container did not answer /ping."}

    with pytest.raises(ModelRefusedError, match="did not answer /ping"):
        world.deploy()

    assert world.live == "pets"
    assert list(world.sagemaker.models) == ["pets"]


def digest() -> str:
    there = World()
    return there.deploy().model.removeprefix("digits-")


def test_an_endpoint_that_failed_gives_way(world: World) -> None:
    world.serve()
    world.sagemaker.failing = {"pets": "Out of memory"}

    hosted = world.deploy()

    assert world.live == hosted.config
    assert hosted.previous is None


def test_the_role_of_hosted_models_goes_before_the_shared_one(world: World) -> None:
    world.stack = Stack("loupe", "CREATE_COMPLETE", OUTPUTS | {"HostingRoleArn": "arn:hosting"})

    model = world.deploy().model

    assert world.sagemaker.models[model]["ExecutionRoleArn"] == "arn:hosting"


class Registry:
    """ECR and STS of an account; `error` is what looking for the image gives."""

    def __init__(self, error: str | None = None) -> None:
        self.error = error

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    def describe_images(self, **_: Any) -> None:
        if self.error:
            raise refusal("DescribeImages", "no", self.error)


@pytest.mark.parametrize(
    ("region", "suffix"), [("eu-central-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn")]
)
def test_on_aws_the_image_is_the_accounts_own(
    monkeypatch: pytest.MonkeyPatch, region: str, suffix: str
) -> None:
    world = World(local=False)
    world.cloud.session = local_session(region)
    monkeypatch.setattr(world.cloud, "single_stack", lambda _: world.stack)
    world.cloud._clients |= {"ecr": Registry(), "sts": Registry()}

    model = world.deploy().model

    container = world.sagemaker.models[model]["PrimaryContainer"]
    assert container["Image"] == f"123456789012.dkr.ecr.{region}.{suffix}/loupe-model:serving"


@pytest.mark.parametrize("missing", ["RepositoryNotFoundException", "ImageNotFoundException"])
def test_a_missing_image_is_said_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    world = World(local=False)
    monkeypatch.setattr(world.cloud, "single_stack", lambda _: world.stack)
    world.cloud._clients |= {"ecr": Registry(missing), "sts": Registry()}

    with pytest.raises(ModelRefusedError, match="docker build"):
        world.deploy()

    assert not world.sagemaker.models


def test_who_may_not_look_at_images_may_still_deploy(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(local=False)
    monkeypatch.setattr(world.cloud, "single_stack", lambda _: world.stack)
    world.cloud._clients |= {"ecr": Registry("AccessDeniedException"), "sts": Registry()}

    assert world.deploy().model


def test_a_starter_leaves_what_is_live(world: World) -> None:
    world.serve()
    for _ in range(3):
        world.sagemaker.describe_endpoint(EndpointName="classifier")

    host_starter(world.cloud, world.stack, ROOT, None)

    assert world.live == "pets"
    assert not world.s3.objects
