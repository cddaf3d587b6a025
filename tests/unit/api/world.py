"""The API on moto's tables and buckets: requests in API Gateway's form, as named people make them."""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import boto3
from moto import mock_aws

from loupe_api.api import Api
from loupe_api.gallery import Gallery
from loupe_api.group_table import GroupTable
from loupe_api.image_table import ImageTable
from loupe_api.live_model import LiveModel
from loupe_api.metrics import Metrics, PendingRecords, UndeliveredEvents
from loupe_api.objects import SIGNING, ImageObjects
from loupe_api.operating import Operating
from loupe_api.predictor import Predictor
from loupe_api.quality import QualityFigures
from loupe_api.reviewing import Reviewing
from loupe_api.runs import Runs
from loupe_core.inference import Prediction
from loupe_review.correcting import Corrector
from loupe_review.desk import Desk
from loupe_review.images import ReviewedImages
from loupe_review.measuring import Evaluations
from loupe_review.quality_reading import QualityReader, StackVersions
from loupe_review.table import ReviewsTable

IMAGES, GROUPS, UPLOADS, PROCESSED = "images", "groups", "uploads-bucket", "processed-bucket"
REVIEWS = "reviews"
UNDELIVERED = "loupe-UndeliveredEvents-1ABC"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:loupe-classify-image"
ENDPOINT = "loupe-classifier"
REGION = "eu-west-1"
START = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
PREDICTIONS = [
    Prediction(label, score) for label, score in zip("abcdef", (0.5, 0.2, 0.1, 0.1, 0.05, 0.05), strict=True)
]
PICTURE = b"\x89PNG\r\n\x1a\n" + b"a picture, as far as the API looks"


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)


class Histories:
    """Step Functions' histories by ARN."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Mapping[str, Any]]] = {}
        self.started: list[tuple[str, Mapping[str, object]]] = []

    def events(self, execution_arn: str) -> list[Mapping[str, Any]] | None:
        return self.kept.get(execution_arn)

    def start(self, claimed_by: str, execution_input: Mapping[str, object]) -> None:
        self.started.append((claimed_by, execution_input))


class Metered:
    """CloudWatch without figures; `values` are by the query's metric, statistic and dimension."""

    def __init__(self, values: Mapping[tuple[str, str, str], list[float]] | None = None) -> None:
        self._values = values or {}

    def get_paginator(self, operation: str) -> "Metered":
        assert operation == "get_metric_data"
        return self

    def paginate(self, MetricDataQueries: list[Any], **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        for each in MetricDataQueries:
            metric = each["MetricStat"]["Metric"]
            place = (metric["MetricName"], each["MetricStat"]["Stat"], metric["Dimensions"][0]["Value"])
            yield {"MetricDataResults": [{"Id": each["Id"], "Values": self._values.get(place, [])}]}


@dataclass
class Answer:
    """What API Gateway would send on."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class World:
    """The API, what it stands on, and a way to ask it."""

    dynamodb: Any
    s3: Any
    clock: Clock
    histories: Histories
    gallery: Gallery
    # None as where the review stack is not deployed.
    reviewing: Reviewing | None
    quality: QualityFigures | None
    live_model: LiveModel
    operating: Operating
    sagemaker: Any
    # As where the batch stack is not deployed.
    runs: Runs = field(default_factory=lambda: Runs("", "", None, None))
    predict_open: bool = True
    reads_open: bool = True
    fetched: list[str] = field(default_factory=list)
    classified: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.predictor = Predictor(self._classify, self._fetch)
        self.api = Api(self, self.clock)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        user: str | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str | None = "application/json",
        claims: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. `body`: bytes as they are, anything else as JSON. `user`: the verified token's sub;
        `claims`: what else it says.
        """
        headers = dict(headers or {})
        if content_type and body is not None:
            headers["content-type"] = content_type
        event = gateway_event(method, path, _encoded(body), headers, urlencode(query or {}), user)
        if claims:
            event["requestContext"]["authorizer"]["jwt"]["claims"].update(claims)
        return as_answer(self.api.answer(event, None))

    def new_group(self, owner: str = "ann", name: str = "Pets") -> str:
        group_id: str = self.ask("POST", "/groups", {"name": name}, owner).body["newItem"]["id"]
        return group_id

    def new_image(self, group_id: str, owner: str = "ann", **fields: str) -> dict[str, Any]:
        created: dict[str, Any] = self.ask("POST", f"/groups/{group_id}/images", fields, owner).body
        return created

    def record(self, image_id: str) -> dict[str, Any] | None:
        """The image's item as DynamoDB keeps it."""
        item: dict[str, Any] | None = self.dynamodb.get_item(
            TableName=IMAGES, Key={"imageId": {"S": image_id}}
        ).get("Item")
        return item

    def update(self, image_id: str, expression: str, values: Mapping[str, Any], condition: str = "") -> None:
        """Write to a record as the workflow does."""
        request: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        self.dynamodb.update_item(
            TableName=IMAGES,
            Key={"imageId": {"S": image_id}},
            UpdateExpression=expression,
            ExpressionAttributeValues=values,
            **request,
        )

    def _classify(self, picture: bytes) -> list[Prediction]:
        self.classified.append(picture)
        return PREDICTIONS

    def _fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        return PICTURE


@contextmanager
def made_world() -> Iterator[World]:
    with mock_aws():
        dynamodb, s3, sagemaker = _clients()
        _make_tables(dynamodb)
        sqs = boto3.client("sqs", region_name=REGION)
        sqs.create_queue(QueueName=UNDELIVERED)
        for bucket in (UPLOADS, PROCESSED):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        clock, histories = Clock(), Histories()
        gallery = Gallery(
            GroupTable(dynamodb, GROUPS),
            ImageTable(dynamodb, IMAGES, GROUPS),
            ImageObjects(s3, UPLOADS, PROCESSED),
            histories,
            clock,
            # moto's dictionaries do not bear threads.
            deleted_in_parallel=1,
            page_origin="https://page.example",
        )
        desk = Desk(ReviewsTable(REVIEWS, dynamodb), clock)
        corrector = Corrector(desk, ReviewedImages(IMAGES, dynamodb), clock)
        images = ImageTable(dynamodb, IMAGES, GROUPS)
        reviewing = Reviewing(desk, corrector, images, ImageObjects(s3, UPLOADS, PROCESSED))
        live_model = LiveModel(ENDPOINT, 0.93, sagemaker, s3, clock)
        reader = QualityReader(
            ReviewsTable(REVIEWS, dynamodb),
            ReviewedImages(IMAGES, dynamodb),
            StackVersions("loupe", lambda: "", Evaluations("training-bucket", sagemaker, s3), sagemaker),
            most_pictures=100,
            most_reviews=100,
        )
        quality = QualityFigures(reader, clock)
        operating = Operating(
            images,
            ImageObjects(s3, UPLOADS, PROCESSED),
            Metrics("loupe", MACHINE, Metered()),
            PendingRecords(dynamodb, IMAGES),
            UndeliveredEvents(sqs, UNDELIVERED),
            live_model,
            MACHINE,
            "loupe",
            clock,
            at_once=1,
        )
        yield World(
            dynamodb, s3, clock, histories, gallery, reviewing, quality, live_model, operating, sagemaker
        )


def gateway_event(
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
    query: str,
    user: str | None,
) -> dict[str, Any]:
    """A request as an HTTP API's payload 2.0 carries it."""
    context: dict[str, Any] = {"stage": "$default", "http": {"method": method, "path": path}}
    if user is not None:
        context["authorizer"] = {"jwt": {"claims": {"sub": user}, "scopes": None}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": dict(headers),
        "requestContext": context,
        "isBase64Encoded": body is not None,
    }
    if query:
        event["queryStringParameters"] = _joined(query)
    if body is not None:
        event["body"] = base64.b64encode(body).decode()
    return event


def as_answer(raw: Mapping[str, Any]) -> Answer:
    text = raw.get("body")
    if text and raw.get("isBase64Encoded"):
        text = gzip.decompress(base64.b64decode(text)).decode()
    headers = {str(name).lower(): str(value) for name, value in raw["headers"].items()}
    return Answer(int(raw["statusCode"]), headers, json.loads(text) if text else None)


@cache
def _clients() -> tuple[Any, Any, Any]:
    """Made once, under moto, as making one takes longer than most tests."""
    session = boto3.session.Session("test", "test", region_name=REGION)
    return session.client("dynamodb"), session.client("s3", config=SIGNING), session.client("sagemaker")


def _joined(query: str) -> dict[str, str]:
    """API Gateway joins repeated parameters by commas."""
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _encoded(body: object) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    return json.dumps(body).encode()


def _make_tables(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName=GROUPS,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("id", "listing", "createdAt")
        ],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "listing-createdAt-index",
                "KeySchema": [
                    {"AttributeName": "listing", "KeyType": "HASH"},
                    {"AttributeName": "createdAt", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    pairs = (("queue", "order"), ("imageId", "createdAt"), ("decidedOn", "decidedAt"))
    dynamodb.create_table(
        TableName=REVIEWS,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("reviewId", *(name for pair in pairs for name in pair))
        ],
        KeySchema=[{"AttributeName": "reviewId", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": f"{partition}-{order}-index",
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": order, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for partition, order in pairs
        ],
    )
    names = ("imageId", "groupId", "status", "createdAt", "pending", "leaseUntil")
    indexes = (("groupId", "createdAt"), ("status", "createdAt"), ("pending", "leaseUntil"))
    dynamodb.create_table(
        TableName=IMAGES,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "imageId", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": f"{name}-{order}-index",
                "KeySchema": [
                    {"AttributeName": name, "KeyType": "HASH"},
                    {"AttributeName": order, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name, order in indexes
        ],
    )
