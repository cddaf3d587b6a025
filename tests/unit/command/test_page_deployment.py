"""`loupe up` goes on where the page can't be built."""

from pathlib import Path
from typing import Any

import pytest

from loupe.aws import Cloud
from loupe.errors import NodeMissingError, PageBuildError
from loupe.page import deployment
from loupe.settings import Settings
from loupe.stack import Stack
from loupe.target import Target


def _deploy(tmp_path: Path, outputs: dict[str, str]) -> None:
    settings = Settings(tmp_path, tmp_path, 4566, None)
    cloud = Cloud(Target("http://127.0.0.1:4566", local=True))
    deployment.deploy_page_if_possible(settings, cloud, Stack("loupe", "CREATE_COMPLETE", outputs))


@pytest.mark.parametrize("error", [NodeMissingError("Node is not here."), PageBuildError("npm failed.")])
def test_what_is_missing_is_told_in_a_line(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(deployment, "deploy_page", fail)

    _deploy(tmp_path, {"WebBucketName": "page"})

    assert capsys.readouterr().err.startswith("  – Going on without the page")


def test_stack_that_hosts_no_page_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deployment, "deploy_page", lambda *arguments: pytest.fail("it has no bucket"))

    _deploy(tmp_path, {})

    assert capsys.readouterr().err == ""
