"""What stacks cost by the month however few pictures come: alarms, metrics, dashboards, hosting instances."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from loupe.aws import Cloud
from loupe.stacks import STACKS
from loupe.templates import load_template

HOURS = 730
# Each function counts what succeeded and its cold starts; one more for each kind of error that it met.
METRICS_A_FUNCTION = 2
FUNCTION = "AWS::Serverless::Function"
COUNTED = {"AWS::CloudWatch::Alarm": "cloudwatch.alarm", "AWS::CloudWatch::Dashboard": "cloudwatch.dashboard"}


@dataclass(frozen=True)
class Standing:
    """Resources of stacks, and the instances of an endpoint by their type; none where it is serverless."""

    resources: Mapping[str, int]
    instances: Mapping[str, int]

    name = "each month"

    def quantities(self) -> Mapping[str, Mapping[str, float]]:
        """Quantities by service and price, each as prices.json counts it."""
        return {
            "CloudWatch": {
                **{price: self.resources.get(kind, 0) for kind, price in COUNTED.items()},
                "cloudwatch.metric": METRICS_A_FUNCTION * self.resources.get(FUNCTION, 0),
            },
            "SageMaker": {f"hosting.{kind}": count * HOURS for kind, count in self.instances.items()},
        }


def standing_of(root: Path, names: Collection[str], instances: Mapping[str, int]) -> Standing:
    """Counted in the templates of the stacks of these names ("core", "site" …)."""
    kinds: Counter[str] = Counter()
    for source in STACKS:
        if source.name in names:
            resources = load_template(root / source.template)["Resources"]
            kinds.update(body["Type"] for body in resources.values())
    return Standing(dict(kinds), instances)


def hosting_instances(cloud: Cloud, endpoint_name: str) -> dict[str, int]:
    """An endpoint's instances by their type; none of a serverless one, or where there is no such endpoint."""
    sagemaker = cloud.client("sagemaker")
    try:
        endpoint = sagemaker.describe_endpoint(EndpointName=endpoint_name)
        configuration = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    except ClientError as error:
        # SageMaker's words for what is not there; https://docs.aws.amazon.com/sagemaker/latest/APIReference
        if "Could not find" in str(error):
            return {}
        raise
    current = {each["VariantName"]: each for each in endpoint.get("ProductionVariants", [])}
    found: Counter[str] = Counter()
    for variant in configuration["ProductionVariants"]:
        if kind := variant.get("InstanceType"):
            now = current.get(variant["VariantName"], {})
            found[kind] += now.get("CurrentInstanceCount") or variant.get("InitialInstanceCount", 1)
    return dict(found)
