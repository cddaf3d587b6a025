"""Services' states, written as they change: at once where a call waits for it, else every few seconds."""

import asyncio
import hashlib
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence

from local.cloud.durability.records import Executions, Items

_log = logging.getLogger(__name__)
EVERY_SECONDS = 2.0
# Much, and no record of anything but itself: written less often, and never waited for.
_SELDOM = {"cloudwatch_logs": 15.0, "cloudwatch": 15.0}
_ATTEMPTS = 20


class Snapshots:
    """One thread that writes; `written` waits for it."""

    def __init__(self, folder: Path, items: Items, executions: Executions) -> None:
        self._folder = folder
        self._journalled: dict[str, Items | Executions] = {
            items.service: items,
            executions.service: executions,
        }
        self._items, self._executions = items, executions
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = False
        self._changed = False
        self._waiting: list[tuple[set[str], Callable[[], Any]]] = []
        self._digests: dict[str, bytes] = {}
        self._at: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)

    def start(self) -> None:
        """Begin writing. Called once what was saved has been read."""
        self._thread.start()

    def stop(self) -> None:
        """Write no more: a clean stop writes everything itself."""
        self._stopped = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def changed(self) -> None:
        """Something may have changed; it is written soon."""
        self._changed = True

    async def written(self, names: Iterable[str]) -> None:
        """Return when the states of these services, as they are now, are in their files."""
        if not self._thread.is_alive():
            return
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            self._waiting.append((set(names), lambda: loop.call_soon_threadsafe(done.set)))
        self._wake.set()
        await done.wait()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.wait(EVERY_SECONDS)
            self._wake.clear()
            with self._lock:
                waiting, self._waiting = self._waiting, []
            urgent = set().union(*(names for names, _ in waiting)) if waiting else set()
            for name in urgent:
                self._write(name)
            for _, done in waiting:
                done()
            self._write_what_is_due()
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for _, done in waiting:
            done()

    def _write_what_is_due(self) -> None:
        now = time.monotonic()
        if self._items.is_long():
            self._write(self._items.service)
        if self._executions.is_long():
            self._executions.shorten()
        if not self._changed or now - self._at.get("", 0) < EVERY_SECONDS:
            return
        self._at[""], self._changed = now, False
        for name in loaded_services():
            if name == self._items.service:
                continue  # its journal has what changes often, a call waits for the rest
            if now - self._at.get(name, 0) >= _SELDOM.get(name, 0):
                self._write(name)
            else:
                self._changed = True

    def _write(self, name: str) -> None:
        """Write one service's state, if it differs from what was written last."""
        started = time.monotonic()
        try:
            content, done = self._content(name)
        except Exception:
            _log.exception("the state of %s could not be written", name)
            return
        digest = hashlib.blake2b(content, digest_size=16).digest()
        if self._digests.get(name) != digest:
            path = self._folder / f"{name}.json"
            new = path.with_suffix(".live")
            new.write_bytes(content)
            new.replace(path)
            self._digests[name] = digest
        done()
        self._at[name] = started

    def _content(self, name: str) -> tuple[bytes, Callable[[], None]]:
        """A state as MiniStack writes it. What changes as it is read is read again."""
        for attempt in range(_ATTEMPTS):
            try:
                if source := self._journalled.get(name):
                    state, done = source.state()
                else:
                    state, done = _module(name).get_state(), _nothing
                version = persistence._state_format_version(name)
                document = {"__ministack_format__": version, "payload": state}
                return json.dumps(document, default=persistence._json_default).encode(), done
            except RuntimeError:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.005)
        raise AssertionError("unreachable")


def loaded_services() -> list[str]:
    """The names of the states that a clean stop would write."""
    return [name for name in app._state_map if _module(name) is not None]


def services_of(service: str) -> list[str]:
    """The names of the states that a call of this service changes itself."""
    registered = app.SERVICE_REGISTRY.get(service)
    if registered is None:
        return []
    modules = {registered["module"], *registered.get("sub_modules", ())}
    return [name for name, module in app._state_map.items() if module in modules and _module(name)]


def _module(name: str) -> Any:
    module = app._loaded_modules.get(app._state_map[name])
    module = module or sys.modules.get(f"ministack.services.{app._state_map[name]}")
    return module if hasattr(module, "get_state") else None


def _nothing() -> None:
    """There is nothing to do."""
