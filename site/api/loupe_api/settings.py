"""What the API's function is told by its environment. A missing value fails at start and names itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from loupe_core.settings import DEFAULT_THRESHOLD, ClassifySettings, FilterSettings, SettingsError

# API Gateway gives up on an HTTP API's integration after 30 s; fetching a URL may take 10 of them.
MAX_ENDPOINT_TIMEOUT_SECONDS = 18.0
ACCESS = ("open", "signed-in")


@dataclass(frozen=True)
class ApiSettings:
    """Settings of the API."""

    images_table: str
    groups_table: str
    uploads_bucket: str
    processed_bucket: str
    endpoint_name: str
    endpoint_timeout_seconds: float
    labels: tuple[str, ...]
    predict_open: bool
    reads_open: bool
    classifier_function: str = ""
    # Empty where nobody reviews.
    reviews_table: str = ""
    # The page's origin, for links in e-mails; empty where there is no page.
    page_origin: str = ""
    # As the core has it; nothing is classified by this one.
    confidence_threshold: float = DEFAULT_THRESHOLD
    # Empty where there is no batch stack.
    batch_machine: str = ""
    batch_bucket: str = ""
    # Empty where nothing is trained.
    training_bucket: str = ""
    core_stack: str = ""
    classify_machine: str = ""
    # The name of the core's dead-letter queue.
    undelivered_queue: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ApiSettings":
        classify = ClassifySettings.from_environ(environ)
        return cls(
            images_table=_required(environ, "IMAGES_TABLE"),
            groups_table=_required(environ, "GROUPS_TABLE"),
            uploads_bucket=_required(environ, "UPLOADS_BUCKET"),
            processed_bucket=_required(environ, "PROCESSED_BUCKET"),
            endpoint_name=classify.endpoint_name,
            endpoint_timeout_seconds=min(classify.endpoint_timeout_seconds, MAX_ENDPOINT_TIMEOUT_SECONDS),
            labels=classify.labels,
            predict_open=_is_open(environ, "PREDICT_ACCESS"),
            reads_open=_is_open(environ, "READ_ACCESS"),
            classifier_function=environ.get("CLASSIFIER_FUNCTION", "").strip(),
            reviews_table=environ.get("REVIEWS_TABLE", "").strip(),
            page_origin=environ.get("PAGE_ORIGIN", "").strip().rstrip("/"),
            batch_machine=environ.get("BATCH_MACHINE", "").strip(),
            batch_bucket=environ.get("BATCH_BUCKET", "").strip(),
            training_bucket=environ.get("TRAINING_BUCKET", "").strip(),
            classify_machine=environ.get("CLASSIFY_MACHINE", "").strip(),
            undelivered_queue=environ.get("UNDELIVERED_QUEUE", "").strip(),
            core_stack=environ.get("CORE_STACK", "").strip(),
            confidence_threshold=FilterSettings.from_environ(environ).threshold,
        )


def _is_open(environ: Mapping[str, str], name: str) -> bool:
    """Where nothing is said, it is closed."""
    access = environ.get(name, "").strip() or "signed-in"
    if access not in ACCESS:
        raise SettingsError(f"{name} is {access!r}; it must be one of {', '.join(ACCESS)}.")
    return access == "open"


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise SettingsError(f"The environment variable {name} is not set.")
    return value
