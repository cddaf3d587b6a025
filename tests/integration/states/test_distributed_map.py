"""Distributed Map reads, batches, tolerates and writes as on AWS."""

import gzip
import json
from typing import Any

import pytest

from tests.integration.states.harness import Cloud, jsonata, until


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> str:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="distributed")
    for number in range(1, 1006):
        s3.put_object(Bucket="distributed", Key=f"many/{number:04}", Body=b"x")
    s3.put_object(
        Bucket="distributed", Key="items.json", Body=json.dumps({"deep": {"items": [1, 2, 3, 4, 5]}})
    )
    s3.put_object(Bucket="distributed", Key="items.csv", Body="name,size\nä,1\nb,2\n".encode())
    s3.put_object(Bucket="distributed", Key="items.jsonl", Body=b'{"n": 1}\n{"n": 2}\n')
    rows = b'"distributed","a%2Bb/k+1"\n"distributed","k2"\n'
    s3.put_object(Bucket="distributed", Key="data.csv.gz", Body=gzip.compress(rows))
    s3.put_object(Bucket="distributed", Key="members.json", Body=b'{"a": 1, "b": {"c": 2}}')
    s3.put_object(Bucket="distributed", Key="parts/1.jsonl", Body=b'{"n": 1}\n{"n": 2}\n')
    s3.put_object(Bucket="distributed", Key="parts/2.jsonl", Body=b'{"n": 3}\n')
    s3.put_object(Bucket="distributed", Key="parts/", Body=b"")
    s3.put_object(
        Bucket="distributed",
        Key="manifest.json",
        Body=json.dumps(
            {
                "fileSchema": "Bucket, Key",
                "destinationBucket": "arn:aws:s3:::distributed",
                "fileFormat": "CSV",
                "files": [{"key": "data.csv.gz"}],
            }
        ),
    )
    return "distributed"


def distributed(processor: dict[str, Any], kind: str = "STANDARD", **members: Any) -> dict[str, Any]:
    inner = {
        "StartAt": next(iter(processor)),
        "States": processor,
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
    }
    for state in processor.values():
        if "Next" not in state and state["Type"] not in ("Fail", "Succeed", "Choice"):
            state["End"] = True
    return jsonata({"Each": {"Type": "Map", "ItemProcessor": inner, **members}})


ECHO = {"One": {"Type": "Pass", "Output": "{% $states.input %}"}}
FUSSY = {
    "Check": {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.n % 4 = 0 %}", "Next": "Bad"}],
        "Default": "Good",
    },
    "Bad": {"Type": "Fail", "Error": "Unlucky", "Cause": "four"},
    "Good": {"Type": "Succeed"},
}


def reader(bucket: str, key: str, **config: Any) -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "Arguments": {"Bucket": bucket, "Key": key},
        "ReaderConfig": config,
    }


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_batches_reach_the_children(cloud: Cloud, kind: str) -> None:
    definition = distributed(
        {
            "One": {
                "Type": "Pass",
                "Output": {
                    "sum": "{% $sum($states.input.Items) %}",
                    "factor": "{% $states.input.BatchInput.factor %}",
                },
            }
        },
        kind,
        Items="{% $range(1, 5, 1) %}",
        MaxConcurrency=2,
        ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"factor": "{% $states.input.factor %}"}},
    )

    ended = cloud.run(definition, {"factor": 3})

    assert ended["output"] == [{"sum": 3, "factor": 3}, {"sum": 7, "factor": 3}, {"sum": 5, "factor": 3}]


@pytest.mark.parametrize(
    ("key", "config", "items"),
    [
        ("items.json", {"InputType": "JSON", "ItemsPointer": "/deep/items"}, [1, 2, 3, 4, 5]),
        ("items.json", {"InputType": "JSON", "ItemsPointer": "/deep/items", "MaxItems": 2}, [1, 2]),
        (
            "items.csv",
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            [{"name": "ä", "size": "1"}, {"name": "b", "size": "2"}],
        ),
        ("items.jsonl", {"InputType": "JSONL"}, [{"n": 1}, {"n": 2}]),
        (
            "manifest.json",
            {"InputType": "MANIFEST"},
            [{"Bucket": "distributed", "Key": "a%2Bb/k+1"}, {"Bucket": "distributed", "Key": "k2"}],
        ),
        (
            "items.csv",
            {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x"]},
            [{"x": "name"}, {"x": "ä"}, {"x": "b"}],
        ),
        (
            "members.json",
            {"InputType": "JSON"},
            [{"Key": "a", "Value": 1}, {"Key": "b", "Value": {"c": 2}}],
        ),
    ],
)
def test_items_are_read_from_an_object(
    cloud: Cloud, bucket: str, key: str, config: dict[str, Any], items: Any
) -> None:
    ended = cloud.run(distributed(json.loads(json.dumps(ECHO)), ItemReader=reader(bucket, key, **config)))

    assert ended.get("output") == items, ended


def test_items_are_read_from_a_listing_of_many_pages(cloud: Cloud, bucket: str) -> None:
    ended = cloud.run(
        distributed(
            {"One": {"Type": "Pass", "Output": "{% $count($states.input.Items) %}"}},
            ItemReader={
                "Resource": "arn:aws:states:::s3:listObjectsV2",
                "Arguments": {"Bucket": bucket, "Prefix": "many/"},
            },
            ItemSelector={"key": "{% $states.context.Map.Item.Value.Key %}"},
            ItemBatcher={"MaxItemsPerBatch": 500},
        )
    )

    assert ended["output"] == [500, 500, 5]


def test_items_that_cannot_be_read_fail_the_reader(cloud: Cloud, bucket: str) -> None:
    ended = cloud.run(
        distributed(json.loads(json.dumps(ECHO)), ItemReader=reader(bucket, "none.json", InputType="JSON"))
    )

    assert (ended["status"], ended["error"]) == ("FAILED", "States.ItemReaderFailed")


def test_one_failure_fails_the_map_unless_it_is_tolerated(cloud: Cloud) -> None:
    items = [{"n": number} for number in range(1, 9)]

    strict = cloud.run(distributed(json.loads(json.dumps(FUSSY)), Items=items))
    tolerant = cloud.run(
        distributed(json.loads(json.dumps(FUSSY)), Items=items, ToleratedFailurePercentage=25)
    )
    too_many = cloud.run(
        distributed(json.loads(json.dumps(FUSSY)), Items=items, ToleratedFailurePercentage=20)
    )

    assert strict["error"] == "States.ExceedToleratedFailureThreshold"
    assert [item["n"] for item in tolerant["output"]] == [1, 2, 3, 5, 6, 7]
    assert too_many["error"] == "States.ExceedToleratedFailureThreshold"


def test_results_are_written_beside_a_manifest(cloud: Cloud, bucket: str) -> None:
    items = [{"n": number} for number in range(1, 5)]
    ended = cloud.run(
        distributed(
            json.loads(json.dumps(FUSSY)),
            Items=items,
            ToleratedFailureCount=1,
            Label="Each",
            ResultWriter={
                "Resource": "arn:aws:states:::s3:putObject",
                "Arguments": {"Bucket": bucket, "Prefix": "results/"},
            },
        )
    )

    details = ended["output"]["ResultWriterDetails"]
    s3 = cloud.client("s3")

    def content(key: str) -> Any:
        return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    manifest = content(details["Key"])
    assert details["Key"].startswith("results/")
    assert manifest["MapRunArn"] == ended["output"]["MapRunArn"]
    succeeded = content(manifest["ResultFiles"]["SUCCEEDED"][0]["Key"])
    failed = content(manifest["ResultFiles"]["FAILED"][0]["Key"])
    assert [json.loads(child["Output"])["n"] for child in succeeded] == [1, 2, 3]
    assert [(child["Error"], child["Cause"], child["Status"]) for child in failed] == [
        ("Unlucky", "four", "FAILED")
    ]


def test_the_map_run_and_its_children_can_be_looked_at(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    execution = cloud.start(cloud.machine(distributed(json.loads(json.dumps(ECHO)), Items=[1, 2, 3])))
    cloud.ending(execution)

    run = states.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
    found = states.describe_map_run(mapRunArn=run)
    children = states.list_executions(mapRunArn=run)["executions"]

    assert (found["status"], found["itemCounts"]["succeeded"], found["itemCounts"]["total"]) == (
        "SUCCEEDED",
        3,
        3,
    )
    assert len(children) == 3
    assert cloud.history(children[0]["executionArn"])[-1]["type"] == "ExecutionSucceeded"
    assert [event["type"] for event in cloud.history(execution)] == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]


def test_stopping_the_execution_stops_the_children(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    execution = cloud.start(
        cloud.machine(distributed({"Wait": {"Type": "Wait", "Seconds": 600}}, Items=[1, 2]))
    )
    run = until(lambda: states.list_map_runs(executionArn=execution)["mapRuns"], "the map run")[0][
        "mapRunArn"
    ]

    def children() -> list[str]:
        return [child["status"] for child in states.list_executions(mapRunArn=run)["executions"]]

    until(lambda: children() == ["RUNNING", "RUNNING"], "two children")
    states.stop_execution(executionArn=execution)

    until(lambda: children() == ["ABORTED", "ABORTED"], "both are stopped")
    assert states.describe_map_run(mapRunArn=run)["status"] == "ABORTED"


def test_children_are_started_by_the_machines_role(cloud: Cloud) -> None:
    other = {
        "Effect": "Allow",
        "Action": "states:StartExecution",
        "Resource": "arn:aws:states:*:*:stateMachine:x",
    }

    ending = cloud.run(distributed(ECHO, Items=[1]), role=cloud.role(other))

    assert (ending["status"], ending["error"]) == ("FAILED", "States.Permissions")
    assert "not authorized to perform: states:StartExecution" in ending["cause"]
