"""Each statement of the training workflow's roles is needed: without it a training ends and says why."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.cloud import DeployedStack
from tests.integration.training.conftest import Training
from tests.polling import wait_for
from tests.roles import DENIED, DeployedRole

MACHINES = "TrainModelRole"
# Of the machines' role: statement, and the state that meets its absence.
OF_MACHINES = [
    ("ListDatasets", "Copy Dataset"),
    ("WriteResults", "Copy Dataset"),
    ("StartExecutions", "Import Dataset"),
    ("FollowExecutions", "Import Dataset"),
    ("CallFunctions", "Plan Training"),
    ("RunJobs", "Prepare Dataset"),
    ("TagWhatIsMade", "Prepare Dataset"),
    ("HandOverRoles", "Prepare Dataset"),
    ("MakeModels", "Create Model"),
    ("TryModels", "Create Trial Endpoint"),
]
# What Step Functions asks for when the state machine is made or changed.
ACCEPTED = ("LearnWhenTheyEnd", "DeliverTheWorkflowsLog")
# Of a function's role: the same.
OF_FUNCTIONS = [
    ("PlanTraining", "SeeWhatServes", "Plan Training"),
    ("PlanTraining", "SeeWhatItRunsOn", "Plan Training"),
    ("PlanTraining", "SeeWhatIsScaled", "Plan Training"),
    ("PlanTraining", "SeeWhatModelServes", "Plan Training"),
    ("PlanTraining", "SeeWhetherItIsKept", "Plan Training"),
    ("SurveyDataset", "ReadDatasets", "Survey Dataset"),
    ("CopyObjects", "KeepDatasets", "Copy Dataset"),
    ("CheckCopy", "CountCopies", "Check Copy"),
    ("CheckCopy", "ReadCopiesAndResults", "Check Copy"),
    ("CheckEvaluation", "ReadEvaluations", "Check Evaluation"),
    ("DeployModel", "Deploy", "Deploy Model"),
    ("DeployModel", "SeeWhatIsNew", "Deploy Model"),
]


@pytest.fixture(scope="module")
def few(digit_files: dict[str, bytes]) -> dict[str, bytes]:
    """Five of each digit."""
    return dict(list(digit_files.items())[::4])


def test_every_statement_of_the_machines_is_tried_here(stack: DeployedStack) -> None:
    tried = {sid for sid, _ in OF_MACHINES} | set(ACCEPTED)
    assert set(DeployedRole(stack, MACHINES).statements()) == tried


@pytest.mark.parametrize(
    ("role", "sid", "state"),
    [(MACHINES, sid, state) for sid, state in OF_MACHINES]
    + [(f"{function}FunctionRole", sid, state) for function, sid, state in OF_FUNCTIONS],
)
def test_without_a_statement_a_training_fails_says_so_and_leaves_nothing(
    training: Training, stack: DeployedStack, few: dict[str, bytes], role: str, sid: str, state: str
) -> None:
    # Of its own, so that its objects are not copied already.
    training.put("digits-of-others", {f"{role}/{sid}/{name}": body for name, body in few.items()})
    before = training.live()
    with DeployedRole(stack, role).without(sid):
        arn = training.start(f"s3://digits-of-others/{role}/{sid}/")
        ended = training.ended(arn)
        message = training.message(arn, 120)
    assert ended["status"] == "FAILED"
    assert any(word in f"{ended['error']} {ended['cause']}" for word in DENIED), ended
    assert state in training.entered(arn)
    assert any(word in message.body for word in DENIED)
    assert training.live() == before
    wait_for(lambda: training.left_behind(arn) == [], "nothing to be left", 60)


def test_a_trial_that_may_not_be_removed_is_named_as_left_over_and_removed_when_it_may_be(
    training: Training, stack: DeployedStack, digits: str
) -> None:
    before = training.live()
    with DeployedRole(stack, "FinalizeTrainingFunctionRole").without("RemoveEndpoints"):
        arn = training.start(digits, "moody")
        ended = training.ended(arn)
        message = training.message(arn)
    name = arn.rpartition(":")[2]
    assert (ended["status"], training.live()) == ("FAILED", before)
    assert f"Left over:     the endpoint {name}-trial, if it is there" in message.body
    assert f"{name}-trial" in training.left_behind(arn)
    training.sweep()
    wait_for(lambda: training.left_behind(arn) == [], "nothing to be left", 60)
    assert len(training.messages(arn)) == 1


def test_a_live_model_that_nobody_could_be_notified_of_fails_for_the_alarm_and_is_notified_later(
    training: Training, stack: DeployedStack, digits: str
) -> None:
    with DeployedRole(stack, "FinalizeTrainingFunctionRole").without("Notify"):
        arn = training.start(digits)
        ended = training.ended(arn, 300)
    assert (ended["status"], ended["error"]) == ("FAILED", "NotificationError")
    assert "The model is live, but nobody could be notified" in ended["cause"]
    assert training.live() == ("InService", f"{arn.rpartition(':')[2]}-model")
    training.sweep()
    assert "is live (" in training.message(arn).subject


@pytest.mark.parametrize("sid", ACCEPTED)
def test_without_it_the_state_machine_cannot_be_changed(
    training: Training, stack: DeployedStack, sid: str
) -> None:
    machine = training.states.describe_state_machine(stateMachineArn=training.machine)
    change = {key: machine[key] for key in ("definition", "roleArn", "loggingConfiguration")}
    with DeployedRole(stack, MACHINES).without(sid), pytest.raises(ClientError, match="AccessDenied"):
        training.states.update_state_machine(stateMachineArn=training.machine, **change)
    training.states.update_state_machine(stateMachineArn=training.machine, **change)
