"""A person with exactly the deployer's policies deploys, changes and deletes the stack; with less, not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloud import DeployedStack
from tests.integration.pipeline.conftest import ROOT, SMALL, Users, filled_in, run, statements
from tests.polling import wait_for

BUILT = ROOT / ".aws-sam" / "local" / "core" / "build" / "template.yaml"
SECOND_TOPIC = "  Second: {Type: AWS::SNS::Topic}\n"
SAM = str(ROOT / ".venv-sam" / "bin" / "sam")
DEPLOYER = ("deploy-stacks", "deploy-data", "deploy-code", "deploy-roles")

pytestmark = pytest.mark.timeout(900)


def deploy(environ: dict[str, str], name: str, *options: str, template: Path = BUILT) -> Any:
    given = ["--stack-name", name, "--resolve-s3", "--capabilities", "CAPABILITY_IAM"]
    given += ["--config-file", str(ROOT / "pipeline" / "samconfig.toml"), "--no-fail-on-empty-changeset"]
    return run([SAM, "deploy", "--template-file", str(template), *given, *options], environ)


def status(stack: DeployedStack, name: str) -> str:
    described = stack.client("cloudformation").describe_stacks(StackName=name)
    return str(described["Stacks"][0]["StackStatus"])


def test_a_deployer_deploys_the_whole_stack_within_the_boundary(
    stack: DeployedStack, arns: dict[str, str], user: Users
) -> None:
    deployer, name = user(*(arns[each] for each in DEPLOYER)), "loupe-theirs"
    boundary = f"PermissionsBoundaryArn={arns['boundary']}"

    made = deploy(deployer, name, "--parameter-overrides", boundary)
    assert made.returncode == 0, made.stdout
    roles = stack.client("iam").list_roles()["Roles"]
    [role] = [each["RoleName"] for each in roles if each["RoleName"].startswith(f"{name}-WorkflowRole")]
    made_role = stack.client("iam").get_role(RoleName=role)["Role"]
    assert made_role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arns["boundary"]
    stack.client("cloudformation").delete_stack(StackName=name)


def test_a_deployer_changes_and_deletes_a_stack(
    stack: DeployedStack, arns: dict[str, str], user: Users, tmp_path: Path
) -> None:
    deployer, name = user(*(arns[each] for each in DEPLOYER)), "loupe-small"
    boundary = ("--parameter-overrides", f"PermissionsBoundaryArn={arns['boundary']}")
    template = tmp_path / "template.yaml"

    for text, ended in ((SMALL, "CREATE_COMPLETE"), (SMALL + SECOND_TOPIC, "UPDATE_COMPLETE")):
        template.write_text(text)
        done = deploy(deployer, name, *boundary, template=template)
        assert done.returncode == 0, done.stdout
        assert status(stack, name) == ended

    deleted = run([SAM, "delete", "--stack-name", name, "--region", "us-east-1", "--no-prompts"], deployer)
    assert deleted.returncode == 0, deleted.stdout
    with pytest.raises(ClientError, match="does not exist"):
        status(stack, name)


@pytest.mark.parametrize(
    ("lacking", "refused"),
    [("MakeRolesWithinTheBoundary", "iam:CreateRole"), ("MakeTopics", "sns:CreateTopic")],
)
def test_without_a_statement_the_stack_fails_and_is_rolled_back(
    stack: DeployedStack, arns: dict[str, str], user: Users, lacking: str, refused: str
) -> None:
    deployer = user(document=policy_without(lacking))

    ended = create(
        stack, deployer, f"loupe-without-{lacking.lower()}", PermissionsBoundaryArn=arns["boundary"]
    )

    assert ended["StackStatus"] == "ROLLBACK_COMPLETE"
    assert f"is not authorized to perform: {refused} on resource" in reasons(ended)


def test_with_all_statements_the_same_stack_is_made(
    stack: DeployedStack, arns: dict[str, str], user: Users
) -> None:
    deployer = user(document=policy_without("nothing"))

    ended = create(stack, deployer, "loupe-with-all", PermissionsBoundaryArn=arns["boundary"])

    assert ended["StackStatus"] == "CREATE_COMPLETE"


def test_a_role_outside_the_boundary_is_refused(stack: DeployedStack, user: Users) -> None:
    deployer = user(document=policy_without("nothing"))

    ended = create(stack, deployer, "loupe-unbounded")

    assert ended["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "is not authorized to perform: iam:CreateRole" in reasons(ended)


def test_cloudformations_role_deploys_for_those_who_may_hand_it_over_only(
    stack: DeployedStack, arns: dict[str, str], user: Users
) -> None:
    stacks_only = statements("deploy-stacks")
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": arns["cloudformation"]}
    may, may_not = user(document=filled_in([*stacks_only, passing])), user(document=filled_in(stacks_only))
    boundary = {"PermissionsBoundaryArn": arns["boundary"]}

    ended = create(stack, may, "loupe-by-role", RoleARN=arns["cloudformation"], **boundary)

    assert ended["StackStatus"] == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="not authorized to perform: iam:PassRole"):
        create(stack, may_not, "loupe-by-no-role", RoleARN=arns["cloudformation"], **boundary)


def policy_without(sid: str) -> str:
    """All of the deployer's statements in one document, but this one."""
    return filled_in([each for name in DEPLOYER for each in statements(name) if each["Sid"] != sid])


def create(stack: DeployedStack, environ: dict[str, str], name: str, **given: str) -> Any:
    """A stack of a small template, made by somebody; its description once it has ended."""
    role = {"RoleARN": given.pop("RoleARN")} if "RoleARN" in given else {}
    theirs: Any = boto3.client(
        "cloudformation",
        endpoint_url=stack.gateway_url,
        region_name="us-east-1",
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
    )
    # As the SAM CLI does it.
    change: Any = {"StackName": name, "ChangeSetName": "first"}
    theirs.create_change_set(
        **change,
        ChangeSetType="CREATE",
        TemplateBody=SMALL,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        **role,
    )
    theirs.get_waiter("change_set_create_complete").wait(**change, WaiterConfig={"Delay": 1})
    theirs.execute_change_set(**change)
    ours = stack.client("cloudformation")

    def ended() -> Any:
        [described] = ours.describe_stacks(StackName=name)["Stacks"]
        return None if described["StackStatus"].endswith("IN_PROGRESS") else described

    described = wait_for(ended, f"the end of {name}", 60)
    found = {**described, "Events": ours.describe_stack_events(StackName=name)["StackEvents"]}
    ours.delete_stack(StackName=name)
    return found


def reasons(made: Any) -> str:
    return "\n".join(str(each.get("ResourceStatusReason", "")) for each in made["Events"])
