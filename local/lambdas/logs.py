"""A function's log as Lambda writes it: START, the handler's lines, END and REPORT, one stream an
environment.

The function's role must allow it, and a missing log group is made again only by a role that may make one.
Stock MiniStack opens a stream for every invocation, reports whole milliseconds and no Init Duration, and asks
no permission.
"""

import json
import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch_logs

from local.cloud.gaps.service_role import refusal
from local.lambdas.environment import log_group
from local.lambdas.worker import Outcome


def lines_of(config: Mapping[str, Any], request_id: str, outcome: Outcome) -> list[str]:
    """The log of one invocation, in the format the function's LoggingConfig names."""
    if (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON":
        return _json_lines(config, request_id, outcome)
    version = config.get("Version", "$LATEST")
    report = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {outcome.duration_ms:.2f} ms",
        f"Billed Duration: {math.ceil(outcome.duration_ms + (outcome.init_ms or 0))} ms",
        f"Memory Size: {config.get('MemorySize', 128)} MB",
        f"Max Memory Used: {outcome.peak_mb} MB",
    ]
    if outcome.init_ms is not None:
        report.append(f"Init Duration: {outcome.init_ms:.2f} ms")
    lines = [
        f"START RequestId: {request_id} Version: {version}",
        *(line for line in outcome.lines if line.strip()),
    ]
    error = outcome.error or {}
    if error.get("errorType") == "Sandbox.Timedout":
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines.append(f"{now} {request_id} {str(error['errorMessage']).partition('Error: ')[2]}")
        report.append("Status: timeout")
    elif str(error.get("errorType", "")).startswith(
        ("Runtime.ExitError", "Runtime.OutOfMemory", "Runtime.InvalidEntrypoint")
    ):
        lines.append(str(error["errorMessage"]))
        report.append(f"Status: error\tError Type: {error['errorType']}")
    return [*lines, f"END RequestId: {request_id}", "\t".join(report)]


def _json_lines(config: Mapping[str, Any], request_id: str, outcome: Outcome) -> list[str]:
    """The log with Lambda's own lines as JSON: `{time, type, record}`."""
    kind = str((outcome.error or {}).get("errorType", ""))
    status = "success"
    if outcome.error is not None:
        status = "timeout" if kind == "Sandbox.Timedout" else "error"
    metrics: dict[str, float] = {
        "durationMs": round(outcome.duration_ms, 3),
        "billedDurationMs": math.ceil(outcome.duration_ms + (outcome.init_ms or 0)),
        "memorySizeMB": int(config.get("MemorySize", 128)),
        "maxMemoryUsedMB": outcome.peak_mb,
    }
    if outcome.init_ms is not None:
        metrics["initDurationMs"] = round(outcome.init_ms, 3)
    report: dict[str, Any] = {"requestId": request_id, "metrics": metrics, "status": status}
    if status == "error":
        report["errorType"] = kind
    start = {"requestId": request_id, "version": config.get("Version", "$LATEST")}
    lines = [line for line in outcome.lines if line.strip()]
    return [_platform("start", start), *lines, _platform("report", report)]


def _platform(kind: str, record: Mapping[str, Any]) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "type": f"platform.{kind}", "record": record})


def may_write(config: Mapping[str, Any], stream: str) -> bool:
    """Whether the function's role lets Lambda write its log; without, the function runs and leaves none."""
    _, _, _, region, account, *_ = str(config.get("FunctionArn", ":::::")).split(":")
    group = f"arn:aws:logs:{region}:{account}:log-group:{log_group(config)}"
    role = str(config.get("Role", ""))
    asked = [("logs:CreateLogStream", f"{group}:log-stream:{stream}")]
    asked.append(("logs:PutLogEvents", f"{group}:log-stream:{stream}"))
    if log_group(config) not in cloudwatch_logs._log_groups:
        asked.append(("logs:CreateLogGroup", group))
    return all(refusal(role, "lambda.amazonaws.com", *each) is None for each in asked)


def write(config: Mapping[str, Any], stream: str, lines: Sequence[str]) -> None:
    """Append lines to the function's stream; Lambda makes the group when it is missing and the role may."""
    group = log_group(config)
    now = int(time.time() * 1000)
    if group not in cloudwatch_logs._log_groups:
        cloudwatch_logs._create_log_group({"logGroupName": group})
    if stream not in cloudwatch_logs._log_groups[group]["streams"]:
        cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    events = [{"timestamp": now, "message": line} for line in lines]
    cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": events})
