"""Why a file is not decoded. Each user of this package turns these into errors of its own.

FormatError
├── NotAPictureError      empty, or none of the formats that are read
├── BrokenPictureError    one of them, but truncated or malformed
└── PictureTooLargeError  sound as far as it was read, but decoding it takes more than there is
"""


class FormatError(Exception):
    """The file must not be decoded. The message is a sentence for a person."""


class NotAPictureError(FormatError):
    """Empty, or in none of the formats that are read; the message says what it is, if that is known."""


class BrokenPictureError(FormatError):
    """Truncated or malformed."""


class PictureTooLargeError(FormatError):
    """Too many pixels, bytes, scans or operations for the memory and the time that there are."""
