"""A stack of Loupe on a cloud: the clients, and the few calls that the command makes of them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
from boto3.dynamodb.conditions import Key
from botocore.config import Config
from botocore.exceptions import ClientError

from loupe.aws_errors import error_code, translate_errors, uploading
from loupe.errors import RecordNotFoundError, StackNotFoundError
from loupe.pictures import S3Location
from loupe.results import Execution, Record, former_image_id, image_id
from loupe.stack import Stack, reachable_here, read_stack
from loupe.stacks import STACKS
from loupe.target import Target, client_config, make_session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

STATUS_INDEX = "status-createdAt-index"
# What the API leaves of a deleted image for two days, so that what is late finds it gone.
DELETED = "DELETED"
EXPRESS_SECONDS = 300


class Cloud:
    """Clients for one target, made when first used (from one thread: making clients is not thread-safe)."""

    def __init__(
        self, target: Target, session: boto3.session.Session | None = None, parallel: int = 10
    ) -> None:
        self.target = target
        self.session = session or make_session(target)
        self._config = client_config(target, parallel)
        self._clients: dict[str, Any] = {}

    @property
    def where(self) -> str:
        """For people: where the calls go."""
        return replace(self.target, region=self.session.region_name).name

    def client(self, service: str) -> Any:
        """A client by boto3's name of the service."""
        if service not in self._clients:
            config = self._config
            if service == "s3" and self.target.local:
                # By itself botocore takes an older signature for an endpoint of one's own. S3's paths are
                # signed otherwise than other services', which keep their own.
                config = config.merge(Config(signature_version="s3v4"))
            self._clients[service] = self.session.client(
                cast(Any, service), endpoint_url=self.target.endpoint_url, config=config
            )
        return self._clients[service]

    def synchronous_states(self) -> Any:
        """A Step Functions client for executions that are waited for: for as long as they may take, and never
        twice.
        """
        config = self._config.merge(
            Config(
                read_timeout=EXPRESS_SECONDS + 10,
                retries={"total_max_attempts": 1},
                # AWS has a host of its own for such calls; a local cloud has one for all.
                inject_host_prefix=not self.target.endpoint_url,
            )
        )
        return self.session.client("stepfunctions", endpoint_url=self.target.endpoint_url, config=config)

    def table(self, name: str) -> "Table":
        resource = self.session.resource(
            "dynamodb", endpoint_url=self.target.endpoint_url, config=self._config
        )
        return resource.Table(name)

    def stack(self, core: str) -> Stack:
        """The core of this name, with the outputs of the stacks that stand on it."""
        stack = self.single_stack(core)
        parts = [stack]
        for source in STACKS:
            if not source.is_core:
                with suppress(StackNotFoundError):
                    parts.append(self.single_stack(source.stack_name(core)))
        outputs: dict[str, str] = {}
        for part in parts:
            outputs.update(part.outputs)
        return replace(stack, outputs=outputs, stacks=tuple(part.name for part in parts))

    def single_stack(self, name: str) -> Stack:
        """DescribeStacks; at a local cloud with addresses that work from here."""
        with translate_errors(self.where):
            stack = read_stack(self.client("cloudformation"), name, self.where)
        if gateway_url := self.target.gateway_url:
            return replace(stack, outputs=reachable_here(stack.outputs, gateway_url))
        return stack


class StackWorkflow:
    """The deployed workflow: what `loupe.classify.Workflow` asks for, by AWS's APIs.

    Safe for threads once made.
    """

    def __init__(self, cloud: Cloud, stack: Stack) -> None:
        self._cloud = cloud
        self._machine = stack.output("ClassifyStateMachineArn")
        self._bucket = stack.output("UploadsBucketName")
        self._s3 = cloud.client("s3")
        self._states = cloud.client("stepfunctions")
        # An Express execution cannot be asked for afterwards: it is waited for, and its ending kept.
        self._express = stack.outputs.get("WorkflowType") == "EXPRESS"
        self._synchronous = cloud.synchronous_states() if self._express else None
        self._endings: dict[str, Execution] = {}
        self._records = Records(cloud, stack)

    def upload(self, path: Path, key: str) -> S3Location:
        """Put the file where the workflow may read it.

        The key holds the content's hash, so what is there already stays.
        """
        location = S3Location(self._bucket, key)
        with translate_errors(self._cloud.where):
            if not self._exists(location, path.stat().st_size):
                with uploading():
                    self._s3.upload_file(str(path), location.bucket, location.key)
        return location

    def _exists(self, location: S3Location, size: int) -> bool:
        try:
            head = self._s3.head_object(Bucket=location.bucket, Key=location.key)
        except ClientError as error:
            if error_code(error) in ("404", "403", "NoSuchKey", "NotFound"):
                return False
            raise
        return bool(head["ContentLength"] == size)

    def list_prefix(self, location: S3Location) -> Iterator[S3Location]:
        """Every object under a prefix, in the order of S3's listing."""
        with translate_errors(self._cloud.where):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=location.bucket, Prefix=location.key
            )
            for page in pages:
                for each in page.get("Contents", []):
                    yield S3Location(location.bucket, each["Key"])

    def start(self, payload: dict[str, Any]) -> str:
        """StartExecution, or for an Express workflow StartSyncExecution; gives the execution's ARN."""
        text = json.dumps(payload, ensure_ascii=False)
        with translate_errors(self._cloud.where):
            if self._synchronous is not None:
                ended = self._synchronous.start_sync_execution(stateMachineArn=self._machine, input=text)
                self._endings[ended["executionArn"]] = _execution(ended)
                return str(ended["executionArn"])
            answer = self._states.start_execution(stateMachineArn=self._machine, input=text)
        return str(answer["executionArn"])

    def describe(self, execution_arn: str) -> Execution:
        if execution_arn in self._endings:
            return self._endings.pop(execution_arn)
        with translate_errors(self._cloud.where):
            return describe_execution(self._states, execution_arn)

    def record(self, bucket: str, key: str) -> Record | None:
        return self._records.find_picture(bucket, key)


def describe_execution(states: Any, execution_arn: str) -> Execution:
    """DescribeExecution."""
    return _execution(states.describe_execution(executionArn=execution_arn))


def list_executions(states: Any, state_machine_arn: str, limit: int) -> list[Execution]:
    """ListExecutions, as many pages as that needs: the newest first."""
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn)
    return [
        _execution(each) for each in islice((each for page in pages for each in page["executions"]), limit)
    ]


def _execution(said: Mapping[str, Any]) -> Execution:
    return Execution(
        arn=said["executionArn"],
        status=said["status"],
        started=said["startDate"],
        stopped=said.get("stopDate"),
        output=said.get("output"),
        error=said.get("error"),
        cause=said.get("cause"),
    )


class Records:
    """The Images table."""

    def __init__(self, cloud: Cloud, stack: Stack) -> None:
        self._cloud = cloud
        self._table = cloud.table(stack.output("ImagesTableName"))

    def find(self, image_id: str) -> Record | None:
        """One record, read consistently; None when there is none, or no more."""
        if not image_id:
            return None
        with translate_errors(self._cloud.where):
            item = self._table.get_item(Key={"imageId": image_id}, ConsistentRead=True).get("Item")
        return dict(item) if item and item.get("status") != DELETED else None

    def find_picture(self, bucket: str, key: str) -> Record | None:
        """The record of the picture at this place."""
        return self.find(image_id(self._table.name, bucket, key)) or self.find(former_image_id(bucket, key))

    def get(self, image_id: str) -> Record:
        """One record by its id or the beginning of it; RecordNotFoundError when none, or more than one,
        begins so.
        """
        found = self.find(image_id)
        if found is not None:
            return found
        matches = [
            each for each in self.list() if len(image_id) >= 4 and str(each["imageId"]).startswith(image_id)
        ]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise RecordNotFoundError(f"{len(matches)} pictures' ids begin with {image_id}. Give more of it.")
        raise RecordNotFoundError(f"There is no picture {image_id}. `loupe images` lists those there are.")

    def list(self, status: str | None = None) -> list[Record]:
        """Records, the newest first; with a status those in it only."""
        with translate_errors(self._cloud.where):
            items = [dict(item) for page in self._pages(status) for item in page.get("Items", [])]
        items = [item for item in items if item.get("status") != DELETED]
        return sorted(items, key=lambda item: str(item.get("createdAt", "")), reverse=True)

    def _pages(self, status: str | None) -> Iterator[Any]:
        client: Any = self._table.meta.client
        if status is None:
            return iter(client.get_paginator("scan").paginate(TableName=self._table.name))
        condition = Key("status").eq(status)
        query = client.get_paginator("query")
        return iter(
            query.paginate(
                TableName=self._table.name, IndexName=STATUS_INDEX, KeyConditionExpression=condition
            )
        )
