"""A picture in, its five best labels out, with no record kept."""

from collections.abc import Callable, Sequence

from loupe_api.models import Classification
from loupe_core.inference import TOP, Prediction

Classifier = Callable[[bytes], Sequence[Prediction]]
Fetch = Callable[[str], bytes]


class Predictor:
    """Classifies pictures that are posted or fetched."""

    def __init__(self, classify: Classifier, fetch: Fetch) -> None:
        """`classify` gives all predictions, best first; `fetch` gives the bytes behind a URL."""
        self._classify = classify
        self._fetch = fetch

    def picture(self, content: bytes) -> Classification:
        return self._answer(content, None)

    def url(self, url: str) -> Classification:
        return self._answer(self._fetch(url), url)

    def _answer(self, content: bytes, image_url: str | None) -> Classification:
        best = self._classify(content)[:TOP]
        return Classification(
            image_url=image_url,
            top5=[prediction.label for prediction in best],
            prob5=[prediction.score for prediction in best],
        )
