"""Build the page with Node. What hasn't changed is neither installed nor built again."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loupe.errors import NodeMissingError, PageBuildError
from loupe.processes import last_lines, run_logged
from loupe.sources import Stamp, fingerprint

# site/web/package.json says the same to npm.
OLDEST_NODE = (20, 19)
BUILT_FROM = (
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
)


class PageBuild:
    """`site/web/dist`, up to date, and the packages that it takes."""

    def __init__(self, root: Path) -> None:
        self._web = root / "site" / "web"
        self._logs = root / "build"
        self._built = Stamp(self._logs / "web.json")

    @property
    def dist(self) -> Path:
        """Where the built page is."""
        return self._web / "dist"

    def is_current(self) -> bool:
        """Whether the page is built from what is in the checkout."""
        return (self.dist / "index.html").exists() and self._built.matches(self._wanted())

    def bring_up_to_date(self) -> Path:
        """Build if anything changed; gives `site/web/dist`. Raises NodeMissingError or PageBuildError."""
        with self._alone():
            if not self.is_current():
                npm = self._npm_with_packages()
                self._built.remove()
                self._run(npm, "run", "build")
                self._built.write(self._wanted())
        return self.dist

    def install_packages(self) -> str:
        """`npm ci` if the lock changed since the last one; gives npm's path."""
        with self._alone():
            return self._npm_with_packages()

    def _npm_with_packages(self) -> str:
        npm = find_npm()
        installed = Stamp(self._web / "node_modules" / ".loupe.json")
        wanted = fingerprint(self._web, sources=("package.json", "package-lock.json"))
        if not installed.matches(wanted):
            self._run(npm, "ci", "--no-audit", "--no-fund")
            installed.write(wanted)
        return npm

    def _wanted(self) -> str:
        return fingerprint(self._web, sources=BUILT_FROM)

    def _run(self, npm: str, *arguments: str) -> None:
        log = self._logs / "web.log"
        if run_logged([npm, *arguments], cwd=self._web, env=os.environ, log=log):
            raise PageBuildError(f"`npm {' '.join(arguments)}` failed. The end of {log}:\n{last_lines(log)}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One build at a time in this checkout."""
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / "web.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def find_npm() -> str:
    """npm's path; NodeMissingError where there is none, or with a Node that is too old."""
    npm, node = shutil.which("npm"), shutil.which("node")
    needed = "Node {}.{} or later, with npm, is needed to build the page".format(*OLDEST_NODE)
    if not npm or not node:
        raise NodeMissingError(f"{needed}, and it is not here.")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if parse_version(said) < OLDEST_NODE:
        raise NodeMissingError(f"{needed}; here is {said or 'one that does not run'}.")
    return npm


def parse_version(text: str) -> tuple[int, int]:
    """`v20.19.1` is (20, 19); what is no version is (0, 0)."""
    parts = text.removeprefix("v").split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (IndexError, ValueError):
        return 0, 0
