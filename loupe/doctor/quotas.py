"""The account's quotas that would stop a stack: functions at once, and instances of SageMaker.

Source of the names: the account's own list, and SageMaker's refusals ("The account-level service limit
'ml.m5.large for training job usage' is 0 Instances").
"""

from collections.abc import Iterator, Mapping

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
from loupe.doctor.findings import STACK, Check, Finding
from loupe.errors import StackNotFoundError

# Lambda's default is 1000; new accounts begin with less, often 10.
FEW_AT_ONCE, USUAL_AT_ONCE = 10, 100
TRAINING = "training"


def check_concurrency(cloud: Cloud) -> Iterator[Finding]:
    """How many functions of the account may run at once; what is reserved for others is not ours."""
    check = Check(STACK, "concurrency")
    with translate_errors(cloud.where):
        limit = cloud.client("lambda").get_account_settings()["AccountLimit"]
    left = int(limit.get("UnreservedConcurrentExecutions", limit["ConcurrentExecutions"]))
    says = f"{left} of the account's {limit['ConcurrentExecutions']} concurrent executions are not reserved."
    advice = "Ask for more in Service Quotas: AWS Lambda, Concurrent executions."
    if left < FEW_AT_ONCE:
        yield check.problem(says, advice)
    elif left < USUAL_AT_ONCE:
        yield check.warning(f"{says} Many pictures at once are throttled.", advice)
    else:
        yield check.ok(says)


def check_instances(cloud: Cloud, core: str) -> Iterator[Finding]:
    """What a training takes, where its stack is deployed. New accounts have none of many types.

    A local cloud counts no instances.
    """
    if cloud.target.local:
        return
    try:
        wanted = _wanted(cloud.single_stack(f"{core}-{TRAINING}").parameters)
    except StackNotFoundError:
        return
    allowed = _allowed(cloud, wanted)
    for quota, instances in wanted.items():
        check = Check(STACK, quota)
        says = f"{allowed.get(quota, 0):g} instances are allowed: {quota}."
        if allowed.get(quota, 0) < instances:
            yield check.problem(
                says, f"Ask for {instances} or more in Service Quotas, Amazon SageMaker; else trainings fail."
            )
        else:
            yield check.ok(says)


def _wanted(parameters: Mapping[str, str]) -> dict[str, int]:
    """Instances by the names of their quotas, as the training stack's parameters have them."""
    spot = "spot " if parameters.get("UseSpotTraining") == "true" else ""
    wanted = {
        f"{parameters['TrainingInstanceType']} for {spot}training job usage": 1,
        f"{parameters['ProcessingInstanceType']} for processing job usage": 1,
    }
    if parameters["HostingInstanceType"].startswith("ml."):
        wanted[f"{parameters['HostingInstanceType']} for endpoint usage"] = int(
            parameters["HostingInstanceCount"]
        )
    return wanted


def _allowed(cloud: Cloud, names: Mapping[str, int]) -> dict[str, float]:
    """Those of the account's quotas that have one of these names."""
    pages = cloud.client("service-quotas").get_paginator("list_service_quotas")
    with translate_errors(cloud.where):
        return {
            each["QuotaName"]: each["Value"]
            for page in pages.paginate(ServiceCode="sagemaker")
            for each in page["Quotas"]
            if each["QuotaName"] in names
        }
