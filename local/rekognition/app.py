"""The service over HTTP: DetectFaces and a health check."""

import threading
import uuid
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.aws_json import JsonService, call
from local.rekognition import errors
from local.rekognition.details import face_detail
from local.rekognition.detection import FaceDetector
from local.rekognition.objects import Objects
from local.rekognition.pictures import read_upright
from local.sagemaker.roles import RoleSessions

# Requests that may wait for the detector; AWS allows a few a second and throttles as well.
_WAITING = 32


class Rekognition:
    """The operations."""

    def __init__(self, gateway: str) -> None:
        self.service = JsonService("rekognition")
        self._objects = Objects(RoleSessions(gateway))
        self._detector = FaceDetector()
        self._places = threading.Semaphore(_WAITING)

    def detect_faces(self, principal: str, request: dict[str, Any]) -> dict[str, Any]:
        """Faces in an image; of the attributes only DEFAULT's are known here."""
        if not self._places.acquire(blocking=False):
            raise errors.throttled()
        try:
            picture = read_upright(self._content(principal, request["Image"]))
            return {"FaceDetails": [face_detail(face, picture) for face in self._detector.find(picture)]}
        finally:
            self._places.release()

    def _content(self, principal: str, image: dict[str, Any]) -> bytes:
        if ("Bytes" in image) == ("S3Object" in image):
            raise errors.invalid_parameters()
        content: bytes = (
            image["Bytes"] if "Bytes" in image else self._objects.read(principal, image["S3Object"])
        )
        return content


def create_app(gateway: str) -> Starlette:
    """The service as an ASGI application."""
    rekognition = Rekognition(gateway)

    async def api(request: Request) -> Response:
        # The gateway always sets the header; a caller it does not name has no permissions.
        principal = request.headers.get("x-loupe-principal", "")
        operations = {"DetectFaces": lambda parameters: rekognition.detect_faces(principal, parameters)}
        target, body = request.headers.get("x-amz-target", ""), await request.body()
        answer = await anyio.to_thread.run_sync(call, rekognition.service, operations, target, body)
        return Response(answer.body, answer.status, answer.headers | {"x-amzn-requestid": str(uuid.uuid4())})

    return Starlette(
        routes=[
            Route("/health", lambda _request: JSONResponse({"status": "ok"})),
            Route("/", api, methods=["POST"]),
        ]
    )
