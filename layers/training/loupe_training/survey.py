"""Counting a dataset, and a fingerprint of it that does not depend on the order of its objects.

The same dataset is copied once, a changed one anew.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Two sums of 44 bits each: numbers that JSON carries exactly.
MODULUS = 2**44


@dataclass(frozen=True)
class Survey:
    """What has been seen of a listing so far; sums are kept so that a later call can go on."""

    objects: int = 0
    bytes: int = 0
    first: int = 0
    second: int = 0

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Survey":
        return cls(given["objects"], given["bytes"], given["first"], given["second"])

    def add(self, listed: Iterable[Mapping[str, Any]]) -> "Survey":
        """With a page of ListObjectsV2's Contents; a folder's own marker is no object."""
        count, size, first, second = self.objects, self.bytes, self.first, self.second
        for each in listed:
            if each["Key"].endswith("/"):
                continue
            digest = hashlib.sha256(f"{each['Key']} {each['ETag']}".encode()).hexdigest()
            count, size = count + 1, size + each["Size"]
            first = (first + int(digest[:11], 16)) % MODULUS
            second = (second + int(digest[11:22], 16)) % MODULUS
        return Survey(count, size, first, second)

    def prefix(self, bucket: str) -> str:
        """Where the copy of a dataset of this bucket and content lies."""
        digest = hashlib.sha256(f"{bucket} {self.first} {self.second}".encode()).hexdigest()
        return f"datasets/{digest[:24]}/"


def disk_gigabytes(size: int) -> int:
    """The volume of a job that unpacks so many bytes: four times as much, and 30 GB for itself."""
    return min(16384, 30 + -(-size // 250_000_000))
