"""The SAM CLI, called for a local cloud: builds for this machine, deploys there, and writes what it says to a
file.
"""

import os
import shlex
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from loupe.errors import DeployError
from loupe.processes import cause, last_lines, run_logged
from loupe.settings import Settings
from loupe.target import local_environ


class Sam:
    """`sam build` and `sam deploy` with the environment `local` of samconfig.toml. Safe for threads."""

    def __init__(self, settings: Settings, gateway_url: str) -> None:
        self._root, self._state = settings.root, settings.state
        # Layers for this machine, by the interpreter that runs them.
        self._environ = local_environ(gateway_url, os.environ, settings.state) | {
            "LOUPE_BUILD": "host",
            "LAMBDA_PYTHON": str(lambda_python(settings.root)),
        }

    def build(self, template: str, folder: Path, log: str) -> None:
        """Build into `folder/build`. Raises DeployError with the end of what the SAM CLI said."""
        self._run(
            *("build", log, "--template-file", str(self._root / template)),
            *("--build-dir", str(folder / "build"), "--cache-dir", str(folder / "cache")),
        )

    def deploy(
        self, stack: str, template: Path, parameters: Mapping[str, str], log: str, options: Sequence[str] = ()
    ) -> None:
        """Create or update the stack. Raises DeployError with the end of what the SAM CLI said."""
        given = [f'{name}="{value}"' for name, value in parameters.items()]
        overrides = ["--parameter-overrides", *given] if given else []
        self._run(
            "deploy", log, "--template-file", str(template), "--stack-name", stack, *overrides, *options
        )

    def configured_parameters(self) -> dict[str, str]:
        """The parameters that samconfig.toml gives; any on the command line would replace all of them."""
        config = tomllib.loads((self._root / "samconfig.toml").read_text())
        pairs = shlex.split(config["local"]["deploy"]["parameters"].get("parameter_overrides", ""))
        return dict(pair.split("=", 1) for pair in pairs)

    def _run(self, command: str, log: str, *options: str) -> None:
        path = self._state / f"sam-{command}-{log}.log"
        config = ("--config-file", f"{self._root}/samconfig.toml", "--config-env", "local")
        status = run_logged(
            [find_sam(self._root), command, *config, *options], cwd=self._root, env=self._environ, log=path
        )
        if status:
            raise DeployError(
                f"`sam {command}` failed with status {status}. The end of {path}:\n{last_lines(path)}\n"
                f"The cause: {cause(path)}"
            )


def find_sam(root: Path) -> str:
    """The SAM CLI that `make setup` installs, else one on the path; DeployError when there is none."""
    ours = root / ".venv-sam" / "bin" / "sam"
    found = str(ours) if ours.exists() else shutil.which("sam")
    if not found:
        raise DeployError("The SAM CLI is not installed. `make setup` installs it.")
    return found


def lambda_python(root: Path) -> Path:
    """The interpreter that runs handlers on the local cloud; its extension modules are in the layers."""
    return root / ".venv-lambda" / "bin" / "python"


def lambda_python_version(root: Path) -> str:
    """Such as `3.13`, without starting it; empty where it is not there."""
    try:
        lines = (root / ".venv-lambda" / "pyvenv.cfg").read_text().splitlines()
    except OSError:
        return ""
    found = [line.partition("=")[2].strip() for line in lines if line.startswith("version")]
    return ".".join(found[0].split(".")[:2]) if found else ""
