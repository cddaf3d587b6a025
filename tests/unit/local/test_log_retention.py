"""A log group forgets its oldest lines."""

from typing import Any

from local.cloud.gaps import log_retention


def stream(*moments: int, size: int = 100) -> dict[str, Any]:
    events = [{"timestamp": moment, "message": "x" * size} for moment in moments]
    return {"events": events, "lastIngestionTime": moments[-1] if moments else 0}


def test_the_oldest_lines_of_all_streams_go_first() -> None:
    streams = {"a": stream(1, 3, 5), "b": stream(2, 4, 6)}
    assert log_retention.trim(streams, 10**6, 3) == (3 * 700, 3)
    assert [event["timestamp"] for event in streams["a"]["events"]] == [5]
    assert [event["timestamp"] for event in streams["b"]["events"]] == [4, 6]


def test_bytes_count_as_lines_do_and_empty_streams_go() -> None:
    streams = {"old": stream(1, 2, size=5_000), "new": stream(3, 4)}
    assert log_retention.trim(streams, 3_000, 100) == (1_400, 2)
    assert list(streams) == ["new"]


def test_the_stream_that_is_written_to_stays() -> None:
    streams = {"only": stream(1, size=5_000)}
    log_retention.trim(streams, 1_000, 100)
    assert streams["only"]["events"] == []
