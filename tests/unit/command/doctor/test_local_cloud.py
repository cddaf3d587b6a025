"""`loupe doctor` on the local cloud: it runs, does not run, or is half there."""

from dataclasses import replace
from pathlib import Path

from local.cloud.client import CloudInfo, ServiceInfo
from loupe.doctor.findings import OK, PROBLEM, WARNING
from loupe.doctor.local_cloud import check_local_cloud
from tests.unit.command.doctor.found import by_check

INFO = CloudInfo(
    7,
    "http://127.0.0.1:4566",
    "us-east-1",
    "http://127.0.0.1:4567",
    {"aws": ServiceInfo("u", True)},
    workers=12,
)


def test_a_local_cloud_whose_services_answer_is_well(tmp_path: Path) -> None:
    assert {each.state for each in check_local_cloud(tmp_path, INFO, holder=7)} == {OK}


def test_no_local_cloud_is_no_problem(tmp_path: Path) -> None:
    [finding] = check_local_cloud(tmp_path, None, holder=None)

    assert finding.state == OK


def test_a_process_that_holds_the_folder_without_answering_is_a_problem(tmp_path: Path) -> None:
    [finding] = check_local_cloud(tmp_path, None, holder=42)

    assert finding.state == PROBLEM
    assert "42" in finding.says
    assert "loupe down" in finding.advice


def test_a_service_that_is_down_is_named_with_the_log(tmp_path: Path) -> None:
    info = replace(INFO, services={**INFO.services, "sagemaker": ServiceInfo("http://127.0.0.1:1", False)})

    found = by_check(check_local_cloud(tmp_path, info, holder=7))

    assert found["sagemaker"].state == PROBLEM
    assert "cloud.log" in found["sagemaker"].advice
    assert found["aws"].state == OK


def test_too_few_workers_are_a_warning(tmp_path: Path) -> None:
    assert (
        by_check(check_local_cloud(tmp_path, replace(INFO, workers=1), holder=7))["workers"].state == WARNING
    )
