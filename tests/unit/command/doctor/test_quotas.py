"""`loupe doctor` on an account's quotas."""

from dataclasses import replace

import pytest

from loupe.doctor.findings import OK, PROBLEM, WARNING
from loupe.doctor.quotas import check_concurrency, check_instances
from loupe.stack import Stack
from loupe.target import Target
from tests.unit.command.doctor.fake_cloud import FakeCloud
from tests.unit.command.doctor.found import by_check

TRAINING = {
    "TrainingInstanceType": "ml.m5.xlarge",
    "ProcessingInstanceType": "ml.m5.large",
    "UseSpotTraining": "false",
    "HostingInstanceType": "ml.c5.large",
    "HostingInstanceCount": "2",
}


class CloudWithTraining(FakeCloud):
    """A deployed training stack with these parameters, in an account with these quotas."""

    def __init__(self, parameters: dict[str, str], **quotas: float) -> None:
        listed = [{"QuotaName": f"ml.{name}", "Value": value} for name, value in quotas.items()]
        super().__init__({"loupe-training": "CREATE_COMPLETE"})
        self._services["service-quotas"] = {"list_service_quotas": {"Quotas": listed}}
        self._parameters = parameters

    def single_stack(self, name: str) -> Stack:
        return replace(super().single_stack(name), parameters=self._parameters)


@pytest.mark.parametrize(("left", "state"), [(900, OK), (50, WARNING), (5, PROBLEM)])
def test_the_accounts_concurrency_is_judged_by_what_is_not_reserved(left: int, state: str) -> None:
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": left}

    [finding] = check_concurrency(FakeCloud(functions={"get_account_settings": {"AccountLimit": limit}}))

    assert finding.state == state


def test_a_training_needs_an_instance_of_each_kind_and_an_endpoint_all_of_its_own() -> None:
    quotas = {
        "m5.xlarge for training job usage": 1.0,
        "m5.large for processing job usage": 0.0,
        "c5.large for endpoint usage": 1.0,
        "c5.large for training job usage": 9.0,
    }

    found = by_check(check_instances(CloudWithTraining(TRAINING, **quotas), "loupe"))

    assert {name: each.state for name, each in found.items()} == {
        "ml.m5.xlarge for training job usage": OK,
        "ml.m5.large for processing job usage": PROBLEM,
        "ml.c5.large for endpoint usage": PROBLEM,
    }
    assert "2 or more" in found["ml.c5.large for endpoint usage"].advice


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"UseSpotTraining": "true"}, "ml.m5.xlarge for spot training job usage"),
        ({"TrainingInstanceType": "ml.new.huge"}, "ml.new.huge for training job usage"),
    ],
)
def test_a_quota_that_the_account_does_not_list_is_none(changed: dict[str, str], check: str) -> None:
    found = by_check(check_instances(CloudWithTraining({**TRAINING, **changed}), "loupe"))

    assert found[check].state == PROBLEM
    assert "Service Quotas" in found[check].advice


def test_a_serverless_endpoint_takes_no_instance() -> None:
    cloud = CloudWithTraining({**TRAINING, "HostingInstanceType": "serverless"})

    assert not [each for each in by_check(check_instances(cloud, "loupe")) if "endpoint" in each]


def test_nobody_trains_without_the_stack_and_a_local_cloud_has_no_quotas() -> None:
    assert not list(check_instances(FakeCloud(), "loupe"))

    local = CloudWithTraining(TRAINING)
    local.target = Target("http://127.0.0.1:4566", local=True)
    assert not list(check_instances(local, "loupe"))
