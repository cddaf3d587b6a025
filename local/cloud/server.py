"""One local cloud in this process: the emulator with its gaps closed, the mail server, and the service
processes.
"""

import asyncio
import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.cloud.client import INFO_FILE, LOCK_FILE
from local.cloud.credentials import SECRET_FILE, choose_root_key, make_private, new_secret
from local.cloud.errors import CloudAlreadyRunningError, PortInUseError
from local.cloud.services import HEALTH_SECONDS, ServiceProcess
from local.cloud.settings import HOST, CloudSettings
from local.ports import free_port

_KEEP_ALIVE_SECONDS = 75


def serve(settings: CloudSettings) -> None:
    """Run a local cloud until SIGINT or SIGTERM; raises CloudAlreadyRunningError or PortInUseError."""
    os.umask(0o077)
    make_private(settings.state)
    with _only_one(settings), ExitStack() as running:
        _check_port(settings.port)
        key, secret = choose_root_key(settings.state, os.environ), new_secret(settings.state)
        running.callback((settings.state / SECRET_FILE).unlink, missing_ok=True)
        settings = replace(settings, root_key=key, secret=secret)
        _prepare(settings)
        # MiniStack reads its settings when it is imported, which is why all that touches it is imported here.
        from local.cloud.emulator import close_gaps, stop_workers
        from local.cloud.gateway import Gateway
        from local.cloud.page import PageServer
        from local.mail.delivery import MailSender
        from local.mail.inbox import Inbox
        from local.mail.server import MailServer

        inbox = Inbox(settings.state / "inbox.sqlite")
        running.callback(inbox.close)
        mail = MailServer(inbox, free_port(), secret)
        mail.start()
        running.callback(mail.stop)
        sender = MailSender(inbox, mail.port, secret)
        sender.start()
        running.callback(sender.stop)
        services = _services(settings)
        aws = close_gaps(settings, sender, services)
        running.callback(stop_workers)
        for service in services:
            running.callback(service.stop)
            service.start()
        page = PageServer(settings, f"http://{HOST}:{_page_port(settings)}")
        gateway = Gateway(aws, settings, inbox, services, mail.url, page)
        asyncio.run(_serve(gateway, settings, services))


async def _serve(gateway: Any, settings: CloudSettings, services: list[ServiceProcess]) -> None:
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"{HOST}:{settings.port}", gateway.page_url.removeprefix("http://")]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    config.graceful_timeout = 2
    config.loglevel = settings.log_level
    info = settings.state / INFO_FILE
    ready = asyncio.create_task(_announce(gateway, info, services, stop))
    try:
        await hypercorn_serve(gateway, config, shutdown_trigger=stop.wait)
    finally:
        stop.set()
        info.unlink(missing_ok=True)
        await ready


async def _announce(gateway: Any, info: Path, services: list[ServiceProcess], stop: asyncio.Event) -> None:
    """Write `cloud.json` once everything answers; a service that does not start ends the cloud."""
    deadline = time.monotonic() + HEALTH_SECONDS
    try:
        for service in services:
            await asyncio.to_thread(service.wait, deadline)
            service.keep()
        document = await asyncio.to_thread(gateway.health)
        while not await asyncio.to_thread(_listens, gateway):
            await asyncio.sleep(0.02)
        if not stop.is_set():
            written = info.with_suffix(".new")
            written.write_text(json.dumps(document, indent=2) + "\n")
            written.replace(info)
    except BaseException:
        stop.set()
        raise


def _listens(gateway: Any) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, gateway.port)) == 0


def _services(settings: CloudSettings) -> list[ServiceProcess]:
    logs = settings.state / "logs"
    logs.mkdir(exist_ok=True)
    services = [
        ServiceProcess(name, f"local.{name}", settings.gateway_url, logs / f"{name}.log", settings.secret)
        for name in ("sagemaker", "rekognition")
    ]
    return [service for service in services if service.installed]


def _prepare(settings: CloudSettings) -> None:
    """The process's environment, its scratch folder (emptied) and its limit of open files."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        # A person's profile, region and endpoints are for AWS.
        del os.environ[name]
    os.environ.update(settings.emulator_environment())
    os.environ["LOUPE_STATE"] = str(settings.state)
    scratch = settings.state / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    tempfile.tempdir = None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _only_one(settings: CloudSettings) -> Iterator[None]:
    """Hold the state folder's lock; it is freed with the process, however that ends."""
    with (settings.state / LOCK_FILE).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CloudAlreadyRunningError(settings.state) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        (settings.state / INFO_FILE).unlink(missing_ok=True)
        yield


def _page_port(settings: CloudSettings) -> int:
    """The page's port: the one that is asked for, else the one after the gateway's, else any that is free."""
    if settings.page_port is not None:
        _check_port(settings.page_port)
        return settings.page_port
    return settings.port + 1 if _is_free(settings.port + 1) else free_port()


def _check_port(port: int) -> None:
    if not _is_free(port):
        raise PortInUseError(port)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True
