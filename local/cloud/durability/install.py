"""Puts journals and snapshots in MiniStack's place of saving at a clean stop alone."""

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import iam_actions
from ministack.core.router import detect_service
from ministack.services import cloudformation

from local.cloud.durability.blobs import Blobs
from local.cloud.durability.records import Executions, Items
from local.cloud.durability.snapshots import Snapshots, loaded_services, services_of

Application = Callable[..., Awaitable[None]]
_READING = (
    *("Get", "List", "Describe", "Head", "Query", "Scan", "BatchGet", "Search", "Lookup", "Filter"),
    *("Test", "Validate", "Check", "Simulate", "Estimate", "Select", "Receive", "AssumeRole", "GET"),
)
# Written by their journal, as they come (objects), by a process of their own, or nothing that stays.
_WRITTEN_ELSEWHERE = {
    "dynamodb": ("PutItem", "UpdateItem", "DeleteItem", "BatchWrite", "Transact", "Execute", "BatchExecute"),
    "s3": ("PutObject", "DeleteObject", "AbortMultipartUpload"),
    "lambda": ("Invoke",),
    "states": ("StartExecution", "StartSyncExecution", "StopExecution", "Send", "RedriveExecution"),
    "logs": ("",),
    "monitoring": ("",),
    "events": ("PutEvents",),
    "sns": ("Publish",),
    "cognito-idp": ("InitiateAuth", "AdminInitiateAuth"),
    "sagemaker": ("",),
    "rekognition": ("",),
}


def install(folder: Path) -> Snapshots:
    """Read what the journals have when MiniStack reads its states, and keep what changes from then on."""
    items, executions = Items(folder), Executions(folder)
    snapshots = Snapshots(folder, items, executions)
    blobs = Blobs(folder / "blobs")
    blobs.install()
    items.install()
    executions.install()
    load, save, loading = app.load_state, app.save_all, app._load_persisted_state

    def load_merged(name: str) -> Any:
        state = load(name)
        for journalled in (items, executions):
            if name == journalled.service:
                state = journalled.merged(state)
        return state

    def load_and_start() -> None:
        loading()
        blobs.forget_unread()
        snapshots.start()

    def save_and_forget(services: Any) -> None:
        snapshots.stop()
        save(services)
        for journalled in (items, executions):
            journalled.journal.forget(journalled.journal.rotate())

    app.load_state, app.save_all, app._load_persisted_state = load_merged, save_and_forget, load_and_start
    app._dispatch_service_request = _Acknowledging(app._dispatch_service_request, snapshots)
    return snapshots


def must_be_written(service: str, action: str | None) -> bool:
    """Whether a call changes what only a snapshot keeps."""
    name = (action or "").partition(":")[2]
    return not name.startswith((*_READING, *_WRITTEN_ELSEWHERE.get(service, ())))


class _Acknowledging:
    """Answers a call once what it changed is written."""

    def __init__(self, dispatch: Callable[..., Any], snapshots: Snapshots) -> None:
        self._dispatch, self._snapshots = dispatch, snapshots
        self._provisioning = False

    async def __call__(
        self,
        method: str,
        path: str,
        headers: MutableMapping[str, str],
        body: bytes,
        params: Any,
        request_id: str,
    ) -> Any:
        answer = await self._dispatch(method, path, headers, body, params, request_id)
        routing = app._routing_params(method, path, headers, body, params)
        service = detect_service(method, path, headers, routing)
        if answer[0] >= 400 or method in ("GET", "HEAD") or service not in app.SERVICE_REGISTRY:
            return answer
        changes = must_be_written(
            service, iam_actions.extract_iam_action(service, method, path, headers, body, routing)
        )
        if service == "cloudformation":
            await self._keep_stacks(changes)
            return answer
        self._snapshots.changed()
        if changes:
            await self._snapshots.written(services_of(service))
        return answer

    async def _keep_stacks(self, changes: bool) -> None:
        """A stack changes every service, on its own: who sees that it has ended finds it written."""
        if any("IN_PROGRESS" in stack.get("StackStatus", "") for stack in _stacks()):
            self._provisioning = True
            self._snapshots.changed()
        elif self._provisioning or changes:
            self._provisioning = False
            await self._snapshots.written(loaded_services())


def _stacks() -> list[Any]:
    return list(cloudformation._stacks.all_values())
