"""`python -m tests.web.check`: lint and type-check the page; says so where Node is missing."""

import subprocess
import sys
from pathlib import Path

from loupe.errors import NodeMissingError
from loupe.page.build import PageBuild

ROOT = Path(__file__).parents[2]


def main() -> int:
    try:
        npm = PageBuild(ROOT).install_packages()
    except NodeMissingError as missing:
        print(f"The page is not checked: {missing}")
        return 0
    return max(_run(npm, script) for script in ("lint", "typecheck"))


def _run(npm: str, script: str) -> int:
    done = subprocess.run(
        [npm, "run", "--silent", script],
        cwd=ROOT / "site" / "web",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout + done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
