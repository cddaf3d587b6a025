"""What is put into the image is complete: every module of ours finds the modules of ours that it imports."""

import ast
from pathlib import Path

import pytest

from assemble import MODULES, ROOT

FILES = [ROOT / folder / f"{name}.py" for folder, names in MODULES.items() for name in names]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_a_module_in_the_image_finds_what_it_imports(path: Path) -> None:
    packed = {Path(folder).name: set(names) for folder, names in MODULES.items()}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        package, _, module = node.module.partition(".")
        if package in packed and module:
            assert module.split(".")[0] in packed[package], f"{path.name} imports {node.module}"
