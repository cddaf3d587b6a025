"""train_model from a dataset to a live model that is told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.workflow.training_world import (
    GIVEN,
    LIVE,
    STARTER,
    TrainingWorld,
    animals,
    left_behind,
)


def test_a_dataset_becomes_a_live_model_and_is_told() -> None:
    world = TrainingWorld()

    ending = world.train(GIVEN)

    assert ending.status == "SUCCEEDED", ending
    assert ending.output == {
        "status": "DEPLOYED",
        "name": "animals",
        "model": "one-model",
        "endpoint": LIVE,
        "endpointConfig": "one-model",
        "accuracy": 0.9725,
        "perClass": {"cat": 1, "dog": 0.95, "ox": 0.5},
        "report": "s3://TrainingBucket/runs/one/evaluation/",
        "modelData": "s3://ModelsBucket/trained/one-train/output/model.tar.gz",
        "trainingJob": "one-train",
    }
    assert world.endpoints[LIVE]["EndpointConfigName"] == "one-model"
    assert left_behind(world) == ([], ["one-model"], ["one-model"])
    assert world.messages[0]["Subject"] == "Loupe: the model animals is live (97.3% accurate)"
    lines = world.email().splitlines()
    assert "Accuracy:    97.3% on 40 pictures that training never saw" in lines
    assert lines.index("  ox - 50.0%") < lines.index("  dog - 95.0%") < lines.index("  cat - 100.0%")


def test_the_way_back_is_noted_before_the_endpoint_is_updated() -> None:
    world = TrainingWorld()

    world.train(GIVEN)

    (noted,) = world.tags.values()
    assert noted == {"loupe:previous-endpoint-config": STARTER}
    order = [state for state, _ in world.calls]
    assert order.index("Test Trial") < order.index("Note Previous Config") < order.index("Update Endpoint")


def test_a_dataset_is_copied_once_and_a_changed_one_anew() -> None:
    world = TrainingWorld(buckets={"theirs": animals(350)})

    world.train(GIVEN)
    first = world.called("Prepare Dataset")[0]["ProcessingInputs"][0]["S3Input"]["S3Uri"]
    world.calls.clear()
    world.train(GIVEN, "two")
    again = world.called("Copy Object")
    world.calls.clear()
    world.buckets["theirs"]["animals/cat/0001.png"] = b"another picture"
    world.train(GIVEN, "three")
    third = world.called("Prepare Dataset")[0]["ProcessingInputs"][0]["S3Input"]["S3Uri"]

    copies = world.buckets["TrainingBucket"]
    prefix = first.removeprefix("s3://TrainingBucket/")
    held = {key.removeprefix(prefix): body for key, body in copies.items() if key.startswith(prefix)}
    assert held == {key.removeprefix("animals/"): body for key, body in animals(350).items() if body}
    assert len(again) == 4, "the first of each hundred is copied again, nothing else"
    assert third != first
    assert len(world.called("Copy Object")) == 350


def test_a_copy_that_was_broken_off_goes_on() -> None:
    world = TrainingWorld(buckets={"theirs": animals(150)}, denied={"theirs/animals/dog/0100.png"})
    broken = world.train(GIVEN)
    done = len(world.buckets["TrainingBucket"])
    world.denied.clear()
    world.calls.clear()

    ending = world.train(GIVEN, "two")

    assert (broken.error, ending.status) == ("AccessDeniedError", "SUCCEEDED")
    assert 0 < done < 150
    assert len(world.called("Copy Object")) <= 150 - done + 2


def test_what_lies_in_the_training_bucket_is_used_where_it_is() -> None:
    ours = {f"uploads/{key}": body for key, body in animals().items()}
    world = TrainingWorld(buckets={"training": ours}, substitutions={"TrainingBucket": "training"})

    ending = world.train({"source": "s3://training/uploads/animals"})

    assert ending.status == "SUCCEEDED", ending
    assert world.called("Copy Object") == []
    (arguments,) = world.called("Prepare Dataset")
    assert arguments["ProcessingInputs"][0]["S3Input"]["S3Uri"] == "s3://training/uploads/animals/"


def test_a_backbone_becomes_a_channel_and_options_reach_their_jobs() -> None:
    world = TrainingWorld(
        buckets={"theirs": animals() | {"weights/model.onnx": b"w", "weights/model.json": b"{}"}}
    )

    ending = world.train(
        GIVEN
        | {
            "backbone": "s3://theirs/weights",
            "hyperparameters": {"epochs": 3, "flip": "no"},
            "preparation": {"side": 224, "color": "RGB", "ignore-unlabelled": True},
        }
    )

    assert ending.status == "SUCCEEDED", ending
    (prepare,), (train,) = world.called("Prepare Dataset"), world.called("Train Model")
    arguments = prepare["AppSpecification"]["ContainerArguments"]
    assert arguments == ["--side", "224", "--color", "RGB", "--ignore-unlabelled"]
    assert train["HyperParameters"] == {"name": "animals", "epochs": "3", "flip": "no"}
    channels = {
        each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in train["InputDataConfig"]
    }
    assert list(channels) == ["train", "validation", "backbone"]
    held = channels["backbone"].removeprefix("s3://TrainingBucket/")
    assert {key for key in world.buckets["TrainingBucket"] if key.startswith(held)} == {
        held + "model.onnx",
        held + "model.json",
    }


def test_without_options_no_empty_arguments_are_sent() -> None:
    world = TrainingWorld()
    world.train({"source": "s3://theirs/animals/"})
    (prepare,), (train,) = world.called("Prepare Dataset"), world.called("Train Model")
    assert "ContainerArguments" not in prepare["AppSpecification"]
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
    ("substitutions", "variant", "captures"),
    [
        ({}, {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}, True),
        ({"DataCapturePercentage": "0"}, {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}, False),
        (
            {"HostingInstanceType": "serverless"},
            {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}},
            False,
        ),
    ],
)
def test_hosting_is_as_the_parameters_say(
    substitutions: dict[str, str], variant: dict[str, Any], captures: bool
) -> None:
    world = TrainingWorld(substitutions=substitutions)

    world.train(GIVEN)

    config = world.configs["one-model"]
    named = {"VariantName": "AllTraffic", "ModelName": "one-model", "InitialVariantWeight": 1}
    assert config["ProductionVariants"] == [named | variant]
    assert ("DataCaptureConfig" in config) is captures


def test_a_model_can_be_trained_and_not_deployed() -> None:
    world = TrainingWorld()

    ending = world.train(GIVEN | {"deploy": False})

    assert (ending.output["status"], ending.output["endpoint"]) == ("TRAINED", None)
    assert world.endpoints == {LIVE: {"EndpointStatus": "InService", "EndpointConfigName": STARTER}}
    assert left_behind(world) == ([], ["one-model"], ["one-model"])
    assert "It was not deployed, as asked." in world.email()


@pytest.mark.parametrize(
    "name", ["a.b_c", "x" * 80, "_", "näh", "a--b", "0ef1b1c0-5b3e-4a55-b7a1-3c8e5d6f7a8b_77"]
)
def test_any_execution_name_gives_names_that_sagemaker_takes(name: str) -> None:
    world = TrainingWorld()

    ending = world.train(GIVEN, name)

    found = [
        ending.output["model"],
        ending.output["trainingJob"],
        world.called("Test Trial")[0]["Payload"]["endpointName"],
    ]
    for each in found:
        assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", each), each
