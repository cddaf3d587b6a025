"""The service as a process: it ends with its parent, leaves nothing behind, and takes up where it was."""

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from local.cloud.credentials import SECRET_HEADER, SECRET_VARIABLE
from local.ports import free_port
from tests.integration.sagemaker.conftest import KEYS, Lab
from tests.integration.sagemaker.test_training import start as start_training

SECRET = "what the gateway and this service know"
# Starts its arguments as a child and says the child's process id; the test kills this one.
PARENT = """
import subprocess, sys
from local.ports import free_port
child = subprocess.Popen(sys.argv[1:])
print(child.pid, flush=True)
child.wait()
"""


def as_the_gateway(request: Any, **_: Any) -> None:
    """Send the secret that lets the gateway, and nobody else, talk to the service."""
    request.headers[SECRET_HEADER] = SECRET


def healthy(port: int) -> bool:
    """Whether a service answers its health check."""
    try:
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/health", headers={SECRET_HEADER: SECRET})
        return bool(urllib.request.urlopen(asked, timeout=2).status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


@contextmanager
def service(lab: Lab, state: Path) -> Iterator[tuple[subprocess.Popen[str], int, Lab]]:
    """A SageMaker of its own on the lab's gateway: its parent, its process id, a lab that talks to it."""
    port = free_port()
    command = [sys.executable, "-m", "local.sagemaker", "--port", str(port), "--gateway", lab.gateway]
    command = [sys.executable, "-c", PARENT, *command, "--state", str(state)]
    environment = {**lab.environment, SECRET_VARIABLE: SECRET}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        own = Lab(lab.state, port, lab.environment, lab.bucket, lab.role, dict(lab.clients))
        for name in ("sagemaker", "sagemaker-runtime"):
            own.clients[name] = boto3.client(name, endpoint_url=own.gateway, **KEYS)  # type: ignore[call-overload]
            own.clients[name].meta.events.register("before-sign", as_the_gateway)
        own.until(lambda: healthy(port), bool)
        own.clients["s3"] = lab.client("s3")
        try:
            yield parent, pid, own
        finally:
            parent.kill()
            own.until(lambda: running(pid), lambda there: not there)


def running(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_killed_service_leaves_no_model_server_and_serves_again_when_restarted(
    lab: Lab, tmp_path: Path
) -> None:
    with service(lab, tmp_path) as (_, pid, own):
        endpoint = own.new_endpoint(own.new_config(own.new_model(answer="phoenix")))
        server = int(own.invoke(endpoint, b"pid"))
        subprocess.run(["kill", f"-{signal.SIGKILL}", str(pid)], check=True)
        own.until(lambda: running(server), lambda there: not there)

    with service(lab, tmp_path) as (_, _, again):
        assert again.settled(endpoint)["EndpointStatus"] == "InService"
        assert again.invoke(endpoint) == "phoenix"


def test_service_ends_with_its_parent_and_takes_its_model_servers_along(lab: Lab, tmp_path: Path) -> None:
    with service(lab, tmp_path) as (parent, pid, own):
        server = int(own.invoke(own.new_endpoint(own.new_config(own.new_model())), b"pid"))

        parent.kill()

        own.until(lambda: running(pid) or running(server), lambda there: not there)


def test_job_of_a_killed_service_has_failed_and_its_process_is_gone(lab: Lab, tmp_path: Path) -> None:
    with service(lab, tmp_path) as (_, pid, own):
        name = start_training(own, "hold")
        log = tmp_path / "jobs" / f"TrainingJobs-{name}.log"
        training = int(own.until(lambda: log.exists() and log.read_text(), bool).split()[1])
        subprocess.run(["kill", f"-{signal.SIGKILL}", str(pid)], check=True)
        own.until(lambda: running(training), lambda there: not there)

    with service(lab, tmp_path) as (_, _, again):
        job = again.sagemaker.describe_training_job(TrainingJobName=name)

    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError: We encountered an internal error.")
