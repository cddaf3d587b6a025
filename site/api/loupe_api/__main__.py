"""Print the OpenAPI document, for docs/openapi.json.

PYTHONPATH=site/api:layers/core python -m loupe_api > docs/openapi.json
"""

import json
from typing import cast

from loupe_api.api import Api
from loupe_api.services import Services

if __name__ == "__main__":
    # The document is made of the routes alone; nothing is asked of the services.
    api = Api(cast(Services, None))
    print(json.dumps(api.document(), indent=2, ensure_ascii=False))
