"""Which stacks Loupe has: the core, and those that stand on it, each in a folder of its own.

A stack that stands on the core has a parameter CoreStackName, imports what the core exports, and is called
`CORE-NAME`. The core knows none of them. A new stack is one row here and one environment in samconfig.toml.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from loupe.errors import InputError

CORE = "core"
# What training and reviews count with alike; the review layer takes it along.
INTERVALS = "model/intervals.py"


@dataclass(frozen=True)
class StackSource:
    """A stack as it lies in the project: its template, and the files and folders that it is built from."""

    name: str
    template: str
    sources: tuple[str, ...]
    # It takes outputs of these, where they are there, as parameters of the same names.
    after: tuple[str, ...] = ()

    @property
    def is_core(self) -> bool:
        return self.name == CORE

    def stack_name(self, core: str) -> str:
        """What CloudFormation calls it beside a core of this name."""
        return core if self.is_core else f"{core}-{self.name}"


STACKS = (
    StackSource(CORE, "template.yaml", ("template.yaml", "statemachine", "functions", "layers")),
    StackSource("training", "training/template.yaml", ("training", "layers/core", "layers/training")),
    StackSource("batch", "batch/template.yaml", ("batch", "layers/core", "layers/imaging", "layers/batch")),
    StackSource(
        "review",
        "review/template.yaml",
        ("review", "layers/core", "layers/review", INTERVALS),
        after=("training",),
    ),
    StackSource(
        "site",
        "site/template.yaml",
        ("site/template.yaml", "site/api", "layers/core", "layers/imaging", "layers/review", INTERVALS),
        after=("training", "batch", "review"),
    ),
)
NAMES = tuple(each.name for each in STACKS)


def selected(names: Collection[str] = ()) -> tuple[StackSource, ...]:
    """Those of these names, all of them where none is given; what they stand on comes first.

    InputError for a name that no stack has.
    """
    for name in names:
        if name not in NAMES:
            raise InputError(f"There is no stack called {name}. There are: {', '.join(NAMES)}.")
    return tuple(each for each in STACKS if not names or each.is_core or each.name in names)


def in_turn(sources: Sequence[StackSource]) -> list[list[StackSource]]:
    """These stacks in groups that are deployed one after another: each after what it takes outputs of."""
    left, groups = list(sources), []
    while left:
        waiting = {each.name for each in left}
        core = [each for each in left if each.is_core]
        groups.append(core or [each for each in left if not waiting & set(each.after)])
        left = [each for each in left if each not in groups[-1]]
    return groups


if __name__ == "__main__":  # for scripts: a line a stack
    for each in STACKS:
        print(each.name, each.template)
