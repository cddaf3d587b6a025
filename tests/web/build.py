"""Builds the page when its sources are newer than what was built."""

import shutil
import subprocess
from pathlib import Path

import pytest

_SOURCES = ("src", "public", "index.html", "package-lock.json", "vite.config.ts")
_BUILD_SECONDS = 300


def built_page(web: Path) -> Path:
    """`web/dist`, up to date. Skips the test where Node is missing and nothing was built."""
    dist = web / "dist"
    if (dist / "index.html").exists() and _age(dist / "index.html") >= _newest(web):
        return dist
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("The page isn't built, and there is no Node to build it with")
    if not (web / "node_modules" / ".package-lock.json").exists():
        _run(web, npm, "ci", "--no-audit", "--no-fund")
    _run(web, npm, "run", "build")
    return dist


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _newest(web: Path) -> float:
    files = [web / name for name in _SOURCES]
    inner = [found for folder in files if folder.is_dir() for found in folder.rglob("*") if found.is_file()]
    return max(_age(path) for path in [*inner, *(file for file in files if file.is_file())])


def _run(web: Path, *command: str) -> None:
    done = subprocess.run(
        command, cwd=web, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
