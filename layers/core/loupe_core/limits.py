"""What is taken in, in numbers."""

MAX_IMAGE_BYTES = 25_500_000
"""All that a file manager shows as 25 MB: an uncompressed picture of 25,000,000 samples has a header too."""
