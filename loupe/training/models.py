"""The models that this stack has trained, how good each is, and which one is live."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from loupe.aws import Cloud
from loupe.aws_errors import error_code, translate_errors
from loupe.errors import CommandError, ModelNotFoundError
from loupe.pictures import S3Location, parse_s3_uri
from loupe.stack import Stack
from loupe.training.endpoint import Endpoint
from loupe.training.tags import ACCURACY, NAME, REPORT, STACK, tags_of

EVALUATION = "evaluation.json"


@dataclass(frozen=True)
class TrainedModel:
    """A SageMaker model. `title` is the name it was trained under; `share` of the traffic is None if it has
    none.
    """

    name: str
    title: str
    created: datetime
    accuracy: float | None = None
    report: S3Location | None = None
    share: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """For --json; a contract."""
        return {
            "model": self.name,
            "name": self.title,
            "accuracy": self.accuracy,
            "live": self.share is not None,
            "share": self.share,
            "createdAt": self.created.isoformat(),
            "report": str(self.report) if self.report else None,
        }


class Models:
    """SageMaker's models, and the reports that the training workflow wrote about them."""

    def __init__(self, cloud: Cloud, stack: Stack, endpoint: Endpoint) -> None:
        self._where, self._stack, self._endpoint = cloud.where, stack, endpoint
        self._sagemaker = cloud.client("sagemaker")
        self._s3 = cloud.client("s3")

    def all(self) -> list[TrainedModel]:
        """The stack's models and whatever the endpoint serves, the newest first."""
        live = self._endpoint.live()
        shares = live.shares if live else {}
        with translate_errors(self._where):
            pages = self._sagemaker.get_paginator("list_models").paginate(
                SortBy="CreationTime", SortOrder="Descending"
            )
            listed = [each for page in pages for each in page["Models"]]
            found = [self._describe(each, shares) for each in listed]
        return [model for model in found if model is not None]

    def find(self, name: str | None) -> TrainedModel:
        """The live model, or the one of that name: SageMaker's, or the newest trained under it.

        ModelNotFoundError when there is none.
        """
        models = self.all()
        if name is None:
            serving = [model for model in models if model.share]
            if serving:
                return max(serving, key=lambda model: model.share or 0)
            raise ModelNotFoundError(
                f"The endpoint {self._endpoint.name} serves no model. `loupe train --data digits` makes one."
            )
        exact = [model for model in models if name in (model.name, model.title)]
        for model in exact or [model for model in models if model.name.startswith(name)]:
            return model
        raise ModelNotFoundError(f"There is no model {name}. `loupe models` lists those there are.")

    def delete(self, model: TrainedModel) -> list[str]:
        """Delete a model with what serves it alone and its package; gives what was deleted. Its report stays.

        CommandError when it is live.
        """
        deleted = []
        with translate_errors(self._where):
            said = self._sagemaker.describe_model(ModelName=model.name)
            configs = list(self._endpoint.configs_of(model.name))
            serving = self._endpoint.name if model.share is not None else self._serving(configs)
            if serving is not None:
                raise CommandError(
                    f"{model.name} is live on {serving}; bring another there first (`loupe model deploy`)."
                )
            for config in configs:
                self._sagemaker.delete_endpoint_config(EndpointConfigName=config)
                deleted.append(f"endpoint configuration {config}")
            self._sagemaker.delete_model(ModelName=model.name)
            deleted.append(f"model {model.name}")
            uri = (said.get("PrimaryContainer") or {}).get("ModelDataUrl", "")
            bucket = self._stack.outputs.get("ModelsBucketName")
            if bucket and uri.startswith(f"s3://{bucket}/") and not self._uses(uri):
                package = parse_s3_uri(uri)
                self._s3.delete_object(Bucket=package.bucket, Key=package.key)
                deleted.append(f"package {uri}")
        return deleted

    def _serving(self, configs: Collection[str]) -> str | None:
        """An endpoint, of whomever, with one of these configurations."""
        for page in self._sagemaker.get_paginator("list_endpoints").paginate():
            for each in page["Endpoints"]:
                name = str(each["EndpointName"])
                if self._sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"] in configs:
                    return name
        return None

    def _uses(self, uri: str) -> bool:
        """Whether another model is made of the same package."""
        for page in self._sagemaker.get_paginator("list_models").paginate():
            for each in page["Models"]:
                said = self._sagemaker.describe_model(ModelName=each["ModelName"])
                if (said.get("PrimaryContainer") or {}).get("ModelDataUrl") == uri:
                    return True
        return False

    def evaluation(self, report: S3Location) -> dict[str, Any]:
        """evaluation.json of a report. ModelNotFoundError when it isn't there."""
        with translate_errors(self._where):
            try:
                answer = self._s3.get_object(Bucket=report.bucket, Key=report.key + EVALUATION)
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "404"):
                    raise ModelNotFoundError(f"There is no {EVALUATION} under {report}.") from error
                raise
            document: dict[str, Any] = json.loads(answer["Body"].read())
        return document

    def download_report(self, report: S3Location, folder: Path) -> list[Path]:
        """Every file of a report, into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        with translate_errors(self._where):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=report.bucket, Prefix=report.key
            )
            for each in (each for page in pages for each in page.get("Contents", [])):
                path = folder / each["Key"].rpartition("/")[2]
                self._s3.download_file(report.bucket, each["Key"], str(path))
                paths.append(path)
        return sorted(paths)

    def _describe(self, listed: dict[str, Any], shares: dict[str, float]) -> TrainedModel | None:
        """A listed model, unless it belongs to somebody else."""
        name = listed["ModelName"]
        tags = tags_of(self._sagemaker, listed["ModelArn"])
        if tags.get(STACK) != self._stack.name and name not in shares:
            return None
        report = tags.get(REPORT)
        return TrainedModel(
            name=name,
            title=tags.get(NAME, name),
            created=listed["CreationTime"],
            accuracy=_number(tags.get(ACCURACY)),
            report=parse_s3_uri(report) if report else None,
            share=shares.get(name),
        )


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
