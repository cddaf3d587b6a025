"""The buildspecs' commands, as they stand, from the build to the tests of the deployed stack.

On the local cloud: S3, ECR, CloudFormation with its role, and the stack are there. A fake stands in for
docker (fake_docker) and, in the stage that runs this very test, for make. CodeBuild itself is not there: each
command is run by sh with the variables that the pipeline's template gives it.
"""

from __future__ import annotations

import json
import re
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml
from samtranslator.yaml_helper import yaml_parse

from loupe.stacks import STACKS
from tests.cloud import DeployedStack
from tests.integration.pipeline.conftest import ROOT, SMALL, Users, filled_in, run, statements

LEFT_OUT = shutil.ignore_patterns(
    ".git",
    ".venv*",
    ".aws-sam",
    ".loupe",
    "node_modules",
    "build",
    "__pycache__",
    ".*_cache",
    "bench",
    "dist",
)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
# CodeBuild's own variables.
CODEBUILD = {"CODEBUILD_RESOLVED_SOURCE_VERSION", "CODEBUILD_SRC_DIR_Release"}

pytestmark = pytest.mark.timeout(900)


class Project:
    """A copy of the project, as CodeBuild unpacks it, and programs in the place of docker and make."""

    def __init__(self, folder: Path, stack: DeployedStack) -> None:
        self.folder, self.fakes = folder / "project", folder / "fakes"
        shutil.copytree(ROOT, self.folder, ignore=LEFT_OUT)
        for name in (".venv", ".venv-sam", ".venv-lambda"):
            (self.folder / name).symlink_to(ROOT / name)
        # What `loupe up` has built of the same sources need not be built again.
        built = ROOT / ".aws-sam" / "local"
        for source in STACKS:
            target = self.folder / "build" / "sam" / source.name
            shutil.copytree(built / source.name / "cache", target / "cache")
            known = (built / source.name / "build.toml").read_text().replace(str(ROOT), str(self.folder))
            (target / "build.toml").write_text(known)
        self.fakes.mkdir()
        self.log = folder / "docker.log"
        self.fake("docker", (Path(__file__).parent / "fake_docker").read_text().split("\n", 1)[1])
        self.environ = stack.environ | {"LOUPE_BUILD": "host", "FAKE_DOCKER_LOG": str(self.log)}
        self.environ["PATH"] = f"{self.fakes}:{self.environ['PATH']}"

    def fake(self, name: str, source: str) -> None:
        """A Python program of this name, first on the path."""
        path = self.fakes / name
        path.write_text(f"#!{sys.executable}\n{source}")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def asked_of_docker(self) -> list[list[str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def build(self, name: str, **variables: str) -> str:
        """Run all commands of a buildspec; gives what they said."""
        said = ""
        for command in commands(name):
            done = run(["sh", "-c", command], self.environ | variables, self.folder, 600)
            assert done.returncode == 0, f"{command}\n{done.stdout}"
            said += done.stdout
        return said


def commands(name: str) -> list[str]:
    spec = yaml_parse((ROOT / "pipeline" / "buildspecs" / f"{name}.yml").read_text(encoding="utf-8"))
    return [str(each) for phase in spec["phases"].values() for each in phase.get("commands", [])]


def given_variables() -> dict[str, set[str]]:
    """What the template gives each buildspec: variables of its project, and of the actions that run it."""
    resources = cfn_yaml.load(str(ROOT / "pipeline" / "template.yaml"))["Resources"]
    found = {}
    for name, body in resources.items():
        if body["Type"] != "AWS::CodeBuild::Project":
            continue
        properties = body["Properties"]
        spec = Path(properties["Source"]["BuildSpec"]).stem
        own = {each["Name"] for each in properties["Environment"].get("EnvironmentVariables", [])}
        found[spec] = own | _of_actions(resources["Pipeline"]["Properties"]["Stages"], name)
    return found


def _of_actions(stages: Any, project: str) -> set[str]:
    sets = []
    for action in [each for stage in stages for each in stage["Actions"] if "Configuration" in each]:
        configuration = action["Configuration"]
        if configuration.get("ProjectName", {}).get("Ref") == project:
            text = configuration.get("EnvironmentVariables", {}).get("Fn::Sub", "[]")
            sets.append({each["name"] for each in json.loads(text)})
    assert sets, f"no action runs {project}"
    assert all(each == sets[0] for each in sets), f"actions of {project} differ in their variables"
    return sets[0]


@pytest.fixture(scope="module")
def project(stack: DeployedStack, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("pipeline"), stack)


@pytest.fixture(scope="module")
def bucket(stack: DeployedStack) -> str:
    s3, name = stack.client("s3"), "loupe-pipeline-artifactsbucket-test"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="module")
def repository(stack: DeployedStack) -> str:
    made = stack.client("ecr").create_repository(
        repositoryName="loupe-container", imageTagMutability="IMMUTABLE"
    )
    return str(made["repository"]["repositoryUri"])


@pytest.mark.parametrize("name", ["test", "build", "deploy", "smoke"])
def test_every_variable_of_a_buildspec_is_given_by_the_template(name: str) -> None:
    used = set(re.findall(r"\$(\w+)", " ".join(commands(name))))

    assert used - CODEBUILD == given_variables()[name]


def test_the_test_stage_checks_and_tests(project: Project) -> None:
    project.fake("make", "import sys; print('make asked for', *sys.argv[1:])")
    try:
        said = project.build("test")
    finally:
        (project.fakes / "make").unlink()

    assert "make asked for check" in said
    assert "make asked for test" in said


def test_a_release_is_built_and_its_image_pushed_once(
    stack: DeployedStack, project: Project, bucket: str, repository: str
) -> None:
    build = {"ARTIFACTS_BUCKET": bucket, "IMAGES_REPOSITORY": repository}
    build |= {"CODEBUILD_RESOLVED_SOURCE_VERSION": COMMIT}
    project.build("build", **build)

    release = project.folder / "build" / "release"
    image = json.loads((release / "release.json").read_text())["image"]
    assert re.fullmatch(rf"{re.escape(repository)}@sha256:[0-9a-f]{{64}}", image)
    assert [each[0] for each in project.asked_of_docker()] == ["login", "build", "push"]
    packages = stack.client("s3").list_objects_v2(Bucket=bucket, Prefix="Releases/")["Contents"]
    assert len(packages) >= 10

    project.build("build", **build)  # the same commit again: its tag is never written twice
    assert [each[0] for each in project.asked_of_docker()] == ["login", "build", "push"]


def test_a_release_is_deployed_with_cloudformations_role_by_who_may_hand_it_over(
    stack: DeployedStack, project: Project, bucket: str, arns: dict[str, str], user: Users, tmp_path: Path
) -> None:
    # A small release: the whole stack's is deployed by test_deployer.
    (tmp_path / "core.yaml").write_text(SMALL)
    (tmp_path / "release.json").write_text('{"version": "1", "image": ""}')
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": arns["cloudformation"]}
    keeping: dict[str, Any] = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject", "s3:ListBucket"]}
    keeping |= {"Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/Releases/*"]}
    deployer = user(document=filled_in([*statements("deploy-stacks"), passing, keeping]))

    project.build(
        "deploy",
        AWS_ACCESS_KEY_ID=deployer["AWS_ACCESS_KEY_ID"],
        AWS_SECRET_ACCESS_KEY=deployer["AWS_SECRET_ACCESS_KEY"],
        STACK_NAME="loupe-staging",
        ARTIFACTS_BUCKET=bucket,
        CODEBUILD_SRC_DIR_Release=str(tmp_path),
        CLOUDFORMATION_ROLE_ARN=arns["cloudformation"],
        PERMISSIONS_BOUNDARY_ARN=arns["boundary"],
        STACK_PARAMETERS="",
    )

    [staging] = stack.client("cloudformation").describe_stacks(StackName="loupe-staging")["Stacks"]
    assert staging["StackStatus"] == "CREATE_COMPLETE"
    stack.client("cloudformation").delete_stack(StackName="loupe-staging")


def test_the_smoke_tests_pass_on_the_deployed_stack(stack: DeployedStack, project: Project) -> None:
    assert "3 passed" in project.build("smoke", STACK_NAME=stack.name)


@pytest.mark.parametrize("script", ["test", "build", "deploy", "smoke"])
def test_each_script_says_what_it_does_and_what_it_lacks(script: str) -> None:
    path = str(ROOT / "pipeline" / f"{script}.sh")

    told = run(["bash", path, "--help"], {"PATH": "/usr/bin:/bin"}, Path("/"))
    wrong = run(["bash", path, "--nonsense", "x"], {"PATH": "/usr/bin:/bin"}, Path("/"))

    assert (told.returncode, wrong.returncode) == (0, 2)
    assert f"usage: pipeline/{script}.sh" in told.stdout
    assert "there is no option --nonsense" in wrong.stdout
