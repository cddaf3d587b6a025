"""The local cloud's settings."""

from pathlib import Path

import pytest

from local.cloud import LambdaRuntimeMissingError
from local.cloud.settings import CloudSettings


@pytest.fixture
def interpreter(tmp_path: Path) -> Path:
    path = tmp_path / "python"
    path.touch()
    return path


def test_arguments_win_over_the_environment(tmp_path: Path, interpreter: Path) -> None:
    environ = {"LOUPE_PORT": "1", "LOUPE_STATE": "/elsewhere", "LAMBDA_RUNTIME_PYTHON": str(interpreter)}

    settings = CloudSettings.from_environ(environ, port=4600, state=tmp_path)

    assert (settings.port, settings.state) == (4600, tmp_path)
    assert settings.gateway_url == "http://127.0.0.1:4600"


def test_the_environment_gives_what_no_argument_does(tmp_path: Path, interpreter: Path) -> None:
    environ = {
        "LOUPE_PORT": "4700",
        "LOUPE_STATE": str(tmp_path),
        "LAMBDA_RUNTIME_PYTHON": str(interpreter),
        "LAMBDA_ACCOUNT_CONCURRENCY": "3",
        "LOUPE_LAMBDA_WORKERS": "2",
    }

    settings = CloudSettings.from_environ(environ, port=None, state=None)

    assert (settings.port, settings.state, settings.concurrency, settings.workers) == (4700, tmp_path, 3, 2)


def test_a_missing_interpreter_is_named(tmp_path: Path) -> None:
    environ = {"LAMBDA_RUNTIME_PYTHON": str(tmp_path / "nowhere")}

    with pytest.raises(LambdaRuntimeMissingError, match="nowhere"):
        CloudSettings.from_environ(environ, port=None, state=tmp_path)


def test_the_emulator_enforces_iam_and_keeps_to_loopback_and_the_state_folder(
    tmp_path: Path, interpreter: Path
) -> None:
    settings = CloudSettings(port=4600, state=tmp_path, lambda_python=interpreter)

    environment = settings.emulator_environment()

    assert environment["AUTH"] == "true"
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["IOT_MTLS_ENABLED"] == "0"
    for name in ("STATE_DIR", "S3_DATA_DIR", "TMPDIR"):
        assert Path(environment[name]).is_relative_to(tmp_path)
