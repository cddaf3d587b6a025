"""Put together what the image's /var/task holds: the locked packages and our modules, slimmed and compiled.

    python3 container/assemble.py TARGET        from anywhere; Python's standard library and pip alone

The Dockerfile runs this (Lambda's base image has no find, no make), and so does `loupe up --container`, which
needs no container engine: both run the same package.
"""

import compileall
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("container/loupe_container", "layers/core/loupe_core", "layers/imaging/loupe_formats")
MODULES = {
    "model": ("__init__", "errors", "images", "inference", "plain_text", "spec", "tar_files"),
    "layers/imaging/loupe_imaging": ("__init__", "formats"),
}
# What no handler imports.
UNUSED = (
    "bin",
    "aws_xray_sdk/ext/django",
    "loupe_core/endpoint_diagnosis.py",
    "numpy/_core/include",
    "numpy/f2py",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
)
UNUSED_FOLDERS = ("tests", "__pycache__")
UNUSED_SUFFIXES = (".a", ".h", ".pxd", ".pyi")


def assemble(target: Path) -> None:
    """Fill `target`, which is made."""
    target.mkdir(parents=True, exist_ok=True)
    _install(ROOT / "container" / "requirements.txt", target)
    for package in PACKAGES:
        source = ROOT / package
        shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns(*UNUSED_FOLDERS))
    for folder, names in MODULES.items():
        package_folder = target / Path(folder).name
        package_folder.mkdir()
        for name in names:
            shutil.copy(ROOT / folder / f"{name}.py", package_folder)
    _slim(target)
    # Lambda's file system is read-only: without .pyc every cold start would compile everything.
    compileall.compile_dir(target, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    for path in (target, *target.rglob("*")):
        # Lambda runs the image as a user of its own, who must be able to read all of it.
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


def _install(requirements: Path, target: Path) -> None:
    """Wheels only and by their hashes: nothing is compiled, and no build script of others runs."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
    ]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--root-user-action=ignore"]
    command += ["--requirement", str(requirements), "--target", str(target)]
    subprocess.run(command, check=True)


def _slim(target: Path) -> None:
    for name in UNUSED:
        path = target / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in sorted(target.rglob("*")):
        if path.is_dir() and path.name in UNUSED_FOLDERS:
            shutil.rmtree(path)
        elif path.suffix in UNUSED_SUFFIXES and path.is_file():
            path.unlink()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    assemble(Path(sys.argv[1]))
