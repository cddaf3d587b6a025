"""Every template and definition holds in each of AWS's partitions."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from iam.apply import policies
from tests.unit.template.rendered import (
    CHINA,
    COMMERCIAL,
    GOVCLOUD,
    PARTITIONS,
    Partition,
    everything,
    rendered,
    templates,
    texts,
)
from tests.workflow.definitions import DEFINITIONS

pytestmark = [
    # SAM's translator measures itself and says so when nobody publishes it.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
EACH_PARTITION = pytest.mark.parametrize("partition", PARTITIONS, ids=lambda each: each.name)
ARN = re.compile(r"\barn:([a-z-]*):")
HOST = re.compile(r"[a-z0-9.*-]+\.amazonaws\.com(?:\.cn)?(?![\w.])")
# Services call themselves so in every partition (SAM's own translator writes the same in China).
PRINCIPALS = re.compile(
    r"^(cloudformation|cloudfront|codebuild|codedeploy|codepipeline|events|lambda|sagemaker|sns|states|apigateway|logs)"
    r"\.amazonaws\.com$"
)
# GitHub puts this audience into its tokens in every partition, unless a workflow asks for another.
AUDIENCE = "sts.amazonaws.com"


def whole(template: str, partition: Partition) -> Any:
    return rendered(template, partition, **everything(template, partition))


@EACH_PARTITION
@pytest.mark.parametrize("template", templates())
def test_every_arn_of_a_template_is_of_the_partition(template: str, partition: Partition) -> None:
    document = whole(template, partition)

    wrong = [
        (where, text)
        for where, text in texts(document)
        if any(found != partition.name for found in ARN.findall(text))
    ]
    assert wrong == []


@EACH_PARTITION
@pytest.mark.parametrize("template", templates())
def test_every_host_of_a_template_is_of_the_partition_or_a_services_name(
    template: str, partition: Partition
) -> None:
    hosts = {
        (where, host)
        for where, text in texts(whole(template, partition))
        for host in HOST.findall(text)
        if not PRINCIPALS.match(host)
        and not (host == AUDIENCE and where.endswith((":aud", "ClientIdList[0]")))
    }

    wrong = [each for each in hosts if not each[1].endswith(f".{partition.region}.{partition.suffix}")]
    wrong = [each for each in wrong if ".dkr.ecr." not in each[1]]
    assert wrong == []


@EACH_PARTITION
@pytest.mark.parametrize("workflow", sorted(DEFINITIONS))
def test_every_arn_of_a_definition_is_of_the_partition(workflow: str, partition: Partition) -> None:
    text = DEFINITIONS[workflow].read_text(encoding="utf-8").replace("${Partition}", partition.name)

    assert set(ARN.findall(text)) == {partition.name}


@EACH_PARTITION
def test_every_arn_of_what_deployers_may_is_of_the_partition(partition: Partition) -> None:
    text = json.dumps(policies("loupe", "123456789012", partition.name))

    assert set(ARN.findall(text)) == {partition.name}


@pytest.mark.parametrize(
    ("partition", "domain"),
    [
        (COMMERCIAL, "auth.eu-central-1.amazoncognito.com"),
        # https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-cog.html
        (GOVCLOUD, "auth-fips.us-gov-west-1.amazoncognito.com"),
    ],
)
def test_the_hosted_sign_in_pages_stand_where_cognito_has_them(partition: Partition, domain: str) -> None:
    document = rendered("site/template.yaml", partition)

    assert document["Outputs"]["SignInDomain"]["Value"].partition(".")[2] == domain
    policy = document["Resources"]["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    allowed = policy["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert document["Outputs"]["SignInDomain"]["Value"] in allowed


def test_where_cognito_and_cloudfront_are_missing_the_api_stands_without_them() -> None:
    """China has neither: people sign in elsewhere, and the page is hosted elsewhere or not at all."""
    document = rendered(
        "site/template.yaml",
        CHINA,
        HostPage="false",
        OidcIssuer="https://example.cn/",
        OidcAudience="loupe",
    )

    kinds = {body["Type"].rpartition("::")[0] for body in document["Resources"].values()}
    assert not {"AWS::Cognito", "AWS::CloudFront"} & kinds
    assert "AWS::ApiGatewayV2" in kinds
