"""What checks found, for those who look for one of them."""

from collections.abc import Iterable

from loupe.doctor.findings import Finding


def by_check(found: Iterable[Finding]) -> dict[str, Finding]:
    return {each.check: each for each in found}
