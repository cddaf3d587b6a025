"""The pictures that a hosted model is asked before it goes live."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from model.dataset.store import Part
from model.images import read_pixels
from model.smoke_test import MAX_PICTURES, chosen, write_smoke_test
from model.spec import InputSpec


def part_of(targets: list[int], channels: int) -> Part:
    shape = InputSpec(8, 8, channels, "L" if channels == 1 else "RGB")
    pictures = np.random.default_rng(3).integers(0, 256, (len(targets), 8, 8, channels), np.uint8)
    names = [str(number) for number in range(len(targets))]
    return Part(pictures, np.array(targets, np.int64), names, ("cat", "dog", "ox"), shape)


def probabilities(answers: list[tuple[int, float]]) -> np.ndarray:
    rows = np.array([np.full(3, (1 - sure) / 2) for _, sure in answers])
    for row, (label, sure) in zip(rows, answers, strict=True):
        row[label] = sure
    return rows


def test_the_surest_right_answer_of_each_class_comes_first() -> None:
    part = part_of([0, 0, 0, 1, 1, 2], 3)
    answers = probabilities([(0, 0.8), (0, 0.9), (1, 0.99), (1, 0.7), (1, 0.6), (0, 0.9)])

    assert chosen(part, answers) == [1, 3, 0, 4], "one is wrong, and ox is never right"


def test_there_are_at_most_twenty(tmp_path: Path) -> None:
    part = part_of([0, 1] * 40, 1)

    write_smoke_test(tmp_path, part, probabilities([(0, 0.9), (1, 0.8)] * 40), tmp_path)

    assert len(json.loads((tmp_path / "smoke_test.json").read_text())["pictures"]) == MAX_PICTURES


def test_pictures_are_sent_as_they_came(tmp_path: Path) -> None:
    part = part_of([0, 1], 3)
    (tmp_path / "1").write_bytes(b"the very file")

    write_smoke_test(tmp_path, part, probabilities([(0, 0.9), (1, 0.8)]), tmp_path)

    pictures = json.loads((tmp_path / "smoke_test.json").read_text())["pictures"]
    assert base64.b64decode(pictures[1]["image"]) == b"the very file"


@pytest.mark.parametrize("channels", [1, 3])
def test_a_server_sees_the_very_pixels_that_were_evaluated(channels: int, tmp_path: Path) -> None:
    part = part_of([0, 1, 2], channels)

    write_smoke_test(tmp_path, part, probabilities([(0, 0.9), (1, 0.8), (0, 0.7)]), tmp_path)

    pictures = json.loads((tmp_path / "smoke_test.json").read_text())["pictures"]
    assert [each["label"] for each in pictures] == ["cat", "dog"]
    for place, each in enumerate(pictures):
        assert (read_pixels(base64.b64decode(each["image"]), part.input) == part.pictures[place]).all()
