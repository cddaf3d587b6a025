"""Which stacks Loupe has: the core, and those that stand on it, each in a folder of its own.

A stack that stands on the core has a parameter CoreStackName, imports what the core exports, and is called
`CORE-NAME`. The core knows none of them. A new stack is one row here and one environment in samconfig.toml.
"""

from collections.abc import Collection
from dataclasses import dataclass

from loupe.errors import InputError

CORE = "core"


@dataclass(frozen=True)
class StackSource:
    """A stack as it lies in the project: its template, and the files and folders that it is built from."""

    name: str
    template: str
    sources: tuple[str, ...]

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
        "site", "site/template.yaml", ("site/template.yaml", "site/api", "layers/core", "layers/imaging")
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


if __name__ == "__main__":  # for scripts: a line a stack
    for each in STACKS:
        print(each.name, each.template)
