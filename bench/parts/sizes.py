"""Unzipped size of each function with its layers, as `sam build` makes them.

Against its own limit, and classify against the layer of the original, which held the SageMaker SDK 2.
"""

from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from importlib.util import cache_from_source
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench.context import BENCH_PYTHON, Bench, bench_python
from bench.figures import Figure, at_most, part_of
from bench.layers import built_function

# The limits, in MB; Lambda's own is 250.
LIMITS = {"classify_image_data": 150, "serialize_image_data": 80, "filter_inference_data": 30}
UNBOUND = ("annotate_image",)
LAMBDA_LIMIT = 250
ORIGINAL = "sagemaker"
# Lambda's runtime holds these, so no layer need.
IN_RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six"}


def run(bench: Bench) -> Iterator[Figure]:
    """Sizes do not vary: one sample each."""
    for name in (*LIMITS, *UNBOUND):
        limit = LIMITS.get(name, LAMBDA_LIMIT)
        bench.say(f"building {name}")
        function = built_function(name)
        megabytes = function.size() / 1e6
        yield part_of(
            f"{name} with its layers",
            "its limit" if name in LIMITS else "Lambda's limit",
            [megabytes],
            [limit],
            "MB",
            at_most(1),
            detail={"layers": sorted(function.layers)},
        )
        if name == "classify_image_data":
            yield original_layer(megabytes)


def original_layer(megabytes: float) -> Figure:
    """classify against sagemaker 2 and all that it requires, as `pip install --target` lays it out."""
    site = next(bench_python().parents[1].glob("lib/python*/site-packages"))
    installed: dict[str, Distribution] = {
        canonicalize_name(each.metadata["Name"]): each for each in distributions(path=[str(site)])
    }
    needed = closure(ORIGINAL, installed) - IN_RUNTIME
    size = sum(_size(installed[name]) for name in needed) / 1e6
    version = installed[canonicalize_name(ORIGINAL)].version
    return part_of(
        "classify_image_data with its layers",
        f"a layer of sagemaker {version}",
        [megabytes],
        [size],
        "MB",
        detail={"packages": len(needed), "environment": BENCH_PYTHON.parts[-3]},
    )


def closure(name: str, installed: dict[str, Distribution]) -> set[str]:
    """A package and everything that it requires, without extras."""
    needed: set[str] = set()
    waiting: list[str] = [name]
    while waiting:
        current = canonicalize_name(waiting.pop())
        if current in needed or current not in installed:
            continue
        needed.add(current)
        for line in installed[current].requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(canonicalize_name(requirement.name))
    return needed


def _size(distribution: Distribution) -> int:
    """Bytes of a distribution's files and of what Python compiled of them, as pip does by itself."""
    files = {Path(str(path.locate())) for path in distribution.files or ()}
    files |= {Path(cache_from_source(str(path))) for path in files if path.suffix == ".py"}
    return sum(path.stat().st_size for path in files if path.is_file())
