"""train_model's ways through its states: deployed, refused, failed, stopped; and what each leaves behind."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.training_world import LIVE, STARTER, TrainingWorld, animals, no_such_endpoint, stopped

GIVEN: dict[str, Any] = {"name": "animals", "source": "s3://theirs/animals/"}


def left_behind(world: TrainingWorld) -> tuple[list[str], list[str], list[str]]:
    """Endpoints beside the live one, endpoint configurations, models."""
    return sorted(set(world.endpoints) - {LIVE}), sorted(world.configs), sorted(world.models)


def is_untouched(world: TrainingWorld) -> bool:
    """Whether the live endpoint serves what it did, and nothing half-made is left."""
    live = {"EndpointStatus": "InService", "EndpointConfigName": STARTER}
    return world.endpoints[LIVE] == live and left_behind(world) == ([], [], [])


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


def test_a_model_that_is_not_accurate_enough_is_refused() -> None:
    world = TrainingWorld()

    ending = world.train(GIVEN | {"minimumAccuracy": 0.98})

    assert (ending.status, ending.error) == ("FAILED", "AccuracyTooLowError")
    assert "97.25%, below the minimum of 98.00%" in ending.cause
    assert is_untouched(world)
    assert world.messages[0]["MessageAttributes"]["status"]["StringValue"] == "REFUSED"
    assert "Report:        s3://TrainingBucket/runs/one/evaluation/" in world.email().splitlines()


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "source"),
        ({"source": 7}, "source"),
        ({"source": "theirs/animals"}, "source"),
        ({"source": "s3://Theirs_/x"}, "source"),
        (GIVEN | {"name": "my animals"}, "name"),
        (GIVEN | {"endpointName": "-"}, "endpointName"),
        (GIVEN | {"minimumAccuracy": "0.9"}, "minimumAccuracy"),
        (GIVEN | {"minimumAccuracy": 90}, "minimumAccuracy"),
        (GIVEN | {"deploy": "no"}, "deploy"),
        (GIVEN | {"backbone": "weights/"}, "backbone"),
        (GIVEN | {"hyperparameters": ["epochs"]}, "hyperparameters"),
        (GIVEN | {"preparation": "RGB"}, "preparation"),
    ],
)
def test_an_input_that_is_wrong_is_refused_by_its_name(given: Any, word: str) -> None:
    world = TrainingWorld()

    ending = world.train(given)

    assert ending.error == "InvalidInputError"
    assert ending.cause.startswith(word)
    assert [state for state, _ in world.calls] == ["Notify Failure"]


@pytest.mark.parametrize(
    ("buckets", "denied", "error"),
    [
        ({}, set(), "DatasetNotFoundError"),
        ({"theirs": {"other/a.png": b"a", "animals/": b""}}, set(), "DatasetNotFoundError"),
        ({"theirs": animals()}, {"theirs"}, "AccessDeniedError"),
        ({"theirs": animals()}, {"theirs/"}, "AccessDeniedError"),
        ({"theirs": animals()}, {"theirs/animals/ox/é +.png"}, "AccessDeniedError"),
    ],
    ids=["no bucket", "nothing there", "not listed", "not read", "one not read"],
)
def test_a_source_that_cannot_be_read_fails_before_any_job(
    buckets: dict[str, dict[str, bytes]], denied: set[str], error: str
) -> None:
    world = TrainingWorld(buckets=buckets, denied=denied)

    ending = world.train(GIVEN)

    assert ending.error == error
    assert world.called("Prepare Dataset") == []
    assert "s3://theirs/animals/" in world.email()
    assert is_untouched(world)


@pytest.mark.parametrize(
    ("state", "job", "error", "cause"),
    [
        (
            "Prepare Dataset",
            {
                "ProcessingJobStatus": "Failed",
                "ExitMessage": "SingleClassError: there is only cat: add another",
            },
            "SingleClassError",
            "there is only cat: add another",
        ),
        (
            "Prepare Dataset",
            {"ProcessingJobStatus": "Failed", "FailureReason": "ClientError: No S3 objects found"},
            "PreparationFailedError",
            "No S3 objects found",
        ),
        (
            "Train Model",
            {
                "TrainingJobStatus": "Failed",
                "FailureReason": "AlgorithmError: HyperparameterError: hyperparameter x: no, exit code: 1",
            },
            "HyperparameterError",
            "hyperparameter x: no",
        ),
        (
            "Train Model",
            {"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: , exit code: 137"},
            "TrainingFailedError",
            "The process of the Training job was killed.",
        ),
        (
            "Train Model",
            {"TrainingJobStatus": "Failed", "FailureReason": "InternalServerError: We encountered an error."},
            "InternalServerError",
            "We encountered an error.",
        ),
        (
            "Train Model",
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "Stopped"},
            "JobStoppedError",
            "The Training job one-train was stopped before it ended.",
        ),
        (
            "Train Model",
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "MaxRuntimeExceeded"},
            "TrainingTimeoutError",
            "within the 3600 seconds",
        ),
        (
            "Evaluate Model",
            {"ProcessingJobStatus": "Failed", "FailureReason": "AlgorithmError: See job logs"},
            "EvaluationFailedError",
            "See job logs",
        ),
        (
            "Evaluate Model",
            {"ProcessingJobStatus": "Stopped"},
            "JobStoppedError",
            "Evaluation job one-evaluate",
        ),
    ],
)
def test_a_job_that_fails_is_told_in_its_own_words(
    state: str, job: dict[str, Any], error: str, cause: str
) -> None:
    world = TrainingWorld(jobs={state: job})

    ending = world.train(GIVEN)

    assert ending.error == error
    assert cause in ending.cause
    assert cause in world.email()
    assert is_untouched(world)


@pytest.mark.parametrize(
    "state", ["Prepare Dataset", "Train Model", "Evaluate Model", "Create Model", "Read Evaluation"]
)
def test_a_refused_call_is_told_by_its_name(state: str) -> None:
    refusal = ServiceError(
        "SageMaker.AmazonSageMakerException", "User is not authorized to perform: sagemaker:It"
    )
    world = TrainingWorld(faults={state: refusal})

    ending = world.train(GIVEN)

    assert (ending.error, ending.cause) == (refusal.error, refusal.cause)
    assert "Give the role of the training workflow the permission named above" in world.email()
    assert is_untouched(world)


@pytest.mark.parametrize(
    "fault",
    [
        ServiceError(
            "SmokeTestFailedError", json.dumps({"errorMessage": "2 of 20 pictures", "errorType": "x"})
        ),
        ServiceError(
            "EndpointRejectedError", json.dumps({"errorMessage": "answers no JSON", "errorType": "x"})
        ),
        ServiceError("EndpointFailedError", json.dumps({"errorMessage": "500", "errorType": "x"})),
    ],
    ids=lambda fault: fault.error,
)
def test_a_model_that_fails_its_smoke_test_is_never_live(fault: ServiceError) -> None:
    world = TrainingWorld(faults={"Test Trial": fault})

    ending = world.train(GIVEN)

    assert ending.error == "SmokeTestFailedError"
    assert json.loads(fault.cause)["errorMessage"] == ending.cause
    assert world.called("Update Endpoint") == []
    assert is_untouched(world)


def test_a_model_that_does_not_come_up_on_the_trial_is_never_live() -> None:
    world = TrainingWorld(statuses={"one-trial": ["Creating", "Creating", "Failed"]})

    ending = world.train(GIVEN)

    assert ending.error == "SmokeTestFailedError"
    assert "one-trial" in ending.cause
    assert world.called("Update Endpoint") == []
    assert is_untouched(world)


def test_an_endpoint_that_somebody_else_updates_is_waited_for() -> None:
    world = TrainingWorld(statuses={LIVE: ["Updating", "Updating"]})

    ending = world.train(GIVEN)

    assert ending.output["status"] == "DEPLOYED"
    assert ending.entered.count("Wait For Endpoint") == 2


def test_an_update_that_sagemaker_takes_back_is_told_and_cleaned_up() -> None:
    world = TrainingWorld(takes_update=False)

    ending = world.train(GIVEN)

    assert ending.error == "DeploymentFailedError"
    assert "ping health check" in ending.cause
    assert world.endpoints[LIVE]["EndpointConfigName"] == STARTER
    assert left_behind(world) == ([], [], [])


def test_a_model_that_another_one_overtook_is_told_and_kept() -> None:
    world = TrainingWorld(overtaken_by="two-model")

    ending = world.train(GIVEN)

    assert ending.error == "SupersededError"
    assert "two-model" in world.email()
    assert world.endpoints[LIVE]["EndpointConfigName"] == "two-model"
    assert left_behind(world) == ([], ["one-model"], ["one-model"]), "it may be the other one's way back"


def test_a_missing_endpoint_is_created_after_the_trial() -> None:
    world = TrainingWorld()
    world.endpoints.clear()

    ending = world.train(GIVEN | {"endpointName": "another"})

    assert ending.output["endpoint"] == "another"
    assert world.endpoints == {"another": {"EndpointStatus": "InService", "EndpointConfigName": "one-model"}}
    assert world.called("Note Previous Config") == []


def test_an_endpoint_that_failed_before_is_replaced() -> None:
    world = TrainingWorld(endpoints={LIVE: {"EndpointStatus": "Failed", "EndpointConfigName": STARTER}})

    ending = world.train(GIVEN)

    assert ending.output["status"] == "DEPLOYED"
    assert world.called("Remove Failed Endpoint") == [{"EndpointName": LIVE}]


def test_an_endpoint_that_fails_when_it_is_created_leaves_nothing() -> None:
    world = TrainingWorld(endpoints={"other": {}}, statuses={LIVE: ["Creating", "Failed", "Failed"]})
    del world.endpoints["other"], world.endpoints[LIVE]

    ending = world.train(GIVEN)

    assert ending.error == "DeploymentFailedError"
    assert world.endpoints == {}
    assert left_behind(world) == ([], [], [])


def test_an_endpoint_that_cannot_be_looked_at_is_not_taken_for_missing() -> None:
    world = TrainingWorld(faults={"Look At Endpoint": ServiceError("SageMaker.SageMakerException", "denied")})

    ending = world.train(GIVEN)

    assert ending.error == "SageMaker.SageMakerException"
    assert world.called("Create Endpoint") == []
    assert is_untouched(world)


def test_a_trial_that_cannot_be_removed_is_told() -> None:
    gone = ServiceError(
        "SageMaker.SageMakerException", "User is not authorized to perform: sagemaker:DeleteEndpoint"
    )
    world = TrainingWorld(faults={"Remove Trial": gone, "Remove Trial After Failure": gone})

    ending = world.train(GIVEN)

    assert ending.status == "FAILED"
    assert "Left over:     the endpoint one-trial: remove it by hand" in world.email()
    assert world.endpoints[LIVE]["EndpointConfigName"] == STARTER


def test_what_cannot_be_told_fails_for_the_alarm() -> None:
    mute = ServiceError("SNS.AuthorizationErrorException", "not authorized to publish")
    world = TrainingWorld(faults={"Notify Success": mute})

    ending = world.train(GIVEN)

    assert (ending.error, ending.entered[-1]) == (mute.error, "Fail Untold")
    assert "The model is live, but this could not be told" in ending.cause


@pytest.mark.parametrize(
    ("status", "error"), [("ABORTED", "ExecutionAborted"), ("TIMED_OUT", "States.Timeout")]
)
def test_a_stopped_execution_is_cleaned_up_and_told(status: str, error: str) -> None:
    world = TrainingWorld(faults={"Test Trial": ServiceError("Broken", "off")})
    world.faults["Find Trial"] = world.faults["What Serves"] = no_such_endpoint("one-trial")
    world.train(GIVEN)
    world.endpoints["one-trial"] = {"EndpointStatus": "InService", "EndpointConfigName": "one-model"}
    world.models["one-model"] = world.configs["one-model"] = {}
    world.messages.clear()
    world.faults.clear()

    ending = world.settle(GIVEN, status=status)

    assert ending.output == {"status": "SETTLED", "execution": ending.output["execution"]}
    assert ending.output["execution"].endswith(":one")
    assert world.called("Stop Training") == [{"TrainingJobName": "one-train"}]
    assert is_untouched(world)
    assert f"Error:         {error}" in world.email()
    assert "Data:          s3://theirs/animals/" in world.email()


def test_a_model_that_went_live_before_its_execution_was_stopped_stays() -> None:
    world = TrainingWorld()
    world.train(GIVEN)
    world.messages.clear()

    world.settle(GIVEN)

    assert world.endpoints[LIVE]["EndpointConfigName"] == "one-model"
    assert left_behind(world) == ([], ["one-model"], ["one-model"])
    assert "The model animals serves on the endpoint EndpointName" in world.email()


def test_what_a_stopped_cleaning_left_is_cleaned_up_for_the_first_execution() -> None:
    world = TrainingWorld()

    ending = world.settle(stopped(GIVEN, "one"), "settling")

    assert ending.output["execution"].endswith(":one")
    assert world.called("Stop Training") == [{"TrainingJobName": "one-train"}]


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
