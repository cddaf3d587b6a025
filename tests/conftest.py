"""What all tests share: what each tier may touch, and a stack deployed on a local cloud of their own."""

import gc
import os
import signal
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import hypothesis
import pytest
from botocore.loaders import create_loader

from tests.cloud import DeployedStack, OwnStack
from tests.durations import LENGTHY, Durations, function_of, kept
from tests.polling import WaitFor
from tests.polling import wait_for as poll
from tests.slow import why_slow

ROOT = Path(__file__).parent.parent
WORKFLOW = ROOT / "tests" / "integration" / "workflow"
WITHOUT_SOCKETS = ("unit", "workflow")
MAX_ID_LENGTH = 80
# Their tests share one local cloud, which each worker that runs some of them would start.
SHARING = tuple(
    ROOT / "tests" / "integration" / each for each in ("local", "states", "sagemaker", "rekognition")
)

# Their libraries take seconds and hundreds of megabytes to import, so one worker does.
HEAVY = ("unit/model", "unit/template", "unit/iam", "unit/test_policies.py", "unit/api/test_document.py")

# The same examples each time: a failure is a change's doing, and can be had again. test-all draws others.
hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.register_profile("random")
hypothesis.settings.load_profile(os.environ.get("LOUPE_HYPOTHESIS", "repeatable"))

# Each test has sessions of its own. What they read of AWS's services, which takes most of a client's making,
# is the same.
botocore.session.create_loader = cache(create_loader)

# A CI may start us with SIGINT ignored, and so would be all that the tests start and mean to interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a long value by its length: with a picture of 15 MB in a test's name each worker holds hundreds of
    megabytes of names.
    """
    return f"{argname} of {len(val)}" if isinstance(val, bytes | str) and len(val) > MAX_ID_LENGTH else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make durations` asks for."""
    parser.addoption("--keep-durations", action="store_true", help="write .test_durations anew")


def pytest_configure(config: pytest.Config) -> None:
    """Keep durations where all reports arrive."""
    if config.getoption("--keep-durations") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Durations())


def pytest_collection_finish() -> None:
    """Half a gigabyte of modules and tests stays to the end: who collects garbage need not look at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by where they stand.

    Unit and workflow tests get no sockets. Tests of the stack run one by one, since they count its messages
    and records: those of the workflow in one worker, all others in another, each with a stack of its own.
    Those of the page keep together for their browser, others by folder or file for their fixtures.
    """
    for item in items:
        path = item.path.relative_to(ROOT / "tests")
        tier = path.parts[0]
        if why := why_slow(f"{path.as_posix()}::{item.name}"):
            item.add_marker(pytest.mark.slow(why))
        if tier in WITHOUT_SOCKETS:
            if kept().get(function_of(item.nodeid), 0) >= LENGTHY:
                item.add_marker(pytest.mark.lengthy)
            if heavy := next((each for each in HEAVY if path.as_posix().startswith(each)), None):
                item.add_marker(pytest.mark.xdist_group(heavy))
            item.add_marker(pytest.mark.disable_socket)
            item.add_marker(pytest.mark.timeout(60))
        elif "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.stack)
            of_workflow = WORKFLOW in item.path.parents and "LOUPE_TEST_STATE" not in os.environ
            item.add_marker(pytest.mark.xdist_group("workflow stack" if of_workflow else "stack"))
        elif tier == "web":
            item.add_marker(pytest.mark.xdist_group("web"))
        else:
            shared = next((folder for folder in SHARING if folder in item.path.parents), item.path)
            item.add_marker(pytest.mark.xdist_group(str(shared.relative_to(ROOT))))
    _begin_with_the_longest(items)


def _begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Groups first, the longest before all: what goes to one worker must not be begun last."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for item in items:
        seconds[_group(item)] += kept().get(function_of(item.nodeid), 0.01)
    items.sort(key=lambda item: -seconds[_group(item)] if _group(item) else 0)


def _group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    return str(marker.args[0]) if marker else ""


@pytest.fixture(autouse=True)
def _own_aws_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the person's AWS configuration, or reaches their account."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "LOUPE_"))]:
        if name != "AWS_CA_BUNDLE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """The stack, deployed by the real SAM CLI on a local cloud that only this worker uses."""
    with OwnStack(ROOT, tmp_path_factory.getbasetemp()) as deployed:
        yield deployed


@pytest.fixture
def wait_for() -> WaitFor:
    """Poll a question until its answer is true: `wait_for(lambda: …, "what is awaited", seconds=30)`."""
    return poll
