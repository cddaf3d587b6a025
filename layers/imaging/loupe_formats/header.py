"""What a file says of its picture, before a pixel is decoded."""

from dataclasses import dataclass

from loupe_formats.formats import ImageFormat


@dataclass(frozen=True)
class Header:
    """A picture by its header. `content` is what to hand to a decoder: the file, or what is left of it.

    `whole` is what any decoder keeps of the entire picture at once, `piece` the largest part that it decodes
    at once, both in bytes. `work` is what it produces in all passes, in samples.
    """

    format: ImageFormat
    content: bytes
    width: int
    height: int
    bands: int
    bits: int
    whole: int = 0
    piece: int = 0
    work: int = 0
    # Strips of any size can be decoded a row at a time.
    by_row: bool = False
    # EXIF's orientation, 1 to 8, where the container itself keeps one (HEIF).
    orientation: int = 1
    # A JPEG that ends before its end marker, which `content` has.
    unfinished: bool = False
    # 8-bit grey or RGB without alpha or palette, in one frame.
    simple: bool = False

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def row(self) -> int:
        """Bytes of a decoded row."""
        return self.width * self.bands * max(1, (self.bits + 7) // 8)
