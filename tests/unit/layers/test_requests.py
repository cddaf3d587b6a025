"""What an execution was given, in each of its three forms, and what is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loupe_core.errors import InvalidInputError
from loupe_core.requests import Request, parse_request, place_of
from tests.unit.functions.handlers import golden_event

NO_OBJECTS: tuple[object, ...] = (None, [], {}, {"object": 7})
MANUAL = {"image_data": "", "s3_bucket": "b", "s3_key": "uploads/a.png"}


def created(**more: Any) -> dict[str, Any]:
    detail = {"bucket": {"name": "b"}, "object": {"key": "uploads/a.png", "sequencer": "0A", **more}}
    return {"id": "e-1", "time": "2026-11-12T00:00:00Z", "detail": detail}


def notified(key: Any, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    about = {"bucket": {"name": "b"}, "object": {"key": key, "versionId": "v1", "sequencer": "0A"}}
    return {"Records": [{"eventName": name, "eventTime": "2026-11-12T00:00:00.000Z", "s3": about}]}


def test_a_person_may_ask_for_a_threshold_faces_and_a_title() -> None:
    request = parse_request({**MANUAL, "threshold": 0, "detectFaces": True, "title": "Rex"})
    assert request.manual
    assert (request.threshold, request.detect_faces, request.title) == (0.0, True, "Rex")
    assert parse_request(MANUAL).threshold is None


def test_an_event_keeps_its_key_as_it_is_and_its_sequencer_at_full_length() -> None:
    request = parse_request(created(key="uploads/a+b%20.png", **{"version-id": "v1"}))
    assert (request.key, request.version_id, request.manual) == ("uploads/a+b%20.png", "v1", False)
    assert request.sequencer == "0A".ljust(64, "0")
    assert request.correlation_id == "e-1"


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("uploads/a+b.png", "uploads/a b.png"),
        ("uploads/a%2Bb.png", "uploads/a+b.png"),
        ("uploads/%E6%97%A5%E6%9C%AC.png", "uploads/\u65e5\u672c.png"),
        ("uploads/per%2520cent.png", "uploads/per%20cent.png"),
    ],
)
def test_a_notifications_key_is_decoded_once(encoded: str, key: str) -> None:
    request = parse_request(notified(encoded))
    assert (request.key, request.version_id, request.manual) == (key, "v1", False)


@pytest.mark.parametrize(
    ("elements", "kept"),
    [({"x-amz-request-id": "C3D13FE58DE4C810"}, "C3D13FE58DE4C810"), ({}, ""), (None, ""), ("text", "")],
)
def test_a_notification_is_followed_by_the_id_of_the_upload(elements: object, kept: str) -> None:
    event = notified("a.png")
    event["Records"][0]["responseElements"] = elements

    assert parse_request(event).correlation_id == kept


@pytest.mark.parametrize("version", ["v1", None])
@pytest.mark.parametrize(("size", "known"), [(7, 7), (0, 0), ("7", None), (None, None)])
def test_both_events_of_s3_say_the_same_of_an_upload(
    version: str | None, size: object, known: object
) -> None:
    versioned = {} if version is None else {"version-id": version}
    event = created(size=size, **versioned)
    notification = notified("uploads/a.png")
    stored = notification["Records"][0]["s3"]["object"]
    stored |= {"size": size}
    if version is None:
        del stored["versionId"]
    notification["Records"][0]["eventTime"] = event["time"]

    request = parse_request(event)

    assert replace(request, correlation_id="") == parse_request(notification)
    assert (request.version_id, request.size) == (version or "", known)
    assert (request.modified_at, request.manual) == ("2026-11-12T00:00:00Z", False)


@pytest.mark.parametrize("name", ["ObjectCreated:Put", "s3:ObjectCreated:CompleteMultipartUpload"])
def test_every_creation_is_a_picture(name: str) -> None:
    assert parse_request(notified("a.png", name)).key == "a.png"


@pytest.mark.parametrize(
    ("key", "size", "marker"),
    [("uploads/cats/", 0, True), ("uploads/cats/", 9, False), ("a.png", 0, False), ("cats/", None, False)],
)
def test_a_folders_marker_is_empty_and_ends_in_a_slash(key: str, size: int | None, marker: bool) -> None:
    assert parse_request(created(key=key, size=size)).is_folder_marker is marker


@pytest.mark.parametrize(
    "given",
    [
        None,
        "text",
        [],
        {},
        {"s3_bucket": "b"},
        {"s3_bucket": "", "s3_key": "a"},
        {**MANUAL, "s3_key": 7},
        {**MANUAL, "s3_key": "k" * 1025},
        {**MANUAL, "s3_key": "\ud800"},
        {**MANUAL, "threshold": "high"},
        {**MANUAL, "threshold": 1.1},
        {**MANUAL, "threshold": True},
        {**MANUAL, "detectFaces": "yes"},
        {**MANUAL, "title": 7},
        {**MANUAL, "title": "t" * 201},
        {"detail": {"object": "a.png"}},
        {"detail": {"object": {"key": "a.png"}, "bucket": "b"}},
        {"Records": []},
        {"Records": "one"},
        {"Records": [{}]},
        {"Records": notified("a.png")["Records"] * 2},
        notified("a.png", "ObjectRemoved:Delete"),
        *({"Records": [{**notified("a.png")["Records"][0], "s3": each}]} for each in NO_OBJECTS),
        *(notified(key) for key in (7, None, "", ["a.png"])),
        *(created(key=key) for key in (7, None, "", ["a.png"])),
    ],
)
def test_anything_else_is_refused_by_name(given: object) -> None:
    with pytest.raises(InvalidInputError):
        parse_request(given)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (None, "^The input must be an object"),
        ({**MANUAL, "threshold": "high"}, "^threshold must be"),
        ({**MANUAL, "detectFaces": "yes"}, "^detectFaces must be true or false"),
        ({**MANUAL, "title": "t" * 201}, "^title .* at most 200 letters"),
        ({"detail": {"object": "a.png"}}, r"^detail\.object must be an object"),
        ({"detail": {"object": {"key": "a.png"}, "bucket": "b"}}, r"^detail\.bucket must be an object"),
        (created(key=None), "lacks s3_key"),
        ({"Records": []}, "^Records must hold one record"),
        ({"Records": ["one"]}, "^The record must be an object"),
        ({"Records": [{}]}, "eventName is missing"),
        (notified("a.png", "ObjectRemoved:Delete"), "eventName is ObjectRemoved:Delete"),
        ({"Records": [{"eventName": "ObjectCreated:Put"}]}, "^The record's s3 must be an object"),
        (
            {"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]},
            r"^The record's s3\.object must be an object",
        ),
        (
            {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "a.png"}}}]},
            r"^The record's s3\.bucket must be an object",
        ),
    ],
)
def test_a_refusal_names_what_is_wrong(given: object, named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        parse_request(given)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({**MANUAL, "threshold": 7}, ("b", "uploads/a.png")),
        ({"s3_bucket": "b", "s3_key": 7}, ("b", "")),
        (None, ("", "")),
        (created(), ("b", "uploads/a.png")),
    ],
)
def test_an_invalid_input_names_its_place_as_far_as_it_does(given: object, place: tuple[str, str]) -> None:
    assert place_of(given) == place


@pytest.mark.parametrize(
    ("given", "kept"),
    [("order-7", "order-7"), ("k" * 128, "k" * 128), ("a b", ""), ("x\n", ""), (7, ""), ("k" * 129, "")],
)
def test_a_correlation_id_is_one_that_a_log_line_may_hold(given: object, kept: str) -> None:
    assert parse_request({**MANUAL, "correlationId": given}).correlation_id == kept


@pytest.mark.parametrize("case", ["object_created", "s3_notification"])
def test_both_golden_events_name_the_same_picture(case: str) -> None:
    assert parse_request(golden_event("classify_image", case)).key == "uploads/digit 0 (copy).png"


def test_a_title_is_as_long_as_a_title_may_be() -> None:
    assert parse_request({**MANUAL, "title": "t" * 200}).title == "t" * 200
    assert parse_request({**MANUAL, "title": ""}).title is None
    for wrong in ("t" * 201, 7):
        with pytest.raises(InvalidInputError, match="at most 200 letters"):
            parse_request({**MANUAL, "title": wrong})


@pytest.mark.parametrize("sequencer", [None, "", 7])
def test_an_event_without_a_place_in_the_order_has_none(sequencer: object) -> None:
    assert parse_request(created(sequencer=sequencer)).sequencer == ""


def test_an_event_says_when_and_in_which_version_s3_wrote_the_picture() -> None:
    assert parse_request(created(size=9, **{"version-id": "v1"})) == Request(
        bucket="b",
        key="uploads/a.png",
        version_id="v1",
        sequencer="0A".ljust(64, "0"),
        manual=False,
        modified_at="2026-11-12T00:00:00Z",
        size=9,
        correlation_id="e-1",
    )


def test_of_a_persons_words_all_are_kept() -> None:
    wish = {"s3_version_id": "v1", "threshold": 0.5, "detectFaces": False, "title": "Rex"}

    assert parse_request({**MANUAL, **wish, "correlationId": "order-7"}) == Request(
        bucket="b",
        key="uploads/a.png",
        version_id="v1",
        threshold=0.5,
        detect_faces=False,
        title="Rex",
        correlation_id="order-7",
    )
