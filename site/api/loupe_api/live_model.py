"""The live model: what SageMaker, its package and its report say of it. boto3's errors end here.

Nothing is recorded for this. The endpoint names the model, the model's tags its title and its report, and the
package (model.tar.gz) holds model.json and the card.
"""

import json
import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from loupe_api import about_model, model_card
from loupe_api.errors import NotFoundError, TooManyRequestsError
from loupe_api.records import timestamp
from loupe_core.observability import logger

# An endpoint changes rarely, and a page asks whenever somebody opens it.
KEPT = timedelta(minutes=1)
SPEC, CARD = "model.json", "MODEL_CARD.md"
# `loupe model deploy` packs both before the weights; a training's archive is in no order.
MAX_PACKAGE_BYTES, MAX_FILE_BYTES = 64 * 1024 * 1024, 8 * 1024 * 1024
NAME, ACCURACY, REPORT = "loupe:model", "loupe:accuracy", "loupe:report"
THROTTLED = {"ThrottlingException", "Throttling", "RequestLimitExceeded", "SlowDown"}


@dataclass(frozen=True)
class Package:
    """What a model's archive says; `missing` is why it says nothing, or less."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""
    evaluation: Mapping[str, Any] | None = None
    missing: tuple[str, ...] = ()


class LiveModel:
    """The model behind an endpoint."""

    def __init__(
        self,
        endpoint: str,
        threshold: float,
        sagemaker: Any,
        s3: Any,
        clock: Callable[[], datetime],
        classifier_function: str = "",
    ) -> None:
        """`threshold` is the confidence that the stack asks of a picture; `classifier_function` classifies in
        the endpoint's place, and its image has the model.
        """
        self._endpoint, self._threshold, self._clock = endpoint, threshold, clock
        self._sagemaker, self._s3 = sagemaker, s3
        self._classifier_function = classifier_function
        self._known: about_model.Model | None = None
        self._asked_at: datetime | None = None
        # The last one, by SageMaker's name: under it a model never changes.
        self._packages: dict[str, Package] = {}

    def show(self) -> about_model.Model:
        """What it is, a minute old at most. Raises NotFoundError where no endpoint serves a model."""
        now = self._clock()
        if self._known is None or self._asked_at is None or now - self._asked_at > KEPT:
            self._known, self._asked_at = None, None
            self._known = self._ask()
            self._asked_at = now
        return self._known

    def _ask(self) -> about_model.Model:
        if self._classifier_function:
            raise NotFoundError("A function classifies here, not an endpoint: its image has the model.")
        try:
            serving = self._sagemaker.describe_endpoint(EndpointName=self._endpoint)
        except ClientError as error:
            if "Could not find" not in str(error):
                raise _translated(error) from error
            raise NotFoundError(f"There is no endpoint {self._endpoint}: no model is hosted yet.") from error
        try:
            model, share = self._heaviest(serving)
            described = self._sagemaker.describe_model(ModelName=model)
            tags = self._sagemaker.list_tags(ResourceArn=described["ModelArn"])["Tags"]
        except ClientError as error:
            if "Could not find" not in str(error):
                raise _translated(error) from error
            raise NotFoundError(
                f"Nothing is known of what {self._endpoint} serves: its model was deleted."
            ) from error
        named = {each["Key"]: each["Value"] for each in tags}
        package = self._packages.get(model) or self._read(described, named.get(REPORT, ""))
        self._packages = {model: package}
        return self._shown(serving, model, share, described["CreationTime"], named, package)

    def _shown(
        self,
        serving: Mapping[str, Any],
        model: str,
        share: float,
        created: datetime,
        tags: Mapping[str, str],
        package: Package,
    ) -> about_model.Model:
        spec, card, evaluation = package.spec, package.card, package.evaluation
        status = str(serving["EndpointStatus"])
        return about_model.Model(
            name=tags.get(NAME) or str(spec.get("name") or model),
            version=model,
            share=share,
            created_at=timestamp(created),
            trained=REPORT in tags,
            endpoint=about_model.ModelEndpoint(
                name=self._endpoint,
                status=status,
                in_service=status == "InService",
                changed_at=timestamp(serving["LastModifiedTime"]),
            ),
            threshold=self._threshold,
            labels=model_card.labels_of(spec, evaluation),
            accuracy=model_card.accuracy_of(spec, evaluation, _number(tags.get(ACCURACY))),
            input=model_card.input_of(spec),
            license=model_card.license_of(spec, card),
            source=model_card.source_of(spec, card),
            summary=model_card.summary_of(card),
            limits=model_card.limits_of(card),
            unknown=list(package.missing),
        )

    def _heaviest(self, serving: Mapping[str, Any]) -> tuple[str, float]:
        """The model with most of the traffic, and its share of it."""
        config = self._sagemaker.describe_endpoint_config(EndpointConfigName=serving["EndpointConfigName"])
        now = {
            each["VariantName"]: each.get("CurrentWeight") for each in serving.get("ProductionVariants", [])
        }
        weights: dict[str, float] = {}
        for variant in config["ProductionVariants"]:
            given = now.get(variant["VariantName"])
            weight = float(variant.get("InitialVariantWeight", 1.0) if given is None else given)
            name = str(variant.get("ModelName") or "")
            weights[name] = weights.get(name, 0.0) + weight
        heaviest = max(weights, key=lambda name: weights[name])
        if not heaviest:
            raise NotFoundError(f"The endpoint {self._endpoint} serves no model of a name.")
        return heaviest, weights[heaviest] / (sum(weights.values()) or 1.0)

    def _read(self, described: Mapping[str, Any], report: str) -> Package:
        """Model.json, the card and the evaluation; what cannot be read is said, and hides nothing else."""
        files: dict[str, bytes] = {}
        missing: list[str] = []
        uri = str((described.get("PrimaryContainer") or {}).get("ModelDataUrl") or "")
        try:
            files = self._package_files(uri) if uri else {}
        except (ClientError, BotoCoreError, tarfile.TarError, zlib.error, OSError, EOFError) as error:
            logger.warning("a model's package cannot be read", extra={"place": uri, "error": str(error)})
            missing.append("The model's package cannot be read.")
        spec = _parsed(files.get(SPEC, b""))
        evaluation = None
        if report:
            try:
                evaluation = _parsed(self._object(f"{report.rstrip('/')}/evaluation.json").read())
            except (ClientError, BotoCoreError, ValueError) as error:
                logger.warning("an evaluation cannot be read", extra={"place": report, "error": str(error)})
                missing.append("The evaluation of its training cannot be read.")
        if not missing and not spec:
            missing.append(f"Its package has no {SPEC}, which says what it takes and knows.")
        if CARD not in files and not missing:
            missing.append(f"It has no {CARD}, which says what it is for and what it cannot do.")
        return Package(
            spec, files.get(CARD, b"").decode("utf-8", "replace"), evaluation or None, tuple(missing)
        )

    def _package_files(self, uri: str) -> dict[str, bytes]:
        """The two files, read as the archive comes: no further than both, or a limit."""
        found: dict[str, bytes] = {}
        body: Any = _Limited(self._object(uri), MAX_PACKAGE_BYTES)
        with tarfile.open(fileobj=body, mode="r|gz") as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                if name in (SPEC, CARD) and member.isfile() and member.size <= MAX_FILE_BYTES:
                    content = archive.extractfile(member)
                    found[name] = content.read() if content else b""
                if len(found) == 2:
                    break
        return found

    def _object(self, uri: str) -> Any:
        """The body of an object. Raises ValueError for what is no s3:// URI."""
        scheme, _, place = uri.partition("://")
        bucket, _, key = place.partition("/")
        if scheme != "s3" or not key:
            raise ValueError(f"{uri} names no object")
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"]


class _Limited:
    """A body that ends after so many bytes, as far as whoever reads it can see."""

    def __init__(self, body: Any, left: int) -> None:
        self._body, self._left = body, left

    def read(self, size: int) -> bytes:
        piece: bytes = self._body.read(min(size, self._left))
        self._left -= len(piece)
        return piece


def _parsed(text: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _translated(error: ClientError) -> Exception:
    throttled = error.response.get("Error", {}).get("Code") in THROTTLED
    return TooManyRequestsError() if throttled else error
