"""The golden events through the SAM CLI: remote on the deployed stack, local in a container."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import DeployedStack

ROOT = Path(__file__).parents[3]
SAM = ROOT / ".venv-sam" / "bin" / "sam"
FUNCTION = "FilterInferenceDataFunction"


def sam(*arguments: str, environ: dict[str, str], seconds: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SAM), *arguments],
        cwd=ROOT,
        env={**environ, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    """What the function answered: the last line that is JSON."""
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stderr[-2000:]
    return json.loads(lines[-1])


def event(name: str) -> str:
    return str(ROOT / "events" / "filter_inference_data" / f"{name}.json")


def test_remote_invoke_answers_as_the_workflow_sees_it(stack: DeployedStack) -> None:
    invoke = ("remote", "invoke", FUNCTION, "--stack-name", stack.name, "--event-file")
    passed = answer(sam(*invoke, event("confident"), environ=stack.environ))
    assert passed["statusCode"] == 200
    assert passed["confidence"] >= passed["threshold"]

    refused = sam(*invoke, event("unsure"), environ=stack.environ)
    assert "ThresholdConfidenceNotMetError" in refused.stdout + refused.stderr


def has_engine() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, timeout=30, check=False)
    return asked.returncode == 0


@pytest.mark.engine
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    not has_engine(), reason="no container engine runs here (docker info): sam local invoke needs one"
)
def test_local_invoke_runs_the_same_handler_in_a_container(tmp_path: Path) -> None:
    environ = {**os.environ, "LAMBDA_PYTHON": str(ROOT / ".venv-lambda" / "bin" / "python")}
    built = sam("build", FUNCTION, "--build-dir", str(tmp_path / "build"), environ=environ, seconds=600)
    assert built.returncode == 0, built.stderr[-2000:]
    template = ("--template-file", str(tmp_path / "build" / "template.yaml"), "--skip-pull-image")
    invoke = ("local", "invoke", FUNCTION, *template, "--event")
    passed = answer(sam(*invoke, event("confident"), environ=environ, seconds=300))
    assert passed["statusCode"] == 200

    refused = answer(sam(*invoke, event("unsure"), environ=environ, seconds=300))
    assert refused["errorType"] == "ThresholdConfidenceNotMetError"
    assert refused["errorMessage"].startswith("THRESHOLD_CONFIDENCE_NOT_MET")
