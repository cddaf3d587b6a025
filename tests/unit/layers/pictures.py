"""Pictures of every kind, made on the spot."""

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

Pixels = NDArray[np.uint8]

# Found again in what must not say it.
CAMERA = "Camera of Ann Onymous"


def pattern(width: int, height: int, seed: int = 0) -> Pixels:
    """Smooth colours with a little noise: it looks like a photo to an encoder. Height × width × 3."""
    rng = np.random.default_rng(seed)
    x, y = np.linspace(0, 1, width), np.linspace(0, 1, height)[:, None]
    planes = [x * 200 + y * 40, (1 - x) * 150 + y * 90, 60 + 120 * x * y]
    noise = rng.integers(-4, 5, (height, width, 3))
    smooth = np.stack([np.broadcast_to(plane, (height, width)) for plane in planes], axis=-1)
    return (smooth + noise).clip(0, 255).astype(np.uint8)


def noise(width: int, height: int, seed: int = 0) -> Pixels:
    """What no encoder can make small."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def photo(width: int = 320, height: int = 240) -> Image.Image:
    return Image.fromarray(pattern(width, height))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """An image in one of Pillow's formats."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def lab_tiff() -> bytes:
    """A TIFF in 8-bit Lab, which libvips does not read and Pillow does."""
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    image = ImageCms.applyTransform(photo(), to_lab)
    assert image is not None
    return encoded(image, "TIFF")


def jpeg(width: int = 320, height: int = 240, **options: Any) -> bytes:
    return encoded(photo(width, height), "JPEG", **options)


def png(width: int = 320, height: int = 240, **options: Any) -> bytes:
    return encoded(photo(width, height), "PNG", **options)


def opened(content: bytes) -> Image.Image:
    """A result, decoded by a decoder that did not make it."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def mean_colour(content: bytes) -> list[float]:
    return [float(value) for value in np.asarray(opened(content).convert("RGB")).mean(axis=(0, 1))]


def display_profile(red: str, blue: str) -> bytes:
    """A minimal RGB profile (ICC.1:2010) whose primaries are those of sRGB under the names that are given."""
    primaries = {"red": (0.4361, 0.2225, 0.0139), "blue": (0.1431, 0.0606, 0.7141)}

    def xyz(values: tuple[float, float, float]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    text = b"swapped primaries\0"
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 0x0233) + b"\0\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(79),
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        b"rXYZ": xyz(primaries[red]),
        b"gXYZ": xyz((0.3851, 0.7169, 0.0971)),
        b"bXYZ": xyz(primaries[blue]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content.ljust(-(-len(content) // 4) * 4, b"\0")
    size = start + len(data)
    header = struct.pack(">I4sI4s4s4s", size, b"test", 0x02100000, b"mntr", b"RGB ", b"XYZ ").ljust(36, b"\0")
    header += b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + data


def phone_jpeg(width: int = 640, height: int = 480) -> bytes:
    """What a phone takes, held upright: turned by EXIF, which names the camera and says where it was."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Model] = CAMERA
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: (48.0, 51.0, 29.6),
            ExifTags.GPS.GPSLongitudeRef: "E",
            ExifTags.GPS.GPSLongitude: (2.0, 17.0, 40.2),
        }
    )
    return jpeg(width, height, exif=exif, comment=CAMERA.encode())
