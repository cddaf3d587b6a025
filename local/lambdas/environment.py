"""The environment of a Lambda worker: what Lambda gives and what the function configures, nothing of the
host's.

Stock MiniStack starts workers with the launcher's whole environment, so a handler sees credentials, proxies
and libraries that it would not have on AWS.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
# X-Ray's daemon listens here on Lambda. Nothing does on this machine: datagrams are lost, as the SDK expects
# them to be.
_XRAY_DAEMON = "127.0.0.1:2000"


def worker_environment(
    config: Mapping[str, Any],
    *,
    code: Path,
    layers: Path,
    home: Path,
    runtime_api: str,
    log_stream: str,
    credentials: Mapping[str, str],
    region: str,
    gateway_url: str,
) -> dict[str, str]:
    """The variables of one execution environment, as `docs.aws.amazon.com/lambda/…/configuration-envvars`
    lists them.
    """
    name = str(config["FunctionName"])
    runtime = str(config.get("Runtime", ""))
    packages = layers / "python" / "lib" / runtime / "site-packages"
    configured = dict((config.get("Environment") or {}).get("Variables") or {})
    reserved = {
        "AWS_ENDPOINT_URL": gateway_url,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": str(config.get("Version", "$LATEST")),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group(config),
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        **_log_settings(config),
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_XRAY_DAEMON_ADDRESS": _XRAY_DAEMON,
        "HOME": str(home),
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": str(code),
        "TMPDIR": str(home),
        "_HANDLER": str(config.get("Handler", "")),
        **credentials,
    }
    defaults = {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LANG": "C.UTF-8",
        "LD_LIBRARY_PATH": os.pathsep.join([str(code), str(code / "lib"), str(layers / "lib")]),
        "PATH": os.pathsep.join([_SYSTEM_PATH, str(layers / "bin")]),
        "PYTHONPATH": os.pathsep.join([str(code), str(layers / "python"), str(packages)]),
        # Lambda's code is read-only: an import leaves no .pyc there either.
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": ":UTC",
    }
    return {**defaults, **configured, **reserved}


def _log_settings(config: Mapping[str, Any]) -> dict[str, str]:
    """What tells the runtime client to log as JSON, and from which level."""
    logging = config.get("LoggingConfig") or {}
    if logging.get("LogFormat") != "JSON":
        return {}
    return {
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": logging.get("ApplicationLogLevel", "INFO"),
    }


def log_group(config: Mapping[str, Any]) -> str:
    """The log group a function writes to."""
    configured = (config.get("LoggingConfig") or {}).get("LogGroup")
    return str(configured or f"/aws/lambda/{config['FunctionName']}")
