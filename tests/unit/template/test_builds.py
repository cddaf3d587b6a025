"""Layers and functions with libraries are built by Lambda's Python; without it the build says so and ends."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.template.transformed import ROOT

MAKEFILES = [
    *sorted(ROOT.glob("layers/*/Makefile")),
    ROOT / "site" / "api" / "Makefile",
    ROOT / "batch" / "functions" / "finish_batch" / "Makefile",
]
COMMON = (ROOT / "layers" / "python.mk").read_text(encoding="utf-8")
OTHER_PYTHON = "#!/bin/sh\necho 3 11\n"


def make(makefile: Path, artifacts: Path, python: str, *variables: str) -> subprocess.CompletedProcess[str]:
    [target, *_] = re.findall(r"^(build-\w+)", makefile.read_text(encoding="utf-8"), re.MULTILINE)
    command = ["make", "-s", "-C", str(makefile.parent), target]
    return subprocess.run(
        [*command, f"ARTIFACTS_DIR={artifacts}", f"LAMBDA_PYTHON={python}", *variables],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize("makefile", MAKEFILES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("there", [True, False], ids=["another version", "no interpreter"])
def test_a_build_without_lambdas_python_says_so(makefile: Path, there: bool, tmp_path: Path) -> None:
    python = tmp_path / "python3.13"
    if there:
        python.write_text(OTHER_PYTHON)
        python.chmod(0o755)

    done = make(makefile, tmp_path / "out", str(python))

    assert done.returncode != 0
    assert "Lambda runs python3.13" in done.stderr
    assert "uv python install 3.13" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("makefile", MAKEFILES, ids=lambda path: path.parent.name)
def test_python_modules_are_shipped_compiled(makefile: Path) -> None:
    # Fonts are no modules.
    assert "$(COMPILE)" in makefile.read_text(encoding="utf-8") or makefile.parent.name == "fonts"
    assert "compileall -q --invalidation-mode unchecked-hash" in COMMON


@pytest.mark.parametrize("makefile", MAKEFILES, ids=lambda path: path.parent.name)
def test_what_builds_have_in_common_stands_once(makefile: Path) -> None:
    text = makefile.read_text(encoding="utf-8")

    assert "python.mk" in text
    for written in ("--platform", "--python-version", "LAMBDA_PYTHON ?=", "--only-binary"):
        assert written not in text


def test_a_build_for_an_architecture_that_lambda_has_not_says_so(tmp_path: Path) -> None:
    python = tmp_path / "python3.13"
    python.write_text("#!/bin/sh\necho 3 13\n")
    python.chmod(0o755)

    done = make(MAKEFILES[0], tmp_path / "out", str(python), "ARCHITECTURE=aarch64")

    assert done.returncode != 0
    assert "x86_64 or arm64" in done.stderr


def test_make_deploy_builds_each_stack_where_its_deployment_looks() -> None:
    """SAM looks for its configuration beside the template, and only the root has one: elsewhere it builds
    into a folder that `sam deploy --config-env` does not know.
    """
    said = subprocess.run(
        ["make", "-n", "deploy"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout

    builds = [line for line in said.splitlines() if "sam build" in line]
    assert builds
    assert all(f'--config-file "{ROOT}/samconfig.toml"' in line for line in builds)


@pytest.mark.parametrize(
    "template",
    ["template.yaml", *(f"{name}/template.yaml" for name in ("site", "training", "batch", "review"))],
)
def test_a_template_names_one_architecture_that_a_deployment_can_exchange(template: str) -> None:
    """make deploy ARCHITECTURE=arm64 replaces the word, once a line."""
    text = (ROOT / template).read_text(encoding="utf-8")

    assert "x86_64" in text
    assert "arm64" not in text
    assert all(line.count("x86_64") <= 1 for line in text.splitlines())
