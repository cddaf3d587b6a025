"""The stack on a local cloud, as tests use it."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3

from local.ports import free_port
from local.sagemaker.images import own_image
from loupe.aws import Cloud
from loupe.inbox import Inbox
from loupe.stack import Stack
from loupe.stacks import NAMES
from loupe.target import Target, local_environ, local_session

UP_SECONDS = 600
# The batch stack, whose tests are slow ones, is deployed for those alone.
SHARED_STACKS = tuple(name for name in NAMES if name != "batch")
DOWN_SECONDS = 60


class DeployedStack:
    """A stack on a running local cloud: its outputs, clients for it, its inbox, and an environment for other
    programs.
    """

    def __init__(
        self, root: Path, state: Path, gateway_url: str, outputs: dict[str, str], name: str = "loupe"
    ) -> None:
        self.root = root
        self.state = state
        self.gateway_url = gateway_url
        self.outputs = outputs
        self.name = name

    @cached_property
    def cloud(self) -> Cloud:
        """The cloud as the command sees it."""
        return Cloud(Target(self.gateway_url, local=True, region="us-east-1"))

    @cached_property
    def stack(self) -> Stack:
        """The stack as the command sees it."""
        return self.cloud.stack(self.name)

    @cached_property
    def inbox(self) -> Inbox:
        """What the stack sent by e-mail."""
        return Inbox(self.gateway_url, self.state)

    def session(self) -> boto3.session.Session:
        """A boto3 session with the cloud's root credentials; pass `endpoint_url=stack.gateway_url` to its
        clients.
        """
        return local_session()

    def client(self, service: str) -> Any:
        """A boto3 client for the cloud, by boto3's name of the service."""
        return self.cloud.client(service)

    def run_loupe(self, *arguments: str) -> Any:
        """What the command prints with --json: its one object."""
        done = subprocess.run(
            [sys.executable, "-m", "loupe", *arguments],
            cwd=self.root,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=DOWN_SECONDS,
            check=True,
        )
        return json.loads(done.stdout)

    @property
    def environ(self) -> dict[str, str]:
        """An environment for another program: the command, the SAM CLI, an AWS SDK."""
        return local_environ(self.gateway_url, os.environ, self.state) | {"LOUPE_STATE": str(self.state)}


class OwnStack:
    """A stack deployed for the tests of one worker, and removed when they are done."""

    def __init__(
        self,
        root: Path,
        folder: Path,
        stacks: Collection[str] = SHARED_STACKS,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        self._root, self._folder, self._stacks = root, folder, stacks
        self._parameters = parameters or {}
        # To work on tests without deploying each time: the state folder of a cloud that is up and stays up.
        kept = os.environ.get("LOUPE_TEST_STATE")
        self._state = Path(kept) if kept else folder / "cloud"
        self._kept = kept is not None

    def __enter__(self) -> DeployedStack:
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._kept:
            # One builds this checkout's functions; the others find them built.
            lock_file = self._root / "build" / "up.lock"
            lock_file.parent.mkdir(exist_ok=True)
            with lock_file.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._up()
        status = json.loads(self._loupe("status", "--json", seconds=DOWN_SECONDS).stdout)
        return DeployedStack(
            self._root, self._state, status["gatewayUrl"], status["outputs"], status["stack"]
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._kept:
            self._loupe("down", seconds=DOWN_SECONDS)

    def _up(self) -> None:
        try:
            done = self._loupe(
                *("up", "--detach", "--model", "digits", "--port", str(free_port())),
                *(option for name in self._stacks for option in ("--only", name)),
                *(
                    option
                    for name, value in self._parameters.items()
                    for option in ("--set", f"{name}={value}")
                ),
                seconds=UP_SECONDS,
                check=False,
            )
        except BaseException:
            self._loupe("down", seconds=DOWN_SECONDS, check=False)
            raise
        if done.returncode:
            raise RuntimeError(f"The stack could not be deployed:\n{done.stdout}\n{done.stderr}")

    def _loupe(self, *arguments: str, seconds: float, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "loupe", *arguments],
            cwd=self._root,
            env=os.environ | {"LOUPE_STATE": str(self._state), "LOUPE_SAGEMAKER_IMAGES": str(self._images())},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=check,
        )

    def _images(self) -> Path:
        path = self._folder / "images.json"
        if not path.exists():
            path.write_text(json.dumps(image_table(self._root, self._folder)))
        return path


def image_table(root: Path, folder: Path) -> list[dict[str, Any]]:
    """What the cloud's SageMaker can run: the own images, whose jobs and models misbehave where their name
    asks for it, and a model server that misbehaves as its model says. `folder` takes a script.
    """
    own, tests = own_image(), root / "tests" / "integration"
    container = tests / "training" / "container.py"
    interpreter = folder / "container-python"
    interpreter.write_text(f'#!/bin/sh\nexec {sys.executable} {container} {own.python} "$@"\n')
    interpreter.chmod(0o755)
    training = {**asdict(own), "repository": "loupe-model:training", "python": str(interpreter)}
    training["train"] = [str(interpreter), "-m", "model.train"]
    serving = {**asdict(own), "repository": "loupe-model:serving"}
    serving["serve"] = [sys.executable, str(container), "serve", sys.executable]
    server = tests / "sagemaker" / "model_server.py"
    misbehaving = {"repository": "test-model", "serve": ["{python}", str(server)]}
    return [training, serving, asdict(own), misbehaving]
