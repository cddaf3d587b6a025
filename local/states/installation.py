"""Puts the parts of this package in their places."""

import logging
import threading

from local.states import (
    api,
    branches,
    callbacks,
    credentials,
    distributed,
    event_entries,
    executions,
    express,
    expressions,
    failures,
    grammar,
    jobs,
    machines,
    matching,
    program,
    restart,
    services,
    single_state,
    status_events,
    tasks,
    waits,
)

_PARTS = (
    failures,
    grammar,
    waits,
    program,
    expressions,
    matching,
    tasks,
    branches,
    services,
    credentials,
    jobs,
    callbacks,
    distributed,
    machines,
    event_entries,
    status_events,
    executions,
    express,
    single_state,
    api,
    restart,
)
_lock = threading.Lock()
_installed: list[bool] = []


def install() -> None:
    """Replaces MiniStack's Step Functions interpreter by moto's, fixed. Safe to call twice; before the app
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
