"""AWS's JSON protocol (1.1) over botocore's own service models.

Both local services speak it: a request is checked against the shapes that every AWS SDK is generated from,
with the wording of AWS's own validation, and an answer holds only members its shape knows.
"""

import base64
import binascii
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import botocore.loaders
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

_log = logging.getLogger(__name__)

CONTENT_TYPE = "application/x-amz-json-1.1"


class AwsServiceError(Exception):
    """An error that AWS would answer with: its code, message, HTTP status and further members."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.members = code, message, status, members


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, whatever serves it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class JsonService:
    """Reads requests and writes answers of one service; `target` is the prefix in X-Amz-Target."""

    def __init__(self, name: str) -> None:
        document = botocore.loaders.Loader().load_service_model(name, "service-2")
        self._model = ServiceModel(document, name)
        self.target = str(document["metadata"]["targetPrefix"])

    def operation(self, target: str) -> str:
        """The operation that an X-Amz-Target header names; UnknownOperationException if there is none."""
        prefix, _, name = target.partition(".")
        if prefix != self.target or name not in self._model.operation_names:
            raise AwsServiceError("UnknownOperationException", f"Unknown operation: {target or 'none'}")
        return name

    def parse(self, operation: str, body: bytes) -> dict[str, Any]:
        """The request's parameters, checked.

        SerializationException or ValidationException if they are wrong.
        """
        try:
            document = json.loads(body or b"{}")
        except ValueError as error:
            raise AwsServiceError("SerializationException", "The request body is not JSON.") from error
        shape = self._model.operation_model(operation).input_shape
        if shape is None:
            return {}
        found: list[str] = []
        parameters = _read(shape, document, "", found)
        if found:
            plural = "errors" if len(found) > 1 else "error"
            raise AwsServiceError(
                "ValidationException", f"{len(found)} validation {plural} detected: {'; '.join(found)}"
            )
        assert isinstance(parameters, dict)
        return parameters

    def render(self, operation: str, output: Mapping[str, Any]) -> Answer:
        """The answer of a successful call: only what the operation's output shape knows, nothing empty."""
        shape = self._model.operation_model(operation).output_shape
        document = _write(shape, output) if shape else None
        body = json.dumps(document or {}).encode() if shape else b""
        return Answer(200, body, {"content-type": CONTENT_TYPE})


def render_error(error: AwsServiceError) -> Answer:
    """The answer of a refused call."""
    body = {"__type": error.code, "message": error.message, "Message": error.message, **error.members}
    return Answer(
        error.status,
        json.dumps(body).encode(),
        {"content-type": CONTENT_TYPE, "x-amzn-errortype": error.code},
    )


Operation = Callable[[dict[str, Any]], Mapping[str, Any]]


def call(service: JsonService, operations: Mapping[str, Operation], target: str, body: bytes) -> Answer:
    """Run the operation that `target` names and answer, errors included."""
    try:
        name = service.operation(target)
        if name not in operations:
            raise AwsServiceError(
                "UnknownOperationException", f"The local cloud does not offer {service.target}.{name}."
            )
        return service.render(name, operations[name](service.parse(name, body)))
    except AwsServiceError as error:
        return render_error(error)
    except Exception:
        _log.exception("%s failed", target)
        return render_error(AwsServiceError("InternalFailure", "An internal failure occurred.", 500))


def _read(shape: Shape, value: Any, path: str, found: list[str]) -> Any:
    """`value` as `shape` says; what violates a constraint is described in `found`."""
    match shape:
        case StructureShape():
            return _read_structure(shape, _expect(value, dict, path), path, found)
        case ListShape():
            items = _expect(value, list, path)
            _check_range(shape, len(items), value, path, "length", found)
            return [_read(shape.member, v, f"{path}.{i}.member", found) for i, v in enumerate(items, 1)]
        case MapShape():
            entries = _expect(value, dict, path)
            _check_range(shape, len(entries), value, path, "length", found)
            return {k: _read(shape.value, v, f"{path}.{k}.member", found) for k, v in entries.items()}
        case StringShape():
            _check_string(shape, _expect(value, str, path), path, found)
            return value
    return _read_scalar(shape, value, path, found)


def _read_structure(
    shape: StructureShape, value: dict[str, Any], path: str, found: list[str]
) -> dict[str, Any]:
    result = {}
    for name, member in shape.members.items():
        where = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
        given = value.get(name)
        if given is not None:
            result[name] = _read(member, given, where, found)
        elif name in shape.required_members:
            found.append(f"Value null at '{where}' failed to satisfy constraint: Member must not be null")
    return result


def _read_scalar(shape: Shape, value: Any, path: str, found: list[str]) -> Any:
    match shape.type_name:
        case "integer" | "long":
            if isinstance(value, float) and not value.is_integer():
                raise _wrong_type(path)
            number = int(_expect(value, (int, float), path))
            _check_range(shape, number, number, path, "value", found)
            return number
        case "float" | "double":
            number = _expect(value, (int, float), path)
            _check_range(shape, number, number, path, "value", found)
            return float(number)
        case "boolean":
            if not isinstance(value, bool):
                raise _wrong_type(path)
            return value
        case "blob":
            try:
                content = base64.b64decode(_expect(value, str, path), validate=True)
            except binascii.Error as error:
                raise _wrong_type(path) from error
            _check_range(shape, len(content), "java.nio.HeapByteBuffer", path, "length", found)
            return content
        case "timestamp":
            return float(_expect(value, (int, float), path))
    return value


def _check_string(shape: StringShape, value: str, path: str, found: list[str]) -> None:
    _check_range(shape, len(value), value, path, "length", found)
    if shape.enum and value not in shape.enum:
        found.append(
            _violation(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
        )
    pattern = shape.metadata.get("pattern")
    try:
        matches = not pattern or re.fullmatch(pattern, value, re.DOTALL)
    except re.error:  # Java's regular expressions know classes that Python's do not
        matches = True
    if not matches:
        found.append(_violation(value, path, f"Member must satisfy regular expression pattern: {pattern}"))


def _check_range(shape: Shape, size: float, value: Any, path: str, what: str, found: list[str]) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        found.append(_violation(value, path, f"Member must have {what} greater than or equal to {low}"))
    if high is not None and size > high:
        found.append(_violation(value, path, f"Member must have {what} less than or equal to {high}"))


def _violation(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _expect(value: Any, kind: type | tuple[type, ...], path: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _wrong_type(path)
    return value


def _wrong_type(path: str) -> AwsServiceError:
    return AwsServiceError("SerializationException", f"Wrong type of value at '{path or 'the request'}'.")


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _write(shape: Shape, value: Any) -> Any:
    """`value` as JSON by `shape`; None, unknown members and empty structures are left out."""
    if value is None:
        return None
    match shape:
        case StructureShape():
            written = {
                name: _write(member, value[name]) for name, member in shape.members.items() if name in value
            }
            return {name: item for name, item in written.items() if item is not None} or None
        case ListShape():
            return [_write(shape.member, item) for item in value]
        case MapShape():
            return {key: _write(shape.value, item) for key, item in value.items()} or None
    return value.timestamp() if isinstance(value, datetime) else value
