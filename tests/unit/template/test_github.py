"""The workflow of GitHub: pinned, with few rights, by the pipeline's scripts; and the roles it takes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.template.transformed import ROOT, of_type, yaml_parse

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPT = re.compile(r"pipeline/\w+\.sh")


def workflow() -> Any:
    return yaml_parse((ROOT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8"))


def commands(job: Any) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.name for path in WORKFLOWS])
def test_every_action_is_pinned_to_a_commit_and_says_which_release_that_is(path: Any) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))

    assert used
    for each in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)


def test_only_jobs_that_deploy_may_ask_for_a_token_and_none_may_write() -> None:
    assert workflow()["permissions"] == {}
    for name, job in workflow()["jobs"].items():
        token = {"id-token": "write"} if name in ("staging", "production") else {}
        assert job["permissions"] == {"contents": "read"} | token
        assert job.get("environment") == (name if token else None)


def test_the_workflow_runs_the_scripts_of_the_buildspecs_in_their_order() -> None:
    jobs = workflow()["jobs"]

    assert SCRIPT.findall(commands(jobs["test"])) == ["pipeline/test.sh"]
    staging = ["pipeline/build.sh", "pipeline/deploy.sh", "pipeline/smoke.sh"]
    assert SCRIPT.findall(commands(jobs["staging"])) == staging
    assert SCRIPT.findall(commands(jobs["production"])) == staging[:2]
    assert (jobs["staging"]["needs"], jobs["production"]["needs"]) == ("test", "staging")


def test_what_people_can_name_reaches_no_command_but_through_the_environment() -> None:
    for job in workflow()["jobs"].values():
        assert "${{" not in commands(job)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_role_is_taken_by_one_environment_of_one_repository_only(environment: str) -> None:
    template = yaml_parse((ROOT / "pipeline" / "github.yaml").read_text(encoding="utf-8"))
    role = of_type(template, "AWS::IAM::Role")[f"{environment.capitalize()}Role"]["Properties"]

    [trust] = role["AssumeRolePolicyDocument"]["Statement"]

    issuer = "token.actions.githubusercontent.com"
    assert trust["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": {"Fn::Sub": f"repo:${{Repository}}:environment:{environment}"},
        }
    }
    other = {"staging": "production", "production": "staging"}[environment]
    assert f"-{other}" not in str(role)
