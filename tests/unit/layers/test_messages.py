"""Notifications as people and programs read them, within what SNS takes."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import validate_parameters

from loupe_core.confidence import percent
from loupe_core.messages import ADVICE, KEY_ADVICE, advice, console_url, notification
from loupe_imaging.caption import caption_lines

ARN = "arn:aws:states:eu-west-1:123456789012:execution:loupe-classify-image:one"
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
MAX_MESSAGE_BYTES = 262_144
CLASSIFIED: dict[str, Any] = {
    "imageId": "0" * 32,
    "claimId": f"{ARN}#then",
    "status": "CLASSIFIED",
    "bucket": "my-uploads",
    "key": "uploads/cat.jpg",
    "label": "cat",
    "confidence": 0.97,
    "threshold": 0.93,
    "predictions": [{"label": "cat", "score": 0.97}, {"label": "dog", "score": 0.02}],
    "faceDetected": None,
    "processedKey": "uploads/cat.jpg",
    "title": "cat - 97.0%",
    "executionArn": ARN,
}
REJECTED: dict[str, Any] = {
    **CLASSIFIED,
    "status": "REJECTED",
    "confidence": 0.5,
    "predictions": [{"label": "cat", "score": 0.5}],
    "error": {"name": "ThresholdConfidenceNotMetError", "cause": "THRESHOLD_CONFIDENCE_NOT_MET: 50%"},
}
FAILED: dict[str, Any] = {
    **CLASSIFIED,
    "status": "FAILED",
    "label": None,
    "confidence": None,
    "predictions": [],
    "processedKey": None,
    "title": "",
    "error": {"name": "CorruptImageError", "cause": "The picture is truncated."},
}


def texts(record: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = json.loads(notification(record, "my-processed")["Message"])
    return found


def test_a_success() -> None:
    message = notification(CLASSIFIED, "my-processed")
    assert message["Subject"] == "Loupe: cat.jpg shows cat (97.0%)"
    assert texts(CLASSIFIED)["email"].splitlines() == [
        "The picture cat.jpg was classified.",
        "",
        "Label:         cat",
        "Confidence:    97.0%",
        "",
        "The five best:",
        "  cat - 97.0%",
        "  dog - 2.0%",
        "",
        "Picture:       s3://my-uploads/uploads/cat.jpg",
        "Annotated:     s3://my-processed/uploads/cat.jpg",
        f"Execution:     {ARN}",
        f"Open it:       {console_url(ARN)}",
    ]
    assert texts(CLASSIFIED)["sms"] == "Loupe: cat.jpg shows cat (97.0%)"


def test_a_label_of_a_person() -> None:
    record = {
        **CLASSIFIED,
        "key": "uploads/2026/may/cat.jpg",
        "labelledBy": "person",
        "modelLabel": "dog",
        "predictions": [],
    }

    assert texts(record)["sms"] == "Loupe: cat.jpg shows cat (labelled by a person)"
    assert texts(record)["email"].splitlines()[:4] == [
        "The picture cat.jpg was labelled by a person.",
        "",
        "Label:         cat",
        "Model's guess: dog",
    ]
    assert "Model's guess: none" in texts({**record, "modelLabel": None})["email"]
    assert json.loads(texts(record)["https"])["modelLabel"] == "dog"


@pytest.mark.parametrize(
    "record", [CLASSIFIED, REJECTED, FAILED, {**FAILED, "key": "", "bucket": "", "claimId": ""}]
)
def test_it_is_what_snss_publish_takes(record: dict[str, Any]) -> None:
    message = notification(record, "my-processed")
    shape = botocore.session.get_session().get_service_model("sns").operation_model("Publish").input_shape
    assert shape is not None

    validate_parameters({"TopicArn": "arn:aws:sns:eu-west-1:1:results", **message}, shape)

    # In this structure SNS refuses a message without a default.
    assert message["MessageStructure"] == "json"
    assert {"default", "email", "sms", "https"} == json.loads(message["Message"]).keys()
    for attribute in message["MessageAttributes"].values():
        assert attribute["DataType"] == "String"
        assert attribute["StringValue"]


def test_the_pictures_page_comes_before_the_console() -> None:
    page = "https://page.example/images/0"
    lines = texts({**CLASSIFIED, "pageUrl": page})["email"].splitlines()

    links = [line.split()[-1] for line in lines if "https://" in line]
    assert links == [page, console_url(ARN)]


def test_a_local_cloud_has_no_console() -> None:
    local = ARN.replace("123456789012", "000000000000")
    email = texts({**CLASSIFIED, "executionArn": local})["email"]

    assert f"Execution:     {local}" in email
    assert "console" not in email


@pytest.mark.parametrize(
    ("score", "shown"),
    [(0.92999, "92.9%"), (0.29, "29.0%"), (1.0, "100.0%"), (0.0, "0.0%"), (0.9995, "99.9%")],
)
def test_one_rounding_for_mails_titles_and_annotated_pictures(score: float, shown: str) -> None:
    assert percent(score) == shown
    assert caption_lines([("cat", score)]) == [f"cat - {shown}"]


def test_a_refusal() -> None:
    assert notification(REJECTED, "p")["Subject"] == "Loupe: cat.jpg was refused, confidence too low"
    email = texts(REJECTED)["email"]
    assert email.startswith("The picture cat.jpg was refused: the model is not sure enough.\n")
    assert "What happened: THRESHOLD_CONFIDENCE_NOT_MET: 50%" in email
    assert "The model's answer:\n  cat - 50.0%" in email


def test_a_failure_says_what_to_do() -> None:
    assert notification(FAILED, "p")["Subject"] == "Loupe: cat.jpg failed, CorruptImageError"
    email = texts(FAILED)["email"]
    assert f"What to do:    {ADVICE['CorruptImageError']}" in email
    assert "Annotated" not in email
    assert "The five best" not in email


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ({"faceDetected": True}, "Face detected in image cat.jpg"),
        ({"faceDetected": False}, "No face detected in image cat.jpg"),
        ({"facesError": {"name": "X", "cause": "y"}}, "Faces could not be looked for: X"),
    ],
)
def test_faces_are_mentioned_where_somebody_looked(found: dict[str, Any], line: str) -> None:
    assert line in texts({**CLASSIFIED, **found})["email"].splitlines()
    assert "ace detected" not in texts(CLASSIFIED)["email"]


WEBHOOK = {
    "status": "CLASSIFIED",
    "imageId": "0" * 32,
    "bucket": "my-uploads",
    "key": "uploads/cat.jpg",
    "title": "cat - 97.0%",
    "label": "cat",
    "confidence": 0.97,
    "threshold": 0.93,
    "predictions": CLASSIFIED["predictions"],
    "faceDetected": True,
    "executionArn": ARN,
}
NOTHING: dict[str, Any] = {"title": "", "label": None, "confidence": None, "predictions": []}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (CLASSIFIED, {}),
        (
            {**CLASSIFIED, "labelledBy": "person", "modelLabel": "dog"},
            {"labelledBy": "person", "modelLabel": "dog"},
        ),
        (
            REJECTED,
            {
                "status": "REJECTED",
                "confidence": 0.5,
                "predictions": [{"label": "cat", "score": 0.5}],
                "error": "ThresholdConfidenceNotMetError",
                "cause": "THRESHOLD_CONFIDENCE_NOT_MET: 50%",
            },
        ),
        (
            FAILED,
            {
                "status": "FAILED",
                **NOTHING,
                "error": "CorruptImageError",
                "cause": "The picture is truncated.",
            },
        ),
        (
            {**FAILED, "predictions": None, "error": None},
            {"status": "FAILED", **NOTHING, "error": "UnknownError", "cause": ""},
        ),
    ],
)
def test_a_webhook_gets_json_that_programs_rely_on(record: dict[str, Any], expected: dict[str, Any]) -> None:
    found = json.loads(texts({**record, "faceDetected": True})["https"])

    assert found == {**WEBHOOK, **expected}


@pytest.mark.parametrize("record", [CLASSIFIED, REJECTED, FAILED], ids=lambda record: record["status"])
@pytest.mark.parametrize(
    "name", ["\u65e5\u672c\u8a9e.png", "a\tb\nc\x00.png", "\u202egnp.exe", "n" * 1000, "", "\U0001f600"]
)
def test_whatever_the_name_sns_takes_it(record: dict[str, Any], name: str) -> None:
    message = notification({**record, "key": f"uploads/{name}"}, "p")
    assert 0 < len(message["Subject"]) < 100
    assert message["Subject"].isascii()
    assert message["Subject"].isprintable()
    assert len(message["Message"].encode()) < MAX_MESSAGE_BYTES
    found = json.loads(message["Message"])
    assert "\n" not in found["sms"]
    assert len(found["sms"]) <= 140
    assert not {"\x00", "\t", "\u202e"} & set(found["email"])


def test_cjk_names_stay_readable_in_the_text() -> None:
    record = {**CLASSIFIED, "key": "uploads/\u65e5\u672c.png", "label": "\u732b"}
    assert "The picture \u65e5\u672c.png was classified." in texts(record)["email"]
    assert "\u732b" in texts(record)["sms"]


def test_attributes_name_the_outcome_by_which_it_is_acknowledged() -> None:
    given = notification(CLASSIFIED, "p")["MessageAttributes"]
    assert {name: each["StringValue"] for name, each in given.items()} == {
        "status": "CLASSIFIED",
        "imageId": "0" * 32,
        "claimId": f"{ARN}#then",
    }


def test_attributes_name_the_outcome_and_are_never_empty() -> None:
    given = notification({**CLASSIFIED, "claimId": ""}, "p")["MessageAttributes"]
    assert {name: each["StringValue"] for name, each in given.items()} == {
        "status": "CLASSIFIED",
        "imageId": "0" * 32,
    }


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "page"), [("execution", "v2/executions"), ("express", "express-executions")]
)
def test_the_console_is_that_of_the_partition(
    partition: str, region: str, host: str, kind: str, page: str
) -> None:
    arn = f"arn:{partition}:states:{region}:123456789012:{kind}:m:one"
    assert console_url(arn) == f"https://{host}/states/home?region={region}#/{page}/details/{arn}"


def test_advice_knows_missing_permissions_and_encoded_keys() -> None:
    assert "permission" in advice("Lambda.Unknown", "User is not authorized to perform: x")
    assert "URL-encoded" in advice("ImageNotFoundError", "", "uploads/a%20b.png")
    assert "URL-encoded" not in advice("ImageNotFoundError", "", "uploads/a b.png")
    assert "URL-encoded" not in advice("CorruptImageError", "", "uploads/a%20b.png")


@pytest.mark.parametrize(
    ("error", "cause", "is_of_the_key"),
    [
        ("AccessDeniedError", "AWS refused kms:Decrypt on the key k.", True),
        ("AccessDeniedError", "AWS refused s3:GetObject on k.", False),
        ("EndpointFailedError", "The model knows kms: as a word.", False),
    ],
)
def test_what_the_key_refused_is_advised_about_the_key(error: str, cause: str, is_of_the_key: bool) -> None:
    assert (advice(error, cause) == KEY_ADVICE) is is_of_the_key
    assert advice(error, cause) in (KEY_ADVICE, ADVICE[error])


def test_a_missing_picture_with_an_encoded_key_is_explained_in_the_mail() -> None:
    error = {"name": "ImageNotFoundError", "cause": "There is no picture."}
    lines = texts({**FAILED, "key": "uploads/a%20b.png", "error": error})["email"].splitlines()

    (advised,) = [line for line in lines if line.startswith("What to do:")]
    assert "The key looks URL-encoded" in advised


@pytest.mark.parametrize(("length", "shown"), [(60, "n" * 60), (61, "n" * 59 + "…")])
def test_a_long_name_is_cut_in_headlines(length: int, shown: str) -> None:
    record = {**CLASSIFIED, "key": f"uploads/{'n' * length}"}

    assert texts(record)["sms"] == f"Loupe: {shown} shows cat (97.0%)"
    assert f"The picture {'n' * length} was classified." in texts(record)["email"]


def test_a_picture_without_a_name_is_called_so() -> None:
    assert "The picture (no name) could not be classified." in texts({**FAILED, "key": ""})["email"]


@pytest.mark.parametrize("record", [CLASSIFIED, REJECTED, FAILED])
@pytest.mark.parametrize("key", ["", "uploads/"])
def test_no_subject_and_no_text_has_a_gap_where_a_name_is_missing(record: dict[str, Any], key: str) -> None:
    nameless = {**record, "key": key, "faceDetected": True}
    assert notification(nameless, "my-processed")["Subject"].startswith("Loupe: (no name) ")
    assert texts(nameless)["sms"].startswith("Loupe: (no name) ")
    assert "The picture (no name) " in texts(nameless)["email"]
    assert "detected in image (no name)" in texts(nameless)["email"]


def test_what_has_no_page_in_the_console_has_no_link() -> None:
    assert console_url("arn:aws:states") == ""
    assert "Open it" not in texts({**FAILED, "executionArn": "deleted"})["email"]


def test_letters_of_all_languages_reach_programs_as_they_are() -> None:
    message = notification({**CLASSIFIED, "label": "\u732b"}, "p")["Message"]

    assert "\u732b" in message
    assert "\u732b" in json.loads(message)["https"]
