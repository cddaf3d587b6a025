"""The templates of the pipeline under the linters. `make check` runs them over all templates."""

from __future__ import annotations

import subprocess

import pytest

from tests.unit.template.transformed import ROOT

CHECKOV = ROOT / ".venv-lint" / "bin" / "checkov"
TEMPLATES = [
    "template.yaml",
    "training/template.yaml",
    "site/template.yaml",
    "container/template.yaml",
    "pipeline/template.yaml",
    "pipeline/github.yaml",
]


def test_cfn_lint_finds_nothing_in_the_pipelines_templates() -> None:
    said = _run(str(ROOT / ".venv" / "bin" / "cfn-lint"), *TEMPLATES[2:])

    assert said.returncode == 0, said.stdout


@pytest.mark.skipif(not CHECKOV.exists(), reason="checkov is not installed: `make check` installs it")
def test_checkov_finds_nothing_without_a_reason() -> None:
    said = _run(str(CHECKOV), *(part for each in TEMPLATES for part in ("--file", each)))

    assert said.returncode == 0, said.stdout
    assert "Failed checks: 0" in said.stdout


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)
