"""Pictures to look at, from packages that ship them, and a store filled with them."""

import io
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.web.fake.classifier import LABELS
from tests.web.fake.store import Item, Store

DAY = 86_400.0


@cache
def photograph(name: str) -> bytes:
    """A JPEG of `astronaut`, `china` or `flower`."""
    # Here, since each takes seconds and every worker collects all tests.
    import skimage.data
    import sklearn.datasets

    if name == "astronaut":
        return encoded(skimage.data.astronaut(), "JPEG")  # type: ignore[no-untyped-call]
    return encoded(sklearn.datasets.load_sample_image(f"{name}.jpg"), "JPEG")


@cache
def _digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    import sklearn.datasets

    digits = sklearn.datasets.load_digits()
    return (digits.images * 255 / 16).astype(np.uint8), digits.target


def digit(index: int) -> tuple[str, bytes]:
    """A real handwritten digit's name and PNG, 64 pixels wide, dark on light."""
    images, targets = _digits()
    large = np.kron(255 - images[index % len(images)], np.ones((8, 8), dtype=np.uint8))
    return LABELS[int(targets[index % len(images)])], encoded(large.astype(np.uint8), "PNG")


def encoded(pixels: NDArray[np.uint8], form: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, quality=85)
    return out.getvalue()


def fill(store: Store, digit_count: int = 48) -> Item:
    """Groups with pictures of all endings, spread over ten days. Gives the group of digits."""
    pace, store.pace = store.pace, 0.6
    now = store.clock()
    owner = "somebody-else"
    places = store.add_group("Places and people", "Photographs from the archive.", owner, now - 12 * DAY)
    for index, name in enumerate(["china", "flower", "astronaut"]):
        _add(store, places["id"], name.title(), name, photograph(name), now - (6 - index) * DAY)
    store.add_group("Street signs", "", owner, now - 11 * DAY)
    group = store.add_group(
        "Handwritten digits", "Seen by the model that Loupe comes with.", owner, now - 10 * DAY
    )
    for index in range(digit_count):
        label, data = digit(index)
        unsure = "unsure " if index % 9 == 4 else ""
        moment = now - 10 * DAY * (1 - index / max(1, digit_count)) - 3600
        _add(store, group["id"], f"{label.title()} {index + 1}", f"{unsure}{label}{index}", data, moment)
    _add(store, group["id"], "Torn scan", "torn", photograph("china")[:2000], now - 1800)
    store.pace = pace
    return group


def _add(store: Store, group_id: str, title: str, file_name: str, data: bytes, moment: float) -> None:
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    wish = {"title": title, "fileName": file_name, "contentType": kind}
    picture = store.announce(group_id, "somebody-else", wish, moment)
    store.take_in(picture, data, moment)
