"""Runs tests against changes of a package, each change in a child of one process that has collected them.

A first child runs all tests and learns which of them run which line. Then each change gets a child, which
runs the quickest tests of its lines until one fails. Children are forked: they cost no import, and what a
test leaves behind ends with them.
"""

import hashlib
import importlib
import json
import os
import resource
import select
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypedDict

import boto3
import coverage
import hypothesis
import pytest
from _pytest.nodes import Node
from _pytest.runner import runtestprotocol

from tests.durations import function_of, kept

KILLED, TIMEOUT, SURVIVED, NO_TEST, CRASHED = "killed", "timeout", "survived", "no test", "crashed"
# A test that takes longer in the mean is left out. Of those below a change is given the quickest.
LONGEST_SECONDS = 0.5
# What a change may take beside its tests, of CPU and altogether: then it is an endless loop, or waits.
CPU_SECONDS, WALL_SECONDS = 10, 60
LEARNING_SECONDS = 3600
# So many of the tests that noticed other changes of a file come first.
PROVEN = 6
OVERHEAD_SECONDS = 0.02
# What tests import when they run: read before the children are made, else each reads it anew.
LIBRARIES = ("aws_lambda_powertools", "boto3", "botocore", "hypothesis", "jsonata", "moto", "werkzeug")
SERVICES = ("dynamodb", "lambda", "s3", "sagemaker", "sagemaker-runtime", "sns", "sqs", "stepfunctions")


class Change(Protocol):
    """What is tried: its id, and the lines of its module's file one of which runs where it would."""

    @property
    def id(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def lines(self) -> frozenset[int]: ...


class Learned(TypedDict):
    """Of tests by id: CPU seconds, and which run a line of a file; those that fail without a change."""

    seconds: dict[str, float]
    tests: dict[str, dict[str, list[str]]]
    failed: list[str]
    imported: list[str]


class Trials:
    """A pytest plugin that runs the collected tests against changes instead of once."""

    def __init__(self, package: Path, changes: Sequence[Change], seconds: float, found: Path) -> None:
        self._package, self._changes, self._seconds, self._found = package, changes, seconds, found

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        # How a test fails is of no interest, and takes ten times as long to write down as the test.
        Node._repr_failure_py = _in_a_word  # type: ignore[assignment,method-assign]
        items = {
            item.nodeid: item
            for item in session.items
            if kept().get(function_of(item.nodeid), 0) < LONGEST_SECONDS
        }
        learned = self._learned(items)
        print(f"{len(items)} tests; these fail without a change: {learned['failed']}", flush=True)
        warm_up(learned["imported"])
        self._check(items, learned)
        noticed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        with self._found.open("a") as file:
            for change in self._changes:
                chosen = tests_of(change, learned, noticed[change.file])
                name = change.id.partition(" ")[0]
                outcome, by = tried(name, [items[each] for each in chosen], self._seconds)
                noticed[change.file][by] += 1
                file.write(json.dumps({"id": change.id, "outcome": outcome, "by": by}) + "\n")
                file.flush()
        return True

    def _check(self, items: Mapping[str, pytest.Item], learned: Learned) -> None:
        """Without a change no test fails, and with each function replaced by an error one does."""
        for change in {each.file: each for each in self._changes}.values():
            tests = [items[each] for each in tests_of(change, learned, {})]
            if tests and (tried("", tests, 0.1)[0], tried("fail", tests, 0.1)[0]) != (SURVIVED, KILLED):
                raise pytest.UsageError(f"The tests cannot tell whether {change.file} is changed.")

    def _learned(self, items: Mapping[str, pytest.Item]) -> Learned:
        """What was learned of these very tests and this very package before, or is now."""
        seen = hashlib.sha256("\n".join(sorted(items)).encode())
        for path in sorted({*(item.path for item in items.values()), *self._package.glob("*.py")}):
            seen.update(path.read_bytes())
        path = self._found.with_name(f"learned-{seen.hexdigest()[:16]}.json")
        if not path.exists():
            answer, _ = in_child(
                lambda: learn(list(items.values()), self._package), LEARNING_SECONDS, LEARNING_SECONDS
            )
            if not answer:
                raise pytest.UsageError("The tests could not be run without a change.")
            path.write_text(answer)
        learned: Learned = json.loads(path.read_text())
        return learned


def learn(items: Sequence[pytest.Item], package: Path) -> str:
    """Run all tests; what was learned, in JSON."""
    watch = coverage.Coverage(data_file=None, include=[f"{package}/*"], config_file=False)
    watch.start()
    seconds, failed = {}, []
    for item, following in zip(items, [*items[1:], None], strict=True):
        watch.switch_context(item.nodeid)
        begun = time.process_time()
        if fails(item, following):
            failed.append(item.nodeid)
        seconds[item.nodeid] = time.process_time() - begun
    watch.stop()
    data = watch.get_data()
    tests = {path: data.contexts_by_lineno(path) for path in data.measured_files()}
    imported = sorted(name for name in sys.modules if name.startswith(LIBRARIES))
    return json.dumps({"seconds": seconds, "tests": tests, "failed": failed, "imported": imported})


def tests_of(change: Change, learned: Learned, noticed: Mapping[str, int]) -> list[str]:
    """The tests that run a change's lines, in turn."""
    lines = learned["tests"].get(change.file, {})
    found = {test for line in change.lines for test in lines.get(str(line), ())} - {"", *learned["failed"]}
    named = f"/test_{Path(change.file).name}::"
    return in_turn({test: learned["seconds"][test] for test in found}, noticed, named)


def in_turn(seconds: Mapping[str, float], noticed: Mapping[str, int], named: str) -> list[str]:
    """A few tests that noticed most for their time, then those of the file that is `named` after the changed
    one; of all others one case of each before a second of any; the quickest first.
    """
    met: Counter[str] = Counter()
    ranked: list[tuple[int, int, str]] = []
    for test in sorted(seconds, key=lambda each: (seconds[each], each)):
        ranked.append((-1 if named in test else met[function_of(test)], len(ranked), test))
        met[function_of(test)] += 1
    turns = [test for _, _, test in sorted(ranked)]
    proven = [test for test in turns if noticed.get(test)]
    proven.sort(key=lambda test: noticed[test] / (seconds[test] + OVERHEAD_SECONDS), reverse=True)
    return [*proven[:PROVEN], *(test for test in turns if test not in proven[:PROVEN])]


def warm_up(modules: Iterable[str]) -> None:
    """Import what tests import when they run, and have botocore read what it knows of the services."""
    for name in modules:
        with suppress(Exception):
            importlib.import_module(name)
    make: Any = boto3.client  # typed for names that are written out only
    for service in SERVICES:
        make(service, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def tried(name: str, tests: Sequence[pytest.Item], seconds: float) -> tuple[str, str]:
    """How a change ends, and the test that noticed it. With an empty name nothing is changed."""

    def run() -> str:
        from mutmut.mutation.trampoline import set_mutant_under_test

        set_mutant_under_test(name)
        for item, following in zip(tests, [*tests[1:], None], strict=True):
            if fails(item, following):
                return f"{KILLED} {item.nodeid}"
            if time.process_time() > seconds:
                break
        return SURVIVED

    if not tests:
        return NO_TEST, ""
    answer, late = in_child(run, CPU_SECONDS + seconds, WALL_SECONDS + seconds)
    outcome, _, by = answer.partition(" ")
    return outcome or (TIMEOUT if late else CRASHED), by


def fails(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Run a test; whether it, what it needs, or what cleans up after it, failed."""
    return any(report.failed for report in runtestprotocol(item, nextitem=following, log=False))


def _in_a_word(node: Node, error: Any, style: object = None) -> Any:
    return error.typename


def in_child(work: Callable[[], str], cpu_seconds: float, wall_seconds: float) -> tuple[str, bool]:
    """What `work` gives in a child of this process, "" where it fails, and whether it took too long."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _work_and_exit(work, writing, int(cpu_seconds))
    os.close(writing)
    answer, until, killed = b"", time.monotonic() + wall_seconds, False
    while not killed:
        if not select.select([reading], [], [], max(0.0, until - time.monotonic()))[0]:
            os.kill(child, signal.SIGKILL)
            killed = True
        elif part := os.read(reading, 1 << 16):
            answer += part
        else:
            break
    os.close(reading)
    status = os.waitpid(child, 0)[1]
    return answer.decode(), killed or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU)


def _work_and_exit(work: Callable[[], str], writing: int, cpu_seconds: int) -> NoReturn:
    """The child: silent, and gone without a word to pytest."""
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        answer = work()
        with os.fdopen(writing, "w") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)


def run_trials(
    package: Path, changes: Sequence[Change], seconds: float, found: Path, tests: Sequence[str]
) -> None:
    """Try changes of the copied package, and add a line for each to the file `found`."""
    # Imported before pytest puts the original's folder first.
    sys.path.insert(0, str(package.parent))
    importlib.import_module(package.name)
    few = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile("few", derandomize=True, max_examples=30, deadline=None, phases=few)
    os.environ["LOUPE_HYPOTHESIS"] = "few"
    options = ["-q", "-m", "not slow", "-p", "no:cacheprovider", f"--basetemp={found.with_name('tmp')}"]
    # Hypothesis was imported before, to be told of its settings.
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    if pytest.main([*options, *tests], plugins=[Trials(package, changes, seconds, found)]):
        raise SystemExit("The tests could not be run.")
