"""Puts the Python runtime in MiniStack's place: who makes workers, what they run in, and how an invocation is
told.
"""

import hashlib
import os
import shlex
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import get_region
from ministack.services import lambda_svc

from local.cloud.settings import CloudSettings
from local.lambdas import logs
from local.lambdas.environment import worker_environment
from local.lambdas.images import ImageTable
from local.lambdas.layers import LayerStore, unpack
from local.lambdas.pool import NoWorkerError, WorkerPool
from local.lambdas.worker import PythonWorker, spawning

_MEMORY_LOOK_SECONDS = 0.1
# Lambda's 10 s are for Lambda's machines; a busy laptop may need longer to import the same libraries.
_INIT_SECONDS = 60.0


def install(settings: CloudSettings) -> None:
    """Run every `python3.x` function under `settings.lambda_python`; other runtimes stay as they are."""
    _Runtime(settings).install()


class _Runtime:
    def __init__(self, settings: CloudSettings) -> None:
        self._settings = settings
        self._pool = WorkerPool(settings.workers)
        self._layers = LayerStore(settings.state / "lambda" / "layers")
        self._code = settings.state / "tmp" / "code"
        self._code_lock = threading.Lock()
        self._homes = settings.state / "tmp" / "lambda"
        self._homes.mkdir(parents=True, exist_ok=True)
        script = Path(__file__).with_name("bootstrap.py")
        command = shlex.join([str(settings.lambda_python), "-s", str(script)])
        self._command = f'exec {command} "$PPID"\n'
        self._images = ImageTable.from_environ(os.environ)
        self._stock_code = lambda_svc._provided_runtime_code_dir
        self._stock_environment = lambda_svc._provided_worker_env
        self._stock_class = lambda_runtime._worker_class_for
        self._stock_warm = lambda_svc._execute_function_warm
        self._stock_image = lambda_svc._execute_function_docker
        self._stock_logs = lambda_svc._emit_lambda_logs

    def install(self) -> None:
        PythonWorker.homes = self._homes
        lambda_runtime._PROVIDED_INIT_TIMEOUT = _INIT_SECONDS
        lambda_svc._provided_runtime_code_dir = self._code_folder
        lambda_svc._provided_worker_env = self._environment
        lambda_runtime._worker_class_for = self._worker_class
        lambda_svc._execute_function_warm = self._execute
        lambda_svc._execute_function_docker = self._execute_image
        lambda_svc._emit_lambda_logs = self._emit_logs
        threading.Thread(target=self._watch_memory, name="lambda-memory", daemon=True).start()

    def _watch_memory(self) -> None:
        while True:
            time.sleep(_MEMORY_LOOK_SECONDS)
            for worker in self._pool.busy():
                worker.end_if_too_large()

    def _worker_class(self, config: Mapping[str, Any]) -> Any:
        return PythonWorker if _is_python(config) else self._stock_class(config)

    def _code_folder(self, code_zip: bytes) -> str:
        """The unpacked code, as /var/task, with the executable that MiniStack's worker starts."""
        worker = spawning.get()
        if worker is None:
            return str(self._stock_code(code_zip))
        task = worker.config.get("LocalTask", "")
        folder = self._code / hashlib.sha256(task.encode() or code_zip).hexdigest()[:24]
        with self._code_lock:
            if not folder.exists():
                making = folder.with_name(f"{folder.name}.making")
                making.mkdir(parents=True, exist_ok=True)
                if not task:
                    unpack(code_zip, making)
                bootstrap = making / "bootstrap"
                bootstrap.write_text(
                    f"#!/bin/sh\n{f'cd {shlex.quote(task)} && ' if task else ''}{self._command}"
                )
                bootstrap.chmod(0o755)
                making.rename(folder)
        return str(folder)

    def _environment(self, config: Mapping[str, Any], code: str, port: int) -> dict[str, str]:
        worker = spawning.get()
        if worker is None:
            return dict(self._stock_environment(config, code, port))
        archives = [lambda_svc._resolve_layer_zip(layer) for layer in config.get("Layers") or []]
        return worker_environment(
            config,
            code=Path(config.get("LocalTask") or code),
            layers=self._layers.folder([archive for archive in archives if archive]),
            home=worker.home,
            runtime_api=f"127.0.0.1:{port}",
            log_stream=worker.log_stream,
            credentials=lambda_runtime.execution_credentials(config),
            region=get_region(),
            gateway_url=self._settings.gateway_url,
        )

    def _execute(self, func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        config, code_zip = func.get("config") or func, func.get("code_zip")
        if not _is_python(config) or not code_zip:
            return dict(self._stock_warm(func, event, request_id))
        return self._run(config, code_zip, event, request_id)

    def _execute_image(self, func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        config = func.get("config") or func
        uri = str(config.get("ImageUri", ""))
        if config.get("PackageType") != "Image":
            return dict(self._stock_image(func, event, request_id))
        if image := self._images.find(uri):
            return self._run(image.function(config), b"", event, request_id)
        message = (
            f"Nothing stands for the image {uri} on this local cloud. `loupe up --container` makes its own."
        )
        return {"body": {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": message}, "error": True}

    def _run(self, config: dict[str, Any], code_zip: bytes, event: Any, request_id: str) -> dict[str, Any]:
        lambda_svc._ensure_reaper_thread()
        try:
            worker = self._pool.lease(config, code_zip)
        except NoWorkerError as error:
            throttled = lambda_svc._throttle_response(
                "ConcurrentInvocationLimitExceeded", f"Rate Exceeded: {error}"
            )
            return {**throttled, "log_source": "loupe"}
        try:
            arn = config.get("FunctionArn", "")
            trace = lambda_svc._xray_trace_id_for_invocation(config)
            outcome = worker.run(event, request_id, trace, arn)
        finally:
            self._pool.release(worker)
        lines = logs.lines_of(config, request_id, outcome)
        if logs.may_write(config, worker.log_stream):
            logs.write(config, worker.log_stream, lines)
        result: dict[str, Any] = {"log": "\n".join(lines), "log_source": "loupe"}
        if outcome.error is not None:
            return {**result, "body": dict(outcome.error), "error": True}
        return {**result, "body": outcome.value}

    def _emit_logs(self, *args: Any, log_source: str | None = None, **named: Any) -> None:
        if log_source != "loupe":
            self._stock_logs(*args, log_source=log_source, **named)


def _is_python(config: Mapping[str, Any]) -> bool:
    return str(config.get("Runtime", "")).startswith("python") and config.get("PackageType", "Zip") != "Image"
