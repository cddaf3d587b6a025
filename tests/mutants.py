"""`MUTMUT/bin/python -m tests.mutants`: would a test notice if a line of `loupe_core` were wrong?

Runs mutmut (https://mutmut.readthedocs.io) over a share of all the changes that it makes to the package's
functions, drawn by module, each with the quickest of the unit and workflow tests that run the function.
Prints a table by module and the changes that no test noticed. Runs in an environment of its own, which has
mutmut and sees the packages of `.venv`: CONTRIBUTING.md says how to make it. Its settings are in
pyproject.toml.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "layers" / "core" / "loupe_core"
# mutmut works in a copy, in which the package is where its name says: it knows a module by its path alone.
STAGE = ROOT / "build" / "mutants"
# What a test takes beside its own time.
OVERHEAD_SECONDS = 0.05
NOT_DRAWN, SURVIVED, NO_TESTS = 34, 0, 33
KILLED = {
    1: "killed",
    3: "killed",
    24: "timeout",
    -24: "timeout",
    36: "timeout",
    152: "timeout",
    -9: "timeout",
}


def stage() -> None:
    """Copy what git knows, the package to the root of the copy."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        source = ROOT / name
        kept = source.relative_to(PACKAGE.parent if PACKAGE in source.parents else ROOT)
        if source.is_file():
            (STAGE / kept).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, STAGE / kept)


def drawn(names: Iterable[str], share: float, seed: int) -> set[str]:
    """A share of the names, at least one: the same for the same seed."""
    listed = sorted(names)
    return set(random.Random(seed).sample(listed, min(len(listed), max(1, round(share * len(listed))))))


def counted(codes: Mapping[str, int | None]) -> Counter[str]:
    """mutmut's exit codes of a module's changes in words."""
    words = {**KILLED, SURVIVED: "survived", NO_TESTS: "no test"}
    return Counter(words.get(code, "other") for code in codes.values() if code not in (NOT_DRAWN, None))


def draw(share: float, seed: int) -> None:
    """Make all changes, and mark those that are not drawn."""
    from mutmut import __main__ as mutmut
    from mutmut.mutation.data import SourceFileMutationData

    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.create_mutants(1)
    for path in mutmut.walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        chosen = drawn(data.exit_code_by_key, share, seed) if data.exit_code_by_key else set()
        for name, code in data.exit_code_by_key.items():
            if name not in chosen:
                data.exit_code_by_key[name] = NOT_DRAWN
            elif code == NOT_DRAWN:
                data.exit_code_by_key[name] = None
        data.save()


def quickest(tests: Iterable[str], durations: Mapping[str, float], seconds: float) -> list[str]:
    """The quickest tests that take so long together; one at least."""
    kept: list[str] = []
    for test in sorted(tests, key=lambda each: (durations[each], each)):
        seconds -= durations[test] + OVERHEAD_SECONDS
        if kept and seconds < 0:
            break
        kept.append(test)
    return kept


def learn(seconds: float) -> None:
    """Run the tests once to see which run which function, and keep the quickest for each."""
    subprocess.run(["mutmut", "print-time-estimates"], stdout=subprocess.DEVNULL, check=True)
    path = Path("mutants", "mutmut-stats.json")
    learned = json.loads(path.read_text())
    durations, by_function = learned["duration_by_test"], learned["tests_by_mangled_function_name"]
    for function, tests in by_function.items():
        by_function[function] = quickest(tests, durations, seconds)
    path.write_text(json.dumps(learned))


def report() -> None:
    """The table by module, then each change that no test noticed."""
    print(f"{'module':24} drawn killed timeout survived no test")
    unnoticed: list[str] = []
    total: Counter[str] = Counter()
    for path in sorted((STAGE / "mutants" / "loupe_core").glob("*.meta")):
        codes: dict[str, int | None] = json.loads(path.read_text())["exit_code_by_key"]
        counts = counted(codes)
        total += counts
        unnoticed += [name for name, code in codes.items() if code in (SURVIVED, NO_TESTS)]
        _print_row(path.name.removesuffix(".py.meta"), counts)
    _print_row("all", total)
    for name in unnoticed:
        print(subprocess.run(["mutmut", "show", name], cwd=STAGE, capture_output=True, text=True).stdout)


def _print_row(name: str, counts: Counter[str]) -> None:
    columns = [counts[each] for each in ("killed", "timeout", "survived", "no test")]
    print(f"{name:24} {sum(counts.values()):5}" + "".join(f" {each:7}" for each in columns))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3.0, help="of tests for each change")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="only say what was found")
    given = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    if not given.report:
        stage()
        os.chdir(STAGE)
        draw(given.share, given.seed)
        learn(given.seconds)
        subprocess.run(["mutmut", "run", "--max-children", str(given.processes)], check=True)
    report()


if __name__ == "__main__":
    main()
