"""Finding faces with OpenCV's Haar cascades, so that animals and textures are not taken for people."""

import math
import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from local.rekognition.pictures import Grey

_SMALLEST = 24
_MIN_SHARE = 0.04
_SCALE_STEP = 1.1
_ALT_NEIGHBOURS = 3
_DEFAULT_NEIGHBOURS = 5
_AGREEMENT = 0.35
# Faces in the LFW crops have 3 and more, a retriever taken for one 0.9 and 1.7.
_MIN_WEIGHT = 2.5
_SAME_FACE = 0.2
_MAX_FACES = 100


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0…1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(0.0, width) * max(0.0, height)
        return shared / (self.width * self.height + other.width * other.height - shared)


@dataclass(frozen=True)
class Eyes:
    """The eyes' centres, left and right as seen in the picture.

    `measured` if they were found, not estimated.
    """

    left: tuple[float, float]
    right: tuple[float, float]
    measured: bool


@dataclass(frozen=True)
class Face:
    """A face: the square that the cascades found, its confidence (0…1) and its eyes."""

    box: Box
    confidence: float
    eyes: Eyes


class FaceDetector:
    """Finds faces; one thread at a time, since OpenCV's cascades keep state."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self._lock = threading.Lock()
        self._alt = _cascade("frontalface_alt")
        self._default = _cascade("frontalface_default")
        self._eye = _cascade("eye")

    def find(self, picture: Grey) -> list[Face]:
        """The faces, largest first, 100 at most."""
        with self._lock:
            candidates = _detect(self._alt, picture, _ALT_NEIGHBOURS)
            if not candidates:
                return []
            mirrored = _mirror(_detect(self._alt, picture[:, ::-1].copy(), _ALT_NEIGHBOURS), picture.shape[1])
            confirming = _detect(self._default, picture, _DEFAULT_NEIGHBOURS)
            faces: list[Face] = []
            for box, _ in sorted(candidates, key=lambda candidate: -candidate[1]):
                weights = [weight for other, weight in confirming if box.overlap(other) > _AGREEMENT]
                sure = max(weights, default=0.0) >= _MIN_WEIGHT
                seen_mirrored = any(box.overlap(other) > _AGREEMENT for other, _ in mirrored)
                known = any(box.overlap(face.box) > _SAME_FACE for face in faces)
                if sure and seen_mirrored and not known:
                    faces.append(Face(box, _confidence(max(weights)), self._eyes(picture, box)))
        faces.sort(key=lambda face: -face.box.width * face.box.height)
        return faces[:_MAX_FACES]

    def _eyes(self, picture: Grey, box: Box) -> Eyes:
        """The two eyes in the face's upper half, or where they usually are."""
        upper = _cut(picture, Box(box.x, box.y + box.height * 0.2, box.width, box.height * 0.4))
        smallest = max(8, round(box.width * 0.14))
        found = self._eye.detectMultiScale(upper, 1.1, 4, minSize=(smallest, smallest)) if upper.size else ()
        centres = [(box.x + x + w / 2, box.y + box.height * 0.2 + y + h / 2) for x, y, w, h in found]
        middle = box.x + box.width / 2
        left = [centre for centre in centres if centre[0] < middle - box.width * 0.08]
        right = [centre for centre in centres if centre[0] > middle + box.width * 0.08]
        if len(left) == len(right) == 1 and abs(left[0][1] - right[0][1]) < box.height * 0.15:
            return Eyes(left[0], right[0], measured=True)
        level = box.y + box.height * 0.38
        return Eyes((box.x + box.width * 0.31, level), (box.x + box.width * 0.69, level), measured=False)


def _cascade(name: str) -> "cv2.CascadeClassifier":
    return cv2.CascadeClassifier(str(Path(cv2.__file__).with_name("data") / f"haarcascade_{name}.xml"))


def _detect(cascade: "cv2.CascadeClassifier", picture: Grey, neighbours: int) -> list[tuple[Box, float]]:
    """Boxes and the weight that the last stage gave each."""
    smallest = max(_SMALLEST, round(min(picture.shape) * _MIN_SHARE))
    boxes, _, weights = cascade.detectMultiScale3(
        picture, _SCALE_STEP, neighbours, minSize=(smallest, smallest), outputRejectLevels=True
    )
    pairs = zip(boxes, np.ravel(weights), strict=True)
    return [(Box(*(float(side) for side in box)), float(weight)) for box, weight in pairs]


def _mirror(found: list[tuple[Box, float]], width: int) -> list[tuple[Box, float]]:
    return [(Box(width - box.x - box.width, box.y, box.width, box.height), weight) for box, weight in found]


def _confidence(weight: float) -> float:
    """A cascade's weight (2.5…12) as 0…1: 2.5 → 0.989, 5 → 0.999."""
    return 1 / (1 + math.exp(-2 - weight))


def _cut(picture: Grey, box: Box) -> Grey:
    x, y = max(0, round(box.x)), max(0, round(box.y))
    return picture[y : round(box.y + box.height), x : round(box.x + box.width)]
