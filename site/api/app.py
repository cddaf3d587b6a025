"""The HTTP API's function: API Gateway's event in, JSON out."""

import os
from typing import Any

from loupe_api.api import Api
from loupe_api.services import AwsServices
from loupe_api.settings import ApiSettings
from loupe_core.observability import observed

api = Api(AwsServices(ApiSettings.from_environ(os.environ)))


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request and its answer. Problems of the caller and of AWS are answers too, never exceptions."""
    return api.answer(event, context)
