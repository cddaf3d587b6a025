"""What is said of a program that failed: the cause, and where its log shows it."""

from pathlib import Path

import pytest

from loupe.errors import DeployError
from loupe.processes import cause
from loupe.sam import Sam
from loupe.settings import Settings

EVENTS = """\
ResourceStatus           ResourceType             LogicalResourceId        ResourceStatusReason
CREATE_IN_PROGRESS       AWS::SQS::Queue          UndeliveredEvents        -
CREATE_FAILED            AWS::SNS::Topic          NotificationsTopic       Invalid parameter
CREATE_FAILED            AWS::SQS::Queue          OutcomesQueue            Resource creation cancelled
ROLLBACK_COMPLETE        AWS::CloudFormation::St  loupe                    -
Error: Failed to create/update the stack: loupe, Waiter StackCreateComplete failed
"""
BUILD = """\
Running CustomMakeBuilder:CopySource
ERROR: No matching distribution found for nothing==1
make: *** [Makefile:7: build-CoreLayer] Error 1

Error: CustomMakeBuilder:MakeBuild - Make Failed
"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (EVENTS, "3: CREATE_FAILED AWS::SNS::Topic NotificationsTopic Invalid parameter"),
        (BUILD, "2: ERROR: No matching distribution found for nothing==1"),
        (
            "Traceback (most recent call last):\n  File 'a.py'\nbotocore.exceptions.ClientError: no\n",
            "3: botocore.exceptions.ClientError: no",
        ),
        ("0 errors found\n  gave up  \n\n", "2: gave up"),
    ],
)
def test_the_line_that_shows_the_cause_is_named(tmp_path: Path, log: str, said: str) -> None:
    (tmp_path / "a.log").write_text(log)

    assert cause(tmp_path / "a.log") == f"{tmp_path / 'a.log'}:{said}"


def test_a_log_that_says_nothing_is_named_all_the_same(tmp_path: Path) -> None:
    assert cause(tmp_path / "none.log") == f"{tmp_path / 'none.log'} is empty."


def test_a_failed_deployment_ends_with_the_cause(tmp_path: Path) -> None:
    sam = tmp_path / ".venv-sam" / "bin" / "sam"
    sam.parent.mkdir(parents=True)
    sam.write_text(f"#!/bin/sh\ncat <<'END'\n{EVENTS}END\nexit 1\n")
    sam.chmod(0o755)
    settings = Settings(root=tmp_path, state=tmp_path / ".loupe", port=4566, endpoint_url=None)

    with pytest.raises(DeployError) as error:
        Sam(settings, "http://127.0.0.1:4566").deploy("loupe", tmp_path / "template.yaml", {}, "loupe")

    log = settings.state / "sam-deploy-loupe.log"
    assert str(error.value).splitlines()[-1] == (
        f"The cause: {log}:3: CREATE_FAILED AWS::SNS::Topic NotificationsTopic Invalid parameter"
    )
