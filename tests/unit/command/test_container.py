"""The container's image on the local cloud: named by what is in it, put together once."""

import shutil
from pathlib import Path

import pytest

from loupe import container
from loupe.errors import DeployError
from tests.unit.functions.handlers import ROOT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose script, in place of installing packages, writes one file."""
    for source in container.SOURCES:
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, target)
    (tmp_path / "container" / "assemble.py").write_text(
        "import pathlib, sys\ntask = pathlib.Path(sys.argv[1])\ntask.mkdir()\n(task / 'there').touch()\n"
    )
    shutil.copy(ROOT / container.TEMPLATE, tmp_path / container.TEMPLATE)
    monkeypatch.setattr(container, "IMAGES_FOLDER", tmp_path / "images")
    return tmp_path


@pytest.mark.parametrize(
    "changed",
    [
        "container/requirements.txt",
        "container/loupe_container/routes.py",
        "model/inference.py",
        "model/artifacts/digits/model.json",
        "layers/core/loupe_core/errors.py",
    ],
)
def test_what_is_in_the_image_changes_its_name(project: Path, changed: str) -> None:
    before = container.image_uri(project)

    with (project / changed).open("a") as file:
        file.write("\n")

    assert container.image_uri(project) != before


def test_the_template_does_not(project: Path) -> None:
    before = container.image_uri(project)

    with (project / container.TEMPLATE).open("a") as file:
        file.write("\n")

    assert container.image_uri(project) == before


def test_the_image_is_put_together_with_its_model_and_the_one_before_is_kept(project: Path) -> None:
    folders = []
    for number in range(3):
        with (project / "container" / "requirements.txt").open("a") as file:
            file.write(f"# {number}\n")
        assert not container.is_assembled(project)
        folders.append(container.assemble_image(project, project / "log"))
        assert container.is_assembled(project)

    assert (folders[2] / "task" / "there").exists()
    assert (folders[2] / "model" / "model.onnx").exists()
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_a_script_that_fails_leaves_no_image_and_tells_its_last_words(project: Path) -> None:
    (project / "container" / "assemble.py").write_text("raise SystemExit('no such package')")

    with pytest.raises(DeployError, match="no such package"):
        container.assemble_image(project, project / "log")

    assert not container.is_assembled(project)
