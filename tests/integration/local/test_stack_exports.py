"""Exports between stacks, as CloudFormation keeps them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import LocalCloud
from tests.polling import wait_for

ENDED = ("COMPLETE", "FAILED")


class TwoStacks:
    """One that exports a queue's name, and one that imports it."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.client = cloud.client("cloudformation")
        self.core, self.site = (f"{name}-{uuid.uuid4().hex[:8]}" for name in ("core", "site"))
        self.export = f"{self.core}-QueueName"

    def deploy(self, name: str, template: dict[str, Any], *, create: bool = True) -> Any:
        """The stack once it has ended."""
        call = self.client.create_stack if create else self.client.update_stack
        call(StackName=name, TemplateBody=json.dumps(template))

        def ended() -> Any:
            [stack] = self.client.describe_stacks(StackName=name)["Stacks"]
            status = stack["StackStatus"]
            return stack if status.endswith(ENDED) and "IN_PROGRESS" not in status else None

        return wait_for(ended, f"{name} to end", 60)

    def exporting(self, queue: str, *, export: bool = True) -> dict[str, Any]:
        output = {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}
        return {
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": queue}}},
            "Outputs": {"QueueName": {**output, "Export": {"Name": self.export}} if export else output},
        }

    def importing(self) -> dict[str, Any]:
        properties = {"DisplayName": {"Fn::ImportValue": self.export}}
        return {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": properties}}}

    def reasons(self, name: str) -> str:
        events = self.client.describe_stack_events(StackName=name)["StackEvents"]
        return " ".join(each.get("ResourceStatusReason", "") for each in events)


@pytest.fixture
def two(cloud: LocalCloud) -> TwoStacks:
    made = TwoStacks(cloud)
    made.deploy(made.core, made.exporting(made.core))
    made.deploy(made.site, made.importing())
    return made


@pytest.mark.parametrize(("export", "refused"), [(True, "updated"), (False, "deleted")])
def test_an_imported_export_neither_changes_nor_goes(two: TwoStacks, export: bool, refused: str) -> None:
    queue = "another" if export else two.core

    ended = two.deploy(two.core, two.exporting(queue, export=export), create=False)

    assert ended["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert f"Export {two.export} cannot be {refused} as it is in use by {two.site}" in two.reasons(two.core)
    assert ended["Outputs"][0]["OutputValue"] == two.core


def test_an_export_that_nobody_imports_any_more_changes(two: TwoStacks) -> None:
    two.client.delete_stack(StackName=two.site)

    def gone() -> bool:
        try:
            two.client.describe_stacks(StackName=two.site)
        except ClientError:
            return True
        return False

    wait_for(gone, f"{two.site} to go", 60)

    ended = two.deploy(two.core, two.exporting(f"{two.core}-new"), create=False)

    assert ended["StackStatus"] == "UPDATE_COMPLETE"
    assert ended["Outputs"][0]["OutputValue"] == f"{two.core}-new"


def test_two_stacks_do_not_export_one_name(two: TwoStacks) -> None:
    other = f"other-{uuid.uuid4().hex[:8]}"

    ended = two.deploy(other, two.exporting(other))

    assert ended["StackStatus"] == "ROLLBACK_COMPLETE"
    assert f"Export with name {two.export} is already exported by stack {two.core}" in two.reasons(other)
