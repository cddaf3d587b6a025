"""A stand-in for the model: what it says follows from the file's name and bytes, so that tests can choose."""

import hashlib
import io
from typing import Any

from PIL import Image, ImageDraw, UnidentifiedImageError

from tests.web.fake.workflow import Answer

THRESHOLD = 0.93
LABELS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ASTRONAUT_FACE = {"left": 0.33, "top": 0.13, "width": 0.22, "height": 0.28}


def classify(name: str, data: bytes, threshold: float = THRESHOLD) -> Answer:
    """Refused when the name holds "unsure", with a face when it holds "astronaut", failed when no picture."""
    try:
        Image.open(io.BytesIO(data)).load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        failure = {"name": "CorruptImageError", "cause": f"The picture is truncated or broken: {error}"[:200]}
        return Answer([], [], failure, "Serialize Image Data")
    seed = hashlib.sha256(name.encode()).digest()
    best = 0.41 + seed[0] / 1000 if "unsure" in name else 0.94 + seed[0] / 4400
    predictions = _predictions(name, seed, best)
    faces = [{"boundingBox": ASTRONAUT_FACE, "confidence": 99.2}] if "astronaut" in name else []
    if best >= threshold:
        return Answer(predictions, faces, None)
    cause = (
        f"THRESHOLD_CONFIDENCE_NOT_MET: the best confidence, {best:.4f} for {predictions[0]['label']!r},"
        f" is below the threshold {threshold}"
    )
    return Answer(predictions, faces, {"name": "ThresholdConfidenceNotMetError", "cause": cause})


def _predictions(name: str, seed: bytes, best: float) -> list[dict[str, Any]]:
    named = next((label for label in LABELS if label in name), LABELS[seed[1] % 10])
    others = [label for label in LABELS if label != named][seed[2] % 4 :][:4]
    rest = 1 - best
    parts = (0.6, 0.25, 0.1, 0.04)
    scores = [best, *(rest * part for part in parts)]
    return [{"label": label, "score": score} for label, score in zip([named, *others], scores, strict=False)]


def annotate(data: bytes, answer: Answer) -> bytes:
    """The picture, up to 1000 pixels wide, its faces marked, its labels over it or beneath, as JPEG."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    if picture.width < 320:
        times = 320 // picture.width
        picture = picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)
    picture.thumbnail((1000, 4000))
    draw = ImageDraw.Draw(picture)
    for face in answer.faces:
        box = face["boundingBox"]
        left, top = box["left"] * picture.width, box["top"] * picture.height
        right, bottom = left + box["width"] * picture.width, top + box["height"] * picture.height
        draw.rectangle((left, top, right, bottom), outline="#40e060", width=4)
    out = io.BytesIO()
    _captioned(picture, answer).save(out, "JPEG", quality=88)
    return out.getvalue()


def _captioned(picture: Image.Image, answer: Answer) -> Image.Image:
    size = max(14, picture.width // 40)
    height = (len(answer.predictions) + 1) * (size + 6)
    band = Image.new("RGB", (picture.width if picture.width < 480 else 14 * size, height), (24, 24, 24))
    draw = ImageDraw.Draw(band)
    for index, prediction in enumerate(answer.predictions):
        text = f"{prediction['label']}  {prediction['score']:.1%}"
        draw.text((size, size // 2 + index * (size + 6)), text, fill="white", font_size=size)
    over = 0 if picture.width < 480 else height
    whole = Image.new("RGB", (picture.width, picture.height + height - over))
    whole.paste(picture)
    whole.paste(band, (0, whole.height - height))
    return whole


def copy_of(data: bytes, pixels: int) -> bytes:
    """A WebP of at most so many pixels a side."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((pixels, pixels))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=80)
    return out.getvalue()
