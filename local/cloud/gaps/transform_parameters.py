"""The SAM transform knows the parameters' values.

AWS: the transform resolves references to parameters by the values that the operation was given. Stock
MiniStack: gives it none, so that it resolves them by the template's defaults, for instance in an HTTP API's
CORS.
"""

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers

_values: ContextVar[dict[str, Any]] = ContextVar("_values")


def install() -> None:
    """Hand the values to the transform."""
    for module in (changesets, handlers):
        module._apply_transforms = _remembering(module._apply_transforms)


def _remembering(apply: Callable[..., Any]) -> Callable[..., Any]:
    def apply_with_values(template: Any, provided: Any = None, previous_params: Any = None) -> Any:
        _patch_transform()
        token = _values.set(engine._transform_parameters(template, provided, previous_params))
        try:
            return apply(template, provided, previous_params)
        finally:
            _values.reset(token)

    return apply_with_values


@functools.cache
def _patch_transform() -> None:
    """Once, and not at the start: the translator is slow to import."""
    from samtranslator.translator import transform as module

    transform = module.transform

    def transform_with_values(template: Any, parameters: dict[str, Any], *others: Any) -> Any:
        return transform(template, {**_values.get({}), **parameters}, *others)

    module.transform = transform_with_values
