"""The errors: their names are the contract, and each is either transient or permanent."""

import inspect
import re

from loupe_core import errors
from tests.unit.functions.handlers import ROOT

CLASSES = {
    name: value
    for name, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, errors.LoupeError)
}
BASES = {"LoupeError", "PermanentError", "TransientError"}


def documented() -> dict[str, str]:
    """Error name to kind, by the table in docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    return dict(re.findall(r"^\| `(\w+Error)` \| (permanent|transient) \|", text, flags=re.MULTILINE))


def test_the_documentation_lists_every_error_with_its_kind() -> None:
    kinds = {name: "transient" if value.transient else "permanent" for name, value in CLASSES.items()}

    assert documented() == {name: kind for name, kind in kinds.items() if name not in BASES}


def test_every_error_stands_under_its_kind_and_in_the_hierarchy() -> None:
    for name, value in CLASSES.items():
        assert name.endswith("Error")
        assert name in (errors.__doc__ or "")
        if name not in BASES:
            assert issubclass(value, errors.TransientError if value.transient else errors.PermanentError)
