"""Twenty ways in which a picture is none: each is refused by name, for good."""

from __future__ import annotations

from pathlib import Path

from tests.unit.formats.files import ftyp, heif_file, jpeg_file, plain_png, png_chunk, png_file
from tests.unit.layers.pictures import encoded, photo

PICTURES = Path(__file__).parents[3] / "events" / "images"


def broken_pictures() -> dict[str, bytes]:
    """Contents by file name."""
    png, jpeg = (PICTURES / "digit-0.png").read_bytes(), (PICTURES / "cat.jpg").read_bytes()
    sound = plain_png()
    return {
        "empty.png": b"",
        "text.jpg": b"no picture",
        "page.html": b"<!doctype html><html><body>404</body></html>",
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0"/></svg>',
        "document.pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n",
        "archive.zip": b"PK\x03\x04" + bytes(60),
        "film.mp4": ftyp(b"isom", b"mp41") + bytes(400),
        "zeros.jpg": bytes(5000),
        "header.jpg": b"\xff\xd8\xff" + b"x" * 90,
        "cut.jpg": jpeg[:4000],
        "huge.jpg": jpeg_file(65_500, 65_500),
        "cut.png": png[:200],
        "no-width.png": png_file(0, 8),
        "huge.png": png_file(60_000, 60_000),
        "checksum.png": sound.replace(sound[29:33], b"\0\0\0\0", 1),
        "data.png": sound[:33] + png_chunk(b"IDAT", b"not deflated") + png_chunk(b"IEND", b""),
        **{f"cut.{kind.lower()}": _cut(kind) for kind in ("GIF", "WEBP", "TIFF")},
        "no-data.heic": heif_file((640, 480)),
    }


def _cut(kind: str) -> bytes:
    whole = encoded(photo(97, 61), kind)
    return whole[: len(whole) // 2]
