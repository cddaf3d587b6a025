"""`MUTMUT/bin/python -m tests.mutants`: would a test notice if a line of `loupe_core` were wrong?

mutmut (https://mutmut.readthedocs.io) writes a copy of the package that has each of its changes beside what
is changed; tests/trials.py runs the unit and workflow tests against them, one change at a time. What was
found is kept in build/mutants: a run that is stopped is gone on with by the same command. CONTRIBUTING.md
says how to make the environment that has mutmut and the packages of `.venv`.
"""

import argparse
import ast
import difflib
import hashlib
import json
import os
import random
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.trials import NO_TEST, SURVIVED, run_trials

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "layers" / "core" / "loupe_core"
STAGE = ROOT / "build" / "mutants"
FOUND = STAGE / "found.jsonl"
TESTS = (
    *(f"tests/unit/{each}" for each in ("api", "batch", "container", "events", "functions", "layers")),
    *("tests/unit/review", "tests/unit/training", "tests/workflow"),
)
# These are tests of pictures and of documents, which take seconds and ask little of the package.
LEFT_OUT = (
    *(f"tests/unit/layers/test_{each}.py" for each in ("annotate", "copies", "decode", "faces", "fonts")),
    *(f"tests/unit/layers/test_{each}.py" for each in ("formats_and_modes", "hostile_files", "memory")),
    *(f"tests/unit/layers/test_{each}.py" for each in ("normalise", "phone_pictures", "picture")),
    *("tests/unit/layers/test_rare_pictures.py", "tests/unit/api/test_document.py"),
)
UNNOTICED = (SURVIVED, NO_TEST)


@dataclass(frozen=True)
class Change:
    """A change of a function. `lines` are those of the copied module one of which runs where it would."""

    module: str
    name: str
    lines: frozenset[int]
    before: str
    after: str

    @property
    def id(self) -> str:
        """As mutmut calls it, with a digest: another change of the same name is another one."""
        digest = hashlib.sha256(f"{self.before}\0{self.after}".encode()).hexdigest()
        return f"loupe_core.{self.module}.{self.name} {digest[:12]}"

    @property
    def file(self) -> str:
        return str(STAGE / PACKAGE.name / f"{self.module}.py")

    def diff(self) -> str:
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), lineterm="", n=2)
        return "\n".join([f"# {self.module}: {self.name}", *list(lines)[2:]])


def stage() -> list[Change]:
    """Write the package with all changes in it, and say which there are."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    folder = STAGE / PACKAGE.name
    folder.mkdir(parents=True, exist_ok=True)
    changes = []
    for path in sorted(PACKAGE.glob("*.py")):
        made = mutate_file_contents(str(path), path.read_text())
        (folder / path.name).write_text(made.code)
        code, spans = made.code.splitlines(), made.line_span_by_function_name
        for name in made.mutant_names:
            original = f"{name.rpartition('__mutmut_')[0]}__mutmut_orig"
            before, after = (
                textwrap.dedent("\n".join(code[spans[each].start - 1 : spans[each].end])).replace(each, name)
                for each in (original, name)
            )
            above = spans[original].start - 1
            lines = frozenset(above + line for line in lines_to_run(before, after))
            changes.append(Change(path.stem, name, lines, before, after))
    return changes


def lines_to_run(before: str, after: str) -> set[int]:
    """The lines of a function, from 1, one of which runs where its change would: those of the statement.

    Of a change in the signature they are the first statement's.
    """
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    changed = next((number for number, (old, new) in enumerate(pairs, 1) if old != new), 1)
    function = ast.parse(before).body[0]
    statements = [each for each in ast.walk(function) if isinstance(each, ast.stmt)]
    around = max(
        (each for each in statements if each.lineno <= changed <= (each.end_lineno or 0)),
        key=lambda each: each.lineno,
    )
    if isinstance(function, ast.FunctionDef) and around is function:
        around = function.body[-1 if len(function.body) == 1 else ast.get_docstring(function) is not None]
    within = [each.lineno for each in ast.walk(around) if isinstance(each, ast.stmt) and each is not around]
    last = min(within, default=(around.end_lineno or 0) + 1) - 1
    return {*range(around.lineno, last + 1), around.lineno, changed}


def drawn(changes: Iterable[Change], share: float, seed: int) -> list[Change]:
    """A share of each module's changes, one at least, the same for the same seed.

    However many of them are tried, they are about the same share of each module.
    """
    by_module: defaultdict[str, list[Change]] = defaultdict(list)
    for change in sorted(changes, key=lambda each: each.id):
        by_module[change.module].append(change)
    ranked = []
    for listed in by_module.values():
        random.Random(seed).shuffle(listed)
        ranked += [(number / len(listed), change) for number, change in enumerate(listed)]
    return [change for rank, change in sorted(ranked, key=lambda each: (each[0], each[1].id)) if rank < share]


def read_found() -> dict[str, str]:
    """How each change ended that was tried, the last time."""
    lines = FOUND.read_text().splitlines() if FOUND.exists() else []
    return {each["id"]: each["outcome"] for each in map(json.loads, lines)}


def table(changes: Sequence[Change], found: Mapping[str, str]) -> list[str]:
    """The figures by module. An end without an answer, as by a time limit, is noticed, too."""
    rows = ["| module | possible | tried | noticed | survived | no test |", "|---|---|---|---|---|---|"]
    for module in [*sorted({each.module for each in changes}), "all"]:
        ours = [each.id for each in changes if module in (each.module, "all")]
        counts = Counter(found[each] for each in ours if each in found)
        noticed = counts.total() - counts[SURVIVED] - counts[NO_TEST]
        name = module if module == "all" else f"`{module}`"
        figures = (len(ours), counts.total(), noticed, counts[SURVIVED], counts[NO_TEST])
        rows.append(f"| {name} | {' | '.join(map(str, figures))} |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=1.0, help="of each module's changes")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--seconds", type=float, default=0.7, help="CPU of tests for each change")
    parser.add_argument("--modules", nargs="+", default=(), help="only these")
    parser.add_argument("--again", action="store_true", help="try those that no test has noticed")
    parser.add_argument("--report", action="store_true", help="try none; show those that no test has noticed")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="only these")
    given = parser.parse_args()
    os.chdir(ROOT)
    changes, found = stage(), read_found()
    if not given.report:
        wanted = [
            each
            for each in drawn(changes, given.share, given.seed)
            if (found.get(each.id) in UNNOTICED if given.again else each.id not in found)
            and (not given.modules or each.module in given.modules)
        ]
        ignored = [f"--ignore={each}" for each in LEFT_OUT]
        run_trials(STAGE / PACKAGE.name, wanted, given.seconds, FOUND, [*ignored, *given.tests])
        found = read_found()
    print(*table(changes, found), sep="\n")
    if given.report:
        print(*(each.diff() for each in changes if found.get(each.id) in UNNOTICED), sep="\n\n")


if __name__ == "__main__":
    main()
