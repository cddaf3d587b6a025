"""Models, evaluations and rollbacks, on moto."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from loupe.aws import Cloud
from loupe.errors import CommandError, InputError, ModelNotFoundError
from loupe.pictures import S3Location
from loupe.stack import Stack
from loupe.target import Target, local_session
from loupe.training.endpoint import Endpoint
from loupe.training.models import Models

ROLE = "arn:aws:iam::123456789012:role/hosting"
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://training/captured",
    "CaptureOptions": [{"CaptureMode": "Output"}],
}


class SageMaker:
    """moto's, with UpdateEndpoint: the new configuration is in service after a look or two, or `trouble`."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.trouble: str | None = None
        self._config: str | None = None
        self._updating = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def update_endpoint(self, EndpointName: str, EndpointConfigName: str) -> None:  # noqa: N803 - boto3's
        self._updating, self._config = 2, EndpointConfigName

    def describe_endpoint(self, **request: str) -> dict[str, Any]:
        said: dict[str, Any] = self._real.describe_endpoint(**request)
        if self._updating:
            self._updating -= 1
            return said | {"EndpointStatus": "RollingBack" if self.trouble else "Updating"}
        if self.trouble:
            return said | {"FailureReason": self.trouble}
        return said | ({"EndpointConfigName": self._config} if self._config else {})


class World:
    """A cloud whose stack has trained models `pets-1`, `pets-2`, …; another's model is there too."""

    def __init__(self) -> None:
        self.cloud = Cloud(Target(None, local=False, region="us-east-1"), local_session())
        self.stack = Stack("loupe", "CREATE_COMPLETE", {"EndpointName": "classifier"})
        self.sagemaker = SageMaker(self.cloud.client("sagemaker"))
        self.cloud._clients["sagemaker"] = self.sagemaker
        self.endpoint = Endpoint(self.cloud, "classifier")
        self.models = Models(self.cloud, self.stack, self.endpoint)
        self.s3 = self.cloud.client("s3")
        self.s3.create_bucket(Bucket="training")
        self.sagemaker.create_model(ModelName="somebody-elses", ExecutionRoleArn=ROLE)

    def train(self, name: str, title: str, accuracy: str | None = None, previous: str | None = None) -> None:
        """What the training workflow leaves in SageMaker."""
        tags = {"loupe:stack": "loupe", "loupe:model": title, "loupe:report": f"s3://training/runs/{name}/"}
        tags |= {"loupe:accuracy": accuracy} if accuracy else {}
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, Tags=pairs(tags))
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InitialVariantWeight": 1.0,
            "InstanceType": "ml.t2.medium",
            "InitialInstanceCount": 1,
        }
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[variant],
            DataCaptureConfig=CAPTURE,
            Tags=pairs({"loupe:previous-endpoint-config": previous} if previous else {}),
        )

    def serve(self, name: str) -> None:
        self.sagemaker.create_endpoint(EndpointName="classifier", EndpointConfigName=name)

    def report(self, name: str, **files: str) -> None:
        for file, text in files.items():
            self.s3.put_object(Bucket="training", Key=f"runs/{name}/{file.replace('_', '.')}", Body=text)


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World()


def test_the_stacks_models_are_listed_with_accuracy_and_the_live_one(world: World) -> None:
    world.train("pets-1", "pets", "0.91")
    world.train("pets-2", "pets", "0.95")
    world.serve("pets-2")

    found = {model.name: model for model in world.models.all()}

    assert set(found) == {"pets-1", "pets-2"}
    assert (found["pets-1"].accuracy, found["pets-1"].share) == (0.91, None)
    assert (found["pets-2"].accuracy, found["pets-2"].share) == (0.95, 1.0)
    assert found["pets-2"].to_dict()["live"] is True
    assert found["pets-2"].report == S3Location("training", "runs/pets-2/")


def test_without_an_endpoint_no_model_is_live(world: World) -> None:
    world.train("pets-1", "pets")

    assert [model.share for model in world.models.all()] == [None]
    assert world.endpoint.live() is None
    with pytest.raises(ModelNotFoundError, match="loupe train"):
        world.models.find(None)


@pytest.mark.parametrize("name", ["pets-2", "cats", None])
def test_a_model_is_found_by_its_own_name_its_title_or_as_the_live_one(
    world: World, name: str | None
) -> None:
    world.train("pets-1", "pets")
    world.train("pets-2", "cats")
    world.serve("pets-2")

    assert world.models.find(name).name == "pets-2"


def test_an_unknown_model_says_where_they_are_listed(world: World) -> None:
    with pytest.raises(ModelNotFoundError, match="loupe models"):
        world.models.find("nothing")


def test_an_evaluation_is_read_and_downloaded(world: World, tmp_path: Path) -> None:
    world.report("pets-1", evaluation_json=json.dumps({"accuracy": 0.9}), confusion_png="picture")
    report = S3Location("training", "runs/pets-1/")

    assert world.models.evaluation(report) == {"accuracy": 0.9}
    saved = world.models.download_report(report, tmp_path / "report")
    assert [(path.name, path.read_text()) for path in saved] == [
        ("confusion.png", "picture"),
        ("evaluation.json", '{"accuracy": 0.9}'),
    ]


def test_a_missing_evaluation_names_where_it_was_sought(world: World) -> None:
    with pytest.raises(ModelNotFoundError, match="s3://training/runs/none/"):
        world.models.evaluation(S3Location("training", "runs/none/"))


def test_a_rollback_serves_what_was_live_before(world: World) -> None:
    world.train("pets-1", "pets")
    world.train("pets-2", "pets", previous="pets-1")
    world.serve("pets-2")
    live = world.endpoint.in_service()

    after = world.endpoint.switch(live, world.endpoint.config_before(live), False, lambda seconds: None)

    assert (after.config, after.status, after.shares) == ("pets-1", "InService", {"pets-1": 1.0})


def test_going_to_any_model_is_remembered_for_the_way_back(world: World) -> None:
    world.train("pets-1", "pets")
    world.train("pets-2", "pets")
    world.serve("pets-2")
    live = world.endpoint.in_service()

    after = world.endpoint.switch(live, world.endpoint.config_of("pets-1"), True, lambda seconds: None)

    assert world.endpoint.config_before(after) == "pets-2"


def test_the_first_model_has_nothing_to_go_back_to(world: World) -> None:
    world.train("pets-1", "pets")
    world.serve("pets-1")

    with pytest.raises(ModelNotFoundError, match="nothing to go back to"):
        world.endpoint.config_before(world.endpoint.in_service())


def test_a_deleted_predecessor_is_told(world: World) -> None:
    world.train("pets-1", "pets", previous="gone")
    world.serve("pets-1")

    with pytest.raises(ModelNotFoundError, match="gone has been deleted"):
        world.endpoint.config_before(world.endpoint.in_service())


def test_serving_what_is_served_is_refused(world: World) -> None:
    world.train("pets-1", "pets")
    world.serve("pets-1")

    with pytest.raises(InputError, match="already"):
        world.endpoint.switch(world.endpoint.in_service(), "pets-1", remember=False)


def test_an_update_that_fails_says_why(world: World) -> None:
    world.train("pets-1", "pets")
    world.train("pets-2", "pets")
    world.serve("pets-1")
    live = world.endpoint.in_service()
    world.sagemaker.trouble = "The container did not answer the ping."

    with pytest.raises(CommandError, match="did not answer the ping"):
        world.endpoint.switch(live, "pets-2", remember=False, wait=lambda seconds: None)


def test_where_an_endpoint_is_captured_is_known(world: World) -> None:
    world.train("pets-1", "pets")
    world.serve("pets-1")

    assert world.endpoint.in_service().capture == S3Location("training", "captured")


def test_a_model_that_is_not_live_is_deleted_with_its_package_and_configurations(world: World) -> None:
    world.stack = Stack("loupe", "CREATE_COMPLETE", {"ModelsBucketName": "training"})
    world.models = Models(world.cloud, world.stack, world.endpoint)
    world.s3.put_object(Bucket="training", Key="m/model.tar.gz", Body=b"package")
    container = {"Image": "i", "ModelDataUrl": "s3://training/m/model.tar.gz"}
    tags = pairs({"loupe:stack": "loupe"})
    world.sagemaker.create_model(
        ModelName="old", ExecutionRoleArn=ROLE, PrimaryContainer=container, Tags=tags
    )
    world.train("pets-1", "pets")
    world.serve("pets-1")

    deleted = world.models.delete(world.models.find("old"))

    assert deleted == ["model old", "package s3://training/m/model.tar.gz"]
    assert [model.name for model in world.models.all()] == ["pets-1"]
    assert world.s3.list_objects_v2(Bucket="training")["KeyCount"] == 0


def test_a_package_that_another_model_is_made_of_stays(world: World) -> None:
    world.stack = Stack("loupe", "CREATE_COMPLETE", {"ModelsBucketName": "training"})
    world.models = Models(world.cloud, world.stack, world.endpoint)
    container = {"Image": "i", "ModelDataUrl": "s3://training/m/model.tar.gz"}
    for name in ("one", "two"):
        world.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer=container,
            Tags=pairs({"loupe:stack": "loupe"}),
        )

    assert world.models.delete(world.models.find("one")) == ["model one"]


def test_the_live_model_is_not_deleted(world: World) -> None:
    world.train("pets-1", "pets")
    world.serve("pets-1")

    with pytest.raises(CommandError, match="is live"):
        world.models.delete(world.models.find("pets-1"))


def test_a_model_that_another_endpoint_serves_is_not_deleted(world: World) -> None:
    world.train("pets-1", "pets")
    world.sagemaker.create_endpoint(EndpointName="another", EndpointConfigName="pets-1")

    with pytest.raises(CommandError, match="live on another"):
        world.models.delete(world.models.find("pets-1"))

    assert world.endpoint.config_of("pets-1") == "pets-1"


def test_an_endpoint_whose_configuration_was_deleted_is_still_live(world: World) -> None:
    world.train("pets-1", "pets")
    world.serve("pets-1")
    world.sagemaker.delete_endpoint_config(EndpointConfigName="pets-1")

    live = world.endpoint.in_service()

    assert (live.config, live.shares) == ("pets-1", {})
    assert world.endpoint.variant(live) is None
