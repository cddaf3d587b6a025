"""Where a Distributed Map's results go.

AWS: `<prefix>/<map run>/manifest.json` names the files `SUCCEEDED_0.json`, `FAILED_0.json` and
`PENDING_0.json` beside it, which list the children with input, output, status and times; WriterConfig
shapes them. The state's output is where the manifest is. What can't be written is
States.ResultWriterFailed.
moto: writes a manifest of no files.
"""

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.states import credentials, failures, shapes, templates

FAILED = "States.ResultWriterFailed"
_GROUPS = {
    "SUCCEEDED": "SUCCEEDED",
    "FAILED": "FAILED",
    "TIMED_OUT": "FAILED",
    "ABORTED": "FAILED",
    "PENDING": "PENDING",
}


def transformed(records: list[dict[str, Any]], config: dict[str, Any]) -> list[Any]:
    """Succeeded children by WriterConfig: records (NONE), outputs (COMPACT), one list of all (FLATTEN)."""
    transformation = config.get("Transformation", "NONE")
    if transformation == "NONE":
        return [described(record) for record in records]
    outputs = [json.loads(record["output"]) for record in records]
    if transformation == "COMPACT":
        return outputs
    return [item for output in outputs for item in (output if isinstance(output, list) else [output])]


def described(record: dict[str, Any]) -> dict[str, Any]:
    """A child as the result files list it."""
    shown = {
        "ExecutionArn": record["executionArn"],
        "Input": record["input"],
        "InputDetails": {"Included": True},
        "Name": record["name"],
        "Output": record.get("output"),
        "OutputDetails": {"Included": True},
        "Error": record.get("error"),
        "Cause": record.get("cause"),
        "RedriveCount": record.get("redriveCount", 0),
        "StartDate": record["startDate"],
        "StateMachineArn": record["stateMachineArn"],
        "Status": record["status"],
        "StopDate": record.get("stopDate"),
    }
    if record["status"] != "SUCCEEDED":
        shown.update(Output=None, OutputDetails=None)
    return {key: value for key, value in shown.items() if value is not None}


def write(
    env: Any, writer: dict[str, Any], jsonata: bool, map_run_arn: str, children: list[dict[str, Any]]
) -> dict[str, Any]:
    """Writes the files; the state's output."""
    arguments = templates.evaluate(env, writer.get("Arguments") or writer.get("Parameters") or {}, jsonata)
    config = templates.evaluate(env, writer.get("WriterConfig") or {}, jsonata)
    bucket, prefix = arguments.get("Bucket", ""), str(arguments.get("Prefix") or "").strip("/")
    folder = f"{prefix}/{map_run_arn.rsplit(':', 1)[-1]}".lstrip("/")
    run = env.aws_execution_details
    s3 = credentials.of_run(run, "s3")
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    lines = config.get("OutputType") == "JSONL"
    try:
        for group in files:
            members = [child for child in children if _GROUPS[child["status"]] == group]
            if not members:
                continue
            content = (
                transformed(members, config)
                if group == "SUCCEEDED"
                else [described(child) for child in members]
            )
            body = ("\n".join(map(shapes.compact, content)) if lines else shapes.compact(content)).encode()
            key = f"{folder}/{group}_0.{'jsonl' if lines else 'json'}"
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            files[group].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": files}
        s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(manifest).encode())
    except (ClientError, BotoCoreError) as error:
        raise failures.failure(env, FAILED, f"Failed to write the results: {error}") from error
    return {
        "MapRunArn": map_run_arn,
        "ResultWriterDetails": {"Bucket": bucket, "Key": f"{folder}/manifest.json"},
    }
