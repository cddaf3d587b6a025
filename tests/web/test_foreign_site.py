"""A web site that is open beside a running local cloud reaches nothing of it, in a real browser."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from local.cloud import CloudInfo, start, stop
from local.ports import free_port
from loupe.inbox import Inbox, Message
from loupe.target import local_session
from tests.integration.local.conftest import LocalCloud
from tests.integration.local.test_attacks import signed

TABLE, BUCKET = "kept", "kept-bucket"
# Each call as fetch() makes it: refused by the browser (the preflight or the answer), or an answer's status.
FETCH = """async ([url, options]) => {
  try {
    const answer = await fetch(url, options);
    return answer.type === "opaque" ? "opaque" : `${answer.status} ${await answer.text()}`;
  } catch (error) { return "refused"; }
}"""
IMAGE = """(url) => new Promise((done) => {
  const image = new Image();
  image.onload = () => done("loaded");
  image.onerror = () => done("failed");
  image.src = url;
})"""
FORM = """(url) => {
  const form = document.createElement("form");
  form.method = "POST"; form.action = url; form.enctype = "text/plain"; form.target = "sink";
  const frame = document.createElement("iframe");
  frame.name = "sink";
  document.body.append(frame, form);
  return new Promise((done) => { frame.onload = () => done("loaded"); form.submit(); });
}"""


@dataclass(frozen=True)
class Attacked:
    """A running cloud with something to lose."""

    info: CloudInfo
    local: LocalCloud

    def client(self, service: str) -> Any:
        return self.local.client(service)

    def messages(self) -> list[Message]:
        return Inbox(self.info.gateway_url, self.local.state).messages()

    def presigned(self, service: str, call: str, **parameters: Any) -> str:
        """The address of a call that the known key signs."""
        client: Any = local_session().client(service, endpoint_url=self.info.gateway_url)  # type: ignore[call-overload]
        return str(client.generate_presigned_url(call, parameters, HttpMethod="GET"))


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    state: Path = tmp_path_factory.mktemp("attacked") / "state"
    info = start(state, free_port(), detach=False)
    try:
        found = Attacked(info, LocalCloud(info.gateway_url, state))
        found.client("s3").create_bucket(Bucket=BUCKET)
        found.client("s3").put_object(Bucket=BUCKET, Key="picture", Body=b"mine")
        found.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield found
    finally:
        stop(state)


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    """The port of a web site on this machine; by the name localhost it is another site altogether."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>evil</title><body>")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["127.0.0.1", "localhost"])
def evil(request: pytest.FixtureRequest, browser: Browser, site: int) -> Iterator[Page]:
    """A page of the foreign site."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://{request.param}:{site}/")
    yield page
    context.close()


def test_no_call_of_an_api_is_answered(evil: Page, attacked: Attacked) -> None:
    url, cloud = attacked.info.gateway_url, attacked.local
    tables = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    for method, path, service, headers in (
        ("POST", "/", "dynamodb", tables),
        ("GET", "/2015-03-31/functions", "lambda", {}),
        ("GET", f"/{BUCKET}/picture", "s3", {}),
        ("PUT", f"/{BUCKET}/theirs", "s3", {}),
    ):
        body = b"{}" if method != "GET" else b""
        given = signed(cloud, service, path, method, body, headers)
        options: dict[str, Any] = {"method": method, "headers": given}
        if body:
            options["body"] = body.decode()
        assert evil.evaluate(FETCH, [url + path, options]) == "refused"
    found = attacked.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [each["Key"] for each in found] == ["picture"]


def test_nothing_is_changed_without_asking(evil: Page, attacked: Attacked) -> None:
    """Requests that a browser sends for any site without a preflight."""
    url = attacked.info.gateway_url
    blind = {"method": "POST", "mode": "no-cors", "body": "{}"}
    for path in ("/_ministack/reset", "/_loupe/faults", "/_ministack/config"):
        evil.evaluate(FETCH, [url + path, blind])
    name = f"theirs-{time.monotonic_ns()}"
    user = attacked.presigned("iam", "create_user", UserName=name)
    assert evil.evaluate(IMAGE, user) == "failed"
    evil.evaluate(FETCH, [user, {"mode": "no-cors"}])
    assert evil.evaluate(FORM, f"{url}/_ministack/reset") == "loaded"
    opened = evil.context.new_page()
    opened.goto("about:blank")
    opened.evaluate("(url) => { location.href = url; }", user)
    opened.wait_for_load_state()

    assert attacked.client("dynamodb").list_tables()["TableNames"] == [TABLE]
    assert attacked.client("iam").list_users()["Users"] == []
    assert attacked.client("s3").get_object(Bucket=BUCKET, Key="picture")["Body"].read() == b"mine"


def test_children_the_inbox_and_the_page_answer_no_site(evil: Page, attacked: Attacked) -> None:
    info = attacked.info
    models = {"X-Amz-Target": "SageMaker.ListModels", "Content-Type": "application/x-amz-json-1.1"}
    for address in (
        f"{info.gateway_url}/_loupe/inbox",
        f"{info.gateway_url}/_loupe/health",
        f"{info.page_url}/_loupe/inbox",
        info.page_url,
        f"{info.services['sagemaker'].url}/health",
        f"{info.services['rekognition'].url}/health",
    ):
        assert evil.evaluate(FETCH, [address, {}]) == "refused"
    for name in ("sagemaker", "rekognition"):
        options = {"method": "POST", "headers": models, "body": "{}"}
        assert evil.evaluate(FETCH, [info.services[name].url, options]) == "refused"


def test_a_letter_box_takes_no_form(evil: Page, attacked: Attacked) -> None:
    """SMTP ignores what it does not know, so that a form's body could be a mail."""
    mail = attacked.info.services["mail"].url.replace("smtp://", "http://")
    letter = (
        "\r\nEHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: hi\r\n\r\n.\r\n"
    )

    evil.evaluate(FETCH, [mail, {"method": "POST", "mode": "no-cors", "body": letter}])

    assert attacked.messages() == []


def test_the_page_itself_is_let_in(browser: Browser, attacked: Attacked) -> None:
    page = browser.new_page()
    page.goto(attacked.info.page_url)

    assert page.evaluate(FETCH, ["/_loupe/inbox", {}]) == "200 []"
    tables = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    options = {"method": "POST", "headers": signed(attacked.local, "dynamodb", headers=tables), "body": "{}"}
    answer = page.evaluate(FETCH, [attacked.info.gateway_url, options])
    page.close()
    assert answer == f'200 {{"TableNames": ["{TABLE}"]}}'
