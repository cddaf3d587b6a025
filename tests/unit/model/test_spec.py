"""model.json is read strictly, and an error names the key."""

import json
from pathlib import Path
from typing import Any

import pytest

from model.errors import ModelSpecError
from model.spec import parse_spec, read_spec

from .models import spec_document


def test_a_spec_survives_being_written_and_read() -> None:
    spec = parse_spec(spec_document(input={"resize": "center_crop", "resize_short": 9, "name": "picture"}))

    assert parse_spec(json.loads(spec.to_json({"seed": 7}))) == spec


def test_what_may_be_left_out_has_the_plain_default() -> None:
    document = spec_document()
    document["input"] = {"width": 4, "height": 3, "channels": 3, "color": "RGB"}

    spec = parse_spec(document).input

    assert (spec.layout, spec.resize, spec.scale) == ("NCHW", "stretch", 1 / 255)
    assert (spec.mean, spec.std) == ((0, 0, 0), (1, 1, 1))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"labels": None}, "labels"),
        ({"labels": ["only"]}, "labels"),
        ({"labels": ["a", ""]}, "labels"),
        ({"labels": "a,b"}, "labels"),
        ({"name": ""}, "name"),
        ({"name": 3}, "name"),
        ({"label": ["a", "b"]}, "label"),
        ({"input": "2x2"}, "input"),
        ({"input": {"width": 0}}, "input.width"),
        ({"input": {"width": 2.5}}, "input.width"),
        ({"input": {"height": None}}, "input.height"),
        ({"input": {"height": True}}, "input.height"),
        ({"input": {"channels": 2}}, "input.channels"),
        ({"input": {"channels": 4}}, "input.channels"),
        ({"input": {"color": "RGB"}}, "input.color"),
        ({"input": {"color": None}}, "input.color"),
        ({"input": {"layout": "CHW"}}, "input.layout"),
        ({"input": {"resize": "pad"}}, "input.resize"),
        ({"input": {"filter": "nearest"}}, "input.filter"),
        ({"input": {"resize": "center_crop", "resize_short": 1}}, "input.resize_short"),
        ({"input": {"scale": 0}}, "input.scale"),
        ({"input": {"scale": "1/255"}}, "input.scale"),
        ({"input": {"scale": float("nan")}}, "input.scale"),
        ({"input": {"mean": [0, 0, 0]}}, "input.mean"),
        ({"input": {"mean": 0}}, "input.mean"),
        ({"input": {"std": [0]}}, "input.std"),
        ({"input": {"meen": [0]}}, "input.meen"),
        ({"output": {"kind": "scores"}}, "output.kind"),
        ({"output": {"kind": None}}, "output.kind"),
        ({"output": []}, "output"),
    ],
)
def test_an_error_names_the_key(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ModelSpecError) as caught:
        parse_spec(spec_document(**changes))

    assert caught.value.key == key
    assert key in str(caught.value)


def test_the_documented_example_can_be_read() -> None:
    text = (Path(__file__).parents[3] / "docs" / "training.md").read_text("utf-8")
    (example,) = [part for part in text.split("```json\n")[1:] if '"labels"' in part.split("```")[0]]

    assert parse_spec(json.loads(example.split("```")[0])).labels == ("cat", "dog")


def test_an_output_of_features_is_named_and_written_back() -> None:
    spec = parse_spec(spec_document(output={"features": "embedding"}))

    assert spec.output.features == "embedding"
    assert parse_spec(json.loads(spec.to_json())) == spec


def test_a_label_may_stand_twice() -> None:
    assert parse_spec(spec_document(labels=["crane", "crane", "dog"])).labels == ("crane", "crane", "dog")


def test_a_misspelt_key_is_answered_with_the_right_one() -> None:
    with pytest.raises(ModelSpecError, match="did you mean mean"):
        parse_spec(spec_document(input={"meen": [0]}))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"x"', "\ufeff{}"])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text, "utf-8")

    with pytest.raises(ModelSpecError):
        read_spec(tmp_path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelSpecError, match=r"there is no model\.json"):
        read_spec(tmp_path)
