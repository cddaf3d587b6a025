"""The full circle: a weak model, people who know better, a training by itself, a better one live.

Nothing here says what comes of it: the training measures both models on pictures that neither has seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from model.pictures import encode_png, grey_digits
from tests.cloud import DeployedStack, OwnStack
from tests.integration.command.test_command import lines, loupe
from tests.integration.review.conftest import Reviewing
from tests.polling import wait_for

ROOT = Path(__file__).parents[3]
# Three of each digit to train on, 300 to measure on, 60 that come in, of which people look at 20.
A_CLASS, HELD_OUT, PICTURES, ANSWERS = 3, 300, 60, 20
PARAMETERS = {
    "ReviewThreshold": "0.05",
    "ReviewDigestMinutes": "0",
    "RetrainAfterAnswers": str(ANSWERS),
}
SEED = 16

pytestmark = [
    pytest.mark.skipif(
        not (ROOT / ".venv-train" / ".stamp").exists(), reason="training needs .venv-train: make setup-train"
    ),
    pytest.mark.timeout(3600),
]


@dataclass
class Digits:
    """Which of scikit-learn's digits are for what, drawn by chance."""

    pictures: list[bytes]
    labels: list[str]
    train: list[int]
    test: list[int]
    come_in: list[int]

    def write(self, folder: Path) -> Path:
        """The data to train on and to measure on, as a folder by class."""
        for part, numbers in (("train", self.train), ("test", self.test)):
            for number in numbers:
                path = folder / part / self.labels[number] / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.pictures[number])
        return folder


@pytest.fixture(scope="module")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeployedStack]:
    """The core, and the stacks that review and train."""
    folder = tmp_path_factory.mktemp("circle")
    stacks = ("core", "training", "review")
    with OwnStack(request.config.rootpath, folder, stacks, PARAMETERS) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def digits() -> Digits:
    bunch = load_digits()
    labels = [str(target) for target in bunch.target]
    order = [int(each) for each in np.random.default_rng(SEED).permutation(len(labels))]
    test, rest = order[:HELD_OUT], order[HELD_OUT:]
    train = [
        number
        for label in sorted(set(labels))
        for number in [each for each in rest if labels[each] == label][:A_CLASS]
    ]
    come_in = [each for each in rest if each not in train][:PICTURES]
    pictures = [encode_png(picture) for picture in grey_digits(bunch.images)]
    return Digits(pictures, labels, train, test, come_in)


def one(stack: DeployedStack, *arguments: str) -> dict[str, Any]:
    done = loupe(stack, *arguments, "--json", seconds=900)
    assert done.returncode == 0, done.stderr + done.stdout
    return lines(done)[-1]


def test_answers_make_a_weak_model_better_and_the_better_one_goes_live(
    stack: DeployedStack, digits: Digits, tmp_path: Path
) -> None:
    reviewing = Reviewing(stack)
    data = digits.write(tmp_path / "digits30")
    weak = one(stack, "train", "--data", str(data), "--name", "digits", "--backbone", "none")
    said("weak", weak["accuracy"], weak["model"], weak["endpoint"])

    keys = {
        number: reviewing.put(digits.pictures[number], f"{number}.png", prefix="uploads")
        for number in digits.come_in
    }
    wait_for(lambda: all(has_answer(reviewing, key) for key in keys.values()), "the model's answers", 900, 2)
    waiting = wait_for(lambda: enough(stack), f"{ANSWERS} pictures to wait", 300, 2) or []
    wrong = 0
    # As the page gives them: the picture whose two best scores are closest first.
    for review in waiting[:ANSWERS]:
        truth = digits.labels[int(Path(str(review["image"])).stem)]
        wrong += review["predictions"][0]["label"] != truth
        one(stack, "review", review["reviewId"], "--label", truth)
    said("answered", ANSWERS, "the model had wrong", wrong, "of", len(waiting), "that waited")

    machine = stack.outputs["TrainStateMachineArn"]
    states = stack.client("stepfunctions")

    def by_itself() -> Any:
        found = states.list_executions(stateMachineArn=machine)["executions"]
        return next((each for each in found if each["name"].startswith("digits-answers-")), None)

    started = wait_for(by_itself, "a training that starts by itself", 900, 5)
    assert started is not None
    ended = reviewing.ended(started["executionArn"], 1800)
    assert ended["status"] == "SUCCEEDED", json.dumps(ended, default=str)
    (live,) = [each for each in lines(loupe(stack, "models", "--json")) if each["live"]]
    said("live", live["accuracy"], live["model"])
    for message in stack.inbox.messages():
        if "digits" in message.subject:
            said("e-mail", message.subject, message.body)
    called = stack.client("lambda").invoke(FunctionName=f"{stack.name}-review-measure-drift:live")
    drift = json.load(called["Payload"])
    said("drift", drift)
    assert (drift["model"], drift["pictures"], drift["drift"]) == (live["model"], 0, 0)
    assert live["model"] != weak["model"]
    assert float(str(live["accuracy"])) > weak["accuracy"]


def said(*what: object) -> None:
    """For whoever runs it with -s: the figures of docs/review.md."""
    print(*what, flush=True)


def has_answer(reviewing: Reviewing, key: str) -> bool:
    return reviewing.record(key).get("status") in ("IN_REVIEW", "CLASSIFIED", "REJECTED")


def enough(stack: DeployedStack) -> list[dict[str, Any]] | None:
    found: list[dict[str, Any]] = lines(loupe(stack, "review", "--json"))
    return found if len(found) >= ANSWERS else None
