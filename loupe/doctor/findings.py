"""What a check found."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from loupe.errors import CommandError

OK, WARNING, PROBLEM = "ok", "warning", "problem"
MACHINE, LOCAL_CLOUD, STACK = "machine", "local cloud", "stack"


@dataclass(frozen=True)
class Finding:
    """One line of the answer: `says` what is the case, `advice` what to do where it isn't well.

    `part` is `machine`, `local cloud` or `stack`; `state` is `ok`, `warning` or `problem`.
    """

    part: str
    check: str
    state: str
    says: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """The object that `loupe doctor --json` prints."""
        return asdict(self)


@dataclass(frozen=True)
class Check:
    """Makes the findings of one part and check."""

    part: str
    name: str

    def ok(self, says: str) -> Finding:
        return Finding(self.part, self.name, OK, says)

    def warning(self, says: str, advice: str) -> Finding:
        return Finding(self.part, self.name, WARNING, says, advice)

    def problem(self, says: str, advice: str) -> Finding:
        return Finding(self.part, self.name, PROBLEM, says, advice)


def guarded(check: Check, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What `look` finds; what keeps it from looking is a problem of its own, and the next check goes on."""
    try:
        yield from look()
    except CommandError as error:
        yield check.problem(f"could not be looked at: {error}", "Put that right, and run this once more.")
