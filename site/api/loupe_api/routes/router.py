"""Routers, typed, that know what was put into them."""

import re
from collections import defaultdict
from typing import Any

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

_PARAMETER = re.compile(r"<\w+>")


class ListedRouter(APIGatewayHttpRouter):
    """A router whose paths and methods can be asked for; Powertools' own keeps them to itself."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Powertools leaves its constructor untyped
        self.methods_by_path: defaultdict[str, set[str]] = defaultdict(set)

    def route(self, rule: str, method: Any, *args: Any, **kwargs: Any) -> Any:
        """As Powertools' own."""
        self.methods_by_path[rule].update([method] if isinstance(method, str) else method)
        return super().route(rule, method, *args, **kwargs)

    def methods_of(self, path: str) -> set[str]:
        """The methods, in capitals, of a path as it was asked for; none where it isn't known."""
        found: set[str] = set()
        for rule, methods in self.methods_by_path.items():
            if re.fullmatch(_PARAMETER.sub("[^/]+", re.escape(rule)), path):
                found |= methods
        return found


def new_router() -> ListedRouter:
    """An empty router."""
    return ListedRouter()
