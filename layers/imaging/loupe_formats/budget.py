"""What decoding a picture may take, and whether it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loupe_formats.errors import PictureTooLargeError
from loupe_formats.formats import ImageFormat
from loupe_formats.header import Header

MEBIBYTE = 1 << 20
MAX_PIXELS = 50_000_000
# Twice as long as a JPEG can be. What decoders keep for a row or a column stays small.
MAX_SIDE = 100_000
# Where nothing says how much there is: the functions' size.
DEFAULT_MEMORY_MIB = 512
# A decoder's part of a function's memory; the rest is the interpreter's, the SDK's and the libraries'.
DECODERS_SHARE = 2 / 3
# Samples that decoding may produce, every scan and pass counted: about three seconds of a full processor.
MAX_WORK = 2_000_000_000
# Bytes of a pixel in Pillow's memory, at most.
PILLOW_PIXEL = 4
# libvips puts 128 rows of its result together at once, and for each of them reads as many rows as it shrinks
# by: twelve for the model's input of a large picture. It holds them 1.7 times over, as measured.
ROWS_HELD = 1_500
COPIES_HELD = 1.7
# What is shrunk while it is decoded, or lies in memory anyway, takes a fraction of that.
SHRUNK_ROWS_HELD = 200
SHRUNK = (ImageFormat.JPEG, ImageFormat.WEBP)


Costs = Callable[[Header], int]


@dataclass(frozen=True)
class Budget:
    """Bytes that decoding may take, the file among them, and samples that it may produce."""

    memory: int
    work: int = MAX_WORK

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], default_mib: int = DEFAULT_MEMORY_MIB) -> "Budget":
        """From the memory size that Lambda names, or `default_mib` anywhere else."""
        text = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
        mebibytes = int(text) if text.isascii() and text.isdigit() else default_mib
        return cls(int(mebibytes * MEBIBYTE * DECODERS_SHARE))


def require_size(header: Header) -> None:
    """Raises PictureTooLargeError over 50 megapixels or 100,000 pixels a side."""
    size = f"{header.width} × {header.height}"
    if header.pixels > MAX_PIXELS:
        raise PictureTooLargeError(
            f"The picture has {header.pixels / 1e6:,.1f} megapixels ({size}); "
            f"at most {MAX_PIXELS // 1_000_000} are allowed."
        )
    if max(header.width, header.height) > MAX_SIDE:
        raise PictureTooLargeError(
            f"The picture has a side of {max(header.width, header.height):,} pixels ({size}); "
            f"at most {MAX_SIDE:,} are allowed."
        )


def require_room(header: Header, budget: Budget, costs: Costs) -> None:
    """Raises PictureTooLargeError where decoding would take more memory or more work than there is."""
    memory = costs(header)
    if memory > budget.memory:
        raise PictureTooLargeError(
            f"Decoding this {header.format.spoken} of {header.width} × {header.height} pixels takes about "
            f"{memory / MEBIBYTE:,.0f} MB of memory; {budget.memory / MEBIBYTE:,.0f} are there."
        )
    if header.work > budget.work:
        raise PictureTooLargeError(
            f"Decoding this {header.format.spoken} of {header.width} × {header.height} pixels takes "
            f"{header.work / 1e6:,.0f} million steps; at most {budget.work / 1e6:,.0f} are allowed."
        )


def memory_of_rows(header: Header) -> int:
    """Bytes that decoding row by row takes, as libvips does, with the file itself."""
    few = header.format in SHRUNK or (header.format is ImageFormat.PNG and header.whole)
    rows = min(header.height, SHRUNK_ROWS_HELD if few else ROWS_HELD)
    piece = header.row if header.by_row else 2 * header.piece
    return len(header.content) + header.whole + piece + int(COPIES_HELD * rows * header.row)


def memory_of_all(header: Header) -> int:
    """Bytes that decoding as a whole takes, as Pillow does, with the file itself and one copy."""
    return len(header.content) + header.whole + header.piece + 2 * PILLOW_PIXEL * header.pixels
