"""`loupe threshold` shows the line and says how to move it."""

from loupe.commands.threshold import how_to_set
from loupe.stack import Stack

STACK = Stack("loupe", "CREATE_COMPLETE", {}, parameters={"ConfidenceThreshold": "0.93", "EndpointName": "e"})


def test_on_aws_one_parameter_changes_and_the_others_stay() -> None:
    assert how_to_set(STACK, 0.87, local=False) == (
        "aws cloudformation update-stack --stack-name loupe --use-previous-template "
        "--capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --parameters "
        "ParameterKey=ConfidenceThreshold,ParameterValue=0.87 ParameterKey=EndpointName,UsePreviousValue=true"
    )


def test_on_the_local_cloud_loupe_up_sets_it() -> None:
    assert how_to_set(STACK, 0.9, local=True) == "loupe up --set ConfidenceThreshold=0.9"
