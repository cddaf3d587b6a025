"""A local cloud that does not come up: what went wrong, and where its log shows it."""

import time
from pathlib import Path
from typing import Any

import pytest

from local.cloud import CloudStartError, LambdaRuntimeMissingError
from local.cloud import client as local_cloud
from local.cloud.services import ServiceProcess
from local.last_words import last_line

LOG = "starting\nTraceback (most recent call last):\nOSError: no space left\n\n"


class EndedProcess:
    """A process that writes its last words and ends."""

    pid = 2**22 + 1  # above Linux's largest

    def __init__(self, command: object, stdout: Any = None, **options: object) -> None:
        if stdout:
            stdout.write(LOG.encode())

    def poll(self) -> int:
        return 1

    def kill(self) -> None: ...

    def wait(self) -> None: ...


class SilentProcess(EndedProcess):
    """One that neither ends nor answers."""

    def poll(self) -> None:  # type: ignore[override]
        return None


@pytest.mark.parametrize(
    ("process", "timeout", "what"),
    [(EndedProcess, 5.0, "ended with status 1"), (SilentProcess, 0.2, r"was not ready after 0\.2 s")],
)
def test_a_cloud_that_does_not_start_is_named_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: type, timeout: float, what: str
) -> None:
    monkeypatch.setattr("local.cloud.client.subprocess.Popen", process)

    with pytest.raises(CloudStartError, match=rf"{what}.*cloud\.log:3: OSError: no space left$"):
        local_cloud.start(tmp_path, 4566, timeout=timeout)


def test_an_interpreter_that_is_missing_stays_an_error_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EndedProcess, "poll", lambda self: LambdaRuntimeMissingError.exit_code)
    monkeypatch.setattr("local.cloud.client.subprocess.Popen", EndedProcess)

    with pytest.raises(LambdaRuntimeMissingError, match="no space left"):
        local_cloud.start(tmp_path, 4566)


@pytest.mark.parametrize(
    ("process", "what"), [(EndedProcess, "ended at its start"), (SilentProcess, "was not healthy in time")]
)
def test_a_service_that_does_not_start_is_named_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: type, what: str
) -> None:
    log = tmp_path / "rekognition.log"
    log.write_text(LOG)
    service = ServiceProcess("rekognition", "local.rekognition", "http://127.0.0.1:1", log, "s", port=1)
    service.process = process([])
    monkeypatch.setattr(service, "healthy", lambda: False)

    with pytest.raises(CloudStartError, match=rf"rekognition {what}.*rekognition\.log:3: OSError"):
        service.wait(time.monotonic() - 1)


def test_a_log_without_a_word_is_named(tmp_path: Path) -> None:
    assert "none.log is empty" in last_line(tmp_path / "none.log")
