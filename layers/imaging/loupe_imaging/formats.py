"""Which format a file is, by its first bytes. Its name and its declared type say nothing."""

from enum import StrEnum

from loupe_core.errors import UnsupportedImageError

# Formats that people do upload and we do not read: named, so that the message helps.
OTHERS = {
    b"%PDF": "a PDF",
    b"<svg": "an SVG",
    b"<?xml": "an XML file or SVG",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"8BPS": "a Photoshop file",
    b"PK\x03\x04": "a ZIP archive",
    b"\x00\x00\x01\x00": "an icon (ICO)",
    b"\xff\x0a": "a JPEG XL",
    b"\x00\x00\x00\x0cJXL ": "a JPEG XL",
    b"\x00\x00\x00\x0cjP  ": "a JPEG 2000",
    b"\x76\x2f\x31\x01": "an OpenEXR",
    b"#?RADIANCE": "a Radiance HDR",
}
ISO_MEDIA = {b"heic": "a HEIC", b"heix": "a HEIC", b"mif1": "a HEIF", b"msf1": "a HEIF", b"avif": "an AVIF"}

BITMAP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)


class ImageFormat(StrEnum):
    """A format that is read."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    BMP = "bmp"
    TIFF = "tiff"

    @property
    def spoken(self) -> str:
        return "WebP" if self is ImageFormat.WEBP else self.value.upper()


def image_format(content: bytes) -> ImageFormat:
    """The format of a file's bytes. Raises UnsupportedImageError, which says what the file is if it can."""
    if not content:
        raise UnsupportedImageError("The file is empty.")
    if content.startswith(b"\xff\xd8\xff"):
        return ImageFormat.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageFormat.PNG
    if content.startswith((b"GIF87a", b"GIF89a")):
        return ImageFormat.GIF
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ImageFormat.WEBP
    # 42 is the classic TIFF, 43 BigTIFF.
    if content[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return ImageFormat.TIFF
    # "BM" alone could begin a text: a bitmap's header size, at offset 14, is one of a few small numbers.
    if content.startswith(b"BM") and int.from_bytes(content[14:18], "little") in BITMAP_HEADER_SIZES:
        return ImageFormat.BMP
    raise UnsupportedImageError(
        f"The file is {_other(content)}; a picture must be a JPEG, PNG, WebP, GIF, BMP or TIFF."
    )


def _other(content: bytes) -> str:
    if content[4:8] == b"ftyp" and content[8:12] in ISO_MEDIA:
        return ISO_MEDIA[content[8:12]]
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, name in OTHERS.items():
        if start.startswith(magic) or content.startswith(magic):
            return name
    return "not a picture"
