"""The template's IAM policies, and the linter that reads them."""

from pathlib import Path

import pytest

from tests.policies import find_problems
from tests.unit.template.rendered import PARTITIONS, templates

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
BUCKET_AND_ROLE = """
Resources:
  Pictures:
    Type: AWS::S3::Bucket
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{}}
      Policies:
        - PolicyName: all
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {{Effect: Allow, Action: {action}, Resource: {resource}}}
"""


@pytest.mark.parametrize("template", templates())
def test_a_templates_policies_are_fine_in_every_partition(template: str) -> None:
    assert find_problems(template) == []


@pytest.mark.parametrize(
    ("action", "resource", "issue"),
    [
        ("s3:GetObjekt", '!Sub "${Pictures.Arn}/*"', "UNKNOWN_ACTION"),
        ("s3:GetObject", '"*"', "RESOURCE_STAR"),
        ("s3:GetObject", "!GetAtt Pictures.Arn", "RESOURCE_MISMATCH"),
        ("sqs:SendMessage", "!GetAtt Pictures.Arn", "RESOURCE_MISMATCH"),
    ],
)
def test_a_bad_statement_is_found(tmp_path: Path, action: str, resource: str, issue: str) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(BUCKET_AND_ROLE.format(action=action, resource=resource))

    problems = find_problems(str(template))

    assert len(problems) == len(PARTITIONS)
    for partition, problem in zip(PARTITIONS, problems, strict=True):
        assert problem.startswith(f"{partition.name}: Role.all: {issue}")


def test_a_good_statement_is_fine(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(BUCKET_AND_ROLE.format(action="s3:GetObject", resource='!Sub "${Pictures.Arn}/*"'))

    assert find_problems(str(template)) == []
