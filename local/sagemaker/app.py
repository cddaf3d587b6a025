"""The service over HTTP: SageMaker's API, its runtime, containers' credentials, and a health check."""

import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.aws_json import Answer, AwsServiceError, JsonService, Operation, call
from local.sagemaker.autoscaling import ScalableTargets
from local.sagemaker.capture import DataCapture
from local.sagemaker.catalog import Catalog
from local.sagemaker.credentials import CredentialsPaths
from local.sagemaker.deployment import Deployer
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.errors import ArtifactError
from local.sagemaker.images import ImageTable
from local.sagemaker.invocation import Runtime
from local.sagemaker.jobs import Workshop
from local.sagemaker.processing import ProcessingJobs
from local.sagemaker.roles import RoleSessions
from local.sagemaker.settings import Settings
from local.sagemaker.store import Store
from local.sagemaker.training import TrainingJobs

# Each waiting invocation holds a thread for up to a minute; the API's own calls must never wait behind them.
_INVOCATIONS_AT_ONCE = 256


class SageMaker:
    """The whole service, put together; `close` leaves no process behind."""

    def __init__(self, settings: Settings) -> None:
        images = ImageTable.read(settings.images)
        store = Store(settings.state / "sagemaker.json")
        roles = RoleSessions(settings.gateway, "sagemaker.amazonaws.com")
        self.service = JsonService("sagemaker")
        self.credentials = CredentialsPaths(roles)
        catalog = Catalog(store, images, roles)
        deployer = Deployer(settings, images, roles, self.credentials)
        self.endpoints = Endpoints(store, catalog, deployer, settings.invocation_seconds)
        self.capture = DataCapture(roles)
        self.runtime = Runtime(self.endpoints, self.capture, settings.invocation_seconds)
        workshop = Workshop(settings, images, roles, self.credentials)
        self.training = TrainingJobs(store, workshop, store.training_jobs)
        self.processing = ProcessingJobs(store, workshop, store.processing_jobs)
        parts = (catalog, self.endpoints, self.training, self.processing)
        operations = {k: v for part in parts for k, v in part.operations().items()}
        autoscaling = JsonService("application-autoscaling")
        # By what X-Amz-Target begins with.
        self.services: Mapping[str, tuple[JsonService, Mapping[str, Operation]]] = {
            self.service.target: (self.service, operations),
            autoscaling.target: (autoscaling, ScalableTargets(store).operations()),
        }

    def start(self) -> None:
        self.training.resume()
        self.processing.resume()
        self.endpoints.resume()

    def close(self) -> None:
        self.training.close()
        self.processing.close()
        self.endpoints.close()
        self.capture.close()


def create_app(settings: Settings) -> Starlette:
    """The service as an ASGI application; its processes live as long as its lifespan."""
    sagemaker = SageMaker(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        sagemaker.start()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(sagemaker.close)

    invocations: list[anyio.CapacityLimiter] = []

    async def api(request: Request) -> Response:
        body, target = await request.body(), request.headers.get("x-amz-target", "")
        service, operations = sagemaker.services.get(
            target.partition(".")[0], sagemaker.services[sagemaker.service.target]
        )
        return await _answer(lambda: call(service, operations, target, body), None)

    async def invoke(request: Request) -> Response:
        if not invocations:
            invocations.append(anyio.CapacityLimiter(_INVOCATIONS_AT_ONCE))
        body, headers = await request.body(), {k.lower(): v for k, v in request.headers.items()}
        name = request.path_params["name"]
        return await _answer(lambda: _invoke(sagemaker.runtime, name, headers, body), invocations[0])

    async def credentials(request: Request) -> Response:
        token = request.path_params["token"]
        try:
            document = await anyio.to_thread.run_sync(sagemaker.credentials.credentials, token)
        except ArtifactError as error:
            return JSONResponse({"message": str(error)}, status_code=403)
        return JSONResponse(document) if document else JSONResponse({"message": "not found"}, status_code=404)

    return Starlette(
        routes=[
            Route("/health", lambda _request: JSONResponse({"status": "ok"})),
            Route("/", api, methods=["POST"]),
            Route("/endpoints/{name}/invocations", invoke, methods=["POST"]),
            Route(CredentialsPaths.prefix + "/{token}", credentials),
        ],
        lifespan=lifespan,
    )


def _invoke(runtime: Runtime, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    try:
        return runtime.invoke(name, headers, body)
    except AwsServiceError as error:
        document = {"Message": error.message, **error.members}
        headers = {"content-type": "application/json", "x-amzn-errortype": error.code}
        return Answer(error.status, json.dumps(document).encode(), dict(headers))


async def _answer(work: Callable[[], Answer], limiter: anyio.CapacityLimiter | None) -> Response:
    answer = await anyio.to_thread.run_sync(work, limiter=limiter)
    headers = answer.headers | {"x-amzn-requestid": str(uuid.uuid4())}
    return Response(answer.body, answer.status, headers)
