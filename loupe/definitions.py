"""State machines' definitions: what CloudFormation puts in place of `${Name}`."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs would be one more package to pin

NAME = re.compile(r"\$\{([A-Za-z][A-Za-z0-9]*)\}")


def learned(source: str, deployed: str) -> dict[str, Any]:
    """What stands for each name of a definition, from its source and what was deployed of it.

    ValueError where the one was not made of the other.
    """
    values: dict[str, Any] = {}
    for written, found in _pairs(yaml.safe_load(source), yaml.safe_load(deployed)):
        if whole := NAME.fullmatch(written):
            values[whole[1]] = found
        elif NAME.search(written):
            parts = NAME.split(written)
            # Literals at even places, names at odd ones; a name's second place holds what its first does.
            seen: set[str] = set()
            pattern = ""
            for place, part in enumerate(parts):
                pattern += (
                    re.escape(part)
                    if place % 2 == 0
                    else f"(?P={part})"
                    if part in seen
                    else f"(?P<{part}>.*?)"
                )
                seen |= {part} if place % 2 else set()
            match = re.fullmatch(pattern, str(found), re.S)
            if not match:
                raise ValueError("the deployed definition is another than the one that changed")
            values = {**match.groupdict(), **values}
    return values


def filled_in(source: str, values: Mapping[str, Any]) -> str:
    """The definition as JSON with each name replaced. ValueError for a name that has no value."""
    try:
        parsed = yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    return json.dumps(_replaced(parsed, values), ensure_ascii=False)


def _replaced(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, dict):
        return {key: _replaced(each, values) for key, each in node.items()}
    if isinstance(node, list):
        return [_replaced(each, values) for each in node]
    if not isinstance(node, str):
        return node
    if missing := set(NAME.findall(node)) - values.keys():
        raise ValueError(f"${{{min(missing)}}} is new: `loupe up --detach` deploys the template")
    if whole := NAME.fullmatch(node):
        return values[whole[1]]
    return NAME.sub(lambda match: str(values[match[1]]), node)


def _pairs(written: Any, found: Any) -> Iterator[tuple[str, Any]]:
    """Texts of the source with what stands at their place."""
    if isinstance(written, dict) and isinstance(found, dict) and written.keys() == found.keys():
        for key, each in written.items():
            yield from _pairs(each, found[key])
    elif isinstance(written, list) and isinstance(found, list) and len(written) == len(found):
        for pair in zip(written, found, strict=True):
            yield from _pairs(*pair)
    elif isinstance(written, str):
        yield written, found
    elif written != found:
        raise ValueError("the deployed definition is another than the one that changed")
