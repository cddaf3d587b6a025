"""Which format a file is, by its first bytes. Its name and its declared type say nothing."""

from enum import StrEnum

from loupe_formats.errors import NotAPictureError

ACCEPTED = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif")

# Formats that people do upload and that are not read: named, so that the message helps.
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
    b"\xff\x4f\xff\x51": "a JPEG 2000",
    b"\x76\x2f\x31\x01": "an OpenEXR",
    b"#?RADIANCE": "a Radiance HDR",
    b"\x1aE\xdf\xa3": "a Matroska or WebM video",
}
# Brands of ISO base media files. The major brand says what wrote the file, the compatible ones what reads it.
AVIF_BRANDS = {b"avif", b"avis", b"avio", b"MA1A", b"MA1B"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
HEIF_BRANDS = {b"mif1", b"mif2", b"mif3", b"msf1", b"miaf", b"MiHB", b"MiHE", b"MiHA"}
OTHER_BRANDS = {
    b"jpeg": "a HEIF with JPEG in it",
    b"jpgs": "a HEIF with JPEG in it",
    b"avci": "a HEIF with H.264 in it",
    b"avcs": "a HEIF with H.264 in it",
    b"vvic": "a HEIF with H.266 in it",
    b"evbi": "a HEIF with EVC in it",
    b"j2ki": "a HEIF with JPEG 2000 in it",
    b"jp2 ": "a JPEG 2000",
    b"jxl ": "a JPEG XL",
    b"crx ": "a Canon raw file (CR3)",
    b"qt  ": "a QuickTime video",
    b"isom": "an MP4 video",
    b"iso2": "an MP4 video",
    b"iso5": "an MP4 video",
    b"mp41": "an MP4 video",
    b"mp42": "an MP4 video",
    b"M4V ": "an MP4 video",
    b"3gp4": "a 3GP video",
    b"3gp5": "a 3GP video",
}
BITMAP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)


class ImageFormat(StrEnum):
    """A format that is read."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    BMP = "bmp"
    TIFF = "tiff"
    HEIC = "heic"
    AVIF = "avif"

    @property
    def spoken(self) -> str:
        return "WebP" if self is ImageFormat.WEBP else self.value.upper()


def image_format(content: bytes) -> ImageFormat:
    """The format of a file's bytes. Raises NotAPictureError, which says what the file is if it can."""
    if not content:
        raise NotAPictureError("The file is empty.")
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
    if content[4:8] == b"ftyp" and (kind := _iso_media(content)):
        return kind
    raise NotAPictureError(f"The file is {_other(content)}; a picture must be a {ACCEPTED}.")


def brands(content: bytes) -> list[bytes]:
    """The brands of an ISO base media file: the major one, then those that it is compatible with."""
    size = min(int.from_bytes(content[:4], "big"), 4096, len(content))
    return [content[8:12]] + [content[at : at + 4] for at in range(16, size - 3, 4)]


def _iso_media(content: bytes) -> ImageFormat | None:
    """HEIC or AVIF. A brand that says only "HEIF" leaves it to the compatible ones."""
    named = brands(content)
    if named[0] in AVIF_BRANDS:
        return ImageFormat.AVIF
    if named[0] in HEIC_BRANDS:
        return ImageFormat.HEIC
    if named[0] not in HEIF_BRANDS:
        return None
    if AVIF_BRANDS & set(named):
        return ImageFormat.AVIF
    return None if set(OTHER_BRANDS) & set(named) - HEIC_BRANDS else ImageFormat.HEIC


def _other(content: bytes) -> str:
    if content[4:8] == b"ftyp":
        known = [OTHER_BRANDS[brand] for brand in brands(content) if brand in OTHER_BRANDS]
        return known[0] if known else "a video or another ISO media file"
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, name in OTHERS.items():
        if start.startswith(magic) or content.startswith(magic):
            return name
    return "not a picture"
