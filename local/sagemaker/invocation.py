"""InvokeEndpoint: one request to one instance, and the failures that SageMaker makes of a model's."""

import http.client
from collections.abc import Mapping

from local.aws_json import Answer, AwsServiceError
from local.sagemaker.capture import DataCapture, Destination, Exchange
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.errors import (
    model_error,
    runtime_validation_error,
    service_unavailable,
)
from local.sagemaker.fleet import Fleet, Variant
from local.sagemaker.instances import HOST, Instance
from local.sagemaker.settings import ACCOUNT, arn

_PREFIX = "x-amzn-sagemaker-"
_FORWARDED = ("content-type", "accept", _PREFIX + "custom-attributes", _PREFIX + "inference-id")


class Runtime:
    """SageMaker's data plane."""

    def __init__(self, endpoints: Endpoints, capture: DataCapture, timeout: float) -> None:
        self._endpoints = endpoints
        self._capture = capture
        self._timeout = timeout

    def invoke(self, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The model's answer; AwsServiceError in AWS's wording if there is none.

        `headers` has lower-case names.
        """
        fleet = self._enter(name)
        try:
            return self._invoke(fleet, headers, body)
        finally:
            fleet.leave()

    def _invoke(self, fleet: Fleet, headers: Mapping[str, str], body: bytes) -> Answer:
        if _PREFIX + "target-model" in headers:
            raise runtime_validation_error(
                f"Endpoint {fleet.endpoint} is not a multi-model endpoint and does not support target model "
                "header.",
                ErrorCode="TARGET_MODEL_HEADER_NOT_SUPPORTED",
            )
        variant = fleet.choose(headers.get(_PREFIX + "target-variant"))
        variant.check_payload(len(body))
        with variant.slot():
            answer = self._forward(fleet, variant, headers, body)
        destination = Destination(
            variant.role_arn,
            (fleet.data_capture or {}).get("DestinationS3Uri", ""),
            fleet.endpoint,
            variant.name,
        )
        exchange = Exchange(
            body,
            headers.get("content-type", "application/octet-stream"),
            answer.body,
            answer.headers.get("content-type", ""),
            headers.get(_PREFIX + "inference-id"),
            headers.get(_PREFIX + "custom-attributes"),
        )
        self._capture.add(fleet.data_capture, destination, exchange)
        return answer

    def _enter(self, name: str) -> Fleet:
        """The fleet that serves the endpoint, with this request in it."""
        while (fleet := self._endpoints.fleet(name)) is not None:
            # One that was retired since it was looked up has a successor, or its endpoint has been deleted.
            if fleet.enter():
                return fleet
        if self._endpoints.starting_again(name):
            raise service_unavailable(name)
        # AWS's runtime knows an endpoint only once it has been InService.
        raise runtime_validation_error(f"Endpoint {name} of account {ACCOUNT} not found.")

    def _forward(self, fleet: Fleet, variant: Variant, headers: Mapping[str, str], body: bytes) -> Answer:
        instance = variant.pick(fleet.endpoint)
        # No kept connections: one that the model server closes just now would fail a good request.
        connection = http.client.HTTPConnection(HOST, instance.port, timeout=self._timeout)
        forwarded = {key: headers[key] for key in _FORWARDED if key in headers}
        forwarded.setdefault("content-type", "application/octet-stream")
        try:
            connection.request("POST", "/invocations", body, forwarded)
            response = connection.getresponse()
            content = response.read()
        except TimeoutError as error:
            raise _no_answer(fleet, variant, instance, _TIMED_OUT) from error
        except (OSError, http.client.HTTPException) as error:
            raise _no_answer(fleet, variant, instance, _BROKEN.format(endpoint=fleet.endpoint)) from error
        finally:
            connection.close()
        if response.status >= http.HTTPStatus.BAD_REQUEST:
            raise _model_error(fleet, variant, instance, response.status, content.decode(errors="replace"))
        answered = {
            "content-type": response.headers.get("content-type", "application/octet-stream"),
            "x-amzn-invoked-production-variant": variant.name,
        }
        attributes = response.headers.get(_PREFIX + "custom-attributes")
        if attributes:
            answered[_PREFIX + "custom-attributes"] = attributes
        return Answer(200, content, answered)


_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency "
    "metrics for each "
    "container in Amazon CloudWatch, resolve the issue, and try again."
)
_BROKEN = (
    "Amazon SageMaker could not get a response from the {endpoint} endpoint. This can occur when CPU or "
    "memory "
    "utilization is high. To check your utilization, see Amazon CloudWatch. To fix this problem, use an "
    "instance type "
    "with more CPU capacity or memory."
)


def _no_answer(fleet: Fleet, variant: Variant, instance: Instance, message: str) -> AwsServiceError:
    return _model_error(fleet, variant, instance, 0, message)


def _model_error(
    fleet: Fleet, variant: Variant, instance: Instance, status: int, message: str
) -> AwsServiceError:
    side = "client" if 400 <= status < 500 else "server"
    group = f"/aws/sagemaker/Endpoints/{fleet.endpoint}"
    return model_error(
        f'Received {side} error ({status}) from primary with message "{message}"',
        status=status,
        original=message,
        log_group=group,
        log_stream_arn=arn("logs", f"log-group:{group}:log-stream:{variant.name}/{instance.id}"),
    )
