"""What `loupe batch` makes of its arguments and of what it is told: names, sources, estimates, progress."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from loupe.aws import Cloud
from loupe.batch.display import rate
from loupe.batch.estimate import estimate, lines, spoken
from loupe.batch.follow import Follower
from loupe.batch.result import from_execution
from loupe.batch.start import default_name, parse_tolerance, resumed
from loupe.batch.upload import folder_prefix, upload_folder
from loupe.batch.workflow import Progress, base_name, run_name
from loupe.errors import InputError, ServiceError, TargetError
from loupe.results import Execution
from loupe.target import Target

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:111122223333:execution:loupe-batch-classify-batch:zoo-1"
SUMMARY = {
    "pictures": 100,
    "failed": 2,
    "rejected": 10,
    "functionMs": 10_000,
    "listed": {"listed": 1_000_000},
    "costsOfAMillion": {"Lambda": 3.0, "S3": 1.0},
}
PLAN: dict[str, Any] = {
    "run": "zoo-20261128-100000-abcd",
    "source": {"kind": "prefix", "bucket": "b", "key": "zoo/"},
    "on": "temporary",
    "variants": [{"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}],
    "concurrency": 8,
    "picturesABatch": 40,
    "threshold": 0.5,
    "tolerate": 1.0,
    "maxPictures": None,
    "record": False,
}


def execution(status: str, **more: Any) -> Execution:
    return Execution(ARN, status, NOW, None if status == "RUNNING" else NOW + timedelta(seconds=9), **more)


@pytest.mark.parametrize("name", ["zoo", "a b/c", "ünï", "x" * 90, "--"])
def test_a_runs_name_is_one_that_an_endpoint_can_have(name: str) -> None:
    run = run_name(name, NOW)

    assert len(f"{run}-batch") <= 63
    assert run.replace("-", "").isascii()
    assert not run.startswith("-")
    assert base_name(run_name("zoo", NOW)) == "zoo"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("s3://bucket/zoo/2026/", "2026"),
        ("s3://bucket", "bucket"),
        ("s3://bucket/inventory/2026-11-01/manifest.json", "2026-11-01"),
        ("lists/night.csv.gz", "night"),
        ("/", "batch"),
    ],
)
def test_a_run_is_called_after_its_source(source: str, name: str) -> None:
    assert default_name(source) == name


def test_a_tolerance_is_a_percentage() -> None:
    assert (parse_tolerance("1%"), parse_tolerance("0.5"), parse_tolerance(None)) == (1.0, 0.5, None)
    for text in ("many", "-1", "101%"):
        with pytest.raises(InputError, match="percentage"):
            parse_tolerance(text)


def test_what_is_resumed_has_the_input_of_the_run_before() -> None:
    assert resumed(PLAN) == {
        "source": "s3://b/zoo/",
        "on": "temporary",
        "instances": 2,
        "instanceType": "ml.m5.large",
        "concurrency": 8,
        "threshold": 0.5,
        "tolerate": 1.0,
        "resume": "zoo-20261128-100000-abcd",
    }
    assert resumed({**PLAN, "source": {"kind": "records", "bucket": "", "key": ""}})["records"] is True


def test_an_estimate_follows_from_the_sample() -> None:
    found = estimate(SUMMARY, concurrency=10, instances=2, temporary=True)

    assert (found.pictures, found.dollars, found.broken, found.rejected) == (1_000_000, 4.0, 0.02, 0.1)
    # 100 ms a picture in ten batches at once, listing and finishing, and until the endpoint is there.
    assert 10_000 < found.seconds < 11_000
    assert 5 < found.endpoint_hours < 6
    said = "\n".join(lines(found, PLAN))
    assert "1,000,000 pictures, 100 of them sampled" in said
    assert "2 × ml.m5.large" in said
    assert "$4.00" in said
    assert estimate(SUMMARY, concurrency=10, instances=1, temporary=False).endpoint_hours == 0


def test_times_are_spoken() -> None:
    assert [spoken(5), spoken(600), spoken(36_000)] == ["5 s", "10 min", "10.0 h"]


def test_progress_says_rate_time_left_and_dollars() -> None:
    found = Progress("Classify Pictures", total=200_000, done=80_000, failed=20_000, started=NOW, at_once=4)

    # 40 ms a picture, of which a million cost some two and a half.
    said = rate(found, NOW.timestamp() + 1000)
    assert said == "100.0/s, 17 min left, about $0.24 spent, 20,000 in batches that failed"
    assert rate(Progress("Plan Batch"), 0.0) == ""


class FakeWorkflow:
    """Step Functions: what it answers, one poll after another."""

    def __init__(self, *answers: Execution | Exception) -> None:
        self._answers, self.stopped = list(answers), False

    def describe(self, arn: str) -> Execution:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def progress(self, arn: str) -> Progress:
        return Progress("Classify Pictures")

    def stop(self, arn: str) -> None:
        self.stopped = True


def test_a_run_is_followed_to_its_end_over_a_gap() -> None:
    gap = ServiceError("throttled")
    follower = Follower(
        FakeWorkflow(execution("RUNNING"), gap, execution("SUCCEEDED")), ARN, lambda seconds: None
    )

    assert len(list(follower.run())) == 2
    assert follower.outcome == execution("SUCCEEDED")


def test_a_cloud_that_stays_away_ends_following_and_not_the_run() -> None:
    with pytest.raises(TargetError, match="goes on by itself"):
        list(Follower(FakeWorkflow(ServiceError("away")), ARN, lambda seconds: None).run())


def test_a_stopped_run_is_waited_for() -> None:
    workflow = FakeWorkflow(execution("RUNNING"), execution("ABORTED"))

    assert Follower(workflow, ARN, lambda seconds: None).stop().status == "ABORTED"
    assert workflow.stopped


def test_the_last_line_has_the_reports_figures_also_of_a_run_that_failed() -> None:
    summary = {"pictures": 3, "classified": 1, "rejected": 0, "failed": 2, "report": "s3://b/summary.html"}

    result = from_execution(execution("FAILED", error="States.Timeout", cause="late"), summary)

    assert (result.run, result.pictures, result.failed, result.durationMs) == ("zoo-1", 3, 2, 9000)
    assert result.exit_code == 1
    assert '"error": "States.Timeout"' in result.to_json()
    assert from_execution(execution("ABORTED"), None).pictures is None


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        session = boto3.session.Session(region_name="us-east-1")
        found = Cloud(Target(None, local=False, region="us-east-1"), session)
        found.client("s3").create_bucket(Bucket="uploads")
        yield found


def test_a_folder_is_uploaded_once_and_not_where_the_workflow_starts(cloud: Any, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for name, content in {"a.jpg": b"a", "inner/b c+.png": b"b", "notes.txt": b"no", ".c.jpg": b"no"}.items():
        (tmp_path / name).write_bytes(content)

    address, sent = upload_folder(cloud, tmp_path, "uploads")

    assert (address, sent) == (f"s3://uploads/{folder_prefix(tmp_path)}", 2)
    assert not folder_prefix(tmp_path).startswith("uploads/")
    listed = cloud.client("s3").list_objects_v2(Bucket="uploads")["Contents"]
    assert [each["Key"].removeprefix(folder_prefix(tmp_path)) for each in listed] == [
        "a.jpg",
        "inner/b c+.png",
    ]
    (tmp_path / "a.jpg").write_bytes(b"A")
    assert upload_folder(cloud, tmp_path, "uploads")[1] == 1
    assert upload_folder(cloud, tmp_path, "uploads")[1] == 0


def test_a_folder_without_pictures_is_an_argument_that_is_wrong(cloud: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No pictures"):
        upload_folder(cloud, tmp_path, "uploads")
