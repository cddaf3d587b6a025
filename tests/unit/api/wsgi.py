"""The API as a WSGI application, as a gateway with an authorizer would serve it. No socket is opened."""

from collections.abc import Callable, Iterable
from typing import Any

from loupe_api.api import Api
from tests.unit.api.world import gateway_event

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class GatewayInFront:
    """Turns WSGI's requests into API Gateway's events. `Authorization: Bearer NAME` is NAME, verified."""

    def __init__(self, api: Callable[[], Api]) -> None:
        self._api = api

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name == "CONTENT_TYPE" and value)
        }
        # Who calls like this does not unpack what is compressed.
        headers.pop("accept-encoding", None)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        scheme, _, name = headers.get("authorization", "").partition(" ")
        event = gateway_event(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
            body or None,
            headers,
            environ["QUERY_STRING"],
            name if scheme == "Bearer" and name.isalnum() else None,
        )
        answer = self._api().answer(event, None)
        told = [(str(key), str(value)) for key, value in answer["headers"].items()]
        start_response(f"{int(answer['statusCode'])} -", told)
        return [(answer.get("body") or "").encode()]
