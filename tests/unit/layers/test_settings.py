"""Settings: built from an environment, failing with the name of what is wrong."""

from typing import Any

import pytest

from loupe_core.settings import (
    DEFAULT_THRESHOLD,
    AnnotateSettings,
    ClaimSettings,
    ClassifySettings,
    FilterSettings,
    FinalizeSettings,
    RecordSettings,
    SerializeSettings,
    SettingsError,
)

CLASSIFY = {"ENDPOINT_NAME": "dogs"}


def test_defaults_ask_for_little() -> None:
    assert ClassifySettings.from_environ(CLASSIFY) == ClassifySettings("dogs", 50, ())
    assert FilterSettings.from_environ({}) == FilterSettings(0.93, ())
    assert SerializeSettings.from_environ({"PROCESSED_BUCKET": "p"}).processed_bucket == "p"
    assert AnnotateSettings.from_environ({"PROCESSED_BUCKET": "p"}).processed_bucket == "p"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", ()),
        ("cat,dog", ("cat", "dog")),
        (" cat , dog ", ("cat", "dog")),
        ('["tabby, tabby cat", "dog"]', ("tabby, tabby cat", "dog")),
        ("猫,犬", ("猫", "犬")),
    ],
)
def test_labels_are_a_list_by_commas_or_json(text: str, labels: tuple[str, ...]) -> None:
    assert FilterSettings.from_environ({"MODEL_LABELS": text}).labels == labels


@pytest.mark.parametrize("settings", [SerializeSettings, AnnotateSettings])
@pytest.mark.parametrize("environ", [{}, {"PROCESSED_BUCKET": " "}])
def test_a_missing_bucket_names_itself(
    settings: type[SerializeSettings | AnnotateSettings], environ: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="PROCESSED_BUCKET is not set"):
        settings.from_environ(environ)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "ENDPOINT_NAME is not set"),
        ({**CLASSIFY, "ENDPOINT_TIMEOUT_SECONDS": "soon"}, "ENDPOINT_TIMEOUT_SECONDS is 'soon'"),
        ({**CLASSIFY, "ENDPOINT_TIMEOUT_SECONDS": "60"}, "ENDPOINT_TIMEOUT_SECONDS is 60"),
        ({**CLASSIFY, "ENDPOINT_TIMEOUT_SECONDS": "0"}, "ENDPOINT_TIMEOUT_SECONDS is 0"),
        ({**CLASSIFY, "MODEL_LABELS": '["cat"'}, "MODEL_LABELS is not a JSON list"),
        ({**CLASSIFY, "MODEL_LABELS": '["cat", 7]'}, "MODEL_LABELS holds a label that is not a string"),
    ],
)
def test_a_wrong_value_names_itself(environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        ClassifySettings.from_environ(environ)


ALL = {
    "ENDPOINT_NAME": "e",
    "PROCESSED_BUCKET": "p",
    "IMAGES_TABLE": "i",
    "NOTIFICATIONS_TOPIC": "t",
}
NEEDED = {
    SerializeSettings: ["PROCESSED_BUCKET"],
    ClassifySettings: ["ENDPOINT_NAME"],
    FilterSettings: [],
    AnnotateSettings: ["PROCESSED_BUCKET"],
    ClaimSettings: ["IMAGES_TABLE", "PROCESSED_BUCKET"],
    RecordSettings: ["IMAGES_TABLE", "PROCESSED_BUCKET"],
    FinalizeSettings: ["IMAGES_TABLE", "PROCESSED_BUCKET", "NOTIFICATIONS_TOPIC"],
}


@pytest.mark.parametrize("settings", NEEDED, ids=lambda settings: settings.__name__)
def test_what_a_function_needs_names_itself_where_it_is_missing(settings: Any) -> None:
    for name in ALL:
        environ = {**ALL, name: " "}
        if name in NEEDED[settings]:
            with pytest.raises(SettingsError, match=f"^The environment variable {name} is not set"):
                settings.from_environ(environ)
        else:
            settings.from_environ(environ)


def test_each_value_comes_from_the_variable_of_its_name() -> None:
    assert ClaimSettings.from_environ(ALL) == ClaimSettings("i", "p", DEFAULT_THRESHOLD, False)
    assert RecordSettings.from_environ(ALL) == RecordSettings("i", "p", None)
    assert FinalizeSettings.from_environ(ALL) == FinalizeSettings("i", "p", "t", "")
    given = {**ALL, "CONFIDENCE_THRESHOLD": "0.5", "DETECT_FACES": " True ", "STATE_MACHINE": " arn "}
    assert ClaimSettings.from_environ(given) == ClaimSettings("i", "p", 0.5, True)
    assert FinalizeSettings.from_environ(given) == FinalizeSettings("i", "p", "t", "arn")
    assert FilterSettings.from_environ(given).threshold == 0.5


@pytest.mark.parametrize(
    ("settings", "name", "accepted", "refused"),
    [
        (ClassifySettings, "ENDPOINT_TIMEOUT_SECONDS", ["0.5", "1", "58"], ["0", "-1", "58.1", "nan"]),
        (FilterSettings, "CONFIDENCE_THRESHOLD", ["0", "0.5", "1"], ["-0.1", "1.1", "nan", "high"]),
        (ClaimSettings, "CONFIDENCE_THRESHOLD", ["0", "0.5", "1"], ["-0.1", "1.1", "nan", "high"]),
        (RecordSettings, "REVIEW_THRESHOLD", ["", "0", "0.5", "1"], ["-0.1", "1.1", "nan", "high"]),
    ],
)
def test_a_number_is_taken_up_to_its_bounds(
    settings: Any, name: str, accepted: list[str], refused: list[str]
) -> None:
    for value in accepted:
        settings.from_environ({**ALL, name: value})
    for value in refused:
        with pytest.raises(SettingsError, match=name):
            settings.from_environ({**ALL, name: value})


def test_pictures_are_reviewed_from_the_threshold_that_is_given() -> None:
    found = [
        RecordSettings.from_environ({**ALL, "REVIEW_THRESHOLD": each}).review_threshold
        for each in ("0", "0.6", " ")
    ]

    assert found == [0.0, 0.6, None]
