"""The image under a container engine: built, run, invoked by the SAM CLI, an upload end to end.

Skipped, and says so, where no engine runs. Where the base image is a stand-in (Debian, on a machine that
reaches no image registry) what is shown is our part; Amazon Linux and Lambda's own interpreter are not.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.ports import free_port
from tests.integration.container.conftest import Container
from tests.integration.container.engine import (
    ROOT,
    base_image,
    docker,
    get,
    missing_engine,
    post,
    relay,
    sam,
    serving,
)
from tests.polling import wait_for

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        bool(missing_engine()), reason=f"{missing_engine()}: images are neither built nor run"
    ),
]
EVENTS = ROOT / "events"
TAG = "loupe-container-test"
MAX_MB = 350
INVOKE = "/2015-03-31/functions/function/invocations"
WARM = 20


@dataclass(frozen=True)
class Built:
    """What `sam build` made: the template, with an endpoint for the containers to be told."""

    template: Path
    base: str

    def local(self, command: str, *arguments: str) -> list[str]:
        return ["local", command, *arguments, "--template-file", str(self.template), "--skip-pull-image"]


@pytest.fixture(scope="module")
def base() -> str:
    name = base_image()
    if not name:
        pytest.skip(
            "the engine has no Lambda base image and can get none; LOUPE_CONTAINER_BASE names another"
        )
    return name


@pytest.fixture(scope="module")
def image(base: str) -> str:
    """`docker build`, as docs/container.md has it."""
    build(TAG, base, ROOT)
    return TAG


@pytest.fixture(scope="module")
def built(base: str, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """`sam build`, as docs/container.md has it."""
    folder = tmp_path_factory.mktemp("sam")
    parameters = ("--parameter-overrides", f"BaseImage={base}")
    done = sam("build", "-t", "container/template.yaml", "--build-dir", str(folder), *parameters)
    assert done.returncode == 0, done.stderr[-3000:]
    template = folder / "template.yaml"
    # The SAM CLI hands on variables that the template declares: what every AWS SDK reads is not among ours.
    text = template.read_text()
    assert text.count("POWERTOOLS_LOG_LEVEL: INFO") == 1
    template.write_text(
        text.replace("POWERTOOLS_LOG_LEVEL: INFO", 'POWERTOOLS_LOG_LEVEL: INFO\n        AWS_ENDPOINT_URL: ""')
    )
    return Built(template, base)


def build(tag: str, base: str, context: Path, **arguments: str) -> subprocess.CompletedProcess[str]:
    options = [f"--build-arg={name}={value}" for name, value in {"BASE_IMAGE": base, **arguments}.items()]
    return docker(
        "build",
        "-f",
        str(context / "container" / "Dockerfile"),
        "-t",
        tag,
        *options,
        str(context),
        check=False,
    )


@pytest.fixture
def running(image: str) -> Iterator[tuple[str, str]]:
    """The image run as nobody on a read-only disk, as Lambda does: its URL and the container's name."""
    name, port = f"{TAG}-{uuid.uuid4().hex[:8]}", free_port()
    [rie] = (ROOT / ".venv-sam").glob("lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64")
    docker(
        *("run", "--detach", "--rm", "--name", name, "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges", "--publish", f"127.0.0.1:{port}:8080"),
        *("--volume", f"{rie}:/var/rapid/aws-lambda-rie:ro", "--env", "AWS_DEFAULT_REGION=us-east-1", image),
    )
    try:
        yield f"http://127.0.0.1:{port}{INVOKE}", name
    finally:
        docker("rm", "--force", name, check=False)


def test_the_image_is_small_beyond_its_base_and_has_no_torch(image: str, base: str) -> None:
    sizes = [int(docker("image", "inspect", "--format", "{{.Size}}", name).stdout) for name in (image, base)]
    beyond = (sizes[0] - sizes[1]) / 1e6
    print(f"{beyond:.0f} MB beyond {base}")
    assert 0 < beyond < MAX_MB
    look = "import importlib.util as i; print([n for n in ('torch', 'moto', 'starlette') if i.find_spec(n)])"
    found = docker(
        "run", "--rm", "--entrypoint", "python3", "--env", "PYTHONPATH=/var/task", image, "-c", look
    )
    assert found.stdout == "[]\n"


def test_it_runs_as_nobody_on_a_read_only_disk_cold_and_warm(running: tuple[str, str]) -> None:
    url, name = running
    event = (EVENTS / "classify_image_data" / "digit.json").read_bytes()
    started = time.monotonic()
    answer = json.loads(answered(url, event))
    cold = time.monotonic() - started
    warm = []
    for _ in range(WARM):
        before = time.monotonic()
        json.loads(post(url, event))
        warm.append(time.monotonic() - before)
    print(
        f"first answer {cold * 1000:.0f} ms, then {statistics.median(warm) * 1000:.1f} ms (median of {WARM})"
    )

    assert answer["predictions"][0]["label"] == "0"
    assert docker("exec", name, "id", "-u").stdout.strip() == "65534"
    assert docker("exec", name, "touch", "/var/task/x", check=False).returncode != 0
    refused = json.loads(post(url, (EVENTS / "classify_image_data" / "not_a_picture.json").read_bytes()))
    assert refused["errorType"] == "UnsupportedImageError"


def answered(url: str, event: bytes) -> bytes:
    """The first answer: the emulator's port is open before the emulator is."""

    def ask() -> bytes | None:
        try:
            return post(url, event)
        except OSError:
            return None

    return wait_for(ask, "the container's first answer", 120) or b""


def test_another_model_goes_in_by_a_build_argument_and_a_broken_one_fails_the_build(
    base: str, image: str, tmp_path: Path
) -> None:
    context = tmp_path / "project"
    for folder in ("container", "layers/core", "layers/imaging", "model"):
        shutil.copytree(ROOT / folder, context / folder, ignore=shutil.ignore_patterns("__pycache__"))
    own = context / "models" / "words"
    shutil.copytree(ROOT / "model" / "artifacts" / "digits", own)
    spec = json.loads((own / "model.json").read_text())
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    (own / "model.json").write_text(json.dumps({**spec, "labels": words}))
    done = build(f"{TAG}:words", base, context, MODEL="models/words")
    assert done.returncode == 0, done.stderr[-2000:]
    look = (
        "from loupe_container.own_model import OwnModel; from loupe_container.settings import ModelSettings;"
        "import os; print(OwnModel(ModelSettings.from_environ(os.environ)).classifier().labels[3])"
    )
    run = ("run", "--rm", "--entrypoint", "python3", "--env", "PYTHONPATH=/var/task")
    assert docker(*run, f"{TAG}:words", "-c", look).stdout == "three\n"

    (own / "model.onnx").write_bytes(b"no model")
    broken = build(f"{TAG}:broken", base, context, MODEL="models/words")
    assert broken.returncode != 0
    assert "ModelSpecError" in broken.stdout + broken.stderr


def test_sam_local_invoke_answers_the_sample_events(built: Built) -> None:
    def invoke(function: str, event: str) -> Any:
        done = sam(*built.local("invoke", function, "--event", str(EVENTS / event)))
        lines = [line for line in done.stdout.splitlines() if line.startswith("{") and '"_aws"' not in line]
        assert lines, done.stderr[-3000:]
        return json.loads(lines[-1])

    answer = invoke("ClassifierFunction", "classify_image_data/digit.json")
    assert (answer["statusCode"], answer["predictions"][0]["label"]) == (200, "0")
    refused = invoke("ClassifierFunction", "classify_image_data/not_a_picture.json")
    assert refused["errorType"] == "UnsupportedImageError"
    assert invoke("RecorderFunction", "record_prediction/s3_test_event.json") == {"results": []}
    assert invoke("QueryFunction", "query_predictions/limit_is_a_word.json")["statusCode"] == 400


def test_an_upload_goes_end_to_end_and_start_api_finds_and_deletes_it(
    built: Built, container: Container, tmp_path: Path
) -> None:
    key = f"{uuid.uuid4().hex}/digit 3.png"
    s3, bucket = container.main.client("s3"), container.stack.output("UploadsBucketName")
    stored = s3.put_object(Bucket=bucket, Key=key, Body=(EVENTS / "images" / "digit-3.png").read_bytes())
    # The deployed stack records it as well: what the container finds is a repetition, so it is deleted first.
    before = container.item(key)
    container.main.cloud.table(container.stack.output("PredictionsTableName")).delete_item(
        Key={"predictionId": before["predictionId"]}
    )
    event = json.loads((EVENTS / "record_prediction" / "object_created.json").read_text())
    event["detail"]["bucket"]["name"] = bucket
    event["detail"]["object"] |= {
        "key": key,
        "version-id": stored["VersionId"],
        "sequencer": before["sequencer"],
    }
    (tmp_path / "event.json").write_text(json.dumps(event))

    with relay(container.main.gateway_url) as url:
        variables = {
            "AWS_ENDPOINT_URL": url,
            "PREDICTIONS_TABLE": container.stack.output("PredictionsTableName"),
        }
        (tmp_path / "variables.json").write_text(json.dumps({"Parameters": variables}))
        given = ("--env-vars", str(tmp_path / "variables.json"))
        keys = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        done = sam(
            *built.local("invoke", "RecorderFunction", "--event", str(tmp_path / "event.json"), *given),
            environ=keys,
        )
        assert '"CLASSIFIED"' in done.stdout, done.stderr[-3000:]
        assert container.item(key)["className"] == "3"

        command = built.local("start-api", "--warm-containers", "LAZY", *given)
        with serving(*command, environ=keys, log=tmp_path / "api.log") as api:
            page = json.loads(get(f"{api}/predictions?class=3&limit=1"))
            assert page["items"][0]["key"] == key
            one = f"{api}/predictions/{page['items'][0]['predictionId']}"
            assert get(one, method="DELETE") == b""
            assert b"no such prediction" in get(one, expected=404)
