"""The OpenAPI document: valid, as committed, and kept to by the API whatever it is sent."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.specs.openapi.checks import positive_data_acceptance

from loupe.stack import reachable_here
from tests.unit.api.world import World, made_world
from tests.unit.api.wsgi import GatewayInFront

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "docs" / "openapi.json"
SITE = ROOT / "site" / "template.yaml"
PAGES_TYPES = ROOT / "site" / "web" / "src" / "api" / "schema.ts"
# For each operation; `make test-all` makes more.
EXAMPLES = int(os.environ.get("LOUPE_FUZZ_EXAMPLES", "10"))

# What is there: ids that no generator would guess.
known: dict[str, str] = {}
# Made when the test runs: to make the cases of all operations takes seconds, and workers that do not run it
# collect it as well.
schema = schemathesis.pytest.from_fixture("served")


@pytest.fixture(scope="module")
def served() -> Iterator[Any]:
    """The document of one world that all requests go to, as a deployed API would be."""
    with made_world() as world:
        known["reviewId"] = f"{0:032x}-{0:016x}"
        known["run"] = "pets-20261121-120000-0a1b"
        known["groupId"] = world.new_group()
        known["imageId"] = world.new_image(known["groupId"])["newItem"]["imageId"]
        document = schemathesis.openapi.from_wsgi("/openapi.json", GatewayInFront(lambda: world.api))
        # Schemathesis takes a server that is relative to the document for a path of its own.
        document.config.update(base_url="http://localhost")
        yield document


def test_the_document_is_valid(world: World) -> None:
    OpenAPIV31SpecValidator(world.api.document()).validate()


def test_the_committed_document_is_the_one_that_is_served(world: World) -> None:
    served = world.ask("GET", "/openapi.json").body
    assert json.loads(COMMITTED.read_text()) == served, (
        "write it anew: PYTHONPATH=site/api:layers/core:layers/review python -m loupe_api > docs/openapi.json"
    )


def _addresses() -> dict[str, str]:
    """ApiUrl as the site's template makes it, and where a local cloud serves the same."""
    found = re.search(r"^  ApiUrl:\n.*\n    Value: !Sub (\S+)$", SITE.read_text(), re.MULTILINE)
    assert found
    known = {"HttpApi": "a1b2c3d4e5", "AWS::Region": "eu-central-1", "AWS::URLSuffix": "amazonaws.com"}
    on_aws = {"ApiUrl": re.sub(r"\$\{([\w:]+)\}", lambda name: known[name[1]], found[1])}
    return {"AWS": on_aws["ApiUrl"], "local": reachable_here(on_aws, "http://127.0.0.1:4566")["ApiUrl"]}


@pytest.mark.parametrize("where", ["AWS", "local"])
def test_its_server_is_the_api_that_serves_it(world: World, where: str) -> None:
    api = _addresses()[where]
    [server] = world.api.document()["servers"]

    assert urljoin(f"{api}/openapi.json", server["url"]).rstrip("/") == api


def test_the_pages_types_are_of_the_committed_document() -> None:
    schemas = json.loads(COMMITTED.read_text(), parse_float=_as_javascript)["components"]["schemas"]
    digest = hashlib.sha256(json.dumps(schemas, separators=(",", ":"), ensure_ascii=False).encode())
    assert digest.hexdigest() in PAGES_TYPES.read_text().partition("\n")[0], (
        "make them anew: cd site/web && npm run types"
    )


def _as_javascript(number: str) -> float:
    """JavaScript writes 1.0 as 1."""
    return int(float(number)) if float(number).is_integer() else float(number)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.timeout(900)
def test_the_api_keeps_to_its_document(case: schemathesis.Case[Any]) -> None:
    for name, generated in case.path_parameters.items():
        # Half of the requests are about what is there; deletions would soon leave nothing.
        if case.method != "DELETE" and len(str(generated)) % 2:
            case.path_parameters[name] = known[name]
    # No schema can say which tokens are ours, or that a label goes with LABEL alone: these may be refused.
    refusable = "nextToken" in (case.query or {}) or case.path.endswith(("/label", "/answer"))
    excluded: list[Any] = [positive_data_acceptance] if refusable else []
    case.call_and_validate(headers={"Authorization": "Bearer ann"}, excluded_checks=excluded)
