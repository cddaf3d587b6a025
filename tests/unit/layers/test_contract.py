"""The hand-overs between steps: what is taken, and what is refused with its name."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupe_core.contract import (
    AnnotateRequest,
    ClassifyRequest,
    Face,
    FilterRequest,
    ImageReference,
    SerializeRequest,
    contract,
    parse_threshold,
)
from loupe_core.errors import InvalidInputError

PLACE = {"s3_bucket": "b", "s3_key": "k"}


def test_a_place_is_a_bucket_a_key_and_perhaps_a_version() -> None:
    assert ImageReference.parse(PLACE) == ImageReference("b", "k", None)
    assert ImageReference.parse({**PLACE, "s3_version_id": "v"}).version_id == "v"
    assert ImageReference.parse({**PLACE, "s3_version_id": None}).version_id is None
    assert ImageReference.parse({**PLACE, "s3_version_id": ""}).version_id is None


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"s3_key": "k"}, "lacks s3_bucket"),
        ({"s3_bucket": "b"}, "lacks s3_key"),
        ({"s3_bucket": "", "s3_key": "k"}, "lacks s3_bucket"),
        ({"s3_bucket": ["b"], "s3_key": "k"}, "s3_bucket must be a string"),
        ({**PLACE, "s3_key": "ü" * 512 + "u"}, "longer than the 1024 bytes"),
        ({**PLACE, "s3_key": "\ud800"}, "not valid Unicode"),
        ({**PLACE, "s3_version_id": 3}, "s3_version_id must be a string"),
        ({**PLACE, "detectFaces": "yes"}, "detectFaces must be true or false"),
        ([], "must be an object"),
        (None, "must be an object"),
    ],
)
def test_a_wrong_input_says_what_is_wrong(event: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        SerializeRequest.parse(event)


def test_a_key_is_as_long_as_s3_lets_it_be() -> None:
    assert ImageReference.parse({**PLACE, "s3_key": "ü" * 512}).key == "ü" * 512


def test_faces_are_looked_for_only_when_asked() -> None:
    assert not SerializeRequest.parse(PLACE).detect_faces
    assert not SerializeRequest.parse({**PLACE, "detectFaces": None}).detect_faces
    assert SerializeRequest.parse({**PLACE, "detectFaces": True}).detect_faces


@pytest.mark.parametrize("given_", [{}, {"claimed_at": None}, {"claimed_at": "2026-11-21T12:00:00Z"}])
def test_the_time_of_the_claim_travels_to_what_writes_copies(given_: dict[str, Any]) -> None:
    event = {**PLACE, **given_}

    assert SerializeRequest.parse(event).claimed_at == given_.get("claimed_at")
    assert AnnotateRequest.parse(event).claimed_at == given_.get("claimed_at")


def test_the_body_may_be_bare() -> None:
    body = {**PLACE, "image_data": "aGVsbG8="}

    assert ClassifyRequest.parse(body) == ClassifyRequest.parse({"statusCode": 200, "body": body})
    assert ClassifyRequest.parse(body).model_input == b"hello"


@pytest.mark.parametrize("data", ["not base64!", "aGVsbG8", "äöü=", "aGVs\nbG8="])
def test_what_is_not_base64_is_refused_without_being_repeated(data: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^image_data is not base64\.$"):
        ClassifyRequest.parse({**PLACE, "image_data": data})


@pytest.mark.parametrize("body", ["{}", [], None, 7])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(InvalidInputError, match="body must be an object"):
        FilterRequest.parse({"body": body})


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_a_threshold_is_a_part_of_one(value: float) -> None:
    assert parse_threshold(value) == value


@pytest.mark.parametrize("value", [-0.1, 1.01, 93, True, "0.9", float("nan"), [], 10**400])
def test_anything_else_is_no_threshold(value: Any) -> None:
    with pytest.raises(InvalidInputError, match="threshold must be a number from 0 to 1"):
        parse_threshold(value)


def test_a_face_comes_in_our_letters_or_rekognitions() -> None:
    ours = {"boundingBox": {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}, "confidence": 99.5}
    theirs = {"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}, "Confidence": 99.5}

    assert Face.parse(ours) == Face.parse(theirs) == Face(0.1, 0.2, 0.3, 0.4, 99.5)


BOX = {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}


@pytest.mark.parametrize(
    ("faces", "said"),
    [
        ([{}], "A face's boundingBox must be an object"),
        ([7], "A face must be an object"),
        ({}, "faces must be a list"),
        ([{"boundingBox": {"left": 0.1}, "confidence": 1}], "top must be a number"),
        ([{"boundingBox": None, "confidence": 1}], "A face's boundingBox must be an object"),
        *(
            ([{"boundingBox": {**BOX, side: wrong}, "confidence": 1}], f"{side} must be a number")
            for side in BOX
            for wrong in (None, True, "0.1", float("nan"), float("inf"))
        ),
        ([{"boundingBox": BOX}], "confidence must be a number"),
    ],
)
def test_a_wrong_face_is_refused(faces: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{said}"):
        AnnotateRequest.parse({**PLACE, "predictions": [], "faces": faces})


@pytest.mark.parametrize(
    ("predictions", "said"),
    [
        ("cat", "predictions must be a list"),
        (["cat"], "A prediction must be an object"),
        ([{"score": 0.5}], "The input lacks label"),
        ([{"label": "cat", "score": "high"}], "score must be a number"),
    ],
)
def test_a_wrong_prediction_is_refused(predictions: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{said}"):
        AnnotateRequest.parse({**PLACE, "predictions": predictions})


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (None, "The input must be an object"),
        ({**PLACE}, "The input lacks inferences"),
        ({"body": {**PLACE, "inferences": []}, "threshold": 2}, "threshold must be a number"),
    ],
)
def test_a_wrong_input_of_the_filter_is_refused(event: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{said}"):
        FilterRequest.parse(event)


def test_the_filter_takes_the_threshold_beside_the_body_and_none_where_the_setting_decides() -> None:
    body: dict[str, object] = {**PLACE, "inferences": [0.5]}

    assert FilterRequest.parse({"body": body}) == FilterRequest(body, [0.5], None)
    assert FilterRequest.parse({"body": body, "threshold": 0}) == FilterRequest(body, [0.5], 0.0)
    assert FilterRequest.parse(body).threshold is None


def test_nothing_to_draw_is_allowed() -> None:
    request = AnnotateRequest.parse({**PLACE, "predictions": None})

    assert (request.predictions, request.faces) == ((), ())


def test_an_answer_keeps_the_contract_of_the_three_functions() -> None:
    assert contract(ImageReference("b", "k", "v"), "aGk=", [0.5]) == {
        "statusCode": 200,
        "body": {"image_data": "aGk=", "s3_bucket": "b", "s3_key": "k", "inferences": [0.5]},
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["s3_bucket", "s3_key", "body", "image_data", "faces", "predictions", "threshold"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_whatever_comes_is_parsed_or_refused_by_name(event: Any) -> None:
    for request in (SerializeRequest, ClassifyRequest, FilterRequest, AnnotateRequest):
        # Any other exception fails the test.
        with contextlib.suppress(InvalidInputError):
            request.parse(event)
