"""A found face in the members of Rekognition's FaceDetail (the DEFAULT attributes).

Measured: box, confidence, brightness, sharpness, and, where both eyes were found, their places and the roll.
From an average face's proportions: nose, mouth, eyes otherwise. Not measured and given as 0: pitch and yaw,
which AWS always gives.
"""

import math
from typing import Any

import cv2
import numpy as np

from local.rekognition.detection import Box, Eyes, Face
from local.rekognition.pictures import Grey

# Of the distance between the eyes, from their middle: across and down.
_FEATURES = {"mouthLeft": (-0.42, 1.05), "mouthRight": (0.42, 1.05), "nose": (0.0, 0.58)}
# A cascade's square reaches beyond the cheeks and stops above the chin; Rekognition's boxes do neither.
_SIDE_TRIM = 0.1
_CHIN = 0.06
# The Laplacian's variance at which a face counts as quite sharp.
_SHARP = 150.0


def face_detail(face: Face, picture: Grey) -> dict[str, Any]:
    """One face, ratios relative to the upright picture, confidences in percent."""
    height, width = picture.shape
    roll = _roll(face.eyes)
    return {
        "BoundingBox": _bounding_box(face.box, width, height),
        "Landmarks": [
            {"Type": kind, "X": x / width, "Y": y / height}
            for kind, (x, y) in _landmarks(face.eyes, roll).items()
        ],
        "Pose": {"Roll": math.degrees(roll), "Yaw": 0.0, "Pitch": 0.0},
        "Quality": _quality(face.box, picture),
        "Confidence": 100 * face.confidence,
    }


def _bounding_box(box: Box, width: int, height: int) -> dict[str, float]:
    left, right = box.x + box.width * _SIDE_TRIM, box.x + box.width * (1 - _SIDE_TRIM)
    bottom = min(height, box.y + box.height * (1 + _CHIN))
    return {
        "Width": (right - left) / width,
        "Height": (bottom - box.y) / height,
        "Left": left / width,
        "Top": box.y / height,
    }


def _roll(eyes: Eyes) -> float:
    """The eyes' slope, in radians, clockwise positive; 0 where they were not found."""
    if not eyes.measured:
        return 0.0
    return math.atan2(eyes.right[1] - eyes.left[1], eyes.right[0] - eyes.left[0])


def _landmarks(eyes: Eyes, roll: float) -> dict[str, tuple[float, float]]:
    apart = math.dist(eyes.left, eyes.right)
    middle = ((eyes.left[0] + eyes.right[0]) / 2, (eyes.left[1] + eyes.right[1]) / 2)
    places = {"eyeLeft": eyes.left, "eyeRight": eyes.right}
    for kind, (across, down) in _FEATURES.items():
        x = middle[0] + apart * (across * math.cos(roll) - down * math.sin(roll))
        y = middle[1] + apart * (across * math.sin(roll) + down * math.cos(roll))
        places[kind] = (x, y)
    return places


def _quality(box: Box, picture: Grey) -> dict[str, float]:
    x, y = round(box.x), round(box.y)
    face = picture[y : y + round(box.height), x : x + round(box.width)]
    variance = float(cv2.Laplacian(face, cv2.CV_64F).var())
    return {
        "Brightness": float(np.mean(face)) / 255 * 100,
        "Sharpness": 100 * variance / (variance + _SHARP),
    }
