"""The model in this process, with the endpoint's interface and the endpoint's errors."""

from loupe_container.model_store import ModelStore
from loupe_container.settings import ModelSettings
from loupe_core.endpoint import content_type
from loupe_core.errors import EndpointFailedError, EndpointRejectedError, LoupeError
from loupe_core.observability import logger
from model.errors import InferenceError, ModelSpecError, UnreadableImageError
from model.inference import Classifier, cpu_count, named_answer


class OwnModel:
    """A classifier that is loaded once, at init where that is possible."""

    def __init__(self, settings: ModelSettings, store: ModelStore | None = None) -> None:
        self._settings = settings
        self._store = store
        self._loaded: Classifier | None = None
        self._unusable: LoupeError | None = None

    def warm(self) -> "OwnModel":
        """Load now. What is wrong is told by the first invocation, by its name, and tried anew there."""
        try:
            self.classifier()
        except LoupeError as error:
            logger.error(str(error), extra={"error": type(error).__name__})
        return self

    @property
    def name(self) -> str:
        """The model's own name."""
        return self.classifier().spec.name

    def infer(self, picture: bytes) -> dict[str, object]:
        """The answer to a JPEG or PNG as a hosted model gives it: `{"labels": […], "scores": […]}`.

        Raises UnsupportedImageError, EndpointRejectedError or EndpointFailedError, as ClassificationEndpoint.
        """
        content_type(picture)
        try:
            return self.answer(picture)
        except UnreadableImageError as error:
            raise EndpointRejectedError(f"The model refused the picture: {error}.") from error

    def answer(self, picture: bytes) -> dict[str, object]:
        """The same for any format that the model package reads. Raises UnreadableImageError."""
        classifier = self.classifier()
        try:
            scores = classifier.scores(picture)
        except InferenceError as error:
            raise EndpointFailedError(f"The model {classifier.spec.name} failed: {error}.") from error
        return dict(named_answer(scores, classifier.labels))

    def classifier(self) -> Classifier:
        """The loaded model. Raises the Endpoint… errors; a model that cannot be used is not fetched again."""
        if self._unusable is not None:
            raise self._unusable
        if self._loaded is None:
            try:
                self._loaded = self._load()
            except EndpointRejectedError as error:
                self._unusable = error
                raise
        return self._loaded

    def _load(self) -> Classifier:
        settings = self._settings
        folder = settings.folder
        if settings.location is not None:
            store = self._store or ModelStore()
            folder = store.fetch(settings.location, settings.max_bytes, settings.sha256)
        try:
            return Classifier(folder, threads=cpu_count())
        except ModelSpecError as error:
            raise EndpointRejectedError(f"The model cannot be used: {error}.") from error
