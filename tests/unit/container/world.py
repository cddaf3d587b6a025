"""The container's handlers over moto's S3 and DynamoDB, with the table that the template describes."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.unit.functions.handlers import EVENTS, ROOT, LambdaContext
from tests.unit.template.transformed import yaml_parse

TEMPLATE = ROOT / "container" / "template.yaml"
TABLE, BUCKET, REGION = "predictions", "my-pictures", "us-east-1"
DIGITS = EVENTS / "images"
MODEL = ROOT / "model" / "artifacts" / "digits"
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "MODEL_FOLDER": str(MODEL),
    "POWERTOOLS_SERVICE_NAME": "test",
    "PREDICTIONS_TABLE": TABLE,
}


@dataclass
class World:
    """An account with the stack's bucket and table."""

    s3: Any
    dynamodb: Any

    def put(self, key: str, content: bytes | str) -> str:
        """Upload bytes, or one of the sample pictures by its name; gives the version."""
        body = content if isinstance(content, bytes) else (DIGITS / content).read_bytes()
        return str(self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)["VersionId"])

    def items(self) -> list[dict[str, Any]]:
        """All items, in DynamoDB's typed form."""
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName=TABLE)["Items"]
        return items

    def call(self, handler: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke a handler of the image, loaded anew as in a new execution environment."""
        answer: dict[str, Any] = load(handler).handler(event, LambdaContext())
        return answer


def load(handler: str) -> Any:
    name = f"loupe_container.{handler}"
    sys.modules.pop(name, None)
    return importlib.import_module(name)


@contextmanager
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        s3, dynamodb = boto3.client("s3", REGION), boto3.client("dynamodb", REGION)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        table = yaml_parse(TEMPLATE.read_text())["Resources"]["PredictionsTable"]["Properties"]
        keys = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
        dynamodb.create_table(TableName=TABLE, **{key: _bare(table[key]) for key in keys})
        yield World(s3, dynamodb)


def _bare(node: Any) -> Any:
    """cfn-lint's nodes as plain values."""
    if isinstance(node, dict):
        return {str(name): _bare(value) for name, value in node.items()}
    return [_bare(each) for each in node] if isinstance(node, list) else str(node)
