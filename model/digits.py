"""Train the digits classifier that Loupe starts with, on scikit-learn's 1 797 handwritten digits.

    python -m model.digits [--out DIR] [--seed N] [--epochs N]

The pictures stand in the order in which they were collected, so the last 360 are by people of whom the first
1 437 hold little or nothing: that ordered split is the honest one, and what is published is trained on its
first part. The stratified fifth, whose writers are in the training part too, is reported beside it.
"""

# mypy: disable-error-code="no-any-return"
import os

# Threads that wait asleep: a spinning one would take the processor from what it waits for.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.nn import functional

from model.calibration import expected_calibration_error, fit_temperature, softmax
from model.digits_network import DigitNetwork, not_digits, written
from model.export import export_onnx
from model.images import read_pixels
from model.pictures import HELD_OUT, THRESHOLD, encode_png, grey_digits
from model.spec import SPEC_FILE, InputSpec, ModelSpec, OutputSpec

FOLDS = 4
SIDE = 16
SPEC = ModelSpec(
    name="digits",
    input=InputSpec(
        width=SIDE, height=SIDE, channels=1, color="L", filter="bilinear", mean=(0.0,), std=(1.0,)
    ),
    output=OutputSpec("logits"),
    labels=tuple(str(digit) for digit in range(10)),
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Digits:
    """scikit-learn's digits: 8 x 8 greys as they are, and as the server would read them (SIDE x SIDE)."""

    originals: npt.NDArray[np.uint8]
    served: npt.NDArray[np.floating[Any]]
    targets: Integers

    def __getitem__(self, index: Any) -> "Digits":
        return Digits(self.originals[index], self.served[index], self.targets[index])

    def __len__(self) -> int:
        return len(self.targets)


def load() -> Digits:
    """All 1 797, in the order of the file."""
    bunch = load_digits()
    originals = grey_digits(bunch.images)
    served = np.stack([read_pixels(encode_png(picture), SPEC.input)[:, :, 0] for picture in originals])
    return Digits(originals, served.astype(np.float32) / 255, bunch.target.astype(np.int64))


def fit(data: Digits, seed: int, epochs: int, batch: int = 64) -> DigitNetwork:
    """Train from scratch, the same by the same seed."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = DigitNetwork()
    small = torch.from_numpy(data.originals.astype(np.float32) / 255).unsqueeze(1)
    targets = torch.from_numpy(data.targets)
    steps = epochs * ((len(data) + batch - 1) // batch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps)
    network.train()
    for _ in range(epochs):
        for index in torch.randperm(len(data), generator=generator).split(batch):
            pictures = written(small[index], SIDE, generator)
            strangers = not_digits(pictures, max(4, len(index) // 8), generator)
            logits = network(torch.cat([pictures, strangers]))
            known, unknown = logits[: len(index)], logits[len(index) :]
            # What is no digit should look like every digit: the mean log-probability peaks when uniform.
            loss = functional.cross_entropy(known, targets[index], label_smoothing=0.02)
            loss = loss - 0.1 * functional.log_softmax(unknown, dim=1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def logits_of(network: DigitNetwork, data: Digits) -> Floats:
    """N x 10."""
    with torch.no_grad():
        return network(torch.from_numpy(data.served).unsqueeze(1)).double().numpy()


def held_out_temperature(data: Digits, seed: int, epochs: int) -> float:
    """One temperature, from predictions on parts left out of training in turn, writers kept together."""
    order = np.arange(len(data))
    logits = np.empty((len(data), 10))
    for part in np.array_split(order, FOLDS):
        network = fit(data[np.setdiff1d(order, part)], seed, epochs)
        logits[part] = logits_of(network, data[part])
    return fit_temperature(logits, data.targets)


def measure(logits: Floats, targets: Integers) -> dict[str, float]:
    """Accuracy, calibration, and what the default threshold accepts."""
    probabilities = softmax(logits)
    right = probabilities.argmax(axis=1) == targets
    accepted = probabilities.max(axis=1) >= THRESHOLD
    return {
        "count": len(targets),
        "accuracy": round(float(right.mean()), 4),
        "expectedCalibrationError": round(expected_calibration_error(probabilities, targets), 4),
        "acceptedShare": round(float(accepted.mean()), 4),
        "acceptedAccuracy": round(float(right[accepted].mean()), 4),
    }


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model.digits", description="Train the digits classifier."
    )
    parser.add_argument(
        "--out", type=Path, default=Path("model/artifacts/digits"), help="where the model goes"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=50)
    options = parser.parse_args(arguments)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(2)
    data, seed, epochs = load(), options.seed, options.epochs

    train, test = data[:-HELD_OUT], data[-HELD_OUT:]
    temperature = held_out_temperature(train, seed, epochs)
    network = fit(train, seed, epochs)
    ordered = measure(logits_of(network, test) / temperature, test.targets)
    rest, fifth = train_test_split(
        np.arange(len(data)), test_size=HELD_OUT, random_state=seed, stratify=data.targets
    )
    easy = fit(data[rest], seed, epochs)
    stratified = measure(logits_of(easy, data[fifth]) / temperature, data.targets[fifth])

    export_onnx(network, SPEC.input, temperature, options.out)
    about = {
        "data": "scikit-learn load_digits, the first 1437",
        "command": f"python -m model.digits --seed {seed} --epochs {epochs}",
        "temperature": temperature,
        "ordered": ordered,
        "stratified": stratified,
    }
    (options.out / SPEC_FILE).write_text(SPEC.to_json(about), "utf-8")
    print(json.dumps(about, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
