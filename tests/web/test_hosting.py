"""The deployed page as a browser gets it: by the stack's distribution, from its private bucket."""

import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError

import pytest

from local.demo_user import EMAIL, PASSWORD
from tests.cloud import DeployedStack
from tests.integration.api.web import Answer, request

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _get(url: str, headers: Mapping[str, str] | None = None) -> Answer:
    return request("GET", url, headers=headers)


def _config(page_url: str) -> Any:
    return _get(f"{page_url}/config.json").body


@pytest.mark.parametrize("path", ["/", "/groups/8834690e-8ad3-4f00-b23f-158cc9611db1", "/callback?code=1"])
def test_pages_own_paths_are_the_page_and_not_kept(page_url: str, path: str) -> None:
    answer = _get(page_url + path)

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert b'<div id="root">' in answer.content


def test_head_has_the_length_of_the_page(page_url: str) -> None:
    head = request("HEAD", page_url)

    assert head.headers["content-length"] == str(len(_get(page_url).content))
    assert head.content == b""


def test_file_that_is_not_there_is_not_the_page(page_url: str) -> None:
    answer = _get(f"{page_url}/assets/index-of-last-year.js")

    assert answer.status == 403
    assert b"AccessDenied" in answer.content


def test_hashed_files_may_be_kept_for_ever(page_url: str) -> None:
    index = _get(page_url).content.decode()
    script = index.split('type="module"')[1].split('src="')[1].split('"')[0]

    answer = _get(page_url + script)

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_every_answer_carries_the_security_headers(page_url: str, stack: DeployedStack) -> None:
    for path in ("/", "/config.json", "/assets/none.js"):
        headers = _get(page_url + path).headers
        directives = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))

        assert directives["default-src"] == "'none'"
        assert directives["script-src"] == "'self'"
        assert directives["connect-src"] == f"'self' {stack.gateway_url}"
        assert directives["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"


def test_configuration_is_the_stacks(page_url: str, stack: DeployedStack) -> None:
    config = _config(page_url)

    assert config["apiUrl"] == stack.outputs["ApiUrl"]
    assert config["oidc"]["clientId"] == stack.outputs["SignInClientId"]
    assert config["inboxUrl"] == "/_loupe/inbox"


def test_bucket_is_private_but_for_the_distribution(page_url: str, stack: DeployedStack) -> None:
    bucket = stack.outputs["WebBucketName"]
    s3 = stack.client("s3")

    assert _get(f"{stack.gateway_url}/{bucket}/index.html").status == 403
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}


def test_api_answers_browsers_from_the_page_only(page_url: str, stack: DeployedStack) -> None:
    api = _config(page_url)["apiUrl"]

    ours = _get(f"{api}/groups", {"Origin": page_url})
    others = _get(f"{api}/groups", {"Origin": "http://127.0.0.1:1"})

    assert ours.headers["access-control-allow-origin"] == page_url
    assert others.status == 403
    assert "access-control-allow-origin" not in others.headers


@pytest.mark.parametrize("headers", [{"Host": "pictures.example.com"}, {"Origin": "https://evil.example"}])
def test_other_sites_reach_neither_page_nor_inbox(page_url: str, headers: dict[str, str]) -> None:
    for path in ("/", "/_loupe/inbox"):
        answer = _get(page_url + path, headers)

        assert answer.status == 403
        assert answer.body["error"].startswith("This is a local cloud: ")


def test_only_the_inbox_of_the_clouds_own_paths_is_here(page_url: str) -> None:
    assert isinstance(_get(f"{page_url}/_loupe/inbox").body, list)
    assert b'<div id="root">' in _get(f"{page_url}/_loupe/health").content
    assert _erase_inbox(page_url) == 403


def _erase_inbox(page_url: str) -> int:
    asked = urllib.request.Request(f"{page_url}/_loupe/inbox", method="DELETE")
    try:
        with _opener.open(asked, timeout=60) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_stale_file_goes_with_the_next_deployment(page_url: str, stack: DeployedStack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["WebBucketName"]
    s3.put_object(Bucket=bucket, Key="assets/index-of-last-year.js", Body=b"old")
    index = s3.get_object(Bucket=bucket, Key="index.html")["Body"].read()
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"another page", ContentType="text/html")

    done = stack.run_loupe("web", "deploy", "--json")

    assert done["url"] == page_url
    assert done["removed"] == 1
    assert done["uploaded"] > 10
    assert _get(page_url).content == index
    assert stack.run_loupe("web", "deploy", "--json") == {"url": page_url, "uploaded": 0, "removed": 0}


def test_local_user_can_sign_in(page_url: str, stack: DeployedStack) -> None:
    pool = stack.outputs["UserPoolId"]
    account = stack.client("cognito-idp").admin_get_user(UserPoolId=pool, Username=EMAIL)

    assert account["UserStatus"] == "CONFIRMED"
    assert len(PASSWORD) >= 12
