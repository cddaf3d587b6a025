"""Usage times prices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from loupe.cost.prices import PriceList


class Used(Protocol):
    """What a picture uses: quantities by service and price."""

    @property
    def name(self) -> str: ...

    def quantities(self) -> Mapping[str, Mapping[str, float]]: ...


@dataclass(frozen=True)
class Line:
    """One row of a bill: a quantity over all pictures, and dollars."""

    service: str
    price: str
    quantity: float
    dollars: float


@dataclass(frozen=True)
class Estimate:
    """A bill."""

    name: str
    images: int
    lines: tuple[Line, ...]

    @property
    def dollars(self) -> float:
        return sum(line.dollars for line in self.lines)

    def of(self, services: Iterable[str]) -> float:
        """Dollars for some services."""
        wanted = set(services)
        return sum(line.dollars for line in self.lines if line.service in wanted)


def estimate(usage: Used, prices: PriceList, images: int) -> Estimate:
    """The bill for `images` pictures; rows without a quantity are left out."""
    lines = [
        Line(service, name, quantity * images, prices.of(name, quantity * images))
        for service, quantities in usage.quantities().items()
        for name, quantity in quantities.items()
        if quantity
    ]
    return Estimate(usage.name, images, tuple(lines))
