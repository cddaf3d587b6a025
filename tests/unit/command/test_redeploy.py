"""`loupe up --watch`: what changed is updated where it is, the rest deployed, nothing half written taken."""

# ruff: noqa: N803 # boto3's arguments are named so

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs would be one more package to pin
from click.testing import CliRunner

from loupe.cli import cli
from loupe.definitions import NAME, filled_in, learned
from loupe.errors import DeployError
from loupe.redeploy import Redeployment
from loupe.stacks import STACKS, StackSource

ROOT = Path(__file__).parents[3]
DEFINITIONS = sorted([*ROOT.glob("statemachine/*.asl.yaml"), *ROOT.glob("*/statemachine/*.asl.yaml")])
TEMPLATE = """
Resources:
  ClaimFunction:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub "${AWS::StackName}-claim", CodeUri: functions/claim}
  OtherFunction:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub "${AWS::StackName}-other", CodeUri: functions/other}
  CoreLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {LayerName: !Sub "${AWS::StackName}-core", ContentUri: layers/core}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: !If [IsExpress, !Sub "${AWS::StackName}-express", !Sub "${AWS::StackName}-standard"]
      DefinitionUri: statemachine/machine.asl.yaml
"""
MACHINE = "StartAt: Claim\nStates:\n  Claim: {Type: Task, Resource: '${ClaimFunction}', End: true}\n"
CORE = StackSource("core", "template.yaml", ("template.yaml", "functions", "layers", "statemachine"))


class World:
    """A project, its build, a cloud with the stack on it, and what is watched."""

    def __init__(self, root: Path) -> None:
        self.root, self.deployments = root, 0
        self.machine = json.dumps(yaml.safe_load(MACHINE.replace("${ClaimFunction}", "arn:claim")))
        self.code: dict[str, list[str]] = {}
        self.layers = {
            name: ["arn:aws:lambda:r:1:layer:loupe-core:1"] for name in ("loupe-claim", "loupe-other")
        }
        self.published: list[str] = []
        self.write("template.yaml", TEMPLATE)
        self.write("statemachine/machine.asl.yaml", MACHINE)
        for name in ("claim", "other"):
            self.write(f"functions/{name}/app.py", "1")
            self.write(f"functions/{name}/Makefile", "")
            self.write(f".build/core/build/{name.title()}Function/app.py", "1")
        self.write("layers/core/shared/a.py", "1")
        for each in ("shared/a.py", "shared/__pycache__/a.pyc", "library/__pycache__/b.pyc"):
            self.write(f".build/core/build/CoreLayer/python/{each}", "1")

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def edit(self, name: str, text: str) -> None:
        path = self.write(name, text)
        os.utime(path, ns=(path.stat().st_mtime_ns + 1, path.stat().st_mtime_ns + 1))

    def watched(self) -> Redeployment:
        cloud: Any = SimpleNamespace(client=lambda service: self)
        return Redeployment(
            self.root, self.root / ".build", self.root / "memory.json", cloud, "loupe", [CORE], self.deploy
        )

    def deploy(self) -> None:
        self.deployments += 1

    # What AWS answers.
    def update_function_code(self, FunctionName: str, ZipFile: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(ZipFile)) as packed:
            self.code[FunctionName] = [f"{name}: {packed.read(name).decode()}" for name in packed.namelist()]

    def publish_layer_version(self, LayerName: str, Content: Any, CompatibleRuntimes: Any) -> dict[str, str]:
        self.update_function_code(LayerName, Content["ZipFile"])
        return {"LayerVersionArn": f"arn:aws:lambda:r:1:layer:{LayerName}:2"}

    def get_function_configuration(self, FunctionName: str) -> Any:
        return {"Layers": [{"Arn": each} for each in self.layers[FunctionName]]}

    def update_function_configuration(self, FunctionName: str, Layers: list[str]) -> None:
        self.layers[FunctionName] = Layers

    def get_waiter(self, name: str) -> Any:
        return SimpleNamespace(wait=lambda **arguments: None)

    def publish_version(self, FunctionName: str) -> dict[str, str]:
        return {"Version": "7"}

    def update_alias(self, FunctionName: str, Name: str, FunctionVersion: str) -> None:
        self.published.append(f"{FunctionName} {Name} {FunctionVersion}")

    def get_paginator(self, operation: str) -> Any:
        machine = {"LogicalResourceId": "Machine", "PhysicalResourceId": "arn:machine"}
        kind = {"ResourceType": "AWS::StepFunctions::StateMachine"}
        return SimpleNamespace(paginate=lambda **given: [{"StackResourceSummaries": [machine | kind]}])

    def describe_state_machine(self, stateMachineArn: str) -> dict[str, str]:
        return {"definition": self.machine}

    def update_state_machine(self, stateMachineArn: str, definition: str) -> None:
        self.machine = definition


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_nothing_changed_is_nothing_done(world: World) -> None:
    watched = world.watched()
    for _ in range(3):
        watched.update()

    assert (world.code, world.published, world.deployments) == ({}, [], 0)


def test_a_function_is_updated_alone_once_it_is_written(world: World) -> None:
    watched = world.watched()
    world.edit("functions/claim/app.py", "2")
    watched.update()
    assert world.code == {}  # it may still be written

    watched.update()
    watched.update()

    assert world.code == {"loupe-claim": ["app.py: 2"]}
    assert world.published == ["loupe-claim live 7"]
    assert world.deployments == 0


def test_a_layer_is_published_for_all_functions_that_have_it(world: World) -> None:
    world.layers["loupe-other"] = ["arn:aws:lambda:r:1:layer:loupe-fonts:1"]
    watched = world.watched()
    world.edit("layers/core/shared/a.py", "2")
    watched.update()
    watched.update()

    # What was compiled of the former source is not in it; a library's stays.
    assert world.code == {"loupe-core": ["python/library/__pycache__/b.pyc: 1", "python/shared/a.py: 2"]}
    assert world.layers["loupe-claim"] == ["arn:aws:lambda:r:1:layer:loupe-core:2"]
    assert world.published == ["loupe-claim live 7"]


def test_a_definition_keeps_what_cloudformation_put_into_it(world: World) -> None:
    watched = world.watched()
    for resource in ("Task, TimeoutSeconds: 5", "Task, TimeoutSeconds: 6"):
        world.edit("statemachine/machine.asl.yaml", MACHINE.replace("Task", resource))
        watched.update()
        watched.update()

    assert json.loads(world.machine)["States"]["Claim"] == {
        "Type": "Task",
        "TimeoutSeconds": 6,
        "Resource": "arn:claim",
        "End": True,
    }
    assert world.deployments == 0


@pytest.mark.parametrize(
    "name", ["template.yaml", "functions/claim/Makefile", "functions/claim/new.py", "layers/python.mk"]
)
def test_anything_else_is_deployed_the_long_way(world: World, name: str) -> None:
    watched = world.watched()
    world.edit(name, TEMPLATE + "# changed\n" if name == "template.yaml" else "changed")
    watched.update()
    watched.update()

    assert (world.deployments, world.code) == (1, {})


def test_a_removed_file_is_deployed_the_long_way(world: World) -> None:
    watched = world.watched()
    (world.root / "functions/claim/app.py").unlink()
    watched.update()
    watched.update()

    assert world.deployments == 1


def test_what_cannot_be_deployed_is_said_and_watched_on(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise DeployError("`sam build` failed")

    monkeypatch.setattr(world, "deploy", refuse)
    watched = world.watched()
    world.edit("template.yaml", TEMPLATE + "# changed\n")
    world.edit("statemachine/machine.asl.yaml", "StartAt: [")
    watched.update()
    watched.update()
    assert "`sam build` failed" in re.sub(r"\s+", " ", capsys.readouterr().err)

    world.edit("functions/claim/app.py", "2")
    watched.update()
    watched.update()
    assert world.code == {"loupe-claim": ["app.py: 2"]}


def test_a_definition_that_is_no_yaml_is_said_and_the_next_one_taken(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = world.watched()
    for text in ("StartAt: [", MACHINE.replace("Task", "Pass")):
        world.edit("statemachine/machine.asl.yaml", text)
        watched.update()
        watched.update()

    assert "machine.asl.yaml" in capsys.readouterr().err
    assert json.loads(world.machine)["States"]["Claim"]["Type"] == "Pass"


def test_the_next_up_updates_once_more_what_cloudformation_does_not_know_of(world: World) -> None:
    watched = world.watched()
    world.edit("functions/claim/app.py", "2")
    world.edit("statemachine/machine.asl.yaml", MACHINE.replace("Task", "Pass"))
    watched.update()
    watched.update()
    # Both are as they were when CloudFormation deployed them, so that it has nothing to do.
    world.edit("functions/claim/app.py", "1")
    world.edit("statemachine/machine.asl.yaml", MACHINE)

    world.watched().catch_up()

    assert world.code == {"loupe-claim": ["app.py: 1"]}
    assert json.loads(world.machine)["States"]["Claim"]["Type"] == "Task"
    world.code.clear()
    world.watched().catch_up()
    assert world.code == {}


@pytest.mark.parametrize("source", STACKS, ids=lambda source: source.name)
def test_every_function_layer_and_definition_of_the_stacks_can_be_updated(
    tmp_path: Path, source: StackSource
) -> None:
    cloud: Any = None
    watched = Redeployment(ROOT, tmp_path, tmp_path / "memory", cloud, "loupe", [source], lambda: None)

    pieces = watched._pieces(source)

    assert pieces
    assert all(piece.source.exists() for piece in pieces)
    assert all("$" not in piece.name for piece in pieces)


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_what_was_put_into_a_definition_is_learned_of_it(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    values = {name: f"arn:aws:x:::{name}" for name in NAME.findall(source)}
    deployed = NAME.sub(lambda match: values[match[1]], source)

    assert learned(source, deployed) == values
    assert json.loads(filled_in(source, values)) == yaml.safe_load(deployed)


def test_a_number_stays_a_number() -> None:
    values = learned("TimeoutSeconds: ${Seconds}\nA: 'x-${B}-${B}'", '{"TimeoutSeconds": 5, "A": "x-b-b"}')

    assert values == {"Seconds": 5, "B": "b"}
    assert json.loads(filled_in("TimeoutSeconds: ${Seconds}", values)) == {"TimeoutSeconds": 5}


@pytest.mark.parametrize("deployed", ['{"A": "other"}', '{"B": "x"}', '{"A": "x", "C": 1}'])
def test_a_definition_that_is_not_of_the_source_teaches_nothing(deployed: str) -> None:
    with pytest.raises(ValueError, match="is another than"):
        learned("A: x${B}", deployed)


def test_a_name_without_a_value_is_said() -> None:
    with pytest.raises(ValueError, match=r"\$\{New\} is new"):
        filled_in("A: ${New}", {})


def test_watching_stays_and_detaching_returns() -> None:
    done = CliRunner().invoke(cli, ["up", "--watch", "--detach"])

    assert done.exit_code == 2
    assert "give one of them" in done.stderr
