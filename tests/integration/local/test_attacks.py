"""What a web page, another user of the machine, or a thief of half a secret sends is refused everywhere."""

import hashlib
import http.client
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Keys

from local.cloud import running
from local.cloud.credentials import SECRET_HEADER, read_secret
from tests.integration.local.conftest import Credentials, LocalCloud, failure

EVIL = "https://evil.example"
SCAN = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}


@dataclass(frozen=True)
class Answered:
    """A raw answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    url: str, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Answered:
    """A request with these headers and no others but Host, which they may replace."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path or "/", body or None, dict(headers or {}))
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answered(answer.status, named, answer.read())
    finally:
        connection.close()


def signed(
    cloud: LocalCloud,
    service: str,
    path: str = "/",
    method: str = "POST",
    body: bytes = b"{}",
    headers: Mapping[str, str] | None = None,
    secret: str = "test",
    when: datetime | None = None,
) -> dict[str, str]:
    """The headers of a request signed with `test` and this secret."""
    request = AWSRequest(method, cloud.url + path, data=body, headers=dict(headers or {}))
    signer: Any = SigV4Auth(Keys("test", secret), service, "us-east-1")
    if when is None:
        signer.add_auth(request)
    else:
        request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
        signer._modify_request_before_signing(request)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        signer._inject_signature_to_request(request, signer.signature(text, request))
    return dict(request.headers.items())


@pytest.mark.parametrize("hostile", [{"Origin": EVIL}, {"Origin": "null"}, {"Host": "evil.example"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("GET", "/2015-03-31/functions"),
        ("PUT", "/bucket/key"),
        ("OPTIONS", "/"),
        ("OPTIONS", "/2015-03-31/functions"),
        ("POST", "/_ministack/reset"),
        ("GET", "/_ministack/health"),
        ("GET", "/_loupe/inbox"),
        ("POST", "/_loupe/faults"),
        ("GET", "/_aws/execute-api/any/groups"),
        ("POST", "/oauth2/token"),
    ],
)
def test_foreign_origins_and_names_are_refused_on_every_path(
    cloud: LocalCloud, method: str, path: str, hostile: dict[str, str]
) -> None:
    signature = signed(cloud, "dynamodb", path, method, headers=SCAN)

    answer = ask(cloud.url + path, method, b"{}", signature | hostile)

    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_preflight_of_the_page_is_answered_to_it_alone(cloud: LocalCloud) -> None:
    info = running(cloud.state)
    assert info is not None
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-amz-target"}

    answer = ask(cloud.url, "OPTIONS", headers=asked | {"Origin": info.page_url})
    plain = ask(cloud.url, "POST", b"{}", signed(cloud, "dynamodb", headers=SCAN))

    assert answer.headers["access-control-allow-origin"] == info.page_url
    assert plain.status == 200
    assert not [name for name in plain.headers if name.startswith("access-control-")]


def test_the_emulators_own_paths_are_not_there(cloud: LocalCloud) -> None:
    table = f"kept-{uuid.uuid4().hex[:8]}"
    cloud.client("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    for method, path in (
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/health"),
        ("GET", "/_ministack/ses/messages"),
        ("GET", "/_localstack/health"),
        ("GET", "/_ministack/lambda-code/000000000000/us-east-1/any"),
    ):
        assert ask(cloud.url + path, method).status == 404, path

    assert table in cloud.client("dynamodb").list_tables()["TableNames"]


def test_code_is_for_who_was_given_its_address(cloud: LocalCloud, anything: str) -> None:
    name = f"code-{uuid.uuid4().hex[:8]}"
    cloud.function(name, anything, "def handler(event, context): return 1")

    address = cloud.client("lambda").get_function(FunctionName=name)["Code"]["Location"]

    assert ask(address).body[:2] == b"PK"
    assert ask(address.partition("?")[0]).status == 404
    assert ask(address[:-4] + "0000").status == 404


@pytest.mark.parametrize("secret", ["wrong", "Test"])
@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("s3", "list_buckets"),
        ("dynamodb", "list_tables"),
        ("lambda", "list_functions"),
        ("iam", "list_users"),
        ("sqs", "list_queues"),
        ("sagemaker", "list_models"),
        ("sts", "get_caller_identity"),
    ],
)
def test_roots_signature_is_verified(cloud: LocalCloud, service: str, call: str, secret: str) -> None:
    status, code, _ = failure(getattr(cloud.client(service, Credentials(secret=secret)), call))

    assert status in (400, 403)
    assert code in ("SignatureDoesNotMatch", "InvalidSignatureException")


@pytest.mark.parametrize("key", ["000000000000", "123456789012", "AKIAIOSFODNN7EXAMPLE"])
def test_no_other_key_is_roots(cloud: LocalCloud, key: str) -> None:
    for service, call in (("s3", "list_buckets"), ("dynamodb", "list_tables"), ("iam", "list_users")):
        status, code, _ = failure(getattr(cloud.client(service, Credentials(key=key)), call))
        assert status in (400, 403)
        assert code in ("InvalidAccessKeyId", "UnrecognizedClientException", "InvalidClientTokenId")


def test_nobody_is_nobody(cloud: LocalCloud) -> None:
    bucket = f"private-{uuid.uuid4().hex[:8]}"
    cloud.client("s3").create_bucket(Bucket=bucket)
    cloud.client("s3").put_object(Bucket=bucket, Key="key", Body=b"mine")

    for method, path, headers in (
        ("GET", "/", {}),
        ("PUT", f"/new-{bucket}", {}),
        ("GET", f"/{bucket}", {}),
        ("GET", f"/{bucket}/key", {}),
        ("PUT", f"/{bucket}/key", {}),
        ("DELETE", f"/{bucket}/key", {}),
        ("GET", "/2015-03-31/functions", {}),
        ("POST", "/", SCAN),
        ("POST", "/", {"X-Amz-Target": "SageMaker.ListModels"}),
        ("POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}),
    ):
        answer = ask(cloud.url + path, method, b"Action=ListUsers" if method == "POST" else b"", headers)
        assert answer.status in (400, 403), (method, path, answer)

    found = cloud.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["Key"] for each in found] == ["key"]


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_signature_is_good_for_minutes(cloud: LocalCloud, hours: int) -> None:
    when = datetime.now(UTC) + timedelta(hours=hours)

    answer = ask(cloud.url, "POST", b"{}", signed(cloud, "dynamodb", headers=SCAN, when=when))

    assert answer.status in (400, 403)
    assert b"Signature" in answer.body


def test_a_signature_covers_the_body(cloud: LocalCloud) -> None:
    headers = signed(cloud, "dynamodb", headers=SCAN, body=b'{"Limit":1}')
    assert ask(cloud.url, "POST", b'{"Limit":1}', headers).status == 200
    assert ask(cloud.url, "POST", b'{"Limit":2}', headers).status == 400

    digest = {"X-Amz-Content-SHA256": hashlib.sha256(b"one").hexdigest()}
    path = f"/{_bucket(cloud)}/key"
    put = signed(cloud, "s3", path, "PUT", b"one", digest)
    refused = ask(cloud.url + path, "PUT", b"two", put)
    assert (refused.status, b"XAmzContentSHA256Mismatch" in refused.body) == (400, True)
    assert ask(cloud.url + path, "PUT", b"one", put).status == 200


def test_a_signature_covers_the_host(cloud: LocalCloud) -> None:
    headers = signed(cloud, "dynamodb", headers=SCAN)
    assert "host" in headers["Authorization"]
    port = urlsplit(cloud.url).port

    moved = ask(cloud.url, "POST", b"{}", headers | {"Host": f"localhost:{port}"})

    assert moved.status == 400


def test_bodies_that_are_signed_in_chunks_or_not_at_all_arrive(cloud: LocalCloud) -> None:
    bucket, body = _bucket(cloud), b"picture" * 100_000
    chunked = cloud.client("s3", request_checksum_calculation="when_supported")
    chunked.put_object(Bucket=bucket, Key="chunked", Body=body)
    unsigned = cloud.client("s3", s3={"payload_signing_enabled": False})
    unsigned.put_object(Bucket=bucket, Key="ünsigned key", Body=body)

    for key in ("chunked", "ünsigned key"):
        assert cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == body


def test_presigned_addresses_are_verified_and_expire(cloud: LocalCloud) -> None:
    bucket = _bucket(cloud)
    cloud.client("s3").put_object(Bucket=bucket, Key="key", Body=b"mine")

    assert ask(_presigned(cloud, bucket)).body == b"mine"
    assert ask(_presigned(cloud, bucket, secret="wrong")).status == 403
    assert ask(_presigned(cloud, bucket, key="000000000000")).status == 403
    assert ask(_presigned(cloud, bucket).replace("/key?", "/other?")).status == 403
    assert ask(_presigned(cloud, bucket), "DELETE").status == 403
    expired = ask(_presigned(cloud, bucket, age=timedelta(minutes=10)))
    assert (expired.status, b"Request has expired" in expired.body) == (403, True)


def test_presigned_calls_of_other_services_are_verified(cloud: LocalCloud) -> None:
    def address(secret: str) -> str:
        sts = cloud.client("sts", Credentials(secret=secret))
        return str(sts.generate_presigned_url("get_caller_identity", HttpMethod="GET"))

    assert ask(address("test")).status == 200
    assert ask(address("wrong")).status == 403


def test_a_functions_session_cannot_be_computed(cloud: LocalCloud, anything: str) -> None:
    name = f"session-{uuid.uuid4().hex[:8]}"
    source = "import os\ndef handler(event, context): return dict(os.environ)"
    cloud.function(name, anything, source)
    found, _ = cloud.invoke(name, {})
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    digest = hashlib.sha256(f"{arn}:{anything}".encode()).hexdigest()
    computed = Credentials(
        found["AWS_ACCESS_KEY_ID"],
        hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
        hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
    )
    own = Credentials(found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], found["AWS_SESSION_TOKEN"])

    assert cloud.client("s3", own).list_buckets()["Buckets"] is not None
    assert failure(cloud.client("s3", computed).list_buckets)[0] in (400, 403)
    without_token = Credentials(own.key, own.secret)
    assert failure(cloud.client("s3", without_token).list_buckets)[0] in (400, 403)


def test_a_role_tells_a_functions_code_from_a_service_that_has_the_role(cloud: LocalCloud) -> None:
    """`lambda:SourceFunctionArn`: a role shared with a state machine can refuse the function."""
    name = f"told-{uuid.uuid4().hex[:8]}"
    a_function = {"Null": {"lambda:SourceFunctionArn": "false"}}
    refused = {"Effect": "Deny", "Action": "sns:*", "Resource": "*", "Condition": a_function}
    allowed = {"Effect": "Allow", "Action": ["sns:*", "s3:*"], "Resource": "*"}
    role = cloud.role(f"role-{name}", allowed, refused)
    source = "import os\ndef handler(event, context): return dict(os.environ)"
    cloud.function(name, role, source)
    found, _ = cloud.invoke(name, {})
    code = Credentials(found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], found["AWS_SESSION_TOKEN"])

    assert cloud.client("sns", cloud.assume(role)).list_topics()["Topics"] is not None
    assert cloud.client("s3", code).list_buckets()["Buckets"] is not None
    assert failure(cloud.client("sns", code).list_topics)[0] == 403


@pytest.mark.parametrize("service", ["sagemaker", "rekognition"])
def test_services_answer_the_gateway_alone(cloud: LocalCloud, service: str) -> None:
    info = running(cloud.state)
    assert info is not None
    url, secret = info.services[service].url, read_secret(cloud.state)
    call = {"X-Amz-Target": "SageMaker.ListModels", "Content-Type": "application/x-amz-json-1.1"}
    known = {SECRET_HEADER: secret}

    assert ask(f"{url}/health", headers=known).status == 200
    for path, method in (("/health", "GET"), ("/", "POST"), ("/endpoints/any/invocations", "POST")):
        for headers in ({}, call, {SECRET_HEADER: ""}, {SECRET_HEADER: "wrong"}, call | {"Origin": EVIL}):
            assert ask(url + path, method, b"{}", headers).status == 403
        assert ask(url + path, method, b"{}", known | {"Origin": EVIL}).status == 403
        assert ask(url + path, method, b"{}", known | {"Host": "evil.example"}).status == 403
    signature = signed(cloud, service, headers=call)
    assert ask(url, "POST", b"{}", signature).status == 403


def test_containers_credentials_are_at_a_secret_path_and_no_browsers(cloud: LocalCloud) -> None:
    info = running(cloud.state)
    assert info is not None
    url = f"{info.services['sagemaker'].url}/credentials/guess"

    assert ask(url).status == 404
    assert ask(url, headers={"Origin": EVIL}).status == 403
    assert ask(url, headers={"Host": "evil.example"}).status == 403


def test_a_workers_runtime_api_answers_no_browser(cloud: LocalCloud, anything: str) -> None:
    name = f"runtime-{uuid.uuid4().hex[:8]}"
    source = "import os\ndef handler(event, context): return os.environ['AWS_LAMBDA_RUNTIME_API']"
    cloud.function(name, anything, source)
    place, _ = cloud.invoke(name, {})
    url = f"http://{place}/2018-06-01/runtime/invocation/next"

    assert ask(url, headers={"Origin": EVIL}).status == 403
    assert ask(url, headers={"Host": "evil.example"}).status == 403
    assert ask(url, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert cloud.invoke(name, {}) == (place, None)


def test_the_clouds_own_paths_are_for_who_may_read_its_folder(cloud: LocalCloud) -> None:
    inbox, fault = f"{cloud.url}/_loupe/inbox", json.dumps({"service": "s3", "kind": "error"}).encode()

    assert ask(inbox).status == 403
    assert ask(inbox, "DELETE").status == 403
    assert ask(f"{cloud.url}/_loupe/faults", "POST", fault).status == 403
    assert ask(inbox, headers={SECRET_HEADER: "wrong"}).status == 403
    assert ask(inbox, headers={SECRET_HEADER: read_secret(cloud.state)}).status == 200


def _bucket(cloud: LocalCloud) -> str:
    name = f"signed-{uuid.uuid4().hex[:8]}"
    cloud.client("s3").create_bucket(Bucket=name)
    return name


def _presigned(
    cloud: LocalCloud,
    bucket: str,
    key: str = "test",
    secret: str = "test",
    age: timedelta = timedelta(),
) -> str:
    """An address that reads the bucket's `key`, good for five minutes, made `age` ago."""
    request: Any = AWSRequest("GET", f"{cloud.url}/{bucket}/key")
    signer: Any = S3SigV4QueryAuth(Keys(key, secret), "s3", "us-east-1", expires=300)
    request.context["timestamp"] = (datetime.now(UTC) - age).strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))
    return str(request.url)
