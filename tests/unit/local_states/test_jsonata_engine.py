"""JSONata as Step Functions evaluates it."""

import hashlib
from datetime import datetime
from typing import Any

import pytest

from local.states import jsonata_engine as engine

STATES = {
    "input": {"text": 'quote " \n', "none": None, "items": [{"a": 1}, {"a": 2}], "one": [7]},
    "context": {},
}


def value(expression: str, **variables: Any) -> Any:
    return engine.evaluate(expression, {"states": STATES, **variables})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
        ("$partition([1, 2, 3], 2.9)", [[1, 2], [3]]),
        ("$partition([1], 4)", [[1]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$range(1, 9.9, 4.2)", [1, 5, 9]),
        ("$range(2, 1, 1)", []),
        ("$hash('a', 'SHA-256')", hashlib.sha256(b"a").hexdigest()),
        ("$hash('é', 'MD5')", hashlib.md5("é".encode(), usedforsecurity=False).hexdigest()),
        ("$hash('a', 'SHA-1')", hashlib.sha1(b"a", usedforsecurity=False).hexdigest()),
        ("$hash('a', 'SHA-384')", hashlib.sha384(b"a").hexdigest()),
        ("$hash('a', 'SHA-512')", hashlib.sha512(b"a").hexdigest()),
        ("$parse('{\"a\": [1, null, 2.5]}')", {"a": [1, None, 2.5]}),
        ("$parse('null')", None),
        ("$random(7) = $random(7)", True),
        ("$random() < 1", True),
        ("$length($uuid())", 36),
        ("$uuid() != $uuid()", True),
        ("$toMillis('2020-01-01T00:00:00Z')", 1577836800000),
        ("$states.input.text", 'quote " \n'),
        ("$states.input.none", None),
        ("$states.input.none = null", True),
        ("$exists($states.input.gone)", False),
        ("$states.input.items.a", [1, 2]),
        ("$states.input.items[a = 2].a", 2),
        ("$states.input.one[]", [7]),
        ("[1..3].($ * 2)", [2, 4, 6]),
        ("$map([0..2], function($v) { $v })", [0, 1, 2]),
        ("6 / 2", 3),
        ("{'a': 1.0, 'b': null}", {"a": 1, "b": None}),
        ("$states.input.items ~> |$|{'b': true}|", [{"a": 1, "b": True}, {"a": 2, "b": True}]),
    ],
)
def test_values(expression: str, expected: Any) -> None:
    result = value(expression)

    assert result == expected
    assert type(result) is type(expected)


def test_now_is_the_present_in_utc() -> None:
    before = datetime.now().astimezone()

    now = datetime.fromisoformat(value("$now()"))

    assert abs((now - before).total_seconds()) < 60


def test_a_variable_may_hold_null() -> None:
    assert value("$v = null", v=None) is True
    assert value("[$v]", v=None) == [None]


def test_the_input_is_left_as_it_was() -> None:
    given = {"a": [1, {"b": None}]}

    result = engine.evaluate("$v", {"v": given})
    result["a"][1]["b"] = 2

    assert given == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("$states.input.gone", "returned nothing"),
        ("$sum", "unsupported result type"),
        ("/a/", "unsupported result type"),
        ("{'a': $sum}", "unsupported result type"),
        ("1 + 'a'", "right side"),
        ("$error('mine')", "mine"),
        ("$eval('1')", r"\$eval is not supported"),
        ("$hash('a', 'CRC')", "MD5, SHA-1, SHA-256, SHA-384, SHA-512"),
        ("$range(1, 2, 0)", "must not be zero"),
        ("$partition([1], 0)", "positive integer"),
        ("$parse('x')", "Expecting value"),
        ("$toMillis('2020-01-01 00:00:00')", "ISO 8601"),
        ("$nobody()", "non-function"),
        ("($f := function($x) { $f($x) + 1 }; $f(1))", "non-function|Stack overflow|depth"),
    ],
)
def test_failures(expression: str, reason: str) -> None:
    with pytest.raises(engine.JsonataError, match=reason):
        value(expression)


@pytest.mark.parametrize(
    "expression", ["1 +", "$sum(", "{'a': ", "$map([1], $eval)", "$eval('1')", "[1, 2", "'open"]
)
def test_malformed_expressions_are_refused_before_they_run(expression: str) -> None:
    with pytest.raises(engine.JsonataError):
        engine.check(expression)


@pytest.mark.parametrize(
    "expression", ["'$eval(1)'", "$states.input.eval", "$x.y[z = 'a\"b'].{'k': $}", "/[a-z]+/i"]
)
def test_right_expressions_pass(expression: str) -> None:
    engine.check(expression)
