"""The states that a picture passes, counted in the definition itself."""

from collections.abc import Iterator, Mapping
from typing import Any

from loupe.errors import CommandError

Definition = Mapping[str, Any]


class PathError(CommandError):
    """The definition has no such way."""


def success_path(definition: Definition, choices: Mapping[str, str | tuple[str, ...]]) -> list[str]:
    """Names of all states that an execution enters from its start to its success, branches included.

    `choices` names where each Choice leads; a tuple, where it is passed several times. PathError where the
    definition has no such state or transition: then it has changed, and this must follow.
    """
    return list(_walk(definition, choices))


def _walk(machine: Definition, choices: Mapping[str, str | tuple[str, ...]]) -> Iterator[str]:
    passed: dict[str, int] = {}
    name: str | None = machine["StartAt"]
    while name is not None:
        state = machine["States"].get(name)
        if state is None or passed.get(name, 0) > 9:
            raise PathError(f"The definition has no way through {name!r}.")
        yield name
        for branch in state.get("Branches", ()):
            yield from _walk(branch, choices)
        if state["Type"] == "Choice":
            name = _chosen(name, state, choices, passed.get(name, 0))
        elif state["Type"] in ("Succeed", "Fail") or state.get("End"):
            name = None
        else:
            name = str(state["Next"])
        passed[name or ""] = passed.get(name or "", -1) + 1


def _chosen(name: str, state: Definition, choices: Mapping[str, str | tuple[str, ...]], visit: int) -> str:
    wanted = choices.get(name)
    if isinstance(wanted, tuple):
        wanted = wanted[min(visit, len(wanted) - 1)]
    targets = {rule["Next"] for rule in state["Choices"]} | {state.get("Default")}
    if wanted is None or wanted not in targets:
        raise PathError(
            f"{name!r} does not lead to {wanted!r}, but to {', '.join(sorted(map(str, targets)))}."
        )
    return wanted
