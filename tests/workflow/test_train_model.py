"""train_model from a dataset to a live model, and its notification."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.workflow.training_aws import FakeAws, FakeS3
from tests.workflow.training_world import (
    BUCKET,
    GIVEN,
    LIVE,
    STARTER,
    TrainingWorld,
    animals,
    left_behind,
)


def world_of(theirs: dict[str, bytes], **more: Any) -> TrainingWorld:
    """A world whose foreign bucket holds these objects."""
    return TrainingWorld(aws=FakeAws(s3=FakeS3(buckets={"theirs": theirs}, **more)))


def test_a_dataset_becomes_a_live_model_and_somebody_is_notified() -> None:
    world = TrainingWorld()

    outcome = world.train(GIVEN)

    assert outcome.status == "SUCCEEDED", outcome
    assert outcome.output == {
        "status": "DEPLOYED",
        "name": "animals",
        "model": "one-model",
        "endpoint": LIVE,
        "endpointConfig": "one-model",
        "accuracy": 0.9725,
        "perClass": {"cat": 1, "dog": 0.95, "ox": 0.5},
        "classes": 3,
        "report": "s3://training/runs/one/evaluation/",
        "modelData": "s3://ModelsBucket/trained/one-train/output/model.tar.gz",
        "trainingJob": "one-train",
    }
    assert world.aws.sagemaker.endpoints[LIVE]["EndpointConfigName"] == "one-model"
    assert left_behind(world) == ([], ["one-model"], ["one-model"])
    assert world.messages[0]["Subject"] == "Loupe: the model animals is live (97.2% accurate)"
    lines = world.email().splitlines()
    assert "Accuracy:    97.2% on 40 pictures that training never saw" in lines
    assert lines.index("  ox - 50.0%") < lines.index("  dog - 95.0%") < lines.index("  cat - 100.0%")


def test_the_way_back_is_noted_before_the_endpoint_is_updated() -> None:
    world = TrainingWorld()

    world.train(GIVEN)

    (noted,) = world.aws.sagemaker.tags.values()
    assert noted == {"loupe:previous-endpoint-config": STARTER}
    order = [operation for operation, _ in world.aws.sagemaker.calls]
    assert order.index("delete_endpoint") < order.index("add_tags") < order.index("update_endpoint")
    assert "Test Trial" in world.entered


def test_a_dataset_is_copied_once_and_a_changed_one_anew() -> None:
    world = world_of(animals(350))

    world.train(GIVEN)
    first = world.called("Prepare Dataset")[0]["ProcessingInputs"][0]["S3Input"]["S3Uri"]
    world.calls.clear()
    world.aws.s3.calls.clear()
    world.train(GIVEN, "two")
    again = world.aws.s3.called("copy_object")
    world.calls.clear()
    world.aws.s3.calls.clear()
    world.aws.s3.buckets["theirs"]["animals/cat/0001.png"] = b"another picture"
    world.train(GIVEN, "three")
    third = world.called("Prepare Dataset")[0]["ProcessingInputs"][0]["S3Input"]["S3Uri"]

    copies = world.aws.s3.buckets[BUCKET]
    prefix = first.removeprefix(f"s3://{BUCKET}/")
    held = {key.removeprefix(prefix): body for key, body in copies.items() if key.startswith(prefix)}
    assert held == {key.removeprefix("animals/"): body for key, body in animals(350).items() if body}
    assert len(again) == 4, "the first of each hundred is copied again, nothing else"
    assert third != first
    assert len(world.aws.s3.called("copy_object")) == 350


def test_a_copy_that_was_broken_off_goes_on() -> None:
    world = world_of(animals(150), closed={"theirs/animals/dog/0100.png"})
    broken = world.train(GIVEN)
    done = len([key for key in world.aws.s3.buckets[BUCKET] if key.startswith("datasets/")])
    world.aws.s3.closed.clear()
    world.aws.s3.calls.clear()

    outcome = world.train(GIVEN, "two")

    assert (broken.error, outcome.status) == ("AccessDeniedError", "SUCCEEDED")
    assert 0 < done < 150
    assert len(world.aws.s3.called("copy_object")) <= 150 - done + 2


def test_what_lies_in_the_training_bucket_is_used_where_it_is() -> None:
    ours = {f"uploads/{key}": body for key, body in animals().items()}
    world = TrainingWorld()
    world.aws.s3.buckets[BUCKET] |= ours

    outcome = world.train({"source": "s3://training/uploads/animals"})

    assert outcome.status == "SUCCEEDED", outcome
    assert "Copy Dataset" not in world.entered
    (arguments,) = world.called("Prepare Dataset")
    assert arguments["ProcessingInputs"][0]["S3Input"]["S3Uri"] == "s3://training/uploads/animals/"


def test_a_backbone_becomes_a_channel_and_options_reach_their_jobs() -> None:
    world = world_of(animals() | {"weights/model.onnx": b"w", "weights/model.json": b"{}"})

    outcome = world.train(
        GIVEN
        | {
            "backbone": "s3://theirs/weights",
            "hyperparameters": {"epochs": 3, "flip": "no"},
            "preparation": {"side": 224, "color": "RGB", "ignore-unlabelled": True},
        }
    )

    assert outcome.status == "SUCCEEDED", outcome
    (prepare,), (train,) = world.called("Prepare Dataset"), world.called("Train Model")
    command = prepare["AppSpecification"]["ContainerEntrypoint"]
    assert command[:3] == ["python", "-m", "model.prepare"]
    assert command[3:] == ["--side", "224", "--color", "RGB", "--ignore-unlabelled"]
    assert train["HyperParameters"] == {"name": "animals", "epochs": "3", "flip": "no"}
    channels = {
        each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in train["InputDataConfig"]
    }
    assert list(channels) == ["train", "validation", "backbone"]
    held = channels["backbone"].removeprefix(f"s3://{BUCKET}/")
    assert {key for key in world.aws.s3.buckets[BUCKET] if key.startswith(held)} == {
        held + "model.onnx",
        held + "model.json",
    }


def test_without_options_no_empty_arguments_are_sent() -> None:
    world = TrainingWorld()
    world.train({"source": "s3://theirs/animals/"})
    (prepare,), (train,) = world.called("Prepare Dataset"), world.called("Train Model")
    assert prepare["AppSpecification"]["ContainerEntrypoint"] == ["python", "-m", "model.prepare"]
    assert train["HyperParameters"] == {"name": "model"}
    assert [each["ChannelName"] for each in train["InputDataConfig"]] == ["train", "validation"]
    assert train["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}
    assert train["EnableManagedSpotTraining"] is False


def test_spot_training_may_wait_as_long_again() -> None:
    world = TrainingWorld(substitutions={"UseSpotTraining": "true"})
    world.train(GIVEN)
    (train,) = world.called("Train Model")
    assert train["EnableManagedSpotTraining"] is True
    assert train["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}


@pytest.mark.parametrize(
    ("environment", "variant", "captures"),
    [
        ({}, {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}, True),
        ({"DATA_CAPTURE_PERCENTAGE": "0"}, {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}, False),
        (
            {"HOSTING_INSTANCE_TYPE": "serverless"},
            {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}},
            False,
        ),
    ],
)
def test_hosting_is_as_the_parameters_say(
    environment: dict[str, str], variant: dict[str, Any], captures: bool
) -> None:
    world = TrainingWorld(environment=environment)

    world.train(GIVEN)

    config = world.aws.sagemaker.configs["one-model"]
    named = {"VariantName": "AllTraffic", "ModelName": "one-model", "InitialVariantWeight": 1}
    assert config["ProductionVariants"] == [named | variant]
    assert ("DataCaptureConfig" in config) is captures


def test_a_model_can_be_trained_and_not_deployed() -> None:
    world = TrainingWorld()

    outcome = world.train(GIVEN | {"deploy": False})

    assert (outcome.output["status"], outcome.output["endpoint"]) == ("TRAINED", None)
    assert world.aws.sagemaker.endpoints[LIVE]["EndpointConfigName"] == STARTER
    assert left_behind(world) == ([], ["one-model"], ["one-model"])
    assert "It was not deployed, as asked." in world.email()


@pytest.mark.parametrize(
    "name", ["a.b_c", "x" * 80, "_", "näh", "a--b", "0ef1b1c0-5b3e-4a55-b7a1-3c8e5d6f7a8b_77"]
)
def test_any_execution_name_gives_names_that_sagemaker_takes(name: str) -> None:
    world = TrainingWorld()

    outcome = world.train(GIVEN, name)

    found = [
        outcome.output["model"],
        outcome.output["trainingJob"],
        world.called("Test Trial")[0]["Payload"]["endpointName"],
    ]
    for each in found:
        assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", each), each


def test_reviewed_pictures_are_read_where_they_are_and_the_message_says_so() -> None:
    world, reviewed = TrainingWorld(), f"s3://{BUCKET}/reviewed/1234/"

    outcome = world.train({**GIVEN, "reviewed": reviewed, "afterAnswers": 20})

    assert outcome.status == "SUCCEEDED", outcome
    data, answers, pictures = world.called("Prepare Dataset")[0]["ProcessingInputs"]
    assert [each["InputName"] for each in (data, answers, pictures)] == ["data", "answers", "reviewed"]
    assert answers["S3Input"]["S3Uri"] == f"{reviewed}answers/"
    assert pictures["S3Input"]["S3Uri"] == f"{reviewed}pictures.json"
    assert pictures["S3Input"]["S3DataType"] == "ManifestFile"
    assert pictures["S3Input"]["LocalPath"] == "/opt/ml/processing/input/reviewed"
    said = f"Reviewed:    {reviewed} (started by itself after 20 answers)"
    assert said in world.email().splitlines()


def test_a_training_without_reviews_has_its_data_alone() -> None:
    world = TrainingWorld()
    world.train(GIVEN)
    (data,) = world.called("Prepare Dataset")[0]["ProcessingInputs"]
    assert data["InputName"] == "data"
    assert "Reviewed" not in world.email()


def test_a_refusal_after_answers_says_so_in_its_own_columns() -> None:
    world = TrainingWorld(summary={"accuracy": 0.4, "count": 40, "perClass": {"cat": 0.4}})
    world.train({**GIVEN, "reviewed": f"s3://{BUCKET}/reviewed/1234/", "afterAnswers": 20})
    assert world.messages[0]["Subject"] == "Loupe: the model animals was refused, accuracy too low"
    starts = {line[:15] for line in world.email().splitlines()}
    assert {"Data:          ", "Reviewed:      ", "Execution:     "} <= starts
