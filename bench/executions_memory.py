"""Whether the local cloud's memory grows with executions: `python -m bench.executions_memory`.

Starts the emulator by itself, runs small executions with full logs through it, and prints the process's
resident memory after each thousand. The last line says by how much it grew after the first thousand; the exit
code is 1 if that is more than a fifth.
"""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.integration.states.harness import Cloud, Server, jsonata

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:memory:*"
AT_ONCE = 8
MAX_GROWTH = 0.2


def resident_mib(pid: int) -> float:
    """A process's resident memory (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no resident memory of process {pid}")


def machine(cloud: Cloud) -> str:
    """Three states with a payload of some kilobytes, one a service call."""
    cloud.client("logs").create_log_group(logGroupName="memory")
    text = "{% $pad('', 2000, 'y') & $states.context.Execution.Name %}"
    call = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "Arguments": {}}
    states: dict[str, Any] = {
        "Grow": {"Type": "Pass", "Output": {"text": text}},
        "Call": {**call, "Output": "{% $states.input %}"},
        "End": {"Type": "Pass"},
    }
    logs = {"destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": GROUP}}]}
    configuration = {"level": "ALL", "includeExecutionData": True, **logs}
    return cloud.machine(jsonata(states), loggingConfiguration=configuration)


def run(cloud: Cloud, arn: str, executions: int) -> None:
    """Starts executions, as many at once as there are slots, and waits for the last ones."""
    given = {"text": "x" * 1_000}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = list(pool.map(lambda number: cloud.start(arn, {**given, "n": number}), range(executions)))
    for execution in started[-2 * AT_ONCE :]:
        found = cloud.ending(execution, 300)
        if found["status"] != "SUCCEEDED":
            raise RuntimeError(json.dumps(found, default=str))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--executions", type=int, default=10_000)
    executions = parser.parse_args().executions
    with TemporaryDirectory() as directory:
        server = Server(Path(directory), {})
        try:
            cloud = server.start()
            assert server.process is not None
            arn, first, began = machine(cloud), 0.0, time.monotonic()
            for done in range(1_000, max(executions, 2_000) + 1, 1_000):
                run(cloud, arn, 1_000)
                now = resident_mib(server.process.pid)
                first = first or now
                print(f"{done:6} executions, {time.monotonic() - began:5.0f} s: {now:6.0f} MiB", flush=True)
        finally:
            server.stop()
    growth = now / first - 1
    print(f"{growth:+.1%} from 1,000 to {done:,} executions")
    return int(growth > MAX_GROWTH)


if __name__ == "__main__":
    raise SystemExit(main())
