"""SageMaker's jobs are waited for, told of and stopped. SageMaker is played by a server of a few lines."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.integration.states.harness import Cloud, Server, jsonata, until


class SageMaker(ThreadingHTTPServer):
    """Keeps training jobs; each has the status that the test gives it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.jobs: dict[str, str] = {}
        self.calls: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, action: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = request.get("TrainingJobName", "")
        self.calls.append(action)
        if action == "CreateTrainingJob":
            if name in self.jobs:
                return 400, {"__type": "ResourceInUse", "message": "Training job names must be unique"}
            self.jobs[name] = "InProgress"
            return 200, {"TrainingJobArn": f"arn:aws:sagemaker:us-east-1:000000000000:training-job/{name}"}
        if action == "StopTrainingJob":
            self.jobs[name] = "Stopped"
            return 200, {}
        status = self.jobs[name]
        reason = {"FailureReason": "AlgorithmError: exit code 1"} if status == "Failed" else {}
        return 200, {"TrainingJobName": name, "TrainingJobStatus": status, "CreationTime": 1.5, **reason}


class Handler(BaseHTTPRequestHandler):
    server: SageMaker

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.server.answer(self.headers["X-Amz-Target"].split(".")[1], request)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Keeps the tests' output quiet."""


@pytest.fixture(scope="module")
def sagemaker() -> Iterator[SageMaker]:
    server = SageMaker()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def cloud(sagemaker: SageMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    directory: Path = tmp_path_factory.mktemp("jobs")
    server = Server(directory, {"AWS_ENDPOINT_URL_SAGEMAKER": f"http://127.0.0.1:{sagemaker.server_port}"})
    try:
        yield server.start()
    finally:
        server.stop()


def training(name: str, **members: Any) -> dict[str, Any]:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Arguments": {"TrainingJobName": name, "HyperParameters": {"epochs": "3"}},
        **members,
    }
    return jsonata({"Train": task})


def test_a_job_that_completes_is_the_tasks_result(cloud: Cloud, sagemaker: SageMaker) -> None:
    execution = cloud.start(cloud.machine(training("completes")))
    until(lambda: sagemaker.jobs.get("completes") == "InProgress", "it is created")
    sagemaker.jobs["completes"] = "Completed"

    ended = cloud.ending(execution)

    assert ended["output"]["TrainingJobStatus"] == "Completed"
    assert ended["output"]["CreationTime"] == 1500
    assert [event["type"] for event in cloud.history(execution)] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_a_job_that_fails_is_a_failed_task_with_its_description(cloud: Cloud, sagemaker: SageMaker) -> None:
    execution = cloud.start(cloud.machine(training("fails")))
    until(lambda: sagemaker.jobs.get("fails") == "InProgress", "it is created")
    sagemaker.jobs["fails"] = "Failed"

    ended = cloud.ending(execution)

    assert ended["error"] == "States.TaskFailed"
    assert json.loads(ended["cause"])["FailureReason"] == "AlgorithmError: exit code 1"


def test_a_job_that_is_not_created_has_sagemakers_error(cloud: Cloud, sagemaker: SageMaker) -> None:
    sagemaker.jobs["taken"] = "Completed"

    ended = cloud.run(training("taken"))

    assert ended["error"] == "SageMaker.ResourceInUseException"
    assert "Training job names must be unique (Service: AmazonSageMaker; Status Code: 400" in ended["cause"]


@pytest.mark.parametrize("how", ["stop", "timeout"])
def test_the_job_is_stopped_with_the_task(cloud: Cloud, sagemaker: SageMaker, how: str) -> None:
    name = f"stops-by-{how}"
    execution = cloud.start(
        cloud.machine(training(name, **({"TimeoutSeconds": 2} if how == "timeout" else {})))
    )
    until(lambda: sagemaker.jobs.get(name) == "InProgress", "it is created")
    if how == "stop":
        cloud.client("stepfunctions").stop_execution(executionArn=execution)

    ended = cloud.ending(execution)

    assert (ended["status"], ended.get("error")) == (
        ("ABORTED", None) if how == "stop" else ("FAILED", "States.Timeout")
    )
    until(lambda: sagemaker.jobs[name] == "Stopped", "the job is stopped")


def test_a_service_that_does_not_answer_is_an_sdk_client_exception(cloud: Cloud, tmp_path: Path) -> None:
    server = Server(tmp_path, {"AWS_ENDPOINT_URL_SAGEMAKER": "http://127.0.0.1:1"})
    try:
        ended = server.start().run(training("nowhere"))
    finally:
        server.stop()

    assert ended["error"] == "SageMaker.SdkClientException"
