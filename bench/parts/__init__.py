"""One module a part. Its docstring's first line is the part's title, and `run` yields its figures:

    def run(bench: Bench) -> Iterator[Figure]: ...

A part that this machine cannot run raises CannotRunHereError; what it had yielded before is kept, and the
other parts go on.
"""

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from bench.context import Bench
from bench.figures import Figure


@dataclass(frozen=True)
class Part:
    """A benchmark by its module's name."""

    name: str

    @property
    def title(self) -> str:
        return str(import_module(f"bench.parts.{self.name}").__doc__).strip().splitlines()[0].rstrip(".")

    @property
    def run(self) -> Callable[[Bench], Iterator[Figure]]:
        function: Callable[[Bench], Iterator[Figure]] = import_module(f"bench.parts.{self.name}").run
        return function


def all_parts() -> dict[str, Part]:
    """Every module of this package, by name, in alphabetical order."""
    return {module.name: Part(module.name) for module in pkgutil.iter_modules(__path__)}
