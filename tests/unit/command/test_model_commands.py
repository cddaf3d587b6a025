"""`loupe model check` and the models that it takes: what is printed, and with which exit code it ends."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loupe.cli import cli
from loupe.errors import InputError, ModelNotFoundError, ModelRefusedError
from loupe.starters import DIGITS_FOLDER, check_folder, is_model, model_folder
from loupe.training.export import export_to
from model import photos
from tests.unit.command.fake_sagemaker import FakeSageMaker, refusal
from tests.unit.model.models import spec_document, write_model

ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="loupe")


@pytest.mark.parametrize("name", ["check", "deploy"])
def test_every_command_has_help_with_its_exit_codes(name: str) -> None:
    result = run("model", name, "--help")

    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert "Ends with 0" in result.stdout


def test_a_good_model_passes_with_its_answers() -> None:
    result = run("model", "check", "digits")

    assert result.exit_code == 0
    assert "digits, 10 labels  can be hosted" in result.stdout
    assert "digit-5.png" in result.stdout


def test_a_bad_one_ends_with_3_and_says_what_to_do(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", spec_document(output={"kind": "probabilities"}))

    plain, as_json = run("model", "check", str(folder)), run("model", "check", str(folder), "--json")

    assert plain.exit_code == as_json.exit_code == 3
    assert "they are logits" in plain.stdout
    assert "--fix NEW" in plain.stdout
    (problem,) = json.loads(as_json.stdout)["problems"]
    assert problem["name"] == "output.kind"
    assert problem["fixable"]


def test_fix_writes_a_copy_that_passes(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", spec_document(output={"kind": "probabilities"}))

    result = run("model", "check", str(folder), "--fix", str(tmp_path / "new"))

    assert result.exit_code == 0
    assert run("model", "check", str(tmp_path / "new")).exit_code == 0
    assert run("model", "check", str(folder), "--fix", str(tmp_path / "new")).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["model", "check", "no-such-folder"],
        ["up", "--model", "no-such-folder"],
        ["models", "--delete", "a", "--export", "b", "c"],
    ],
)
def test_wrong_usage_ends_with_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_STATE", str(tmp_path))

    assert run(*arguments).exit_code == 2


def test_a_bad_model_is_refused_before_a_cloud_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUPE_STATE", str(tmp_path))
    folder = write_model(tmp_path / "model", spec_document(labels=["dark", "light"]))

    result = run("model", "deploy", str(folder))

    assert result.exit_code == 3
    assert "2 labels" in result.stderr


def test_names_and_folders_are_told_apart(tmp_path: Path) -> None:
    write_model(tmp_path / "mine")

    assert model_folder(ROOT, "digits") == ROOT / DIGITS_FOLDER
    assert model_folder(ROOT, "photos") == ROOT / photos.FOLDER
    assert model_folder(ROOT, str(tmp_path / "mine")) == tmp_path / "mine"
    assert is_model(str(tmp_path / "mine"))
    assert not is_model(str(tmp_path))
    with pytest.raises(InputError, match="photos or digits"):
        model_folder(ROOT, "cats")


def test_a_refusal_names_the_way_to_put_it_right(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", spec_document(output={"kind": "probabilities"}))

    with pytest.raises(ModelRefusedError, match="--fix NEW"):
        check_folder(ROOT, folder)


class FakeCloud:
    """SageMaker with one model, whose package is `archive`."""

    where = "here"

    def __init__(self, archive: Path, uri: str | None = "s3://models/m/model.tar.gz") -> None:
        self._archive = archive
        self._sagemaker = FakeSageMaker()
        container = {"ModelDataUrl": uri} if uri else {}
        self._sagemaker.create_model(ModelName="mine", PrimaryContainer=container)

    def client(self, name: str) -> Any:
        return self._sagemaker if name == "sagemaker" else self

    def download_file(self, _: str, key: str, path: str) -> None:
        if not self._archive.exists():
            raise refusal("HeadObject", "Not Found", "404")
        assert key == "m/model.tar.gz"
        Path(path).write_bytes(self._archive.read_bytes())


def packed(folder: Path, *entries: tuple[str, bytes]) -> Path:
    archive = folder / "packed.tar.gz"
    with tarfile.open(archive, "w:gz") as out:
        for name, content in entries:
            source = folder / "content"
            source.write_bytes(content)
            out.add(source, name)
    return archive


def test_a_model_is_exported_as_plain_files_of_its_root(tmp_path: Path) -> None:
    entries = [("./model.onnx", b"onnx"), ("model.json", b"{}"), ("../outside", b"x"), ("code/run.py", b"x")]
    archive = packed(tmp_path, *entries)

    export_to(FakeCloud(archive), "mine", tmp_path / "out" / "deep")  # type: ignore[arg-type]

    assert sorted(path.name for path in (tmp_path / "out" / "deep").iterdir()) == ["model.json", "model.onnx"]
    assert not (tmp_path / "out" / "outside").exists()


@pytest.mark.parametrize(
    ("name", "uri", "content", "reason"),
    [
        ("another", "s3://models/m/model.tar.gz", b"", "no model another"),
        ("mine", None, b"", "no package"),
        ("mine", "s3://models/m/model.tar.gz", None, "is gone"),
        ("mine", "s3://models/m/model.tar.gz", b"no archive", "can't be unpacked"),
    ],
)
def test_what_cannot_be_exported_says_why(
    tmp_path: Path, name: str, uri: str | None, content: bytes | None, reason: str
) -> None:
    archive = tmp_path / "packed.tar.gz"
    if content is not None:
        archive.write_bytes(content)

    with pytest.raises(ModelNotFoundError, match=reason):
        export_to(FakeCloud(archive, uri), name, tmp_path / "out")  # type: ignore[arg-type]


def test_an_export_does_not_write_over_anything(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not empty"):
        export_to(FakeCloud(tmp_path / "none"), "mine", tmp_path.parent)  # type: ignore[arg-type]
