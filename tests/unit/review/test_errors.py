"""The errors of reviews: each is documented, and named in the hierarchy."""

import inspect
import re
from pathlib import Path

from loupe_core.errors import PermanentError
from loupe_review import errors
from loupe_review.images import REASONS

ROOT = Path(__file__).parents[3]
CLASSES = {
    name
    for name, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, PermanentError) and value is not PermanentError
}


def test_the_documentation_lists_every_error() -> None:
    text = (ROOT / "docs" / "review.md").read_text()
    assert set(re.findall(r"^\| `(\w+Error)` \| permanent \|", text, flags=re.MULTILINE)) == CLASSES


def test_the_hierarchy_names_every_error() -> None:
    assert all(name in (errors.__doc__ or "") for name in CLASSES)


def test_what_is_recorded_is_an_error_of_that_name() -> None:
    assert {each.name for each in REASONS.values()} <= CLASSES
