"""Each statement of the training workflow's role is needed: without it a training ends and says why."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.cloud import DeployedStack
from tests.integration.training.conftest import Training
from tests.polling import wait_for
from tests.roles import DENIED, DeployedRole

# Statement, and the state that meets its absence.
STATEMENTS = [
    ("ReadDatasets", "Look At Source"),
    ("KeepDatasets", "Copy Objects"),
    ("CopyInParallel", "Survey Objects"),
    ("RunJobs", "Prepare Dataset"),
    ("TagWhatIsMade", "Prepare Dataset"),
    ("HandOverRoles", "Prepare Dataset"),
    ("MakeModels", "Create Model"),
    ("TryAndDeploy", "Create Trial Endpoint"),
    ("TestTheTrial", "Test Trial"),
]
# What Step Functions asks for when the state machine is made or changed.
ACCEPTED = ("LearnWhenJobsEnd", "DeliverTheWorkflowsLog")


@pytest.fixture(scope="module")
def few(digit_files: dict[str, bytes]) -> dict[str, bytes]:
    """Five of each digit."""
    return dict(list(digit_files.items())[::4])


@pytest.fixture
def role(stack: DeployedStack) -> DeployedRole:
    return DeployedRole(stack, "TrainModelRole")


def test_every_statement_is_tried_here(role: DeployedRole) -> None:
    tried = {sid for sid, _ in STATEMENTS} | {"FollowAndCleanUp", "FindWhatIsThere", "Tell"} | set(ACCEPTED)
    assert set(role.statements()) == tried


@pytest.mark.parametrize(("sid", "state"), STATEMENTS)
def test_without_a_statement_a_training_fails_is_told_and_leaves_nothing(
    training: Training, role: DeployedRole, few: dict[str, bytes], sid: str, state: str
) -> None:
    # Of its own, so that its objects are not copied already.
    training.put("digits-of-others", {f"{sid}/{name}": body for name, body in few.items()})
    before = training.live()
    with role.without(sid):
        arn = training.start(f"s3://digits-of-others/{sid}/")
        ended = training.ended(arn)
    assert ended["status"] == "FAILED"
    assert any(word in f"{ended['error']} {ended['cause']}" for word in DENIED), ended
    assert state in training.entered(arn)
    assert any(word in training.message(arn).body for word in DENIED)
    assert training.live() == before
    wait_for(lambda: training.left_behind(arn) == [], "nothing to be left", 60)


def test_a_trial_that_may_not_be_followed_is_told_as_left_over(
    training: Training, role: DeployedRole, digits: str
) -> None:
    before = training.live()
    with role.without("FollowAndCleanUp"):
        arn = training.start(digits)
        ended = training.ended(arn)
    name = arn.rpartition(":")[2]
    assert (ended["status"], training.live()) == ("FAILED", before)
    assert f"Left over:     the endpoint {name}-trial, if it is there: remove" in training.message(arn).body
    assert f"{name}-trial" in training.left_behind(arn)
    training.remove_trial(arn)


def test_a_model_that_may_not_be_told_is_live_and_fails_for_the_alarm(
    training: Training, role: DeployedRole, digits: str
) -> None:
    with role.without("Tell"):
        arn = training.start(digits)
        ended = training.ended(arn)
    assert (ended["status"], training.entered(arn)[-1]) == ("FAILED", "Fail Untold")
    assert "The model is live, but this could not be told" in ended["cause"]
    assert training.live() == ("InService", f"{arn.rpartition(':')[2]}-model")


@pytest.mark.parametrize("sid", ACCEPTED)
def test_without_it_the_state_machine_cannot_be_changed(
    training: Training, role: DeployedRole, sid: str
) -> None:
    machine = training.states.describe_state_machine(stateMachineArn=training.machine)
    change = {key: machine[key] for key in ("definition", "roleArn", "loggingConfiguration")}
    with role.without(sid), pytest.raises(ClientError, match="AccessDenied"):
        training.states.update_state_machine(stateMachineArn=training.machine, **change)
    training.states.update_state_machine(stateMachineArn=training.machine, **change)


def test_where_datasets_come_from_one_bucket_reading_the_own_takes_its_own_statement(
    training: Training, role: DeployedRole, few: dict[str, bytes]
) -> None:
    training.put("digits-of-others", {f"own/{name}": body for name, body in few.items()})
    theirs = "arn:aws:s3:::digits-of-others"
    with role.narrowed("ReadDatasets", theirs, f"{theirs}/*"), role.without("FindWhatIsThere"):
        ended = training.ended(training.start("s3://digits-of-others/own/"))
    assert ended["status"] == "FAILED"
    assert "s3:ListBucket" in ended["cause"]
