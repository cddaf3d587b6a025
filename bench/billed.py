"""What one picture costs a deployed stack in billed milliseconds and log lines: measured, printed as JSON.

    python -m bench.billed [--pictures 30]

Reads the REPORT lines of the functions and the state machine's own log on the local cloud that runs here.
"""

import argparse
import json
import re
import statistics
import time
import uuid
from pathlib import Path
from typing import Any

from bench.context import ROOT
from bench.machine import load, machine, now
from loupe.aws import Cloud
from loupe.logs import find_groups, read_events
from loupe.settings import Settings
from loupe.target import resolve_target

BILLED = re.compile(r"Billed Duration: (\d+) ms")
COLD = "Init Duration"
# What CloudWatch Logs adds to each event's bytes.
OVERHEAD = 26


def main() -> None:
    """Classify pictures one after the other, then read what was logged."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pictures", type=int, default=30)
    options.add_argument("--picture", type=Path, default=ROOT / "events" / "images" / "digit-3.png")
    options.add_argument("--stack", default="loupe")
    asked = options.parse_args()
    cloud = Cloud(resolve_target(Settings.from_environ(__import__("os").environ), choice="local"))
    stack = cloud.stack(asked.stack)
    states, bucket = cloud.synchronous_states(), stack.output("UploadsBucketName")
    express = stack.outputs.get("WorkflowType") == "EXPRESS"
    begin = int(time.time() * 1000)
    seconds = []
    for _ in range(asked.pictures):
        key = f"bench/{uuid.uuid4().hex}.png"
        cloud.client("s3").upload_file(str(asked.picture), bucket, key)
        given = {"image_data": "", "s3_bucket": bucket, "s3_key": key, "detectFaces": False}
        seconds.append(_run(states, stack.output("ClassifyStateMachineArn"), json.dumps(given), express))
    time.sleep(5)  # logs come a little later
    events = read_events(cloud, find_groups(cloud, stack, None), begin)
    functions: dict[str, Any] = {}
    for source in sorted({event.source for event in events}):
        lines = [event.message for event in events if event.source == source]
        size = sum(len(line.encode()) + OVERHEAD for line in lines) / asked.pictures
        billed = [int(found[1]) for line in lines if COLD not in line and (found := BILLED.search(line))]
        functions[source] = {"logBytes": round(size)}
        if billed:
            functions[source] |= {"billedMs": _quartile(billed), "medianMs": round(statistics.median(billed))}
    print(
        json.dumps(
            {
                "measuredAt": now(),
                "machine": machine(),
                "load": load(),
                "pictures": asked.pictures,
                "type": "EXPRESS" if express else "STANDARD",
                "executionMs": _quartile([round(each * 1000) for each in seconds]),
                "sources": functions,
            },
            indent=1,
        )
    )


def _quartile(values: list[int]) -> int:
    """The lower quartile: a busy machine only ever adds time."""
    return round(statistics.quantiles(values, n=4)[0])


def _run(states: Any, machine_arn: str, given: str, express: bool) -> float:
    if express:
        ended = states.start_sync_execution(stateMachineArn=machine_arn, input=given)
    else:
        arn = states.start_execution(stateMachineArn=machine_arn, input=given)["executionArn"]
        while (ended := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.02)
    if ended["status"] != "SUCCEEDED":
        raise RuntimeError(f"{ended['executionArn']} ended {ended['status']}: {ended.get('cause')}")
    return float((ended["stopDate"] - ended["startDate"]).total_seconds())


if __name__ == "__main__":
    main()
