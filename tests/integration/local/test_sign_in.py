"""Who may sign up, which tokens an HTTP API takes, and what it says when its function fails."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from local.cloud import running
from tests.integration.api.sign_in import Forger
from tests.integration.local.conftest import LocalCloud, failure
from tests.integration.local.test_attacks import Answered, ask

PASSWORD = "A-long-enough-passphrase-1"
SOURCE = """
def handler(event, context):
    if event["rawPath"].endswith("/fails"):
        raise RuntimeError("the database's password is hunter2")
    return {"statusCode": 200, "body": event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"]}
"""


@dataclass(frozen=True)
class SignedIn:
    """An HTTP API behind an authorizer, and a person's tokens."""

    cloud: LocalCloud
    api: str
    pool: str
    tokens: dict[str, str]

    def call(self, path: str, token: str | None) -> Answered:
        """A request with this token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return ask(f"{self.cloud.url}/_aws/execute-api/{self.api}{path}", headers=headers)

    def forger(self) -> Forger:
        key = self.cloud.state / "aws" / "cognito-pool-keys" / f"{self.pool}-access.pem"
        return Forger(self.tokens["AccessToken"], key)


@pytest.fixture(scope="module")
def signed_in(cloud: LocalCloud, anything: str) -> SignedIn:
    name = f"sign-in-{uuid.uuid4().hex[:8]}"
    pool, client = make_pool(cloud, name, invited=False)
    cognito = cloud.client("cognito-idp")
    cognito.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ann", Password=PASSWORD, Permanent=True)
    parameters = {"USERNAME": "ann", "PASSWORD": PASSWORD}
    answer = cognito.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    cloud.function(name, anything, SOURCE)
    return SignedIn(cloud, make_api(cloud, name, pool, client), pool, answer["AuthenticationResult"])


def make_pool(cloud: LocalCloud, name: str, invited: bool) -> tuple[str, str]:
    """A user pool and a client of it."""
    cognito = cloud.client("cognito-idp")
    config = {"AllowAdminCreateUserOnly": invited}
    pool = cognito.create_user_pool(PoolName=name, AdminCreateUserConfig=config)["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName=name,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    return pool, client["UserPoolClient"]["ClientId"]


def make_api(cloud: LocalCloud, name: str, pool: str, client: str) -> str:
    """An HTTP API whose every route is for people of the pool."""
    apis = cloud.client("apigatewayv2")
    info = running(cloud.state)
    assert info is not None
    cors = {"AllowOrigins": [info.page_url], "AllowHeaders": ["authorization"], "AllowMethods": ["GET"]}
    api: str = apis.create_api(Name=name, ProtocolType="HTTP", CorsConfiguration=cors)["ApiId"]
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
    authorizer = apis.create_authorizer(
        ApiId=api,
        Name="people",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer, "Audience": [client]},
    )
    arn = cloud.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    integration = apis.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )
    apis.create_route(
        ApiId=api,
        RouteKey="$default",
        AuthorizationType="JWT",
        AuthorizerId=authorizer["AuthorizerId"],
        Target=f"integrations/{integration['IntegrationId']}",
    )
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return api


def test_an_access_token_is_taken_and_a_refresh_token_is_not(signed_in: SignedIn) -> None:
    accepted = signed_in.call("/any", signed_in.tokens["AccessToken"])
    refused = signed_in.call("/any", signed_in.tokens["RefreshToken"])

    assert accepted.status == 200
    assert refused.status == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def test_no_token_is_asked_for_one(signed_in: SignedIn) -> None:
    answer = signed_in.call("/any", None)

    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert json.loads(answer.body) == {"message": "Unauthorized"}


@pytest.mark.parametrize("claims", [{"exp": None}, {"exp": "later"}, {"token_use": "refresh"}])
def test_a_token_of_the_pool_without_an_end_is_refused(signed_in: SignedIn, claims: dict[str, Any]) -> None:
    assert signed_in.call("/any", signed_in.forger().signed()).status == 200
    assert signed_in.call("/any", signed_in.forger().signed(**claims)).status == 401


def test_the_page_can_read_why_it_was_refused(signed_in: SignedIn) -> None:
    info = running(signed_in.cloud.state)
    assert info is not None
    address = f"{signed_in.cloud.url}/_aws/execute-api/{signed_in.api}/any"

    refused = ask(address, headers={"Origin": info.page_url})
    plain = ask(address)

    assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, info.page_url)
    assert (plain.status, plain.headers.get("access-control-allow-origin")) == (401, None)


def test_a_functions_error_stays_in_its_log(signed_in: SignedIn) -> None:
    answer = signed_in.call("/fails", signed_in.tokens["AccessToken"])

    assert answer.status == 500
    assert json.loads(answer.body) == {"message": "Internal Server Error"}


def test_nobody_signs_up_where_an_administrator_invites(cloud: LocalCloud) -> None:
    _, closed = make_pool(cloud, f"closed-{uuid.uuid4().hex[:8]}", invited=True)
    _, open_ = make_pool(cloud, f"open-{uuid.uuid4().hex[:8]}", invited=False)
    cognito = cloud.client("cognito-idp")

    refused = failure(lambda: cognito.sign_up(ClientId=closed, Username="eve", Password=PASSWORD))
    accepted = cognito.sign_up(ClientId=open_, Username="ann", Password=PASSWORD)

    assert refused == (400, "NotAuthorizedException", "SignUp is not permitted for this user pool")
    assert accepted["UserSub"]


def test_a_line_feed_in_a_key_escapes_no_policy(cloud: LocalCloud) -> None:
    bucket = f"lines-{uuid.uuid4().hex[:8]}"
    cloud.client("s3").create_bucket(Bucket=bucket)
    cloud.client("s3").put_object(Bucket=bucket, Key="secret/a\nb", Body=b"mine")
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    but = {"Effect": "Deny", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/secret/*"}
    role = cloud.assume(cloud.role(bucket, everything, but))

    status, code, _ = failure(lambda: cloud.client("s3", role).get_object(Bucket=bucket, Key="secret/a\nb"))

    assert (status, code) == (403, "AccessDenied")
