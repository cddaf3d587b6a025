"""Which pictures are classified again."""

from typing import Any

import pytest

from loupe.errors import InputError
from loupe.logs import parse_since
from loupe.pictures import S3Location
from loupe.retry import Selection, picture_of, select
from loupe_core.messages import REFUSALS


def record(image: str, status: str = "FAILED", error: str = "EndpointNotFoundError", day: int = 1) -> Any:
    return {
        "imageId": image,
        "bucket": "uploads",
        "key": f"uploads/{image}.png",
        "status": status,
        "error": {"name": error, "cause": ""},
        "updatedAt": f"2026-01-{day:02}T12:00:00.000Z",
    }


class Table:
    def __init__(self, *records: Any) -> None:
        self._records = records

    def get(self, image_id: str) -> Any:
        return next(each for each in self._records if each["imageId"] == image_id)

    def list(self, status: str | None = None) -> list[Any]:
        return [each for each in self._records if status in (None, each["status"])]


TABLE = Table(
    record("b", day=3),
    record("a", day=2),
    record("c", error="CorruptImageError", day=4),
    record("d", status="REJECTED", error="ThresholdConfidenceNotMetError"),
    {"imageId": "e", "bucket": "", "key": "", "status": "FAILED"},
)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(["c", "d"]), "dc"),
        (Selection(status="FAILED"), "abc"),
        (Selection(error="EndpointNotFoundError"), "ab"),
        (Selection(since_ms=parse_since("2026-01-03T00:00")), "bc"),
        (Selection(error="EndpointNotFoundError", since_ms=parse_since("2026-01-03T00:00")), "b"),
        (Selection(status="REJECTED"), "d"),
        (Selection(error="TeapotError"), ""),
    ],
)
def test_pictures_are_selected_by_id_status_error_and_time_the_oldest_first(
    selection: Selection, expected: str
) -> None:
    assert "".join(each["imageId"] for each in select(selection, TABLE)) == expected


@pytest.mark.parametrize("error", REFUSALS)
def test_what_was_refused_is_selected_by_its_error_as_what_failed_is(error: str) -> None:
    table = Table(record("a", error="CorruptImageError"), record("b", status="REJECTED", error=error))
    assert [each["imageId"] for each in select(Selection(error=error), table)] == ["b"]
    assert select(Selection(error=error, status="FAILED"), table) == []


def test_selecting_by_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="--status failed"):
        select(Selection(), TABLE)


def test_a_records_picture_is_where_it_lies() -> None:
    assert picture_of(record("a")).source == S3Location("uploads", "uploads/a.png")


def test_what_a_person_labelled_is_classified_again_only_where_it_is_named() -> None:
    labelled = {**record("p", status="CLASSIFIED"), "labelledBy": "person"}
    table = Table(labelled, record("m", status="CLASSIFIED"))

    assert [each["imageId"] for each in select(Selection(status="CLASSIFIED"), table)] == ["m"]
    assert select(Selection(["p"]), table) == [labelled]
