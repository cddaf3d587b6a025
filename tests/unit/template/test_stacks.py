"""Small stacks: the core asks little and knows nobody; the others find it by what it exports."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from loupe.stacks import STACKS, StackSource
from tests.unit.template.transformed import ROOT, yaml_parse

RUNTIME = "python3.13"
MAX_PARAMETERS = 14
OTHERS = [each for each in STACKS if not each.is_core]
[CORE] = [each for each in STACKS if each.is_core]
# Every template with functions, Loupe's stacks or not.
TEMPLATES = sorted(ROOT.glob("template.yaml")) + sorted(ROOT.glob("*/template.yaml"))


def template(source: StackSource) -> Any:
    return yaml_parse((ROOT / source.template).read_text(encoding="utf-8"))


def found(value: Any, key: str) -> Iterator[Any]:
    """What stands under every key of this name, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key:
                yield inner
            yield from found(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from found(inner, key)


def exported(core: Any) -> set[str]:
    return {
        each["Export"]["Name"]["Fn::Sub"].replace("${AWS::StackName}", "${CoreStackName}")
        for each in core["Outputs"].values()
        if "Export" in each
    }


def imported(document: Any) -> set[str]:
    return {each["Fn::Sub"] for each in found(document, "Fn::ImportValue")}


def test_the_core_asks_few_questions() -> None:
    assert len(template(CORE)["Parameters"]) <= MAX_PARAMETERS


def test_every_parameter_has_a_default_so_that_enter_answers_it() -> None:
    for source in STACKS:
        for name, body in template(source)["Parameters"].items():
            assert "Default" in body, f"{source.template}: {name}"


def test_every_folder_with_a_template_that_stands_on_the_core_is_a_stack() -> None:
    standing = {
        path.relative_to(ROOT).as_posix()
        for path in TEMPLATES
        if "CoreStackName" in yaml_parse(path.read_text(encoding="utf-8")).get("Parameters", {})
    }

    assert standing == {each.template for each in OTHERS}


@pytest.mark.parametrize("source", OTHERS, ids=lambda source: source.name)
def test_a_stack_imports_what_the_core_exports_under_the_outputs_own_names(source: StackSource) -> None:
    core = template(CORE)

    assert imported(template(source)) <= exported(core)
    assert exported(core) <= {"${CoreStackName}-" + name for name in core["Outputs"]}


def test_the_core_exports_nothing_that_nobody_imports() -> None:
    assert exported(template(CORE)) == {name for each in OTHERS for name in imported(template(each))}


def test_the_core_exports_nothing_that_a_parameter_changes() -> None:
    """CloudFormation refuses to change an export while another stack imports it."""
    core = template(CORE)

    for name, output in core["Outputs"].items():
        if "Export" in output:
            value = output["Value"]
            reference = value.get("Ref") or value["Fn::GetAtt"]
            resource = reference[0] if isinstance(reference, list) else reference
            assert resource in core["Resources"], name
            assert "Fn::If" not in str(core["Resources"][resource].get("Properties", {}).get("Name")), name


def test_the_core_knows_no_other_stack() -> None:
    text = (ROOT / CORE.template).read_text(encoding="utf-8")

    assert "Fn::ImportValue" not in text
    for source in OTHERS:
        assert f"${{AWS::StackName}}-{source.name}" not in text
    assert not re.search(r"Uri: (training|site|review|batch)/", text)


@pytest.mark.parametrize("source", STACKS, ids=lambda source: source.name)
def test_samconfig_builds_and_deploys_every_stack(source: StackSource) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    own = config["default" if source.is_core else source.name]

    assert own["deploy"]["parameters"]["stack_name"] == source.stack_name("loupe")
    if not source.is_core:
        build = own["build"]["parameters"]
        assert build["template_file"] == source.template
        assert own["deploy"]["parameters"]["template_file"] == f"{build['build_dir']}/template.yaml"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_function_and_layer_is_of_one_runtime(path: Any) -> None:
    document = yaml_parse(path.read_text(encoding="utf-8"))

    runtimes = set(found({**document, "Parameters": {}}, "Runtime")) - {"cloudfront-js-2.0"}
    assert runtimes <= {RUNTIME}
    for body in document["Resources"].values():
        if body["Type"] == "AWS::Serverless::LayerVersion":
            assert body["Properties"]["CompatibleRuntimes"] == [RUNTIME]
    if any(body["Type"] == "AWS::Serverless::Function" for body in document["Resources"].values()):
        images = "Image" in set(found(document, "PackageType"))
        assert runtimes == {RUNTIME} or images


@pytest.mark.parametrize("source", STACKS, ids=lambda source: source.name)
def test_a_template_can_be_read_at_one_sitting(source: StackSource) -> None:
    assert len((ROOT / source.template).read_text(encoding="utf-8").splitlines()) <= 900
