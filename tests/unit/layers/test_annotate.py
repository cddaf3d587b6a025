"""The annotated picture: size, labels in any script, boxes, orientation, nothing of the metadata."""

import numpy as np
import pytest
from PIL import Image

from loupe_core.errors import CorruptImageError
from loupe_imaging.annotate import Box, annotate
from loupe_imaging.caption import caption_lines, text_mask
from loupe_imaging.picture import read_picture
from tests.unit.layers.pictures import encoded, jpeg, opened, photo

LABELS = [("German shepherd", 0.6), ("malinois", 0.2), ("kelpie", 0.1), ("dingo", 0.06), ("wolf", 0.04)]


def result_of(content: bytes, labels: list[tuple[str, float]], boxes: list[Box]) -> Image.Image:
    annotated = annotate(read_picture(content), labels, boxes)
    image = opened(annotated.content)
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert image.size == (annotated.width, annotated.height)
    return image


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4000, 3000), (1000, 750)),
        ((1000, 800), (1000, 800)),
        ((600, 800), (600, 800)),
        ((320, 500), (320, 500)),
        ((100, 50), (320, 150)),
        ((28, 28), (320, 308)),
        ((8, 8), (320, 320)),
        ((1, 1), (320, 320)),
        ((300, 20_000), (320, 4000)),
        ((1, 30_000), (320, 4000)),
    ],
)
def test_a_picture_is_1000_wide_at_most_and_320_at_least(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    content = encoded(Image.new("RGB", size, "teal"), "PNG", compress_level=1)

    assert result_of(content, [], []).size == expected


def test_labels_are_worded_as_promised() -> None:
    assert caption_lines(LABELS[:1]) == ["German shepherd - 60.0%"]


def test_the_number_stands_behind_a_label_written_from_right_to_left() -> None:
    """Its line ends in the same number as any other line does."""
    arabic, latin = (
        np.asarray(text_mask(caption_lines([(label, 0.1)]), 24, 900).numpy()).astype(int)
        for label in ("كلب", "dog")
    )

    number = latin[:, -64:]
    rows = range(arabic.shape[0] - number.shape[0] + 1)
    assert min(np.abs(arabic[row : row + number.shape[0], -64:] - number).mean() for row in rows) < 12


@pytest.mark.parametrize("ground", ["white", "black", "red"])
def test_labels_are_legible_on_any_ground(ground: str) -> None:
    content = encoded(Image.new("RGB", (1000, 1000), ground), "PNG")

    panel = np.asarray(result_of(content, LABELS, []))[800:, :300].astype(int)

    light, dark = np.percentile(panel.sum(axis=2), [99, 20]) / 3
    assert light > 225
    # The ratio that accessibility asks for is 4.5 of luminances; on white the panel is 32 % of it.
    assert dark < 100


def test_labels_of_a_large_picture_leave_its_size_and_its_top_alone() -> None:
    content = jpeg(1000, 1000)

    bare, labelled = result_of(content, [], []), result_of(content, LABELS, [])

    assert bare.size == labelled.size
    assert np.abs(np.asarray(bare)[:500].astype(int) - np.asarray(labelled)[:500]).max() <= 2


@pytest.mark.parametrize("size", [(28, 28), (400, 400), (1000, 200)])
def test_labels_stand_beneath_where_they_would_hide_the_picture(size: tuple[int, int]) -> None:
    content = encoded(photo(*size), "PNG")

    bare, labelled = result_of(content, [], []), result_of(content, LABELS, [])

    assert labelled.height > bare.height + 60
    shown = np.asarray(labelled)[: bare.height].astype(int)
    assert np.abs(shown - np.asarray(bare)).mean() < 3


SCRIPTS = [
    "Hund",
    "собака",
    "σκύλος",
    "柴犬",
    "犬です",
    "시바견",
    "كلب",
    "כלב",
    "कुत्ता",
    "কুকুর",
    "நாய்",
    "สุนัข",
    "ውሻ",
    "ខ្មែរ",
    "☂",
]


def test_every_script_has_letters_of_its_own() -> None:
    masks = {word: text_mask([word], 24, 400) for word in SCRIPTS}
    # What no font has is drawn as a box with the number of the letter in it: U+10FFFD is nobody's.
    box = text_mask(["\U0010fffd"], 24, 400)

    for word, mask in masks.items():
        assert mask.max() > 200, word
        boxes_width = box.width * len(word)
        assert abs(mask.width - boxes_width) > 2 or mask.height != box.height, word
    assert len({bytes(mask.write_to_memory()) for mask in masks.values()}) == len(SCRIPTS)


@pytest.mark.parametrize(
    "label",
    [
        "<b>bold</b>",
        "fish & chips",
        "a\0b\nc\td",
        "x" * 5000,
        "",
        "   ",
        "&amp;",
        "\u202ereversed",
        "👨‍👩‍👧",
        "%s {} \\",
    ],
)
def test_a_label_is_text_whatever_it_holds(label: str) -> None:
    image = result_of(jpeg(800, 600), [(label, 0.5)], [])

    assert image.size == (800, 600)


def test_markup_in_a_label_is_shown_not_obeyed() -> None:
    assert text_mask(["<b>x</b>"], 20, 400).width > text_mask(["x"], 20, 400).width * 4


def test_a_long_label_is_cut() -> None:
    assert len(caption_lines([("x" * 500, 0.5)])[0]) < 80


def test_a_face_gets_a_box_where_it_is() -> None:
    content = encoded(Image.new("RGB", (500, 400), "white"), "PNG")

    pixels = np.asarray(result_of(content, [], [Box(0.2, 0.25, 0.4, 0.5)])).astype(int)

    changed = np.argwhere(np.abs(pixels - 255).sum(axis=2) > 120)
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0)
    assert (left, top) == (pytest.approx(100, abs=2), pytest.approx(100, abs=2))
    assert (right, bottom) == (pytest.approx(300, abs=2), pytest.approx(300, abs=2))
    # Inside it the face is left alone.
    assert pixels[200, 200].min() > 240


@pytest.mark.parametrize("ground", ["white", "black", "lime", "green"])
def test_a_box_stands_out_on_any_ground(ground: str) -> None:
    content = encoded(Image.new("RGB", (500, 400), ground), "PNG")
    bare = np.asarray(result_of(content, [], [])).astype(int)

    boxed = np.asarray(result_of(content, [], [Box(0.2, 0.25, 0.4, 0.5)])).astype(int)

    assert np.abs(boxed - bare).sum(axis=2).max() > 150


@pytest.mark.parametrize(
    "box",
    [
        Box(-0.2, -0.2, 0.5, 0.5),
        Box(0.9, 0.9, 0.5, 0.5),
        Box(2, 2, 1, 1),
        Box(0.5, 0.5, 0, 0),
        Box(0, 0, -1, -1),
    ],
)
def test_a_box_beyond_the_edge_is_cut(box: Box) -> None:
    assert result_of(jpeg(400, 300), [], [box]).size == (400, 300)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_metadata_gone(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "a private note"
    content = jpeg(600, 400, exif=exif)

    annotated = annotate(read_picture(content), LABELS, [])

    assert b"private note" not in annotated.content
    image = opened(annotated.content)
    assert not image.getexif()
    assert "icc_profile" not in image.info
    wide = orientation < 5
    assert (annotated.width > annotated.height) == wide


def test_tiny_pictures_keep_their_pixels_square_and_sharp() -> None:
    chequered = Image.fromarray(np.array([[0, 255], [255, 0]], dtype=np.uint8))

    pixels = np.asarray(result_of(encoded(chequered, "PNG"), [], []))[:, :, 0]

    assert pixels.shape == (320, 320)
    assert (pixels[40, 40], pixels[40, 280], pixels[280, 40], pixels[280, 280]) == (0, 255, 255, 0)


def test_a_broken_picture_is_corrupt_here_too() -> None:
    content = jpeg(800, 600)

    with pytest.raises(CorruptImageError):
        annotate(read_picture(content[: len(content) // 2]), LABELS, [])
