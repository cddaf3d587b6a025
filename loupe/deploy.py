"""Build the template with the SAM CLI and deploy it on the local cloud; nothing is done twice that has not
changed.
"""

import fcntl
import os
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from loupe import container
from loupe.aws import Cloud
from loupe.console import step, working
from loupe.errors import DeployError, StackNotFoundError
from loupe.processes import last_lines, run_logged
from loupe.settings import DEFAULT_STACK, Settings
from loupe.sources import Stamp, fingerprint
from loupe.stack import Stack
from loupe.target import local_environ


class LocalDeployment:
    """`sam build` and `sam deploy` against one local cloud.

    The build is the project's (`.aws-sam/local`), shared by all local clouds and apart from the one that
    `make deploy`
    makes for AWS: the local one holds libraries for this machine.
    """

    def __init__(self, settings: Settings, gateway_url: str) -> None:
        self._settings = settings
        self._folder = settings.root / ".aws-sam" / "local"
        self._environ = local_environ(gateway_url, os.environ, settings.state) | {"LOUPE_BUILD": "host"}
        # `sam build` looks for the runtime's interpreter on the path; ours is the one that it must find.
        self._environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{self._environ.get('PATH', '')}"

    def bring_up_to_date(
        self, cloud: Cloud, stack_name: str = DEFAULT_STACK, parameters: Mapping[str, str] | None = None
    ) -> Stack:
        """Build and deploy what changed since the last time on this state folder; gives the stack.

        `parameters` come on top of those in samconfig.toml.
        """
        built = fingerprint(self._settings.root, "LOUPE_BUILD=host")
        # Given also where it is empty: what is not given keeps the value of the last deployment.
        given = {**self._configured_parameters(), "ClassifierFunctionArn": "", **(parameters or {})}
        wanted = " ".join([built, *(f"{name}={value}" for name, value in sorted(given.items()))])
        name = "deployed.json" if stack_name == DEFAULT_STACK else f"deployed-{stack_name}.json"
        deployed = Stamp(self._settings.state / name)
        if deployed.matches(wanted) and (stack := _find_deployed(cloud, stack_name)):
            step("Stack is up to date", stack_name)
            return stack
        deployed.remove()
        with self._alone():
            self._build(built)
            with working(f"Deploying the stack {stack_name}", f"Stack {stack_name} deployed"):
                self._sam_deploy(stack_name, f"{self._folder}/build/template.yaml", given)
        deployed.write(wanted)
        return cloud.stack(stack_name)

    def bring_up_container(self, cloud: Cloud) -> Stack:
        """The same for the container stack, whose image's package needs no engine; gives the stack."""
        root, state = self._settings.root, self._settings.state
        wanted = fingerprint(root, container.image_uri(root), sources=(str(container.TEMPLATE),))
        deployed = Stamp(state / "deployed-container.json")
        with self._alone():
            if not container.is_assembled(root):
                with working(
                    "Putting the container's image together", "The container's image is put together"
                ):
                    container.assemble_image(root, state / "assemble.log")
        if deployed.matches(wanted) and (stack := _find_deployed(cloud, container.STACK)):
            step("Stack is up to date", container.STACK)
            return stack
        deployed.remove()
        with working(f"Deploying the stack {container.STACK}", f"Stack {container.STACK} deployed"):
            # Built already, as far as CloudFormation is concerned: the image is named.
            self._sam_deploy(
                container.STACK,
                str(root / container.TEMPLATE),
                {"ImageUri": container.image_uri(root)},
                ("--image-repository", container.REPOSITORY),
            )
        deployed.write(wanted)
        return cloud.stack(container.STACK)

    def _build(self, wanted: str) -> None:
        built = Stamp(self._folder / "built.json")
        if built.matches(wanted) and (self._folder / "build" / "template.yaml").exists():
            step("Functions and layers are built already")
            return
        built.remove()
        with working(
            "Building functions and layers (the first time takes a minute or two)",
            "Functions and layers built",
        ):
            self._sam("build", "--build-dir", f"{self._folder}/build", "--cache-dir", f"{self._folder}/cache")
        built.write(wanted)

    def _configured_parameters(self) -> dict[str, str]:
        """The parameters that samconfig.toml gives; any on the command line would replace all of them."""
        config = tomllib.loads((self._settings.root / "samconfig.toml").read_text())
        pairs = shlex.split(config["local"]["deploy"]["parameters"].get("parameter_overrides", ""))
        return dict(pair.split("=", 1) for pair in pairs)

    def _sam_deploy(
        self, stack_name: str, template: str, parameters: Mapping[str, str], options: Sequence[str] = ()
    ) -> None:
        overrides = [f'{name}="{value}"' for name, value in parameters.items()]
        self._sam(
            *("deploy", "--template-file", template, "--stack-name", stack_name),
            *("--parameter-overrides", *overrides),
            *options,
        )

    def _sam(self, command: str, *options: str) -> None:
        log = self._settings.state / f"sam-{command}.log"
        config = ("--config-file", f"{self._settings.root}/samconfig.toml", "--config-env", "local")
        status = run_logged(
            [find_sam(self._settings.root), command, *config, *options],
            cwd=self._settings.root,
            env=self._environ,
            log=log,
        )
        if status:
            raise DeployError(
                f"`sam {command}` failed with status {status}. The end of {log}:\n{last_lines(log)}"
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One build at a time in this project: two local clouds would write the same folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def find_sam(root: Path) -> str:
    """The SAM CLI that `make setup` installs, else one on the path; DeployError when there is none."""
    ours = root / ".venv-sam" / "bin" / "sam"
    found = str(ours) if ours.exists() else shutil.which("sam")
    if not found:
        raise DeployError("The SAM CLI is not installed. `make setup` installs it.")
    return found


def _find_deployed(cloud: Cloud, stack_name: str) -> Stack | None:
    try:
        stack = cloud.stack(stack_name)
    except StackNotFoundError:
        return None
    return stack if stack.deployed else None
