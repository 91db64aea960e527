"""The size of an image by its file's header, before anything is decoded."""

import re
import struct

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
# The next marker that a segment with a length belongs to, found as libjpeg finds it: it passes over
# fill bytes, stuffed zeros and whatever else stands between segments.
_MARKER = re.compile(rb"\xff([^\xff\x00\x01\xd0-\xd7])")
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # that state the size (ISO 10918-1, B.1.1.3)
_MOST_SEGMENTS = 4096  # before the frame; a photograph has some dozen


def image_size(content):
    """Returns (width, height) of a PNG or JPEG file, or None for any other and for a broken one.

    Example:

    >>> image_size(_PNG + b"\\0\\0\\0\\rIHDR" + struct.pack(">II", 640, 480))
    (640, 480)
    """
    if content.startswith(_PNG):
        header = content[12:24]
        size = struct.unpack(">II", header[4:]) if len(header) == 12 else (0, 0)
        return size if header.startswith(b"IHDR") and all(size) else None
    return _jpeg_size(content) if content.startswith(_JPEG) else None


def _jpeg_size(content):
    at = len(_JPEG)
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(content, at)
        segment = content[found.end() : found.end() + 7] if found else b""
        if len(segment) < 7 or found[1] in (b"\xd9", b"\xda"):  # the end, or pixels before any size
            break
        length, _, height, width = struct.unpack(">HBHH", segment)
        if found[1][0] in _FRAMES:
            return (width, height) if width and height else None
        at = found.end() + length
    return None
