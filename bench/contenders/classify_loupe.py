"""classify_image_data once, as Lambda holds it: `app` and its layers are on the path. Reads an event."""

import json
import sys
from typing import Any

import app


class Context:
    """What a handler may ask of Lambda."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "bench"


def main() -> None:
    answer: dict[str, Any] = app.handler(json.load(sys.stdin), Context())
    print(json.dumps(answer["body"]["inferences"]))


if __name__ == "__main__":
    main()
