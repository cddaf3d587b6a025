"""Map runs: limits of batches, numbers from paths, counts, changes while one runs, redrives, many items."""

import json
import tracemalloc
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.states.spool import Spool
from tests.integration.states.harness import Cloud, until
from tests.integration.states.test_distributed_map import distributed

COUNT = {"One": {"Type": "Pass", "Output": "{% $count($states.input.Items) %}"}}
ECHO = {"One": {"Type": "Pass", "Output": "{% $states.input %}"}}
WAIT = {"Wait": {"Type": "Wait", "Seconds": 600}}


def copied(states: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(states))
    return found


def run_of(cloud: Cloud, execution: str) -> str:
    states = cloud.client("stepfunctions")
    runs = until(lambda: states.list_map_runs(executionArn=execution)["mapRuns"], "the map run")
    assert len(runs) == 1
    arn: str = runs[0]["mapRunArn"]
    return arn


def described(cloud: Cloud, arn: str) -> dict[str, Any]:
    found: dict[str, Any] = cloud.client("stepfunctions").describe_map_run(mapRunArn=arn)
    return found


class TestBatches:
    def test_bytes_bound_a_batch_too(self, cloud: Cloud) -> None:
        batcher = {"MaxItemsPerBatch": 10, "MaxInputBytesPerBatch": 1_000}
        items = ["x" * 300] * 7
        found = cloud.run(distributed(copied(COUNT), Items=items, ItemBatcher=batcher))
        assert found["output"] == [3, 3, 1]

    def test_a_batch_is_never_more_than_256_kib(self, cloud: Cloud, bucket: str) -> None:
        found = cloud.run(
            distributed(copied(COUNT), ItemReader=lines(bucket), ItemBatcher={"MaxItemsPerBatch": 1_000})
        )
        assert found["output"] == [2, 1], found

    def test_an_item_of_more_fails_the_map(self, cloud: Cloud) -> None:
        selector = {"long": "{% $pad('', 270000, 'x') %}"}
        found = cloud.run(distributed(copied(ECHO), Items=[1, 2], ItemSelector=selector))
        assert (found["status"], found["error"]) == ("FAILED", "States.DataLimitExceeded")

    def test_results_of_more_than_a_state_may_give_need_a_writer(self, cloud: Cloud, bucket: str) -> None:
        long = {"One": {"Type": "Pass", "Output": "{% $pad('', 100000, 'x') %}"}}
        found = cloud.run(distributed(copied(long), Items=[1, 2, 3]))
        assert (found["status"], found["error"]) == ("FAILED", "States.DataLimitExceeded")
        writer = {
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {"Bucket": bucket, "Prefix": "long"},
        }
        found = cloud.run(distributed(copied(long), Items=[1, 2, 3], ResultWriter=writer))
        assert found["status"] == "SUCCEEDED"


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> str:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="map-runs")
    line = json.dumps({"long": "x" * 120_000})
    s3.put_object(Bucket="map-runs", Key="long.jsonl", Body="\n".join([line] * 3).encode())
    for number in (1, 2):
        body = "".join(f'{{"n": {number}{index}}}\n' for index in range(2)).encode()
        s3.put_object(Bucket="map-runs", Key=f"parts/{number}.jsonl", Body=body)
    s3.put_object(Bucket="map-runs", Key="parts/", Body=b"")
    return "map-runs"


def lines(bucket: str, key: str = "long.jsonl", **config: Any) -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "Arguments": {"Bucket": bucket, "Key": key},
        "ReaderConfig": {"InputType": "JSONL", **config},
    }


def test_listed_objects_are_loaded_and_their_lines_are_items(cloud: Cloud, bucket: str) -> None:
    reader = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Arguments": {"Bucket": bucket, "Prefix": "parts/"},
        "ReaderConfig": {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"},
    }
    found = cloud.run(distributed(copied(ECHO), ItemReader=reader))
    assert [item["n"] for item in found["output"]] == [10, 11, 20, 21]


def by_path(bucket: str, **members: Any) -> dict[str, Any]:
    reader: dict[str, Any] = lines(bucket, "parts/1.jsonl", MaxItemsPath="$.most")
    reader["Parameters"] = reader.pop("Arguments")
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "One",
        "States": {"One": {"Type": "Pass", "End": True}},
    }
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True, **members}
    return {"StartAt": "Each", "States": {"Each": state}}


class TestNumbersByPath:
    def test_they_are_honoured(self, cloud: Cloud, bucket: str) -> None:
        found = cloud.run(by_path(bucket), {"most": 1})
        assert found["output"] == [{"n": 10}]
        members = {"ItemBatcher": {"MaxItemsPerBatchPath": "$.size"}}
        found = cloud.run(by_path(bucket, **members), {"most": 2, "size": 1})
        assert [len(child["Items"]) for child in found["output"]] == [1, 1]

    @pytest.mark.parametrize("field", ["ToleratedFailurePercentagePath", "ToleratedFailureCountPath"])
    @pytest.mark.parametrize("value", [-1, 100.1, "text", {}])
    def test_a_tolerance_that_is_none(self, cloud: Cloud, bucket: str, field: str, value: Any) -> None:
        found = cloud.run(by_path(bucket, **{field: "$.v"}), {"most": 2, "v": value})
        assert (found["status"], found.get("error")) == ("FAILED", "States.Runtime")

    @pytest.mark.parametrize("given", [{"most": -1, "size": 1}, {"most": 1, "size": -1}])
    def test_a_negative_number_of_items(self, cloud: Cloud, bucket: str, given: dict[str, int]) -> None:
        members = {"ItemBatcher": {"MaxItemsPerBatchPath": "$.size"}}
        found = cloud.run(by_path(bucket, **members), given)
        assert (found["status"], found.get("error")) == ("FAILED", "States.ItemReaderFailed")


class TestCounts:
    def test_items_and_children_are_counted_apart(self, cloud: Cloud) -> None:
        batcher = {"MaxItemsPerBatch": 4}
        machine = cloud.machine(
            distributed(copied(COUNT), "EXPRESS", Items=list(range(10)), ItemBatcher=batcher)
        )
        execution = cloud.start(machine)
        cloud.ending(execution)
        found = described(cloud, run_of(cloud, execution))
        for key, number in (("itemCounts", 10), ("executionCounts", 3)):
            counts = found[key]
            assert (counts["succeeded"], counts["total"]) == (number, number)
            assert sum(counts.values()) == 2 * number
        assert (found["status"], found["redriveCount"]) == ("SUCCEEDED", 0)

    def test_what_was_never_started_is_pending_and_written(self, cloud: Cloud, bucket: str) -> None:
        writer = {"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": bucket, "Prefix": "p"}}
        bad = {"Bad": {"Type": "Fail", "Error": "Bad"}}
        members: dict[str, Any] = {"Items": list(range(9)), "MaxConcurrency": 1, "ResultWriter": writer}
        execution = cloud.start(cloud.machine(distributed(bad, **members)))
        assert cloud.ending(execution)["error"] == "States.ExceedToleratedFailureThreshold"
        arn = run_of(cloud, execution)
        found = described(cloud, arn)
        assert (found["itemCounts"]["failed"], found["itemCounts"]["pending"]) == (1, 8)
        folder = f"p/{arn.rsplit(':', 1)[-1]}"
        s3 = cloud.client("s3")

        def content(name: str) -> Any:
            return json.loads(s3.get_object(Bucket=bucket, Key=f"{folder}/{name}")["Body"].read())

        assert [child["Input"] for child in content("PENDING_0.json")] == [str(n) for n in range(1, 9)]
        assert [child["RedriveStatus"] for child in content("FAILED_0.json")] == ["REDRIVABLE_BY_MAP_RUN"]
        assert content("manifest.json")["ResultFiles"]["SUCCEEDED"] == []


class TestWhileItRuns:
    def test_concurrency_and_tolerance_can_be_changed(self, cloud: Cloud) -> None:
        states = cloud.client("stepfunctions")
        execution = cloud.start(
            cloud.machine(distributed(copied(WAIT), Items=list(range(6)), MaxConcurrency=2))
        )
        arn = run_of(cloud, execution)

        def running() -> int:
            return int(described(cloud, arn)["executionCounts"]["running"])

        until(lambda: running() == 2, "two run")
        states.update_map_run(mapRunArn=arn, maxConcurrency=5, toleratedFailurePercentage=50.0)
        until(lambda: running() == 5, "five run")
        assert described(cloud, arn)["toleratedFailurePercentage"] == 50
        states.stop_execution(executionArn=execution)
        until(lambda: described(cloud, arn)["status"] == "ABORTED", "it is stopped")
        counts = described(cloud, arn)["executionCounts"]
        assert (counts["aborted"], counts["pending"], counts["running"]) == (5, 1, 0)

    def test_express_children_have_no_history(self, cloud: Cloud) -> None:
        states = cloud.client("stepfunctions")
        execution = cloud.start(cloud.machine(distributed(copied(ECHO), "EXPRESS", Items=[1])))
        cloud.ending(execution)
        assert states.list_executions(mapRunArn=run_of(cloud, execution))["executions"] == []

    def test_express_children_wait_for_no_job(self, cloud: Cloud) -> None:
        job = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2"}
        with pytest.raises(ClientError, match=r"does not support '\.sync:2'"):
            cloud.machine(
                distributed({"Job": {**job, "Arguments": {"StateMachineArn": "x"}}}, "EXPRESS", Items=[1])
            )


class TestRedrive:
    @pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
    def test_only_what_did_not_succeed_runs_again(self, cloud: Cloud, kind: str) -> None:
        states = cloud.client("stepfunctions")
        name = f"redriven-map-{kind.lower()}"
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket=name)
        # Fails for the second item until the object is there; each attempt leaves its name.
        ask = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:headObject",
            "Arguments": {"Bucket": name, "Key": "{% $states.input = 2 ? 'later' : 'there' %}"},
            "Output": "{% $states.context.Execution.RedriveCount %}",
        }
        s3.put_object(Bucket=name, Key="there", Body=b"x")
        definition = distributed({"Ask": ask}, kind, Items=[1, 2, 3, 4], MaxConcurrency=1)
        execution = cloud.start(cloud.machine(definition))
        assert cloud.ending(execution)["error"] == "States.ExceedToleratedFailureThreshold"
        arn = run_of(cloud, execution)
        counts = described(cloud, arn)["itemCounts"]
        assert (counts["succeeded"], counts["failed"], counts["pending"]) == (1, 1, 2)
        s3.put_object(Bucket=name, Key="later", Body=b"x")

        states.redrive_execution(executionArn=execution)

        assert cloud.ending(execution)["output"] == [0, 1, 0, 0]
        found = described(cloud, run_of(cloud, execution))
        assert (found["mapRunArn"], found["redriveCount"], found["status"]) == (arn, 1, "SUCCEEDED")
        assert (found["itemCounts"]["succeeded"], found["itemCounts"]["failed"]) == (4, 0)
        events = [event for event in cloud.history(execution) if event["type"] == "MapRunRedriven"]
        assert [event["mapRunRedrivenEventDetails"] for event in events] == [
            {"mapRunArn": arn, "redriveCount": 1}
        ]


def test_the_memory_of_a_map_run_does_not_grow_with_its_items() -> None:
    """Items and results are on disk: what stays in memory of each is a number or two."""
    item = {"key": "uploads/" + "x" * 500}
    tracemalloc.start()
    try:
        spool = Spool(item for _ in range(10_000))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(spool) == 10_000
    assert spool[9_999] == item
    assert used < 150 * 10_000  # the items alone would be five times that
    spool.close()
