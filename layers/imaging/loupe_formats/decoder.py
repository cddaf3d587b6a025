"""The child of `isolated`: one picture from stdin, its pixels into the file that the parent opened.

python -m loupe_formats.decoder OPTIONS FD
"""

import importlib
import io
import json
import mmap
import os
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from loupe_formats.isolated import BROKEN, MAX_REASON, TOO_LARGE

# Rows that are handed on at once.
STRIP = 256
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# What is left to resize when a picture has been reduced, so that it is as good as without.
LEFT = 2

# Called by name: Image.open would load every plugin there is.
PLUGINS = {
    "avif": ("AvifImagePlugin", "AvifImageFile"),
    "tiff": ("TiffImagePlugin", "TiffImageFile"),
}

Rows = Callable[[int, int], Any]


def main(options: dict[str, Any], out: int) -> int:
    """The exit status that `isolated` knows."""
    _limit(options)
    try:
        decode = _with_heif if options["format"] == "heic" else _with_pillow
        decode(sys.stdin.buffer.read(), options, out)
    except MemoryError:
        return TOO_LARGE
    except Exception as error:  # decoders raise nearly anything on hostile bytes, meaning the same
        reason = str(error) or type(error).__name__
        if "memory" in reason.lower():
            return TOO_LARGE
        print(reason.splitlines()[-1][:MAX_REASON], file=sys.stderr)
        return BROKEN
    return 0


def _limit(options: dict[str, Any]) -> None:
    """Before a byte of the picture is read. What is mapped by now is the interpreter's."""
    _load(options)
    resource.setrlimit(resource.RLIMIT_CPU, (options["cpu"], options["cpu"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = mapped + options["memory"]
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _load(options: dict[str, Any]) -> None:
    """The libraries' own memory is not the picture's."""
    from PIL import Image

    # The header has been checked, by sharper limits.
    Image.MAX_IMAGE_PIXELS = None
    if options["format"] in PLUGINS:
        _plugin(options["format"])
    else:
        import pi_heif

        pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
        pi_heif.options.DECODE_THREADS = 1


def _plugin(kind: str) -> Any:
    module, name = PLUGINS[kind]
    return getattr(importlib.import_module(f"PIL.{module}"), name)


def _with_pillow(content: bytes, options: dict[str, Any], out: int) -> None:
    from PIL import ImageOps

    with _plugin(options["format"])(io.BytesIO(content)) as image:
        image.load()
        profile = image.info.get("icc_profile") or b""
        ImageOps.exif_transpose(image, in_place=True)
        factor = _factor(image.size, options["least"])
        bands = len(_eight_bits(image.crop((0, 0, 1, 1))).getbands())
        _write(
            out,
            image.size,
            bands,
            profile,
            factor,
            lambda top, bottom: _eight_bits(image.crop((0, top, image.width, bottom))),
        )


def _eight_bits(image: Any) -> Any:
    """In mode L, RGB or RGBA."""
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 257).convert("L")
    return image.convert("L" if image.mode in ("1", "LA", "F", "I") else "RGB")


def _with_heif(content: bytes, options: dict[str, Any], out: int) -> None:
    import pi_heif
    from PIL import Image

    heif = pi_heif.open_heif(content, convert_hdr_to_8bit=True)
    picture = heif[heif.primary_index]
    if picture.mode not in MODES.values():
        raise ValueError(f"its pixels are {picture.mode}")
    data, stride, (width, height) = picture.data, picture.stride, picture.size
    profile = picture.info.get("icc_profile") or b""

    def rows(top: int, bottom: int) -> Any:
        part = bytes(memoryview(data)[top * stride : bottom * stride])
        return Image.frombytes(picture.mode, (width, bottom - top), part, "raw", picture.mode, stride, 1)

    factor = _factor((width, height), options["least"])
    _write(out, (width, height), len(picture.mode), profile, factor, rows)


def _factor(size: tuple[int, int], least: list[int] | None) -> int:
    """By how much a picture may be reduced, a whole number."""
    if not least:
        return 1
    return max(1, min(size[0] // (LEFT * least[0]), size[1] // (LEFT * least[1])))


def _write(out: int, size: tuple[int, int], bands: int, profile: bytes, factor: int, rows: Rows) -> None:
    """Reduce a picture strip by strip and write it, so that no second copy of it is made."""
    width, height = -(-size[0] // factor), -(-size[1] // factor)
    position = _announce(out, width, height, bands, profile)
    for top, bottom in _strips(size[1], factor):
        strip = rows(top, bottom)
        if factor > 1:
            strip = strip.reduce(factor)
        data = strip.tobytes()
        os.pwrite(out, data, position)
        position += len(data)


def _strips(height: int, factor: int) -> Iterator[tuple[int, int]]:
    step = factor * max(1, STRIP // factor)
    return ((top, min(top + step, height)) for top in range(0, height, step))


def _announce(out: int, width: int, height: int, bands: int, profile: bytes) -> int:
    """Write what is to come; gives where the pixels begin."""
    page = mmap.ALLOCATIONGRANULARITY
    answer = {"width": width, "height": height, "bands": bands, "profile": len(profile)}
    # The line's own length plays a part in the offset: room for it is left.
    offset = -(-(len(profile) + 1024) // page) * page
    line = json.dumps({**answer, "offset": offset, "size": width * height * bands}).encode() + b"\n"
    os.pwrite(out, line + profile, 0)
    os.ftruncate(out, offset + width * height * bands)
    return offset


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), int(sys.argv[2])))
