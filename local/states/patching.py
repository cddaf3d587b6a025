"""Replacing parts of moto and MiniStack: the one place that says how."""

import sys
from typing import Any


class PatchTargetMissingError(RuntimeError):
    """A part that is to be replaced isn't there: the library's version isn't the one this package was written
    for.
    """


def replace(owner: Any, name: str, value: Any) -> Any:
    """Puts `value` in the place of `owner.name`, which must exist, and returns what was there."""
    try:
        former = getattr(owner, name)
    except AttributeError as error:
        raise PatchTargetMissingError(f"{owner!r} has no {name}: is its version the pinned one?") from error
    setattr(owner, name, value)
    return former


def replace_everywhere(name: str, owner: Any, value: Any) -> None:
    """Replaces a function also where moto's modules imported it by name."""
    former = replace(owner, name, value)
    for module in list(sys.modules.values()):
        ours = getattr(module, "__name__", "").startswith("moto.stepfunctions")
        if ours and getattr(module, name, None) is former:
            setattr(module, name, value)
