"""What the detector finds in real pictures: the table in `local/rekognition/__init__.py` is measured here."""

from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from local.rekognition.detection import FaceDetector
from local.rekognition.pictures import read_upright
from tests.integration.rekognition.conftest import FACES, NO_FACES, jpeg

SHARED_PHOTOS = Path(__file__).resolve().parents[4] / "shared" / "data" / "photos"


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.mark.parametrize("name", FACES)
def test_person_is_found_once(detector: FaceDetector, name: str) -> None:
    assert len(detector.find(read_upright(FACES[name].read_bytes()))) == 1


@pytest.mark.parametrize("name", NO_FACES)
def test_nothing_is_found_where_nobody_is(detector: FaceDetector, name: str) -> None:
    assert detector.find(read_upright(NO_FACES[name].read_bytes())) == []


def test_nothing_is_found_in_pictures_of_animals(detector: FaceDetector) -> None:
    photos = sorted(SHARED_PHOTOS.glob("*.jpg"))
    if not photos:
        pytest.skip(f"no animal photos in {SHARED_PHOTOS}")

    assert {photo.name: len(detector.find(read_upright(photo.read_bytes()))) for photo in photos} == {
        photo.name: 0 for photo in photos
    }


def test_faces_in_the_wild_are_told_from_other_crops(detector: FaceDetector) -> None:
    """scikit-image's LFW subset: crops of 100 faces, then of 100 other things; every fifth is taken."""
    crops = np.load(Path(skimage.__file__).parent / "data" / "lfw_subset.npy")[::5]
    found = []
    for crop in crops:
        picture = Image.fromarray((crop * 255).astype(np.uint8)).resize((120, 120), Image.Resampling.BICUBIC)
        framed = np.pad(np.asarray(picture), 60, mode="symmetric")
        found.append(bool(detector.find(read_upright(jpeg(Image.fromarray(framed), quality=95)))))

    assert sum(found[:20]) >= 19
    assert sum(found[20:]) <= 1
