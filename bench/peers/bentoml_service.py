"""The same classifier on BentoML: `bentoml serve bentoml_service.py:ImageClassifier`, by MODEL_FOLDER."""

import os
from pathlib import Path
from typing import Any

import bentoml

from model.inference import Classifier


@bentoml.service(workers=int(os.environ.get("WORKERS", "1")), logging={"access": {"enabled": False}})
class ImageClassifier:
    """A picture in, the best five labels out."""

    def __init__(self) -> None:
        self.classifier = Classifier(Path(os.environ["MODEL_FOLDER"]))

    @bentoml.api  # type: ignore[untyped-decorator]
    def classify(self, image: Path, /) -> dict[str, Any]:
        best = self.classifier.classify(image.read_bytes())
        return {"labels": [each.label for each in best], "scores": [each.score for each in best]}
