"""What an account pays for before anybody asks, and what is kept when a stack goes."""

from __future__ import annotations

import pytest

from loupe.templates import load_template
from tests.unit.template.rendered import of_kind, rendered, templates
from tests.unit.template.transformed import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
EACH = pytest.mark.parametrize("template", [each for each in templates() if each != "pipeline/github.yaml"])


def test_a_trained_model_costs_nothing_while_nobody_asks() -> None:
    parameters = load_template(ROOT / "training/template.yaml")["Parameters"]

    assert parameters["HostingInstanceType"]["Default"] == "serverless"


def test_no_route_of_the_api_has_metrics_of_its_own() -> None:
    [stage] = of_kind(rendered("site/template.yaml"), "AWS::ApiGatewayV2::Stage").values()

    assert stage["DefaultRouteSettings"]["DetailedMetricsEnabled"] is False
    assert all("DetailedMetricsEnabled" not in each for each in stage["RouteSettings"].values())


@EACH
def test_a_bucket_stays_unless_its_first_deployment_was_rolled_back(template: str) -> None:
    for name, body in rendered(template)["Resources"].items():
        if body["Type"] == "AWS::S3::Bucket":
            assert body["DeletionPolicy"] == "RetainExceptOnCreate", name
            assert body["UpdateReplacePolicy"] == "Retain", name


@EACH
def test_what_holds_records_or_people_is_protected_and_stays(template: str) -> None:
    """Not RetainExceptOnCreate: what is protected cannot be deleted, and the rollback would fail."""
    for name, body in rendered(template)["Resources"].items():
        properties = body.get("Properties", {})
        protected = properties.get("DeletionProtectionEnabled") or "DeletionProtection" in properties
        if body["Type"] in ("AWS::DynamoDB::Table", "AWS::Cognito::UserPool") and name != "TokensTable":
            assert protected, name
        if protected:
            assert body["DeletionPolicy"] == "Retain", name


def test_people_may_add_a_second_factor() -> None:
    [pool] = of_kind(rendered("site/template.yaml"), "AWS::Cognito::UserPool").values()

    assert pool["MfaConfiguration"] == "OPTIONAL"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_the_phones_parameter_tells_of_snss_sandbox() -> None:
    parameters = load_template(ROOT / "template.yaml")["Parameters"]
    description = parameters["NotificationPhoneNumber"]["Description"]

    assert "sandbox" in description
    assert ROOT.joinpath("docs/operating.md").read_text(encoding="utf-8").count("SMS sandbox") == 1
