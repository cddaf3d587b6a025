"""What is put into the page's bucket, with which headers, and what the page may talk to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from loupe.errors import PageBuildError, StackNotFoundError
from loupe.page.configuration import PageConfiguration, page_configuration, security_policy
from loupe.page.publish import Published, page_files, publish
from loupe.stack import Stack

BUCKET = "page"
INDEX = """<!doctype html>
<meta
  http-equiv="Content-Security-Policy"
  content="connect-src 'self' https:"
/>
<script type="module" src="/assets/index-abc.js"></script>
"""
OUTPUTS = {
    "ApiUrl": "https://api1.execute-api.eu-central-1.amazonaws.com",
    "SignInIssuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_x",
    "SignInClientId": "client",
    "SignInAudience": "client",
    "SignInDomain": "https://loupe-1.auth.eu-central-1.amazoncognito.com",
    "UserPoolId": "eu-central-1_x",
    "UploadsBucketName": "up",
    "ProcessedBucketName": "done",
}


def _stack(**changed: str | None) -> Stack:
    outputs = {name: value for name, value in (OUTPUTS | changed).items() if value is not None}
    return Stack("loupe", "CREATE_COMPLETE", outputs, parameters={"ConfidenceThreshold": "0.8"})


@pytest.fixture
def configuration() -> PageConfiguration:
    return page_configuration(_stack(), "eu-central-1", None)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    for name, text in (
        ("index.html", INDEX),
        ("theme.js", "theme"),
        ("assets/index-abc.js", "code"),
        ("assets/sans-1.woff2", "font"),
        (".vite/manifest.json", "{}"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        client.create_bucket(Bucket=BUCKET)
        yield client


def _keys(s3: Any) -> set[str]:
    return {each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def test_page_on_aws_connects_to_its_own_api_issuer_and_buckets_only(
    configuration: PageConfiguration,
) -> None:
    directives = dict(each.split(" ", 1) for each in security_policy(configuration).split("; "))

    assert directives["connect-src"] == (
        "'self' https://api1.execute-api.eu-central-1.amazonaws.com "
        "https://cognito-idp.eu-central-1.amazonaws.com "
        "https://loupe-1.auth.eu-central-1.amazoncognito.com https://up.s3.eu-central-1.amazonaws.com "
        "https://done.s3.eu-central-1.amazonaws.com"
    )
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"


def test_configuration_on_aws_has_no_inbox(configuration: PageConfiguration) -> None:
    assert configuration.document == {
        "apiUrl": OUTPUTS["ApiUrl"],
        "oidc": {"authority": OUTPUTS["SignInIssuer"], "clientId": "client", "scope": "openid email profile"},
        "threshold": 0.8,
    }


def test_configuration_on_the_local_cloud_stays_on_this_machine() -> None:
    gateway = "http://127.0.0.1:4566"
    local = page_configuration(_stack(ApiUrl=f"{gateway}/_aws/execute-api/a"), "us-east-1", gateway)

    assert local.document["inboxUrl"] == "/_loupe/inbox"
    assert local.document["oidc"]["authority"] == f"{gateway}/eu-central-1_x"
    assert local.connect_to == local.images_from == (gateway,)


def test_token_of_another_issuer_is_asked_for_the_apis_audience() -> None:
    auth0 = _stack(
        UserPoolId=None,
        SignInDomain=None,
        SignInIssuer="https://example.eu.auth0.com/",
        SignInClientId="spa",
        SignInAudience="https://loupe.example",
    )

    configuration = page_configuration(auth0, "eu-central-1", None)

    assert configuration.document["oidc"] == {
        "authority": "https://example.eu.auth0.com/",
        "clientId": "spa",
        "scope": "openid email profile",
        "audience": "https://loupe.example",
    }
    assert "https://example.eu.auth0.com" in configuration.connect_to


def test_stack_without_an_api_is_named() -> None:
    with pytest.raises(StackNotFoundError, match="ApiUrl"):
        page_configuration(_stack(ApiUrl=None), "eu-central-1", None)


def test_files_carry_their_type_and_how_long_they_may_be_kept(
    s3: Any, dist: Path, configuration: PageConfiguration
) -> None:
    publish(s3, BUCKET, page_files(dist, configuration))

    heads = {key: s3.head_object(Bucket=BUCKET, Key=key) for key in _keys(s3)}
    assert {key: (head["ContentType"], head["CacheControl"]) for key, head in heads.items()} == {
        "index.html": ("text/html; charset=utf-8", "no-cache"),
        "config.json": ("application/json", "no-cache"),
        "theme.js": ("text/javascript; charset=utf-8", "no-cache"),
        "assets/index-abc.js": ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        "assets/sans-1.woff2": ("font/woff2", "public, max-age=31536000, immutable"),
    }


def test_index_comes_last_and_carries_the_stacks_own_policy(
    s3: Any, dist: Path, configuration: PageConfiguration
) -> None:
    files = page_files(dist, configuration)

    assert files[-1].key == "index.html"
    assert f'content="{security_policy(configuration)}"' in files[-1].body.decode()
    assert (
        json.loads(next(each.body for each in files if each.key == "config.json")) == configuration.document
    )


def test_what_no_longer_belongs_is_removed(s3: Any, dist: Path, configuration: PageConfiguration) -> None:
    publish(s3, BUCKET, page_files(dist, configuration))
    (dist / "assets/index-abc.js").rename(dist / "assets/index-def.js")

    done = publish(s3, BUCKET, page_files(dist, configuration))

    assert done == Published(uploaded=5, removed=1)
    assert "assets/index-def.js" in _keys(s3)
    assert "assets/index-abc.js" not in _keys(s3)


def test_same_page_is_not_published_twice(s3: Any, dist: Path, configuration: PageConfiguration) -> None:
    publish(s3, BUCKET, page_files(dist, configuration))

    assert not publish(s3, BUCKET, page_files(dist, configuration)).changed


def test_publication_that_was_cut_short_is_done_again(
    s3: Any, dist: Path, configuration: PageConfiguration
) -> None:
    files = page_files(dist, configuration)
    publish(s3, BUCKET, files[:-1])

    assert publish(s3, BUCKET, files).uploaded == 5


def test_page_that_is_not_built_or_has_no_policy_is_refused(
    tmp_path: Path, configuration: PageConfiguration
) -> None:
    with pytest.raises(PageBuildError, match="not built"):
        page_files(tmp_path, configuration)
    (tmp_path / "index.html").write_text("<!doctype html>")
    with pytest.raises(PageBuildError, match="Content-Security-Policy"):
        page_files(tmp_path, configuration)
