"""Where a Distributed Map's results go.

AWS: `<prefix>/<map run>/manifest.json` names the files `SUCCEEDED_0.json`, `FAILED_0.json` and
`PENDING_0.json` beside it, which list the children with input, output, status and times; WriterConfig
shapes those that succeeded. The state's output is where the manifest is. What can't be written is
States.ResultWriterFailed.
moto: writes a manifest of no files.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.states import credentials, failures, shapes, templates

FAILED = "States.ResultWriterFailed"


def transformed(children: Iterable[dict[str, Any]], config: dict[str, Any]) -> Iterator[Any]:
    """Succeeded children by WriterConfig: as described (NONE), outputs (COMPACT), items of all (FLATTEN)."""
    transformation = config.get("Transformation", "NONE")
    for child in children:
        if transformation == "NONE":
            yield child
            continue
        output = json.loads(child["Output"])
        if transformation == "FLATTEN" and isinstance(output, list):
            yield from output
        else:
            yield output


def described(record: dict[str, Any]) -> dict[str, Any]:
    """A child as the result files list it."""
    status = record["status"]
    shown = {
        "ExecutionArn": record["executionArn"],
        "Input": record["input"],
        "InputDetails": {"Included": True},
        "Name": record["name"],
        "Error": record.get("error"),
        "Cause": record.get("cause"),
        "RedriveCount": record.get("redriveCount", 0),
        "RedriveStatus": "NOT_REDRIVABLE" if status == "SUCCEEDED" else "REDRIVABLE_BY_MAP_RUN",
        "StartDate": record["startDate"],
        "StateMachineArn": record["stateMachineArn"],
        "Status": status,
        "StopDate": record.get("stopDate"),
    }
    if status == "SUCCEEDED":
        shown.update(
            Output=record["output"],
            OutputDetails={"Included": True},
            RedriveStatusReason="Execution is SUCCEEDED and cannot be redriven",
        )
    return {key: value for key, value in sorted(shown.items()) if value is not None}


def write(env: Any, writer: dict[str, Any], jsonata: bool, run: Any) -> dict[str, Any]:
    """Writes the files of a MapRun; the state's output."""
    arguments = templates.evaluate(env, writer.get("Arguments") or writer.get("Parameters") or {}, jsonata)
    config = templates.evaluate(env, writer.get("WriterConfig") or {}, jsonata)
    bucket, prefix = arguments.get("Bucket", ""), str(arguments.get("Prefix") or "").strip("/")
    folder = f"{prefix}/{run.arn.rsplit(':', 1)[-1]}".lstrip("/")
    s3 = credentials.of_run(env.aws_execution_details, "s3")
    lines = config.get("OutputType") == "JSONL"
    groups = {
        "FAILED": run.children("FAILED", "TIMED_OUT", "ABORTED"),
        "PENDING": run.pending(),
        "SUCCEEDED": transformed(run.children("SUCCEEDED"), config),
    }
    files: dict[str, list[dict[str, Any]]] = {group: [] for group in groups}
    try:
        for group, content in groups.items():
            with tempfile.TemporaryFile() as file:
                if not _fill(file, content, lines):
                    continue
                size = file.tell()
                file.seek(0)
                key = f"{folder}/{group}_0.{'jsonl' if lines else 'json'}"
                s3.put_object(Bucket=bucket, Key=key, Body=file)
            files[group].append({"Key": key, "Size": size})
        manifest = {"DestinationBucket": bucket, "MapRunArn": run.arn, "ResultFiles": files}
        s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(manifest).encode())
    except (ClientError, BotoCoreError) as error:
        raise failures.inner_failure(env, FAILED, f"Failed to write the results: {error}") from error
    return {
        "MapRunArn": run.arn,
        "ResultWriterDetails": {"Bucket": bucket, "Key": f"{folder}/manifest.json"},
    }


def _fill(file: Any, content: Iterable[Any], lines: bool) -> bool:
    """Writes an array or lines; whether there were any."""
    first = True
    for item in content:
        file.write(b"" if first and lines else b"\n" if lines else b"[" if first else b",")
        file.write(shapes.compact(item).encode("utf-8", "surrogatepass"))
        first = False
    if not first and not lines:
        file.write(b"]")
    return not first
