"""`loupe doctor` on a machine: all that is needed is there, or what is not is said."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loupe.doctor.findings import OK, PROBLEM, WARNING
from loupe.doctor.machine import ENVIRONMENTS, GB, Machine, check_machine
from loupe.settings import Settings
from tests.unit.command.doctor.found import by_check
from tests.workflow.definitions import ROOT

GOOD_MACHINE = Machine(
    python=(3, 13),
    which=lambda name: f"/usr/bin/{name}",
    version_of=lambda program: "v22.1.0",
    free_bytes=lambda path: 50 * GB,
    is_taken=lambda port: False,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A checkout whose environments are all there and current."""
    (tmp_path / "Makefile").touch()
    for environment in ENVIRONMENTS:
        for name in environment.made_from:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
            os.utime(tmp_path / name, (1, 1))
        (tmp_path / environment.name).mkdir()
        (tmp_path / environment.name / ".stamp").touch()
    (tmp_path / ".venv-lambda" / "pyvenv.cfg").write_text("version = 3.13.1\n")
    return Settings(root=tmp_path, state=tmp_path / ".loupe", port=4566, endpoint_url=None)


def test_a_machine_with_all_that_is_needed_is_well(settings: Settings) -> None:
    found = list(check_machine(settings, GOOD_MACHINE, {}, cloud_runs=False))

    assert {each.state for each in found} == {OK}


@pytest.mark.parametrize(
    ("change", "check", "state", "says"),
    [
        ({"python": (3, 10)}, "python", PROBLEM, "3.10"),
        ({"python": (3, 15)}, "python", PROBLEM, "3.15"),
        ({"which": lambda name: None}, "make", PROBLEM, "not here"),
        ({"which": lambda name: None}, "node", WARNING, "cannot be built"),
        ({"which": lambda name: None}, "browser", OK, "No Chromium"),
        ({"version_of": lambda program: "v18.19.0"}, "node", WARNING, "v18.19.0"),
        ({"free_bytes": lambda path: 3 * GB}, "disk", WARNING, "3.0 GB"),
        ({"free_bytes": lambda path: GB // 2}, "disk", PROBLEM, "0.5 GB"),
        ({"is_taken": lambda port: port == 4566}, "port 4566", PROBLEM, "taken"),
        ({"is_taken": lambda port: port == 4567}, "port 4567", PROBLEM, "taken"),
    ],
)
def test_what_a_machine_lacks_is_said_with_what_to_do(
    settings: Settings, change: dict[str, Any], check: str, state: str, says: str
) -> None:
    finding = by_check(check_machine(settings, replace(GOOD_MACHINE, **change), {}, cloud_runs=False))[check]

    assert finding.state == state
    assert says in finding.says
    assert finding.advice or state == OK


def test_the_pages_port_is_the_one_that_the_environment_names(settings: Settings) -> None:
    found = by_check(check_machine(settings, GOOD_MACHINE, {"LOUPE_WEB_PORT": "8080"}, cloud_runs=False))

    assert "port 8080" in found
    assert "port 4567" not in found


def test_a_running_local_cloud_holds_its_ports_itself(settings: Settings) -> None:
    taken = replace(GOOD_MACHINE, is_taken=lambda port: True)

    assert not [each for each in check_machine(settings, taken, {}, cloud_runs=True) if each.state != OK]


@pytest.mark.parametrize("taken", [True, False])
def test_a_port_that_cannot_be_bound_is_taken(monkeypatch: pytest.MonkeyPatch, taken: bool) -> None:
    class FakeSocket:
        def __enter__(self) -> "FakeSocket":
            return self

        def __exit__(self, *error: object) -> None: ...

        def setsockopt(self, *option: int) -> None: ...

        def bind(self, address: tuple[str, int]) -> None:
            if taken:
                raise OSError("Address already in use")

    monkeypatch.setattr("loupe.doctor.machine.socket.socket", FakeSocket)

    assert Machine.this().is_taken(4566) is taken


@pytest.mark.parametrize("version", ["3.11.9", ""])
def test_functions_on_another_python_than_lambdas_are_a_warning(settings: Settings, version: str) -> None:
    (settings.root / ".venv-lambda" / "pyvenv.cfg").write_text(f"version = {version}\n" if version else "")

    found = by_check(check_machine(settings, GOOD_MACHINE, {}, cloud_runs=False))

    assert found["functions' python"].state == WARNING


def test_an_environment_older_than_its_lock_is_a_warning_and_a_missing_one_a_problem(
    settings: Settings,
) -> None:
    os.utime(settings.root / "requirements" / "sam.lock", (2**32, 2**32))
    (settings.root / ".venv" / ".stamp").unlink()
    (settings.root / ".venv-train" / ".stamp").unlink()

    found = by_check(check_machine(settings, GOOD_MACHINE, {}, cloud_runs=False))

    assert found[".venv-sam"].state == WARNING
    assert "requirements/sam.lock" in found[".venv-sam"].says
    assert found[".venv"].state == PROBLEM
    assert ".venv-train" not in found  # only training takes it


def test_environments_are_made_from_what_the_makefile_says() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for each in ENVIRONMENTS:
        assert f"\n{each.name}/.stamp: {' '.join(each.made_from)} | python\n" in makefile
        assert f"\n{each.made_by.removeprefix('make ')}: | python ##" in makefile
