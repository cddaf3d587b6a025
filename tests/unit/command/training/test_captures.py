"""Captured inferences as confidences over time: read, summed up, drawn."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from moto import mock_aws
from PIL import Image

from loupe.aws import Cloud
from loupe.cli import cli
from loupe.errors import InputError
from loupe.pictures import S3Location
from loupe.target import Target, local_session
from loupe.training.captures import Inference, best_answer, parse_line, read_capture, read_capture_folder
from loupe.training.chart import draw_confidence
from loupe.training.summary import by_period, summarise

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def line(answer: Any, at: datetime = NOON, encoding: str = "JSON", **output: Any) -> str:
    """As SageMaker writes one."""
    data = answer if isinstance(answer, str) else json.dumps(answer)
    if encoding == "BASE64":
        data = base64.b64encode(data.encode()).decode()
    side = {"observedContentType": "application/json", "mode": "OUTPUT", "data": data, "encoding": encoding}
    document = {
        "captureData": {"endpointOutput": side | output},
        "eventMetadata": {"eventId": "e1", "inferenceTime": at.strftime("%Y-%m-%dT%H:%M:%SZ")},
        "eventVersion": "0",
    }
    return json.dumps(document)


def inference(minutes: float, confidence: float) -> Inference:
    return Inference(NOON + timedelta(minutes=minutes), confidence, "cat", "AllTraffic", "e")


@pytest.mark.parametrize(
    ("answer", "label", "confidence"),
    [
        ("[0.94, 0.06]", "0", 0.94),
        ("[[0.1, 0.9]]", "1", 0.9),
        ('{"labels": ["dog", "cat"], "scores": [0.3, 0.7]}', "cat", 0.7),
        ('[{"labels": ["dog"], "scores": [0.3]}]', "dog", 0.3),
        ('{"predictions": [[0.2, 0.8]]}', "1", 0.8),
        ("0.25,0.75", "1", 0.75),
        ("[1.0000001, 0]", "0", 1.0),
    ],
)
def test_every_form_of_answer_tells_its_best(answer: str, label: str, confidence: float) -> None:
    assert best_answer(answer) == (label, confidence)


@pytest.mark.parametrize("answer", ["", "sorry", "[]", '{"error": "no picture"}', "[17.2, 3]", "[-2, -1]"])
def test_what_tells_no_confidence_is_no_answer(answer: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        best_answer(answer)


@pytest.mark.parametrize("encoding", ["JSON", "BASE64"])
def test_a_line_tells_when_what_and_how_sure(encoding: str) -> None:
    found = parse_line(line([0.2, 0.8], encoding=encoding), "AllTraffic")

    assert found == Inference(NOON, 0.8, "1", "AllTraffic", "e1")


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '{"captureData": {"endpointInput": {}}}', line("broken"), line([0.5], data=None)],
)
def test_a_line_without_a_confidence_is_passed_over(text: str) -> None:
    assert parse_line(text) is None


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        cloud = Cloud(Target(None, local=False, region="us-east-1"), local_session())
        cloud.client("s3").create_bucket(Bucket="training")
        yield cloud


def put(cloud: Cloud, key: str, *lines: str) -> None:
    cloud.client("s3").put_object(Bucket="training", Key=key, Body="\n".join(lines) + "\n")


def test_an_endpoints_captures_are_read_since_then_in_order(cloud: Cloud) -> None:
    hours = [NOON - timedelta(hours=back) for back in (30, 2, 1, 0)]
    for variant, hour in [("AllTraffic", each) for each in hours] + [("Canary", NOON)]:
        name = f"captured/classifier/{variant}/{hour:%Y/%m/%d/%H}/30-00-000-uuid.jsonl"
        put(cloud, name, line([0.9, 0.1], hour + timedelta(minutes=30)), line("no answer"))
    put(cloud, "captured/classifier-2/AllTraffic/2026/11/26/12/x.jsonl", line([1.0, 0]))

    found = read_capture(cloud, S3Location("training", "captured"), NOON - timedelta(hours=1.5), "classifier")

    assert [(each.at.hour, each.variant) for each in found.inferences] == [
        (10, "AllTraffic"),
        (11, "AllTraffic"),
        (12, "AllTraffic"),
        (12, "Canary"),
    ]
    assert found.unreadable == 4


def test_capture_files_anywhere_are_read(cloud: Cloud, tmp_path: Path) -> None:
    put(cloud, "old/2026/11/26/12/a.jsonl", line([0.9]), "")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.jsonl").write_text(line([0.7]) + "\n")

    assert len(read_capture(cloud, S3Location("training", "old/")).inferences) == 1
    assert [each.confidence for each in read_capture_folder(tmp_path).inferences] == [0.7]
    (tmp_path / "deep" / "a.jsonl").unlink()
    with pytest.raises(InputError, match="no capture files"):
        read_capture_folder(tmp_path)


def test_a_summary_counts_what_the_threshold_lets_through() -> None:
    found = summarise([inference(0, 0.9), inference(1, 0.93), inference(2, 1.0)], 0.93)

    assert (found.count, found.median, found.least) == (3, 0.93, 0.9)
    assert found.accepted == pytest.approx(2 / 3)


def test_periods_are_as_long_as_the_span_wants() -> None:
    length, periods = by_period([inference(minutes, 0.9) for minutes in (0, 1, 30, 119)], 0.93)

    assert length == timedelta(minutes=15)
    assert [(each.start.hour, each.start.minute, each.count) for each in periods] == [
        (12, 0, 2),
        (12, 30, 1),
        (13, 45, 1),
    ]


@pytest.mark.parametrize("days", [0, 4000])
def test_one_moment_and_ten_years_have_few_periods(days: int) -> None:
    _, periods = by_period([inference(minutes, 0.9) for minutes in (0, days * 1440)], 0.93)

    assert sum(each.count for each in periods) == 2
    assert len(periods) <= 2


@pytest.mark.parametrize("name", ["chart.png", "chart.SVG"])
def test_the_chart_is_a_picture(tmp_path: Path, name: str) -> None:
    some = [inference(minutes, 0.5 + minutes / 200) for minutes in range(100)]

    draw_confidence(tmp_path / name, some, 0.93, "Confidence of $pets")

    if name.endswith("png"):
        with Image.open(tmp_path / name) as image:
            assert image.width > 1000
    else:
        assert "<svg" in (tmp_path / name).read_text()[:1000]


@pytest.mark.parametrize("confidences", [[0.99], [0.2], [1.0, 1.0]])
def test_few_inferences_or_all_on_one_side_are_drawn_too(tmp_path: Path, confidences: list[float]) -> None:
    draw_confidence(tmp_path / "a.svg", [inference(0, each) for each in confidences], 0.93, "x")

    assert (tmp_path / "a.svg").stat().st_size > 1000


@pytest.mark.parametrize("name", ["chart.gif", "nowhere/chart.png"])
def test_a_chart_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        draw_confidence(tmp_path / name, [inference(0, 0.9)], 0.93, "x")


def test_downloaded_captures_become_json_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join(line([share, 1 - share]) for share in (0.95, 0.6)))

    done = CliRunner().invoke(cli, ["confidence", "--from", str(tmp_path), "--json"])

    assert done.exit_code == 0, done.output
    found = [json.loads(text) for text in done.stdout.splitlines()]
    assert [(each["confidence"], each["accepted"]) for each in found] == [(0.6, False), (0.95, True)]
    assert found[0]["time"] == "2026-11-26T12:00:00Z"


def test_nothing_captured_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line([0.9]))

    done = CliRunner().invoke(
        cli, ["confidence", "--from", str(tmp_path), "--threshold", "0.93", "--since", "2030-01-01"]
    )

    assert done.exit_code == 1
    assert "--since looks further back" in done.stderr
