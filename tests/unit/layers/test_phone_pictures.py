"""HEIC and AVIF: upright once, in sRGB, the primary picture, whatever else is in the file."""

import numpy as np
import pytest
from PIL import Image

from loupe_core.errors import CorruptImageError, ImageTooLargeError, UnsupportedImageError
from loupe_formats import isolated
from loupe_formats.budget import Budget
from loupe_imaging.annotate import annotate
from loupe_imaging.faces import faces_copy, original_will_do
from loupe_imaging.normalise import model_input
from loupe_imaging.picture import read_picture
from tests.unit.formats import files
from tests.unit.layers.phones import avif, corners, deep_heic, heic
from tests.unit.layers.pictures import display_profile, mean_colour, opened, photo

ORIENTATION = 0x0112
ENCODERS = {"heic": heic, "avif": avif}


def looks_upright(content: bytes) -> bool:
    pixels = np.asarray(opened(content).convert("RGB")).astype(int)
    height, width, _ = pixels.shape
    red, blue = pixels[height // 4, width // 4], pixels[3 * height // 4, 3 * width // 4]
    white = pixels[height // 4, 3 * width // 4]
    return bool(red[0] > 180 > red[2] and blue[2] > 180 > blue[0] and white.min() > 200)


@pytest.mark.parametrize("kind", ENCODERS)
def test_a_phones_picture_is_read(kind: str) -> None:
    picture = read_picture(ENCODERS[kind](photo(320, 240)))

    assert (picture.format.value, picture.width, picture.height) == (kind, 320, 240)
    result = model_input(picture)
    assert opened(result).size == (320, 240)
    assert mean_colour(result) == pytest.approx(mean_colour(model_input(read_picture(heic(photo())))), abs=4)


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turn_is_applied_once(kind: str, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = corners().transpose(undo[orientation]) if orientation in undo else corners()
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = ENCODERS[kind](stored, exif=exif.tobytes())

    picture = read_picture(content)

    assert (picture.width, picture.height) == (200, 120)
    result = model_input(picture)
    assert opened(result).size == (200, 120)
    assert looks_upright(result)


def test_tiles_are_put_together() -> None:
    picture = read_picture(heic(corners(1300, 800), tile_size=256))

    assert (picture.width, picture.height) == (1300, 800)
    assert looks_upright(model_input(picture))
    assert looks_upright(annotate(picture, [], []).content)


def test_ten_bits_become_eight() -> None:
    result = model_input(read_picture(deep_heic(photo())))

    assert mean_colour(result) == pytest.approx(mean_colour(model_input(read_picture(heic(photo())))), abs=4)


def test_of_several_pictures_the_primary_one_is_read() -> None:
    burst = heic(photo(320, 240), corners(), photo(64, 64), primary=1)

    picture = read_picture(burst)

    assert (picture.width, picture.height) == (200, 120)
    assert looks_upright(model_input(picture))


def test_a_thumbnail_in_the_file_is_no_picture_of_its_own() -> None:
    picture = read_picture(heic(corners(), thumbnails=[64]))

    assert (picture.width, picture.height) == (200, 120)


@pytest.mark.parametrize("kind", ENCODERS)
def test_alpha_is_laid_on_white(kind: str) -> None:
    image = Image.new("RGBA", (120, 80), (10, 20, 30, 0))

    assert min(mean_colour(model_input(read_picture(ENCODERS[kind](image))))) > 245


@pytest.mark.parametrize("kind", ENCODERS)
def test_the_colours_of_a_profile_become_srgb(kind: str) -> None:
    """In this profile what is written as red is shown as blue."""
    image = Image.new("RGB", (300, 200), (220, 20, 20))
    image.info["icc_profile"] = display_profile(red="blue", blue="red")
    options = {"icc_profile": image.info["icc_profile"]} if kind == "avif" else {}

    red, _, blue = mean_colour(model_input(read_picture(ENCODERS[kind](image, **options))))

    assert blue > 150 > red


def test_face_detection_gets_a_copy() -> None:
    picture = read_picture(heic(corners(400, 300)))

    assert not original_will_do(picture)
    assert opened(faces_copy(picture)).size == (400, 300)


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_what_is_cut_short_is_corrupt(kind: str, part: float) -> None:
    content = ENCODERS[kind](photo(640, 480))

    with pytest.raises(CorruptImageError, match="truncated or broken"):
        model_input(read_picture(content[: int(len(content) * part)]))


def test_a_child_that_needs_more_memory_than_it_may_have_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    content = heic(photo(2000, 1500))
    picture = read_picture(content)
    monkeypatch.setattr("loupe_imaging.apart.BUDGET", Budget(len(content) + 2_000_000))

    with pytest.raises(ImageTooLargeError, match="more memory"):
        model_input(picture)


def test_a_child_that_needs_more_time_than_it_may_have_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = read_picture(heic(photo(640, 480)))
    monkeypatch.setattr(isolated, "CPU_SECONDS", 0)

    with pytest.raises(ImageTooLargeError, match="more time"):
        model_input(picture)


def test_a_child_sees_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for decoders")

    assert "AWS_SECRET_ACCESS_KEY" not in isolated.environment()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (files.ftyp(b"avci", b"mif1"), "H.264"),
        (files.ftyp(b"vvic", b"mif1"), "H.266"),
        (files.ftyp(b"mif1", b"jpeg"), "JPEG"),
        (files.ftyp(b"jxl "), "a JPEG XL"),
        (files.ftyp(b"crx "), "a Canon raw file"),
        (files.ftyp(b"qt  "), "a QuickTime video"),
        (files.ftyp(b"mp42"), "an MP4 video"),
        (files.ftyp(b"zzzz"), "a video or another ISO media file"),
        (files.heif_file((64, 64), b"unci", b"mif1"), "uncompressed pixels"),
    ],
)
def test_another_codec_is_named(content: bytes, said: str) -> None:
    with pytest.raises(UnsupportedImageError, match=said):
        read_picture(content)


@pytest.mark.parametrize(
    "brand", [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"]
)
def test_every_brand_of_heic_is_known(brand: bytes) -> None:
    assert read_picture(files.heif_file((64, 64), brand=brand)).format.value == "heic"


@pytest.mark.parametrize("brand", [b"avif", b"avis", b"mif1", b"miaf"])
def test_every_brand_of_avif_is_known(brand: bytes) -> None:
    assert read_picture(files.heif_file((64, 64), b"av01", brand)).format.value == "avif"
