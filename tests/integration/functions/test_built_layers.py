"""The layers as `sam build` makes them: their sizes, and that the functions run on them and nothing else."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).parents[3]
LAMBDA_PYTHON = ROOT / ".venv-lambda" / "bin" / "python"
LAYERS = {
    "core": "CoreLayer",
    "imaging": "ImagingLayer",
    "fonts": "FontsLayer",
    "sagemaker": "SageMakerLayer",
}
NEEDS = {
    "serialize_image_data": ("core", "imaging"),
    "classify_image_data": ("core", "sagemaker"),
    "filter_inference_data": ("core",),
    "annotate_image": ("core", "imaging", "fonts"),
}
MEGABYTES = {
    "serialize_image_data": 80,
    "classify_image_data": 150,
    "filter_inference_data": 30,
    "annotate_image": 100,
}
INVOKE = """
import json, sys
import app
class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"
try:
    outcome = {"answer": app.handler(json.load(sys.stdin), Context())}
except Exception as error:
    outcome = {"errorType": type(error).__name__, "errorMessage": str(error)}
print("\\n" + json.dumps({**outcome, "modules": sorted(name for name in sys.modules if "." not in name)}))
"""

pytestmark = [
    pytest.mark.skipif(
        not LAMBDA_PYTHON.exists(), reason="make setup makes the interpreter of Lambda's kind"
    ),
    pytest.mark.timeout(400),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every layer, built by its Makefile as the SAM CLI calls it."""
    home = tmp_path_factory.mktemp("layers")
    for name, logical_id in LAYERS.items():
        run = subprocess.run(
            [
                "make",
                "-s",
                "-C",
                str(ROOT / "layers" / name),
                f"build-{logical_id}",
                f"ARTIFACTS_DIR={home / name}",
                f"LAMBDA_PYTHON={LAMBDA_PYTHON}",
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert run.returncode == 0, run.stderr[-3000:]
    return {name: home / name for name in LAYERS}


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """S3 of moto, on a port of its own; nothing else is there."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def invoke(
    built: dict[str, Path], aws: str, function: str, event: dict[str, Any], tmp: Path
) -> dict[str, Any]:
    """Run a handler in a fresh interpreter that holds what Lambda holds, with its layers and no others."""
    path = [ROOT / "functions" / function, *(built[layer] / "python" for layer in NEEDS[function])]
    environment = {
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "AWS_ENDPOINT_URL": aws,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PROCESSED_BUCKET": "processed",
        "ENDPOINT_NAME": "no-such-endpoint",
        "POWERTOOLS_SERVICE_NAME": function,
        "HOME": str(tmp),
        "TMPDIR": str(tmp),
        "PATH": "/usr/bin:/bin",
    }
    run = subprocess.run(
        [str(LAMBDA_PYTHON), "-W", "error::ImportWarning", "-c", INVOKE],
        input=json.dumps(event),
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    outcome: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return outcome


@pytest.fixture(scope="module")
def uploads(aws: str) -> str:
    """A bucket with one of the digits, and one for results."""
    program = """
import boto3, sys
s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1",
                  aws_access_key_id="test", aws_secret_access_key="test")
for bucket in ("uploads", "processed"):
    s3.create_bucket(Bucket=bucket)
s3.upload_file(sys.argv[2], "uploads", "uploads/digit 0.png")
"""
    digit = ROOT / "events" / "images" / "digit-0.png"
    subprocess.run([sys.executable, "-c", program, aws, str(digit)], check=True, timeout=60)
    return "uploads"


@pytest.mark.parametrize("function", NEEDS)
def test_a_function_with_its_layers_stays_within_its_size(built: dict[str, Path], function: str) -> None:
    folders = [ROOT / "functions" / function, *(built[layer] for layer in NEEDS[function])]

    size = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())

    assert size < MEGABYTES[function] * 1_000_000


@pytest.mark.parametrize("layer", ["core", "imaging", "sagemaker"])
def test_a_layer_is_compiled_beforehand(built: dict[str, Path], layer: str) -> None:
    modules = list((built[layer] / "python").rglob("*.py"))

    compiled = {
        path.parent.parent / path.name.split(".")[0] for path in built[layer].rglob("*.cpython-*.pyc")
    }

    assert modules
    assert {path.with_suffix("") for path in modules} <= compiled


def test_no_layer_carries_what_lambda_holds(built: dict[str, Path]) -> None:
    for folder in built.values():
        assert not (folder / "python" / "boto3").exists()
        assert not (folder / "python" / "botocore").exists()


def test_serialize_runs_on_its_layers(built: dict[str, Path], aws: str, uploads: str, tmp_path: Path) -> None:
    event = {"image_data": "", "s3_bucket": uploads, "s3_key": "uploads/digit 0.png"}

    answer = invoke(built, aws, "serialize_image_data", event, tmp_path)["answer"]

    digit = (ROOT / "events" / "images" / "digit-0.png").read_bytes()
    assert base64.b64decode(answer["body"]["image_data"]) == digit


def test_a_missing_picture_is_named(built: dict[str, Path], aws: str, uploads: str, tmp_path: Path) -> None:
    event = {"s3_bucket": uploads, "s3_key": "uploads/none.png"}

    assert invoke(built, aws, "serialize_image_data", event, tmp_path)["errorType"] == "ImageNotFoundError"


def test_what_pillow_decodes_is_read_with_the_slimmed_one(
    built: dict[str, Path], aws: str, uploads: str, tmp_path: Path
) -> None:
    program = """
import boto3, io, sys
from PIL import Image
from tests.unit.layers.phones import avif, heic
from tests.unit.layers.pictures import lab_tiff, photo
s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1",
                  aws_access_key_id="test", aws_secret_access_key="test")
for mode in ("1", "L", "P", "RGB", "RGBA"):
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").convert(mode).save(buffer, "BMP")
    s3.put_object(Bucket="uploads", Key=f"{mode}.bmp", Body=buffer.getvalue())
for name, content in (("a.heic", heic(photo())), ("a.avif", avif(photo())), ("lab.tiff", lab_tiff())):
    s3.put_object(Bucket="uploads", Key=name, Body=content)
"""
    subprocess.run([sys.executable, "-c", program, aws], check=True, timeout=120, cwd=ROOT)

    for key in ("1.bmp", "L.bmp", "P.bmp", "RGB.bmp", "RGBA.bmp", "a.heic", "a.avif", "lab.tiff"):
        event = {"s3_bucket": uploads, "s3_key": key}
        outcome = invoke(built, aws, "serialize_image_data", event, tmp_path)
        assert outcome["answer"]["image"]["format"] == key.rpartition(".")[2]


def test_filter_needs_the_core_alone(built: dict[str, Path], aws: str, tmp_path: Path) -> None:
    event = {"body": {"inferences": [0.94, 0.06]}}

    outcome = invoke(built, aws, "filter_inference_data", event, tmp_path)

    assert outcome["answer"]["confidence"] == 0.94
    assert not {"boto3", "aws_xray_sdk", "pydantic", "sagemaker"} & set(outcome["modules"])


def test_classify_asks_the_sdk_why_an_endpoint_is_missing(
    built: dict[str, Path], aws: str, tmp_path: Path
) -> None:
    program = (
        "from loupe_core.endpoint_diagnosis import diagnose\n"
        "import sys\n"
        "failure = diagnose('no-such-endpoint')\n"
        "print(type(failure).__name__, 'sagemaker' in sys.modules)\n"
    )
    path = [built[layer] / "python" for layer in NEEDS["classify_image_data"]]

    run = subprocess.run(
        [str(LAMBDA_PYTHON), "-c", program],
        env={
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "AWS_ENDPOINT_URL": aws,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.stdout.split() == ["EndpointNotFoundError", "True"], run.stderr[-3000:]


def test_annotate_draws_with_the_packaged_fonts(
    built: dict[str, Path], aws: str, uploads: str, tmp_path: Path
) -> None:
    event = {
        "s3_bucket": uploads,
        "s3_key": "uploads/digit 0.png",
        "predictions": [{"label": "零", "score": 0.9}, {"label": "صفر", "score": 0.1}],
        "faces": [],
    }

    answer = invoke(built, aws, "annotate_image", event, tmp_path)["answer"]

    assert answer["processedKey"] == "uploads/digit 0.png"
    assert answer["width"] == 320


@pytest.mark.parametrize(
    ("architecture", "machine"), [("x86_64", 0x3E), ("arm64", 0xB7)], ids=["x86_64", "arm64"]
)
def test_layers_are_for_lambdas_platform_whatever_this_machine_is(
    architecture: str, machine: int, tmp_path: Path
) -> None:
    """By the machine that each ELF header names; an object of another system has no such header."""
    for name in ("core", "imaging"):
        subprocess.run(
            ["make", "-s", "-C", str(ROOT / "layers" / name), f"build-{LAYERS[name]}"],
            env={
                **{key: value for key, value in os.environ.items() if key != "LOUPE_BUILD"},
                "ARTIFACTS_DIR": str(tmp_path / name),
                "LAMBDA_PYTHON": lambdas_own_python(),
                "ARCHITECTURE": architecture,
            },
            check=True,
            timeout=300,
            capture_output=True,
        )
        headers = {path: path.read_bytes()[:20] for path in (tmp_path / name).rglob("*.so*")}

        assert headers
        for path, header in headers.items():
            assert header[:4] == b"\x7fELF", path
            assert int.from_bytes(header[18:20], "little") == machine, path


def lambdas_own_python() -> str:
    """Python 3.13, which a build for Lambda takes; what pip gets does not depend on where it is from."""
    candidates = [str(LAMBDA_PYTHON), *map(str, Path.home().glob(".pyenv/versions/3.13.*/bin/python3.13"))]
    candidates.append("python3.13")
    for each in candidates:
        asked = [each, "-c", "import pip, sys; sys.exit(sys.version_info[:2] != (3, 13))"]
        try:
            if subprocess.run(asked, check=False, capture_output=True, timeout=30).returncode == 0:
                return each
        except FileNotFoundError:
            continue
    pytest.skip("Python 3.13 is not here")
