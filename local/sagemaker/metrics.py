"""Metrics of a training job: what its MetricDefinitions' regular expressions find in its log."""

import re
import threading
import time
from typing import Any


class MetricReader:
    """Keeps the last value of each metric; SageMaker reports it as FinalMetricDataList."""

    def __init__(self, definitions: list[dict[str, str]]) -> None:
        self._definitions = [(item["Name"], re.compile(item["Regex"])) for item in definitions]
        self._lock = threading.Lock()
        self._last: dict[str, dict[str, Any]] = {}

    def read(self, line: str) -> None:
        """Look for every metric in one line of the log; a match that is no number is passed over."""
        for name, pattern in self._definitions:
            match = pattern.search(line)
            if match is None:
                continue
            try:
                value = float(match.group(1) if pattern.groups else match.group())
            except (TypeError, ValueError):
                continue
            with self._lock:
                self._last[name] = {"MetricName": name, "Value": value, "Timestamp": time.time()}

    def final(self) -> list[dict[str, Any]]:
        """The last value of each metric that was seen."""
        with self._lock:
            return list(self._last.values())
