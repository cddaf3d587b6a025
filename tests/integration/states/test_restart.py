"""What was running when the local cloud ended doesn't stay RUNNING."""

import json
from pathlib import Path

from tests.integration.states.harness import Server, jsonata, until


def test_an_execution_interrupted_by_a_stop_is_aborted_after_the_restart(tmp_path: Path) -> None:
    server = Server(tmp_path, {"PERSIST_STATE": "1", "STATE_DIR": str(tmp_path / "state")})
    try:
        cloud = server.start()
        machine = cloud.machine(jsonata({"Wait": {"Type": "Wait", "Seconds": 600}}))
        running = cloud.start(machine, {"n": 1})
        done = cloud.start(cloud.machine(jsonata({"Pass": {"Type": "Pass"}})), {"n": 2})
        cloud.ending(done)
        until(lambda: len(cloud.history(running)) == 2, "it is waiting")
        server.stop()

        cloud = server.start()

        found = cloud.ending(running)
        assert (found["status"], found["error"]) == ("ABORTED", "States.ServiceRestart")
        assert cloud.history(running)[-1]["type"] == "ExecutionAborted"
        assert cloud.ending(done)["output"] == {"n": 2}
        assert (
            json.loads(
                cloud.client("stepfunctions").describe_state_machine(stateMachineArn=machine)["definition"]
            )["StartAt"]
            == "Wait"
        )
        assert (
            cloud.ending(cloud.start(cloud.machine(jsonata({"Pass": {"Type": "Pass"}}))))["status"]
            == "SUCCEEDED"
        )
    finally:
        server.stop()
