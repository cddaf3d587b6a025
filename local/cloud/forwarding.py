"""SageMaker, Application Auto Scaling and Rekognition behind the one gateway.

AWS: each is a service under IAM, as every other. Stock MiniStack: knows neither, and takes their requests for
S3's. Here: their requests are recognised by target or credential scope (SageMaker's runtime signs as
`sagemaker` too), authorized by MiniStack's own evaluator on the resource AWS names (what is created with
tags takes AddTags on it as well), and passed on as they came.
"""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

import urllib3
from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.responses import get_account_id, new_uuid
from ministack.core.router import extract_region

from local.cloud.credentials import SECRET_HEADER
from local.cloud.services import ServiceProcess

_TARGETS = {"sagemaker": ["SageMaker."], "rekognition": ["RekognitionService."]}
# Services that another one's process answers for.
_BESIDE = {"sagemaker": {"application-autoscaling": ["AnyScaleFrontendService."]}}
_REST_MODELS = {"sagemaker": ["sagemaker-runtime"], "rekognition": []}
_INVOCATION = re.compile(r"^/endpoints/([^/]+)/(?:async-|)invocations")
# The request's member that names the resource an action is authorized on, and the resource's type in its ARN.
_SAGEMAKER_RESOURCES = {
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelName": "model",
    "TrainingJobName": "training-job",
    "ProcessingJobName": "processing-job",
    "TransformJobName": "transform-job",
    "ModelPackageGroupName": "model-package-group",
}
_ACTION_RESOURCE = re.compile(
    r"^SageMaker\.(?:Create|Describe|Update|Delete|Stop)(\w+?)(?:WeightsAndCapacities)?$"
)
_HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive", "date", "server"}
_UNSENT = {"host", "content-length", "connection", "transfer-encoding", "expect", "accept-encoding"}
_TIMEOUT = urllib3.Timeout(connect=5, read=120)

Answer = tuple[int, dict[str, str], bytes]


def install(services: list[ServiceProcess]) -> None:
    """Teach MiniStack's router and authorizer the services, and forward to them."""
    pool = urllib3.PoolManager(num_pools=len(services) + 1, maxsize=64, retries=False, timeout=_TIMEOUT)
    for service in services:
        handler = _forwarder(service, pool)
        targets = {service.name: _TARGETS[service.name], **_BESIDE.get(service.name, {})}
        for name, prefixes in targets.items():
            router.SERVICE_PATTERNS[name] = {"target_prefixes": prefixes}
            iam_actions.SERVICE_TO_IAM_NAMESPACE[name] = name
            iam_actions._BOTOCORE_SERVICE_MAP[name] = _REST_MODELS.get(name, [])
            app.SERVICE_HANDLERS[name] = handler
    iam_actions.extract_resource_arn = _with_sagemaker(iam_actions.extract_resource_arn)


def sagemaker_resource(path: str, target: str, body: bytes, region: str, account: str) -> str:
    """The ARN that IAM checks for a SageMaker request, `*` where AWS names none."""
    prefix = f"arn:aws:sagemaker:{region}:{account}:"
    if match := _INVOCATION.match(path):
        return f"{prefix}endpoint/{unquote(match[1]).lower()}"
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return "*"
    if not isinstance(request, dict):
        return "*"
    if isinstance(arn := request.get("ResourceArn"), str):
        return arn
    match = _ACTION_RESOURCE.match(target)
    member = f"{match[1]}Name" if match else ""
    name = request.get(member)
    if member not in _SAGEMAKER_RESOURCES or not isinstance(name, str):
        return "*"
    return f"{prefix}{_SAGEMAKER_RESOURCES[member]}/{name.lower()}"


def _tags_what_it_creates(target: str, body: bytes) -> bool:
    if not target.startswith("SageMaker.Create"):
        return False
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return False
    return isinstance(request, dict) and bool(request.get("Tags"))


def _with_sagemaker(known: Callable[..., str]) -> Callable[..., str]:
    def extract(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        params: Any,
        region: str,
        account: str,
    ) -> str:
        if service == "sagemaker":
            return sagemaker_resource(path, headers.get("x-amz-target", ""), body, region, account)
        return known(service, method, path, headers, body, params, region, account)

    return extract


def _forwarder(service: ServiceProcess, pool: urllib3.PoolManager) -> Callable[..., Any]:
    def send(
        method: str, path: str, headers: dict[str, str], body: bytes, params: dict[str, list[str]]
    ) -> Answer:
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        sent = {name: value for name, value in headers.items() if name not in _UNSENT}
        sent[SECRET_HEADER] = service.secret
        # Whose request it is, by its verified signature: Rekognition reads S3 with the caller's permissions.
        sent["x-loupe-principal"] = iam_evaluator.request_caller_arn(headers)
        answer = pool.request(
            method,
            f"{service.url}{path}{query}",
            headers=sent,
            body=body,
            redirect=False,
            decode_content=False,
        )
        received = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
        return answer.status, received, answer.data

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, params: dict[str, list[str]]
    ) -> Answer:
        target = headers.get("x-amz-target", "")
        if service.name == "sagemaker" and _tags_what_it_creates(target, body):
            region, account = extract_region(headers, params), get_account_id()
            resource = sagemaker_resource(path, target, body, region, account)
            refused: Answer | None = app._enforce_data_plane(
                "sagemaker", "sagemaker:AddTags", headers, params, new_uuid(), resource_arn=resource
            )
            if refused:
                return refused
        try:
            return await asyncio.to_thread(send, method, path, headers, body, params)
        except urllib3.exceptions.HTTPError:
            error = {
                "__type": "ServiceUnavailable",
                "message": f"{service.name} does not answer on this local cloud.",
            }
            return 503, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(error).encode()

    return handle
