"""What stands for a container image where no engine runs."""

import json
from pathlib import Path

import pytest

from local.lambdas import images
from local.lambdas.images import ImageTable

URI = "000000000000.dkr.ecr.us-east-1.amazonaws.com/loupe-container:0123456789ab"


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The project's own image, put together in `tmp_path`."""
    rows = json.loads(json.dumps([vars(images.OWN)]).replace(str(images.IMAGES_FOLDER), str(tmp_path)))
    (tmp_path / "images.json").write_text(json.dumps(rows))
    monkeypatch.setenv("LOUPE_LAMBDA_IMAGES", str(tmp_path / "images.json"))
    return tmp_path


def table(folder: Path) -> ImageTable:
    return ImageTable.from_environ({"LOUPE_LAMBDA_IMAGES": str(folder / "images.json")})


def test_the_tag_names_the_folder(own: Path) -> None:
    (own / "0123456789ab" / "task").mkdir(parents=True)

    image = table(own).find(URI)

    assert image is not None
    assert image.task == own / "0123456789ab" / "task"
    assert image.env == {"MODEL_FOLDER": str(own / "0123456789ab" / "model")}


def test_an_image_that_is_not_put_together_or_not_ours_is_not_found(own: Path) -> None:
    assert table(own).find(URI) is None
    (own / "0123456789ab" / "task").mkdir(parents=True)
    assert table(own).find(URI.replace("0123456789ab", "latest")) is None
    assert table(own).find(URI.replace("loupe-container", "another")) is None


def test_the_functions_own_command_and_environment_beat_the_images(own: Path) -> None:
    (own / "0123456789ab" / "task").mkdir(parents=True)
    image = table(own).find(URI)
    assert image is not None

    plain = image.function({"FunctionName": "f"})
    told = image.function(
        {
            "FunctionName": "f",
            "ImageConfigResponse": {"ImageConfig": {"Command": ["other.handler"]}},
            "Environment": {"Variables": {"MODEL_FOLDER": "/elsewhere"}},
        }
    )

    assert plain["Handler"] == "loupe_container.classify_image_data.handler"
    assert (told["Handler"], told["Environment"]["Variables"]) == (
        "other.handler",
        {"MODEL_FOLDER": "/elsewhere"},
    )
