"""Published prices, dated and with their sources: prices.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DEFAULT_REGION = "us-east-1"
_FILE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True)
class PriceList:
    """Prices of one region in dollars; `own` names those that were read for it, not for us-east-1."""

    region: str
    read: str
    prices: Mapping[str, float]
    sources: Mapping[str, str]
    own: frozenset[str]

    def knows(self, name: str) -> bool:
        return name in self.prices

    def of(self, name: str, quantity: float) -> float:
        """Dollars for a quantity of what `name` prices."""
        return self.prices[name] * quantity


@cache
def load_prices(region: str = DEFAULT_REGION) -> PriceList:
    """The table for a region; what was not read for it is us-east-1's."""
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    listed = document["prices"]
    differing = document["regions"].get(region, {})
    return PriceList(
        region=region,
        read=document["read"],
        prices={name: differing.get(name, price["usd"]) / price["per"] for name, price in listed.items()},
        sources={name: price["source"] for name, price in listed.items()},
        own=frozenset(listed) if region == DEFAULT_REGION else frozenset(differing),
    )
