"""Query Predictions: the HTTP API's function. It needs no model and loads none."""

import os
from functools import cache
from typing import Any

from loupe_container.predictions import PredictionsTable
from loupe_container.routes import create_app
from loupe_container.settings import table_name
from loupe_core.observability import observed

NAME = table_name(os.environ)


@cache
def table() -> PredictionsTable:
    return PredictionsTable(NAME)


app = create_app(table)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request and its answer."""
    return app.resolve(event, context)
