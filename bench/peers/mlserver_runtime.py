"""The same classifier on MLServer: a custom runtime, named in model-settings.json."""

import json
from pathlib import Path

from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.codecs.base64 import Base64Codec
from mlserver.types import InferenceRequest, InferenceResponse

from model.inference import Classifier


class ImageClassifier(MLModel):  # type: ignore[misc]
    """A picture in base64 in, the best five labels out."""

    async def load(self) -> bool:
        self.classifier = Classifier(Path(self.settings.parameters.uri))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        (picture,) = Base64Codec.decode_input(payload.inputs[0])
        best = self.classifier.classify(picture)
        answer = {"labels": [each.label for each in best], "scores": [each.score for each in best]}
        output = StringCodec.encode_output("classification", [json.dumps(answer)])
        return InferenceResponse(model_name=self.name, outputs=[output])
