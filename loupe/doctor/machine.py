"""Is everything here that the command, the local cloud and the builds need?"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from loupe.doctor.findings import MACHINE, Check, Finding
from loupe.page.build import OLDEST_NODE, parse_version
from loupe.sam import lambda_python_version
from loupe.settings import Settings

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
LAMBDA_PYTHON = "3.13"
GB = 1024**3
# The environments take 3 GB, a build and a local cloud's pictures and models some more.
MIN_FREE, ENOUGH_FREE = 1 * GB, 5 * GB
BROWSERS = ("chromium", "google-chrome")


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and what it is made from: as the Makefile says."""

    name: str
    made_from: tuple[str, ...]
    made_by: str = "make setup"
    needed: bool = True


ENVIRONMENTS = (
    Environment(".venv", ("requirements/dev.lock", "requirements/photos.lock", "pyproject.toml")),
    Environment(".venv-sam", ("requirements/sam.lock",)),
    Environment(".venv-lambda", ("requirements/lambda-runtime.lock",)),
    Environment(
        ".venv-train", ("requirements/train.lock", "requirements/torch.txt"), "make setup-train", needed=False
    ),
)


@dataclass(frozen=True)
class Machine:
    """This machine, as far as the checks look at it."""

    python: tuple[int, int]
    which: Callable[[str], str | None]
    version_of: Callable[[str], str]
    free_bytes: Callable[[Path], int]
    is_taken: Callable[[int], bool]

    @classmethod
    def this(cls) -> "Machine":
        return cls(
            sys.version_info[:2],
            shutil.which,
            _version_of,
            lambda path: shutil.disk_usage(path).free,
            _is_taken,
        )


def check_machine(
    settings: Settings, machine: Machine, environ: Mapping[str, str], cloud_runs: bool
) -> Iterator[Finding]:
    """All of this module's checks; those of the checkout only where there is one."""
    yield check_python(machine)
    yield check_disk(settings, machine)
    if (settings.root / "Makefile").exists():
        yield check_lambda_python(settings)
        yield check_make(machine)
        yield from check_environments(settings)
        yield check_node(machine)
        yield check_browser(machine)
    if not cloud_runs:
        yield from check_ports(settings, machine, environ)


def check_python(machine: Machine) -> Finding:
    check = Check(MACHINE, "python")
    version = "{}.{}".format(*machine.python)
    if OLDEST_PYTHON <= machine.python <= NEWEST_PYTHON:
        return check.ok(f"The command runs on Python {version}.")
    return check.problem(
        f"The command runs on Python {version}; 3.11 to 3.14 are supported.",
        "Make the environment with another: make clean setup PYTHON=python3.13",
    )


def check_lambda_python(settings: Settings) -> Finding:
    """Functions run on what .venv-lambda was made with; AWS runs them on 3.13."""
    check = Check(MACHINE, "functions' python")
    found = lambda_python_version(settings.root)
    if found == LAMBDA_PYTHON:
        return check.ok(f"Functions run on Python {found}, as on AWS.")
    says = f"Functions run on Python {found} here" if found else "Nothing is here for functions to run on"
    return check.warning(
        f"{says}; AWS runs them on {LAMBDA_PYTHON}, and `make deploy` needs that to build them.",
        "uv python install 3.13 (or pyenv, apt, brew), then: rm -r .venv-lambda; make setup",
    )


def check_make(machine: Machine) -> Finding:
    check = Check(MACHINE, "make")
    if machine.which("make"):
        return check.ok("make is here.")
    return check.problem("make is not here.", "apt install make, or xcode-select --install")


def check_disk(settings: Settings, machine: Machine) -> Finding:
    check = Check(MACHINE, "disk")
    # The state folder may not be there yet.
    place = next(each for each in (settings.state, *settings.state.parents) if each.exists())
    free = machine.free_bytes(place)
    says = f"{free / GB:.1f} GB are free at {place}."
    advice = "Make room. `make clean` removes all that was made here, the local cloud's state too."
    if free < MIN_FREE:
        return check.problem(says, advice)
    return check.warning(says, advice) if free < ENOUGH_FREE else check.ok(says)


def check_environments(settings: Settings) -> Iterator[Finding]:
    """As make sees it: an environment is current when its stamp is no older than what it is made from."""
    for each in ENVIRONMENTS:
        check = Check(MACHINE, each.name)
        try:
            stamp = (settings.root / each.name / ".stamp").stat().st_mtime
        except OSError:
            if each.needed:
                yield check.problem(f"{each.name} is not there.", f"Run: {each.made_by}")
            continue
        newer = [name for name in each.made_from if (settings.root / name).stat().st_mtime > stamp]
        if newer:
            yield check.warning(f"{each.name} is older than {' and '.join(newer)}.", f"Run: {each.made_by}")
        else:
            yield check.ok(f"{each.name} is up to date.")


def check_node(machine: Machine) -> Finding:
    check = Check(MACHINE, "node")
    oldest = "{}.{}".format(*OLDEST_NODE)
    node = machine.which("node") if machine.which("npm") else None
    version = machine.version_of(node) if node else ""
    if parse_version(version) >= OLDEST_NODE:
        return check.ok(f"Node {version} builds the page.")
    return check.warning(
        f"Node {oldest} or later with npm is not here{f' (but {version})' if version else ''}: "
        "the page cannot be built; all else works.",
        f"Install Node {oldest} or later where you want the page.",
    )


def check_browser(machine: Machine) -> Finding:
    check = Check(MACHINE, "browser")
    found = next(filter(None, map(machine.which, BROWSERS)), None)
    if found:
        return check.ok(f"{found} is here for the tests of the page.")
    return check.ok("No Chromium on the path; `make test` gets one for the tests of the page, where it may.")


def check_ports(settings: Settings, machine: Machine, environ: Mapping[str, str]) -> Iterator[Finding]:
    """The gateway's and the page's, while no local cloud of this folder holds them."""
    wanted = {"LOUPE_PORT": settings.port, "LOUPE_WEB_PORT": settings.port + 1}
    with suppress(ValueError):
        wanted["LOUPE_WEB_PORT"] = int(environ.get("LOUPE_WEB_PORT") or settings.port + 1)
    for name, port in wanted.items():
        check = Check(MACHINE, f"port {port}")
        if machine.is_taken(port):
            yield check.problem(
                f"Port {port} is taken by another program.",
                f"End it, or choose another port: {name}=5{port % 1000:03} loupe up",
            )
        else:
            yield check.ok(f"Port {port} is free.")


def _version_of(program: str) -> str:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip()


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":
            # As servers do: what a connection that was closed leaves for a minute takes nothing.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
