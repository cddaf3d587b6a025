"""Parameters and results of service calls between the state language's words and boto3's.

AWS: member names are in pascal case whatever the API says (`StateMachineArn`), text members take JSON
values as text, blobs are JSON text, a streamed body is text; times are ISO 8601 in SDK
integrations, epoch milliseconds in optimised ones.
moto: does this for no service at all when it isn't moto's own server that runs.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape


def member_name(name: str) -> str:
    """A member as the state language spells it: `executionArn` → `ExecutionArn`."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    words = re.sub(r"([A-Z])([A-Z][a-z])", r"\1 \2", words)
    return "".join(word[:1].upper() + word[1:].lower() for word in words.split())


def to_request(value: Any, shape: Shape | None) -> Any:
    """A value of Arguments as the member's shape wants it."""
    if shape is None or value is None:
        return value
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return _structure(value, shape)
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_request(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: to_request(item, shape.value) for key, item in value.items()}
    return _scalar(value, shape)


def _structure(value: dict[str, Any], shape: StructureShape) -> dict[str, Any]:
    if getattr(shape, "is_document_type", False):
        return value
    members = {_key(name): (name, member) for name, member in shape.members.items()}
    result: dict[str, Any] = {}
    for key, item in value.items():
        if item is None:
            continue  # as if it weren't given
        name, member = (
            (key, shape.members[key]) if key in shape.members else members.get(_key(key), (key, None))
        )
        result[name] = to_request(item, member)
    return result


def _key(name: str) -> str:
    # DynamoDB's NULL is "Nul" in the Java SDK.
    return "null" if name == "Nul" else name.lower()


def _scalar(value: Any, shape: Shape) -> Any:
    if shape.type_name == "blob":
        return value if isinstance(value, bytes) else compact(value).encode()
    if isinstance(shape, StringShape) and not isinstance(value, str):
        return compact(value)
    if shape.type_name in ("integer", "long") and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


@dataclass(frozen=True)
class Style:
    """How an integration shows results: names as the API spells them, times as epoch milliseconds."""

    keep_names: bool = False
    millis: bool = False


SDK = Style()
OPTIMISED = Style(millis=True)
# DynamoDB's BOOL, SQS's MD5OfMessageBody.
OPTIMISED_AS_SPELT = Style(keep_names=True, millis=True)


def from_response(value: Any, shape: Shape | None, style: Style = SDK) -> Any:
    """A result as the state language shows it."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            key if style.keep_names else _result_name(shape, key): from_response(
                item, shape.members.get(key), style
            )
            for key, item in value.items()
            if key != "ResponseMetadata"
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_response(item, shape.member, style) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: from_response(item, shape.value, style) for key, item in value.items()}
    if style.millis and isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    return plain(value)


def _result_name(shape: StructureShape, name: str) -> str:
    if shape.name == "AttributeValue" and name == "NULL":
        return "Nul"
    return member_name(name)


def plain(value: Any) -> Any:
    """What boto3 returns as JSON data."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        precision = "milliseconds" if value.microsecond else "seconds"
        return value.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def compact(value: Any) -> str:
    """JSON text as Step Functions writes it: no blanks, no escapes of letters."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
