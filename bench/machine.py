"""The machine that a figure was measured on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARIES = ("boto3", "numpy", "onnxruntime", "pillow", "pyvips-binary", "starlette", "uvicorn")


def machine() -> dict[str, Any]:
    """Processor, cores, memory, and the versions of what is measured. No name of the machine or its user."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memoryGb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def load() -> float:
    """How many processes wanted a processor during the last minute, on average."""
    return round(os.getloadavg()[0], 1)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _cpu_model() -> str:
    """The vendor's name; some virtual machines give little more than "AMD EPYC", so family and model too."""
    facts: dict[str, str] = {}
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else ():
        key, _, value = line.partition(":")
        facts.setdefault(key.strip(), value.strip())
    if "model name" not in facts:
        return platform.processor() or "unknown"
    return f"{facts['model name']} (family {facts.get('cpu family')}, model {facts.get('model')})"
