"""The container's template and Dockerfile hold what the code asks for."""

import importlib.util
import re
from functools import cache
from typing import Any

from tests.policies import find_problems
from tests.unit.container.world import TEMPLATE
from tests.unit.functions.handlers import ROOT
from tests.unit.template.transformed import of_type, yaml_parse


@cache
def resources() -> dict[str, Any]:
    found: dict[str, Any] = yaml_parse(TEMPLATE.read_text())["Resources"]
    return found


def functions() -> dict[str, Any]:
    return of_type({"Resources": resources()}, "AWS::Serverless::Function")


def test_its_policies_are_fine() -> None:
    assert find_problems("container/template.yaml") == []


def test_every_function_runs_a_handler_that_is_there_with_a_log_and_a_role_of_its_own() -> None:
    roles = set()
    for name, function in functions().items():
        [command] = function["Properties"]["ImageConfig"]["Command"]
        module, _, handler = str(command).rpartition(".")
        assert handler == "handler"
        assert importlib.util.find_spec(module)
        logs = resources()[str(function["DependsOn"])]["Properties"]
        name = function["Properties"]["FunctionName"]["Fn::Sub"]
        assert logs["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{name}"
        assert logs["RetentionInDays"]
        roles.add(str(function["Properties"]["Role"]["Fn::GetAtt"]))
    assert len(roles) == len(functions()) == 3


def test_every_function_is_built_from_the_same_image() -> None:
    [built] = {str(function["Metadata"]) for function in functions().values()}
    assert "container/Dockerfile" in built


def test_the_alarm_counts_by_the_name_that_the_function_counts_under() -> None:
    variables = resources()["RecorderFunction"]["Properties"]["Environment"]["Variables"]
    [dimension] = resources()["PicturesFailedAlarm"]["Properties"]["Dimensions"]
    assert dimension == {"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}


def test_every_route_is_for_signed_requests() -> None:
    auth = resources()["HttpApi"]["Properties"]["Auth"]
    assert (auth["EnableIamAuthorizer"], auth["DefaultAuthorizer"]) == (True, "AWS_IAM")
    for function in functions().values():
        for event in function["Properties"].get("Events", {}).values():
            assert "Auth" not in event["Properties"]


def test_the_dockerfile_pins_its_base_by_an_argument_and_copies_what_is_assembled() -> None:
    text = (ROOT / "container" / "Dockerfile").read_text()
    assert re.findall(r"(?m)^FROM (\S+)", text) == ["${BASE_IMAGE}", "${BASE_IMAGE}", "function"]
    for folder in ("loupe_container", "loupe_core", "loupe_imaging", "model"):
        assert re.search(rf"(?m)^COPY \S*{folder} ", text)
