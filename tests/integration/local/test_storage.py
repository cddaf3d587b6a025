"""S3 keeps any key AWS keeps, and verifies what was signed."""

import io
import os
import urllib.error
import urllib.request
import uuid

import pytest

from bench.executions_memory import resident_mib
from local.cloud.client import running
from tests.integration.local.conftest import LocalCloud, failure

BOUNDARY = "a-boundary"


@pytest.fixture
def bucket(cloud: LocalCloud) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.mark.parametrize(
    "key",
    [
        "a b+c.jpg",
        "größe/日本/🐕.png",
        "up/../and/./down",
        "//double//",
        "%41%20+.txt",
        "x" * 1024,
        "ü" * 512,
    ],
    ids=["space and plus", "Unicode", "dots", "slashes", "percent", "1,024 bytes", "1,024 bytes of UTF-8"],
)
def test_a_key_is_kept_as_it_is(cloud: LocalCloud, bucket: str, key: str) -> None:
    s3 = cloud.client("s3")

    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


@pytest.mark.parametrize("key", ["x" * 1025, "ü" * 512 + "x"], ids=["ASCII", "UTF-8"])
def test_a_key_over_1024_bytes_is_refused(cloud: LocalCloud, bucket: str, key: str) -> None:
    assert failure(lambda: cloud.client("s3").put_object(Bucket=bucket, Key=key))[:2] == (
        400,
        "KeyTooLongError",
    )


def test_versions_and_ranges_are_read(cloud: LocalCloud, bucket: str) -> None:
    s3 = cloud.client("s3")
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"second")
    s3.delete_object(Bucket=bucket, Key="k")

    old = s3.get_object(Bucket=bucket, Key="k", VersionId=first, Range="bytes=2-4")

    assert (old["Body"].read(), old["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert failure(lambda: s3.get_object(Bucket=bucket, Key="k"))[:2] == (404, "NoSuchKey")


def test_a_version_comes_back_as_those_after_it_go(cloud: LocalCloud, bucket: str) -> None:
    s3 = cloud.client("s3")
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"first")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"second")["VersionId"]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k", "VersionId": first})
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]

    def read(key: str = "k") -> bytes:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    assert (read(), read("copy")) == (b"second", b"first")
    s3.delete_object(Bucket=bucket, Key="k", VersionId=second)
    assert read() == b"first"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=first)
    assert failure(read)[:2] == (404, "NoSuchKey")


def test_what_is_stored_takes_no_memory(cloud: LocalCloud, bucket: str) -> None:
    s3 = cloud.client("s3")
    content = os.urandom(8_000_000)

    def store(count: int) -> float:
        for number in range(count):
            s3.put_object(Bucket=bucket, Key=f"{number % 3}", Body=content)
        info = running(cloud.state)
        assert info is not None
        return resident_mib(info.pid)

    before = store(6)
    assert store(24) - before < 24 * 8 / 2
    assert s3.get_object(Bucket=bucket, Key="2")["Body"].read() == content


def test_a_large_object_goes_in_parts_and_comes_back_whole(cloud: LocalCloud, bucket: str) -> None:
    s3 = cloud.client("s3")
    content = os.urandom(17_000_000)

    s3.upload_fileobj(io.BytesIO(content), bucket, "large")

    assert s3.head_object(Bucket=bucket, Key="large")["ETag"].endswith('-3"')
    received = io.BytesIO()
    s3.download_fileobj(bucket, "large", received)
    assert received.getvalue() == content


def test_a_presigned_url_is_the_gateways_and_is_verified(cloud: LocalCloud, bucket: str) -> None:
    s3 = cloud.client("s3", signature_version="s3v4")
    s3.put_object(Bucket=bucket, Key="a b", Body=b"content")

    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b"}, ExpiresIn=60)

    assert url.startswith(f"{cloud.url}/")
    assert fetch(url) == (200, b"content")
    assert fetch(url.replace("a%20b", "other"))[0] == 403
    assert fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))[0] == 403
    assert fetch(url.partition("?")[0])[0] == 403


@pytest.mark.parametrize(
    ("size", "fields", "status"),
    [
        (5, {}, 204),
        (11, {}, 400),
        (0, {}, 400),
        (5, {"Content-Type": "text/html"}, 403),
        (5, {"key": "elsewhere"}, 403),
        (5, {"x-amz-signature": "0" * 64}, 403),
    ],
    ids=["as signed", "too large", "empty", "another type", "another key", "another signature"],
)
def test_a_presigned_post_allows_what_was_signed(
    cloud: LocalCloud, bucket: str, size: int, fields: dict[str, str], status: int
) -> None:
    post = cloud.client("s3", signature_version="s3v4").generate_presigned_post(
        bucket,
        "uploads/new.png",
        Fields={"Content-Type": "image/png"},
        Conditions=[["content-length-range", 1, 10], {"Content-Type": "image/png"}],
        ExpiresIn=60,
    )

    body = form({**post["fields"], **fields}, b"x" * size)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}

    assert fetch(post["url"], body, headers)[0] == status


def test_a_conditional_write_and_an_index_work_as_on_dynamodb(cloud: LocalCloud) -> None:
    dynamodb = cloud.client("dynamodb")
    keys = [("id", "S"), ("group", "S"), ("at", "S")]
    dynamodb.create_table(
        TableName="images",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in keys],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "byGroup",
                "KeySchema": [
                    {"AttributeName": "group", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for number in ("1", "2", "3"):
        item = {"id": {"S": number}, "group": {"S": "dogs"}, "at": {"S": number}}
        dynamodb.put_item(TableName="images", Item=item, ConditionExpression="attribute_not_exists(id)")

    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as refused:
        dynamodb.put_item(
            TableName="images",
            Item={"id": {"S": "1"}},
            ConditionExpression="attribute_not_exists(id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert refused.value.response["Item"]["group"] == {"S": "dogs"}
    page = dynamodb.query(
        TableName="images",
        IndexName="byGroup",
        KeyConditionExpression="#g = :g AND #a > :a",
        ExpressionAttributeNames={"#g": "group", "#a": "at"},
        ExpressionAttributeValues={":g": {"S": "dogs"}, ":a": {"S": "1"}},
        ScanIndexForward=False,
        Limit=1,
    )
    assert [item["id"]["S"] for item in page["Items"]] == ["3"]
    assert page["LastEvaluatedKey"]["id"] == {"S": "3"}


def fetch(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of a request."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def form(fields: dict[str, str], content: bytes) -> bytes:
    """A multipart form with a file."""
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    parts.append(b'Content-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + content)
    separator = f"--{BOUNDARY}\r\n".encode()
    return b"".join(separator + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
