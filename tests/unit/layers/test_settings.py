"""Settings: built from an environment, failing with the name of what is wrong."""

import pytest

from loupe_core.settings import (
    AnnotateSettings,
    ClassifySettings,
    FilterSettings,
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
