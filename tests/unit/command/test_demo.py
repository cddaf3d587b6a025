"""What `loupe demo` expects of its pictures, on a stack as somebody has set it."""

import pytest

from loupe.commands.demo import is_unsure, messages_about
from loupe.results import Result

CLASSIFIED = Result("a", "SUCCEEDED", label="7")
REFUSED = Result("b", "FAILED", error="ThresholdConfidenceNotMetError")
FAILED = Result("c", "FAILED", error="CorruptImageError")
IN_REVIEW = Result("d", "IN_REVIEW", label="7")


@pytest.mark.parametrize(
    ("result", "unsure", "messages"),
    [(CLASSIFIED, False, 1), (REFUSED, True, 1), (FAILED, False, 1), (IN_REVIEW, True, 0)],
)
def test_a_picture_that_waits_for_a_person_is_below_the_threshold_and_causes_no_message(
    result: Result, unsure: bool, messages: int
) -> None:
    assert is_unsure(result) == unsure
    assert messages_about([CLASSIFIED, result]) == 1 + messages
