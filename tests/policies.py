"""Lint the templates' IAM policies with parliament: `python -m tests.policies`.

Parliament reads finished policies, so each template is rendered as CloudFormation fills it in, after SAM's
own transform, for each of AWS's partitions.
"""

import json
import logging
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.unit.template.rendered import PARTITIONS, everything, needed, rendered, templates

SUPPRESSED = {
    (
        "RESOURCE_MISMATCH",
        "states:DescribeExecution",
    ): "the machine is a Standard one, parliament wants Express too",
    (
        "RESOURCE_MISMATCH",
        "states:ListExecutions",
    ): "it lists a machine's executions, parliament wants a map run too",
    ("RESOURCE_STAR", "rekognition:DetectFaces"): "AWS knows no resource for it",
    (
        "INVALID_ARN",
        "Account expected to be of form like 123456789012",
    ): "CloudFormation's own transforms belong to the account `aws`",
    ("RESOURCE_STAR", "cloudwatch:DescribeAlarms"): "CodeDeploy asks for all at once",
    ("RESOURCE_STAR", "sns:Unsubscribe"): "AWS knows no resource for it",
    (
        "RESOURCE_MISMATCH",
        "codeconnections:UseConnection",
    ): "a connection's ARN has one of the service's two names; both are allowed for the one given",
    ("RESOURCE_STAR", "xray:PutTraceSegments"): "AWS knows no resource for it",
    ("RESOURCE_STAR", "xray:PutTelemetryRecords"): "AWS knows no resource for it",
    ("RESOURCE_STAR", "cloudwatch:PutMetricData"): "AWS knows no resource for it",
    ("RESOURCE_STAR", "ecr:GetAuthorizationToken"): "AWS knows no resource for it",
    ("RESOURCE_STAR", "logs:DescribeLogGroups"): "Step Functions asks for it without a resource",
    ("RESOURCE_STAR", "logs:PutResourcePolicy"): "Step Functions asks for it without a resource",
    ("RESOURCE_STAR", "logs:DescribeResourcePolicies"): "Step Functions asks for it without a resource",
}


def find_problems(template: str) -> list[str]:
    """One line a finding without a reason: in each partition, with all parameters and with defaults."""
    problems: dict[str, None] = {}
    for partition in PARTITIONS:
        for given in (everything(template, partition), needed(template, partition)):
            for name, policy in find_policies(rendered(template, partition, **given)):
                for problem in _problems(json.dumps(policy)):
                    problems[f"{partition.name}: {name}: {problem}"] = None
    return list(problems)


@cache
def _problems(policy: str) -> list[str]:
    problems = []
    for finding in findings(policy):
        for about in _listed(finding.detail):
            action = str(about.get("action", "")) if isinstance(about, dict) else str(about)
            if not _suppressed(finding.issue, action):
                problems.append(f"{finding.issue} {about}")
    return problems


def findings(policy: str) -> list[Any]:
    """What parliament finds in a policy's text."""
    # Here, since it takes seconds, which most who collect tests need not wait for.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves its data files open while it is imported
        import parliament
    return list(parliament.analyze_policy_string(policy).findings)


def find_policies(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Identity policies with their names: those of roles, and policies that stand alone."""
    for logical_id, body in document["Resources"].items():
        properties = body.get("Properties", {})
        if body["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            yield logical_id, properties["PolicyDocument"]
        elif body["Type"] == "AWS::IAM::Role":
            for each in _listed(properties.get("Policies")):
                yield f"{logical_id}.{each['PolicyName']}", each["PolicyDocument"]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _suppressed(issue: str, action: str) -> bool:
    # Step Functions' log delivery calls, a family of names, know no resource either.
    delivery = issue == "RESOURCE_STAR" and re.fullmatch(r"logs:\w+LogDeliver\w+", action)
    return (issue, action) in SUPPRESSED or bool(delivery)


def main() -> int:
    """Print what is wrong; 1 when anything is."""
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    status = 0
    for template in sys.argv[1:] or templates():
        problems = find_problems(template)
        for problem in problems:
            print(f"{template}: {problem}")
        if not problems:
            print(f"{template}: policies are fine")
        status |= bool(problems)
    return status


if __name__ == "__main__":
    sys.exit(main())
