"""Puts the parts of this package in their places."""

import logging
import threading

from local.states import (
    branches,
    callbacks,
    distributed,
    executions,
    express,
    expressions,
    failures,
    jobs,
    machines,
    matching,
    program,
    redrive,
    restart,
    services,
    status_events,
    tasks,
    waits,
)

_PARTS = (
    failures,
    waits,
    program,
    expressions,
    matching,
    tasks,
    branches,
    services,
    jobs,
    callbacks,
    distributed,
    machines,
    status_events,
    executions,
    express,
    redrive,
    restart,
)
_lock = threading.Lock()
_installed: list[bool] = []


def install() -> None:
    """Replaces MiniStack's Step Functions interpreter by moto's, mended. Safe to call twice; before the app
    starts.
    """
    with _lock:
        if _installed:
            return
        _installed.append(True)
        # They write payloads and whole programs.
        logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
        for part in _PARTS:
            part.install()
