"""The same classifier on LitServe: litserve_server.py MODEL_FOLDER PORT WORKERS."""

import base64
import sys
from pathlib import Path
from typing import Any

import litserve

from model.inference import Classifier


class ImageClassifier(litserve.LitAPI):  # type: ignore[misc]
    """A picture in base64 in, the best five labels out."""

    def setup(self, device: str) -> None:
        self.classifier = Classifier(Path(sys.argv[1]))

    def decode_request(self, request: dict[str, Any]) -> bytes:
        return base64.b64decode(request["image"])

    def predict(self, image: bytes) -> list[Any]:
        return self.classifier.classify(image)

    def encode_response(self, output: list[Any]) -> dict[str, Any]:
        return {"labels": [best.label for best in output], "scores": [best.score for best in output]}


if __name__ == "__main__":
    server = litserve.LitServer(ImageClassifier(), accelerator="cpu", workers_per_device=int(sys.argv[3]))
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="warning")
