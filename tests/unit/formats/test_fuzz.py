"""Whatever the bytes, a header is read or refused by name, at once."""

import os
import random

import pytest

from tests.unit.formats.fuzz import by_chance, changed, examine, seeds

ROUNDS = 100


def test_every_seed_is_read() -> None:
    assert [examine(content) for content in seeds()].count("read") >= len(seeds()) - 2


@pytest.mark.parametrize("number", range(len(seeds())))
def test_changed_headers_are_read_or_refused_by_name(number: int) -> None:
    draw = random.Random(number)
    content = seeds()[number]

    outcomes = {examine(changed(draw, content)) for _ in range(ROUNDS)}

    assert outcomes <= {"read", "NotAPictureError", "BrokenPictureError", "PictureTooLargeError"}


def test_every_beginning_of_a_header_is_read_or_refused_by_name() -> None:
    for content in seeds():
        for length in range(min(len(content), 400)):
            examine(content[:length])


@pytest.mark.timeout(900)
def test_ten_minutes_of_changed_headers_end_well() -> None:
    """FUZZ_SECONDS shortens it; `python -m tests.unit.formats.fuzz` does the same guided by coverage."""
    outcomes = by_chance(float(os.environ.get("FUZZ_SECONDS", "600")), number=20)

    assert outcomes["read"] > 0
    assert outcomes["BrokenPictureError"] > 0
