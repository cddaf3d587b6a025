"""DynamoDB's typed items as plain values, and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_item(attributes: Mapping[str, object]) -> dict[str, Any]:
    """Plain values as DynamoDB takes them; floats become decimals with the digits that they print."""
    return {name: _serialize(_decimals(value)) for name, value in attributes.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as JSON has it."""
    return {name: _numbers(_deserialize(value)) for name, value in item.items()}


def _decimals(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, list | tuple):
        return [_decimals(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _decimals(each) for name, each in value.items()}
    return value


def _numbers(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if isinstance(value, dict):
        return {name: _numbers(each) for name, each in value.items()}
    return value
