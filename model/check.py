"""Check a model by running it, before it is hosted: what a server would answer wrongly or not at all.

It is run on blank pictures, on noise and on real pictures. What its answers show against model.json is a
problem, said in words with what to do; `model.fix` puts right what can be.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import ModelError, ModelSpecError
from model.images import Pixels
from model.inference import (
    MAX_FIRST_RUN_SECONDS,
    Classifier,
    Prediction,
    best_predictions,
    check_input,
    ended_after,
    input_tensor,
    named_node,
    normalisation,
    open_session,
)
from model.spec import MODEL_FILE, InputSpec, ModelSpec, read_spec

SURE = 0.93
_FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)")
_EDGE = 1e-3
_SUM = 1e-2

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """What is wrong, by a short name, and what to do; `fix` is the spec that puts it right, if one does."""

    name: str
    message: str
    fix: ModelSpec | None = None


@dataclass
class Report:
    """What a check found: problems (none: it can be hosted), notes, and what it answered to real pictures."""

    folder: Path
    spec: ModelSpec | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    answers: dict[str, Prediction] = field(default_factory=dict)
    milliseconds: float | None = None

    @property
    def passed(self) -> bool:
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """For --json; a contract."""
        return {
            "folder": str(self.folder),
            "name": self.spec.name if self.spec else None,
            "labels": len(self.spec.labels) if self.spec else None,
            "passed": self.passed,
            "problems": [
                {"name": each.name, "message": each.message, "fixable": each.fix is not None}
                for each in self.problems
            ],
            "notes": self.notes,
            "answers": {
                name: {"label": each.label, "score": round(each.score, 6)}
                for name, each in self.answers.items()
            },
            "milliseconds": self.milliseconds,
        }


def check_model(folder: Path, pictures: Mapping[str, bytes]) -> Report:
    """Read, load and run a model; `pictures` are real ones by name. Never raises for what the model does."""
    report = Report(folder)
    try:
        report.spec = spec = read_spec(folder)
        session = open_session(folder / MODEL_FILE, threads=1)
        source = named_node(spec.input.name, session.get_inputs(), "input.name")
        dtype = check_input(source, spec)
    except ModelSpecError as error:
        report.problems.append(Problem(error.key, _reason(error)))
        return report
    if dtype is np.uint8 and (problem := _flattening(spec)):
        report.problems.append(problem)
        return report
    if problem := _output_problem(spec, session.get_outputs()):
        report.problems.append(problem)
        return report
    if spec.output.features is not None:
        _check_features(report, spec, session.get_outputs())
    if _run_blanks(report, _Runner(session, spec, source.name, dtype)):
        _ask(report, pictures)
    return report


class _Runner:
    """The model as the server runs it, with its plain answers."""

    def __init__(self, session: Any, spec: ModelSpec, source: str, dtype: type[np.generic]) -> None:
        self._session, self._spec, self._source, self._dtype = session, spec, source, dtype
        self._output = named_node(spec.output.name, session.get_outputs(), "output.name").name

    def run(self, pixels: Pixels) -> Scores:
        """Whatever onnxruntime raises; else the answer, flat."""
        batch = input_tensor(pixels, self._spec.input, self._dtype)
        with ended_after(MAX_FIRST_RUN_SECONDS) as options:
            (answer,) = self._session.run([self._output], {self._source: batch}, options)
        return np.asarray(answer, np.float64).reshape(-1)


def _run_blanks(report: Report, runner: _Runner) -> bool:
    """Blank pictures and noise; whether the answers are of a kind that real pictures can be asked for."""
    spec = report.spec
    assert spec is not None
    answers: dict[str, Scores] = {}
    for name, pixels in _made_pictures(spec.input).items():
        try:
            answers[name] = runner.run(pixels)
        except Exception as error:  # onnxruntime's exceptions share no base class but Exception
            report.problems.append(Problem("run", f"it fails on {name}: {str(error).splitlines()[0]}"))
            return False
    count = len(spec.labels)
    for name, answer in answers.items():
        if answer.size != count and not (answer.size == 1 and count == 2):
            report.problems.append(
                Problem("labels", f"model.json has {count} labels, the model answers {answer.size} scores")
            )
            return False
        if not np.isfinite(answer).all():
            report.problems.append(Problem("finite", f"it answers NaN or infinity to {name}"))
            return False
    values = np.stack(list(answers.values()))
    if problem := _kind_problem(spec, values):
        report.problems.append(problem)
        return False
    if np.ptp(values, axis=0).max() < 1e-6:
        report.problems.append(
            Problem(
                "constant", "it answers the same to black, white and noise: the picture does not reach it"
            )
        )
        return False
    if spec.output.kind == "probabilities" and count > 2 and np.abs(values.sum(1) - 1).max() > _SUM:
        report.notes.append(
            "its probabilities do not add up to 1 (a yes or no for each label?): each meets a threshold alone"
        )
    return True


def _ask(report: Report, pictures: Mapping[str, bytes]) -> None:
    """Real pictures, by the very class that the server uses."""
    spec = report.spec
    assert spec is not None
    try:
        classifier = Classifier(report.folder)
        took = []
        for name, picture in pictures.items():
            started = time.perf_counter()
            scores = classifier.scores(picture)
            took.append(time.perf_counter() - started)
            (report.answers[name],) = best_predictions(scores, classifier.labels, 1)
    except ModelError as error:
        report.problems.append(Problem("run", _reason(error)))
        return
    report.milliseconds = round(min(took) * 1000, 1) if took else None
    for name, pixels in _made_pictures(spec.input).items():
        best = best_predictions(classifier.scores_of_pixels(pixels), classifier.labels, 1)[0]
        if best.score >= SURE:
            report.notes.append(f"it is {best.score:.0%} sure that {name} shows {best.label}")
    if len({label.lower() for label in spec.labels}) < len(spec.labels):
        report.notes.append("some labels occur twice; people cannot distinguish them")


def _made_pictures(spec: InputSpec) -> dict[str, Pixels]:
    shape = (spec.height, spec.width, spec.channels)
    noise = np.random.default_rng(7).integers(0, 256, shape, np.uint8)
    return {
        "a black picture": np.zeros(shape, np.uint8),
        "a white picture": np.full(shape, 255, np.uint8),
        "noise": noise,
    }


def _flattening(spec: ModelSpec) -> Problem | None:
    """A model of whole numbers that is given fractions: every picture becomes nearly black."""
    gain, offset = normalisation(spec.input)
    if (np.abs(gain) * 255 > 100).all():
        return None
    plain = replace(spec.input, scale=1.0, mean=(), std=())
    return Problem(
        "uint8",
        f"the model takes whole numbers (uint8), but model.json makes 0…255 into {float(offset.min()):.3g}…"
        f"{float((gain * 255 + offset).max()):.3g}: every picture would be nearly black. scale must be 1, "
        "without mean and std",
        replace(spec, input=plain),
    )


def _output_problem(spec: ModelSpec, outputs: list[Any]) -> Problem | None:
    """An output that holds no scores: strings, ZipMap's dictionaries, a name that is not there."""
    try:
        output = named_node(spec.output.name, outputs, "output.name")
    except ModelSpecError as error:
        return Problem(error.key, _reason(error))
    if output.type in _FLOATS:
        return None
    said = output.type
    if output.type in ("tensor(string)", "tensor(int64)"):
        said = "the label itself" if "string" in output.type else "the label's number"
    elif "map" in output.type:
        said = "dictionaries, as ZipMap makes them"
    scores = [node for node in outputs if node.type in _FLOATS and node.shape[-1:] == [len(spec.labels)]]
    if scores:
        return Problem(
            "output",
            f"the output {output.name} answers {said}; {scores[0].name} has the scores: name it there",
            replace(spec, output=replace(spec.output, name=scores[0].name)),
        )
    mapped = any("map" in node.type for node in outputs)
    advice = "without ZipMap (options={'zipmap': False})" if mapped else "with a score for each label"
    return Problem("output", f"the output {output.name} answers {said}; export it {advice}")


def _check_features(report: Report, spec: ModelSpec, outputs: list[Any]) -> None:
    try:
        node = named_node(spec.output.features, outputs, "output.features")
    except ModelSpecError as error:
        report.problems.append(Problem(error.key, _reason(error)))
        return
    if node.type != "tensor(float)" or len(node.shape) != 2:
        report.problems.append(
            Problem(
                "output.features",
                f"{node.name} is {node.type} of {len(node.shape)} dimensions, not N x width floats",
            )
        )


def _kind_problem(spec: ModelSpec, values: Scores) -> Problem | None:
    """Logits declared as probabilities, or the reverse."""
    inside = bool(((values >= -_EDGE) & (values <= 1 + _EDGE)).all())
    if spec.output.kind == "probabilities" and not inside:
        return Problem(
            "output.kind",
            f"model.json says probabilities, the model answers numbers from {values.min():.3g} to "
            f"{values.max():.3g}: they are logits",
            replace(spec, output=replace(spec.output, kind="logits")),
        )
    sums = np.abs(values.sum(1) - 1).max() if values.shape[1] > 1 else 1.0
    if spec.output.kind == "logits" and inside and sums < _SUM:
        return Problem(
            "output.kind",
            "model.json says logits, the model answers numbers from 0 to 1 that add up to 1: they are "
            "probabilities already, and softmax over them would make every confidence small",
            replace(spec, output=replace(spec.output, kind="probabilities")),
        )
    return None


def _reason(error: ModelError) -> str:
    return str(error).removeprefix("model.json: ")
