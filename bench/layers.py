"""Functions and layers as `sam build` makes them, built once and kept while their sources are the same."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.context import CACHE, LAMBDA_PYTHON, ROOT

TEMPLATE = ROOT / "template.yaml"
MAKE_SECONDS = 600


@dataclass(frozen=True)
class BuiltFunction:
    """A function as Lambda holds it: its own folder, and each layer's."""

    name: str
    code: Path
    layers: dict[str, Path]

    def python_path(self) -> list[Path]:
        """What Lambda puts on the interpreter's path beside the runtime's own packages."""
        return [self.code, *(folder / "python" for folder in self.layers.values())]

    def size(self) -> int:
        """Bytes, unzipped."""
        return sum(map(folder_size, (self.code, *self.layers.values())))


def folder_size(folder: Path) -> int:
    """Bytes of all files below, but for Python's cache of what ran from here."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files)


def built_function(name: str) -> BuiltFunction:
    """`classify_image_data` and the like, with its layers built by their Makefiles."""
    template = _template()
    resources = template["Resources"]
    properties = _function(resources, name)
    common = template["Globals"]["Function"].get("Layers", [])
    layers = {}
    for reference in (*common, *properties.get("Layers", [])):
        logical_id = str(reference["Ref"])
        source = ROOT / str(resources[logical_id]["Properties"]["ContentUri"])
        layers[source.name] = _built_layer(logical_id, source)
    return BuiltFunction(name, _copied_code(name, ROOT / str(properties["CodeUri"])), layers)


def _template() -> dict[str, Any]:
    # cfn-lint takes seconds to import: only a part that needs the template pays for that.
    from cfnlint.decode import cfn_yaml

    document: dict[str, Any] = cfn_yaml.load(str(TEMPLATE))
    return document


def _function(resources: dict[str, Any], name: str) -> dict[str, Any]:
    for resource in resources.values():
        properties: dict[str, Any] = resource.get("Properties", {})
        if properties.get("CodeUri") == f"functions/{name}":
            return properties
    raise ValueError(f"{TEMPLATE.name} has no function functions/{name}")


def _built_layer(logical_id: str, source: Path) -> Path:
    folder = CACHE / "layers" / f"{source.name}-{_fingerprint(source)}"
    if not folder.exists():
        draft = folder.with_suffix(".draft")
        command = ["make", "-s", "-C", str(source), f"build-{logical_id}", f"ARTIFACTS_DIR={draft}"]
        command.append(f"LAMBDA_PYTHON={LAMBDA_PYTHON}")
        subprocess.run(command, check=True, timeout=MAKE_SECONDS, capture_output=True)
        draft.replace(folder)
    return folder


def _copied_code(name: str, source: Path) -> Path:
    """A copy without the tests' own compiled files: what runs from it must not write into the sources."""
    folder = CACHE / "functions" / f"{name}-{_fingerprint(source)}"
    for path in _sources(source):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


def _sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in _sources(folder):
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
