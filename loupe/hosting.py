"""Host a model on a SageMaker endpoint: upload it, try it on an endpoint of its own, exchange the live one.

The same calls on AWS and on the local cloud.
"""

import contextlib
import hashlib
import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from loupe.aws import Cloud
from loupe.aws_errors import error_code, translate_errors
from loupe.console import working
from loupe.errors import ModelRefusedError
from loupe.stack import Stack
from loupe.training.endpoint import CHANGING, Endpoint, Live
from loupe.training.tags import NAME, STACK
from loupe.trial import TrialEndpoint
from model.check import Report
from model.package import build_package
from model.spec import read_spec

LOCAL_IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/loupe-model:serving"
"""Names a container for SageMaker's sake; the local cloud runs the server that would be in it."""
SERVERLESS: Mapping[str, Any] = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
PREFIX = "deployed"
NAME_LENGTH = 40


@dataclass(frozen=True)
class Hosted:
    """What a deployment left: the model that is live, what it replaced, and how it was tried."""

    model: str
    endpoint: str
    config: str
    previous: str | None = None
    tried_on: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For --json; a contract."""
        return {
            "status": "SUCCEEDED",
            "model": self.model,
            "endpoint": self.endpoint,
            "endpointConfig": self.config,
            "previousEndpointConfig": self.previous,
            "triedOn": self.tried_on,
        }


class Hosting:
    """Brings models to one endpoint of a stack."""

    def __init__(
        self,
        cloud: Cloud,
        stack: Stack,
        endpoint: Endpoint,
        image: str | None = None,
        instance_type: str | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`image` in place of `loupe-model:serving` of the account; `instance_type` in place of what the
        endpoint has now, or serverless for a new one.
        """
        self._cloud, self._stack, self._endpoint = cloud, stack, endpoint
        self._image, self._instance_type, self._wait_for = image, instance_type, wait
        self._sagemaker = cloud.client("sagemaker")

    def deploy(self, folder: Path, pictures: Mapping[str, bytes], checked: Report) -> Hosted:
        """Host a checked model and exchange the live one for it. What is live stays live when anything fails.

        Where nothing is live the endpoint is made, and removed again if it answers wrongly. Raises
        ModelRefusedError when SageMaker does not bring it up, or it answers other than it did here.
        """
        with translate_errors(self._cloud.where):
            live = self._live()
            model, config, made = self._create(folder, live)
            if live is not None and live.config == config:
                return Hosted(model, self._endpoint.name, config)
            name = self._endpoint.name if live is None else f"{self._endpoint.name[:40]}-trial-{config[-8:]}"
            trial = TrialEndpoint(self._cloud, name.lower(), self._wait_for)
            doing = f"Hosting the model {model} on the endpoint {trial.name}"
            try:
                with working(doing, f"The endpoint {trial.name} answers as {model} does here"):
                    trial.make(config)
                    trial.ask(pictures, checked)
                if live is not None:
                    self._exchange(live, model, config)
            except BaseException:
                trial.remove_if_possible()
                self._forget(made)
                raise
            if live is None:
                return Hosted(model, trial.name, config)
            trial.remove()
        return Hosted(model, self._endpoint.name, config, live.config, trial.name)

    def _live(self) -> Live | None:
        """What is live; an endpoint that failed is none and stands in the way."""
        own = TrialEndpoint(self._cloud, self._endpoint.name, self._wait_for)
        status = own.wait_while("Creating", *CHANGING)
        if status in ("Failed", "Deleting"):
            own.remove()
            return None
        return None if status is None else self._endpoint.in_service()

    def _exchange(self, live: Live, model: str, config: str) -> None:
        doing = f"Exchanging {', '.join(live.shares) or live.config} for {model}"
        with working(doing, f"{self._endpoint.name} serves {model}"):
            self._endpoint.switch(live, config, remember=True, wait=self._wait_for)

    def _forget(self, made: Mapping[str, str]) -> None:
        """Remove what a failed deployment made; what cannot be removed must not hide why it failed."""
        with contextlib.suppress(ClientError):
            if "config" in made:
                self._sagemaker.delete_endpoint_config(EndpointConfigName=made["config"])
        with contextlib.suppress(ClientError):
            if "model" in made:
                self._sagemaker.delete_model(ModelName=made["model"])

    def _create(self, folder: Path, live: Live | None) -> tuple[str, str, dict[str, str]]:
        """The model's name, its configuration's, and what was newly made of them."""
        spec = read_spec(folder)
        with tempfile.TemporaryDirectory() as temporary:
            archive = build_package(folder, Path(temporary, "model.tar.gz"))
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:12]
            name = f"{_plain(spec.name)}-{digest}"
            location = self._upload(archive, f"{PREFIX}/{name}/model.tar.gz")
        variant, capture = self._variant(live), self._capture(live)
        way = json.dumps([variant, capture], sort_keys=True, default=str)
        config = f"{name}-{hashlib.sha256(way.encode()).hexdigest()[:8]}"
        tags = {STACK: self._stack.name, NAME: spec.name}
        made = {}
        if self._make(
            self._sagemaker.create_model,
            ModelName=name,
            ExecutionRoleArn=self._role(),
            PrimaryContainer={"Image": self._image_uri(), "ModelDataUrl": location},
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        ):
            made["model"] = name
        production = {"VariantName": "AllTraffic", "ModelName": name, **variant}
        if self._make(
            self._sagemaker.create_endpoint_config,
            EndpointConfigName=config,
            ProductionVariants=[production],
            **capture,
            Tags=[{"Key": STACK, "Value": self._stack.name}],
        ):
            made["config"] = config
        return name, config, made

    def _variant(self, live: Live | None) -> dict[str, Any]:
        """How it is hosted: as asked, as what is live, or serverless."""
        if self._instance_type == "serverless":
            return dict(SERVERLESS)
        if self._instance_type:
            return {"InstanceType": self._instance_type, "InitialInstanceCount": 1}
        if live is None:
            return dict(SERVERLESS)
        first = self._endpoint.variant(live)
        if first is None:
            return dict(SERVERLESS)
        kept = ("ServerlessConfig", "InstanceType", "InitialInstanceCount")
        return {key: first[key] for key in kept if key in first}

    def _capture(self, live: Live | None) -> dict[str, Any]:
        """What the live endpoint keeps of its answers is kept of the new one's too."""
        if live is None or live.capture is None or self._instance_type == "serverless":
            return {}
        said = self._sagemaker.describe_endpoint_config(EndpointConfigName=live.config)
        capture = said.get("DataCaptureConfig")
        return {"DataCaptureConfig": capture} if capture else {}

    def _upload(self, archive: Path, key: str) -> str:
        bucket = self._stack.output("ModelsBucketName")
        s3 = self._cloud.client("s3")
        try:
            there = s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == archive.stat().st_size
        except ClientError as error:
            if error_code(error) not in ("404", "403", "NoSuchKey", "NotFound"):
                raise
            there = False
        if not there:
            s3.upload_file(str(archive), bucket, key)
        return f"s3://{bucket}/{key}"

    def _role(self) -> str:
        """The role of hosted models; without the training stack the one that the workflow shares."""
        return self._stack.outputs.get("HostingRoleArn") or self._stack.output("WorkflowRoleArn")

    def _image_uri(self) -> str:
        if self._image:
            return self._image
        if self._cloud.target.gateway_url:
            return LOCAL_IMAGE
        for name in self._stack.all_names:
            if given := self._cloud.single_stack(name).parameters.get("ModelImageUri"):
                return given
        session = self._cloud.session
        region = str(session.region_name)
        account = self._cloud.client("sts").get_caller_identity()["Account"]
        suffix = (
            "amazonaws.com.cn" if session.get_partition_for_region(region) == "aws-cn" else "amazonaws.com"
        )
        self._image = f"{account}.dkr.ecr.{region}.{suffix}/loupe-model:serving"
        self._must_exist("loupe-model", "serving")
        return self._image

    def _must_exist(self, repository: str, tag: str) -> None:
        try:
            self._cloud.client("ecr").describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
        except ClientError as error:
            if error_code(error) not in ("RepositoryNotFoundException", "ImageNotFoundException"):
                return  # who may not look may still deploy
            raise ModelRefusedError(
                f"There is no image {self._image}. Build and push it once (docs/operating.md): "
                f"docker build -f model/Dockerfile --target serving -t {self._image} ."
            ) from error

    def _make(self, create: Callable[..., Any], **request: Any) -> bool:
        """Whether it is new; what is there already is the same, by its name."""
        try:
            create(**request)
        except ClientError as error:
            if "already exist" not in str(error):
                raise
            return False
        return True


def _plain(name: str) -> str:
    """A model's own name as SageMaker takes one."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:NAME_LENGTH].strip("-") or "model"
