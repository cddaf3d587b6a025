"""Bring the local cloud up with everything on it, and down again."""

import fcntl
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from local import cloud as local_cloud
from local.cloud import CloudInfo
from loupe.aws import Cloud
from loupe.console import step, working
from loupe.deploy import LocalDeployment
from loupe.errors import CloudError
from loupe.page.deployment import deploy_page_if_possible
from loupe.page.local_user import add_local_user
from loupe.sam import find_sam
from loupe.settings import Settings
from loupe.stack import Stack
from loupe.starters import PHOTOS, host_starter, model_folder
from loupe.target import Target


def bring_up(
    settings: Settings,
    detach: bool,
    container: bool = False,
    parameters: Mapping[str, str] | None = None,
    only: Collection[str] = (),
    model: str | None = None,
) -> tuple[CloudInfo, Stack]:
    """Start the cloud where none runs, deploy the stacks with these parameters (`only` names which, where not
    all), host a model to start with: on the endpoint, or with `container` in the container Lambda, whose
    stack is deployed too.

    `model` is `photos`, `digits` or a folder. Without it whatever is live stays, and where nothing is it is
    the photo model.

    What this call started is stopped again when a later step fails or the person interrupts it.
    """
    if not (settings.root / "template.yaml").exists():
        raise CloudError(
            f"There is no template.yaml in {settings.root}. `loupe up` needs a clone of the project."
        )
    find_sam(settings.root)
    with _alone(settings):
        info = local_cloud.running(settings.state)
        started = info is None
        if info is None:
            info = _start(settings, detach)
        try:
            stack = _furnish(settings, info, container, parameters or {}, only, model)
        except BaseException:
            if started:
                with working("Stopping the local cloud", "Local cloud stopped"):
                    local_cloud.stop(settings.state)
            raise
    return info, stack


def stay(settings: Settings, look: Callable[[], None] = lambda: None) -> None:
    """Wait until the person interrupts or the cloud ends by itself (`loupe down`), then leave nothing
    running. Meanwhile `look` once a second.
    """
    try:
        while local_cloud.running(settings.state) is not None:
            look()
            time.sleep(1.0)
    finally:
        with working("Stopping the local cloud", "Local cloud stopped"):
            local_cloud.stop(settings.state)


def watching(
    settings: Settings, info: CloudInfo, core: str, only: Collection[str], given: Mapping[str, str]
) -> Callable[[], None]:
    """What brings the project's changes to the stacks, for `stay`. `given` are `loupe up`'s parameters."""
    cloud, deployment = Cloud(Target.of(info)), LocalDeployment(settings, info.gateway_url)
    # What the stacks were given when they came up stays.
    parameters = {**cloud.single_stack(core).parameters, "WebOrigin": info.page_url, **given}

    def deploy() -> None:
        deployment.bring_up_to_date(cloud, core, parameters, only)

    return deployment.redeployment(cloud, core, only, deploy).update


@contextmanager
def ending_by_signal() -> Iterator[None]:
    """SIGTERM and a closed terminal end us as Ctrl-C does, so that what we started is stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(settings: Settings, detach: bool) -> CloudInfo:
    try:
        with working("Starting the local cloud", "Local cloud started"):
            return local_cloud.start(settings.state, settings.port, detach=detach)
    except local_cloud.CloudError as error:
        raise CloudError(str(error)) from error


def _furnish(
    settings: Settings,
    info: CloudInfo,
    container: bool,
    parameters: Mapping[str, str],
    only: Collection[str],
    model: str | None,
) -> Stack:
    cloud = Cloud(Target.of(info))
    deployment = LocalDeployment(settings, info.gateway_url)
    given = {"WebOrigin": info.page_url, **parameters}
    if container:
        classifier = deployment.bring_up_container(
            cloud, model_folder(settings.root, model or PHOTOS)
        ).output("ClassifierFunctionArn")
        given["ClassifierFunctionArn"] = classifier
    stack = deployment.bring_up_to_date(cloud, parameters=given, only=only)
    deployment.redeployment(cloud, stack.name, only, lambda: None).catch_up()
    if not container:
        host_starter(cloud, stack, settings.root, model)
    add_local_user(cloud, stack)
    deploy_page_if_possible(settings, cloud, stack)
    return stack


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One `loupe up` at a time on a state folder; the second one waits, then finds all done."""
    settings.state.mkdir(parents=True, exist_ok=True)
    with (settings.state / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            step("Another `loupe up` is at work on this folder; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
