"""Step Functions' status events are best effort: with all of them lost, the schedule does their work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.training.conftest import Training
from tests.polling import wait_for


@contextmanager
def lost_events(training: Training) -> Iterator[None]:
    """The rule on train_model's status changes, disabled: what AWS loses never comes."""
    events = training.stack.client("events")
    rules = events.list_rule_names_by_target
    function = training.function("finalize-training")
    names = [
        name
        for name in rules(TargetArn=function)["RuleNames"]
        if "EventPattern" in events.describe_rule(Name=name)
    ]
    assert names
    for name in names:
        events.disable_rule(Name=name)
    try:
        yield
    finally:
        for name in names:
            events.enable_rule(Name=name)


@pytest.mark.timeout(900)
def test_with_all_status_events_lost_the_trial_goes_and_one_notification_comes(
    training: Training, digits: str
) -> None:
    before = training.live()
    with lost_events(training):
        arn = training.start(digits)
        wait_for(lambda: "Describe Trial" in training.entered(arn), "the trial", 300)
        training.states.stop_execution(executionArn=arn)

        # The schedule comes every five minutes.
        message = training.message(arn, 420)
        wait_for(lambda: training.left_behind(arn) == [], "nothing to be left", 420)

    assert "ExecutionAborted" in message.body
    assert training.live() == before
    assert len(training.messages(arn)) == 1
