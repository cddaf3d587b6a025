"""The API's routes as the template has them: those of the document, closed where the document says so."""

from __future__ import annotations

from typing import cast

from loupe_api.api import Api
from loupe_api.services import Services
from tests.unit.template.rendered import rendered

DEFAULT = "$default"


def test_api_gateway_has_every_route_and_verifies_tokens_where_the_document_says_so() -> None:
    body = rendered("site/template.yaml")["Resources"]["HttpApi"]["Properties"]["Body"]
    documented = Api(cast(Services, None)).document()["paths"]

    routes = {
        (path, method): bool(operation.get("security"))
        for path, operations in body["paths"].items()
        for method, operation in operations.items()
        if path != DEFAULT and method != "options"
    }
    assert routes == {
        (path, method): bool(operation["security"])
        for path, operations in documented.items()
        for method, operation in operations.items()
    }


def test_what_is_no_route_meets_no_authorizer_so_that_a_browser_may_ask_first() -> None:
    # A preflight request carries no token, and $default takes OPTIONS, too: the function decides.
    body = rendered("site/template.yaml")["Resources"]["HttpApi"]["Properties"]["Body"]
    assert all("security" not in operation for operation in body["paths"][DEFAULT].values())
