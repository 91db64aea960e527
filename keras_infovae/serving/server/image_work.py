"""What a decoder has to do for a PNG or JPEG file, beyond the pixels that its header states.

A file of some kilobytes may keep a decoder busy for minutes whatever its size in pixels is: a JPEG
file in thousands of scans, each of which is a pass over the whole image, or a PNG file whose
compressed parts hold gigabytes (texts, a color profile, or data after the last pixel, which libpng
inflates too).
"""

import struct
import zlib

MOST_SCANS = 100  # of a JPEG file; a progressive one has about 10
_SCANS = 10  # that count as one pass over the pixels
_SCAN = b"\xff\xda"  # stands before each scan; within one, 0 follows 0xFF
MOST_CHUNKS = 2**16  # of a PNG file; one of 4096 x 4096 pixels has some thousand
MOST_TEXT_BYTES = 2**22  # that the texts and the color profile of a PNG file may inflate to
_BYTES = 4  # inflated, that count as one pixel
_RATIO = 1032  # of deflate, at most (zlib's technical details)
_SMALL = 2**16  # inflated bytes that are not worth a count
_PIECE = 2**16  # bytes of memory
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by PNG's color type


class TooMuchWork(Exception):
    """A file is refused; its arguments are what is allowed and what was received."""


def image_work(content, width, height):
    """Returns the work of decoding a file, in pixels.

    Args:
        content: of a file for which `image_size` gives a size.
        width, height: that size.

    Raises:
        TooMuchWork: for a file that no ordinary program writes.

    Example:

    >>> image_work(b"\\xff\\xd8" + 30 * _SCAN, 100, 100)  # three passes over 10,000 pixels
    30000
    """
    if content.startswith(b"\xff\xd8"):
        scans = content.count(_SCAN)  # more than there are, if one stands in a thumbnail
        if scans > MOST_SCANS:
            raise TooMuchWork(f"a JPEG file of at most {MOST_SCANS} scans", f"{scans}")
        return width * height * max(1, -(-scans // _SCANS))
    return width * height + _png_work(content, height * (1 + _row_bytes(content, width)))


def _row_bytes(content, width):
    depth, color = content[24:26] if len(content) > 25 else (16, 6)
    return -(-width * depth * _CHANNELS.get(color, 4) // 8)


def _png_work(content, pixel_bytes):
    """Returns the work of what a PNG file holds beside `pixel_bytes` of pixels, in pixels."""
    pixels, texts = [], 0
    for kind, data in _chunks(content):
        if kind == b"IDAT":
            pixels.append(data)
        elif kind in _COMPRESSED:
            texts += _inflated([_COMPRESSED[kind](data)], MOST_TEXT_BYTES - texts)
            if texts > MOST_TEXT_BYTES:
                allowed = f"a PNG file with at most {MOST_TEXT_BYTES} bytes of compressed texts"
                raise TooMuchWork(allowed, "more")
    limit = 2 * pixel_bytes + _SMALL  # twice, for an interlaced file has more rows
    if _RATIO * sum(map(len, pixels)) > limit and _inflated(pixels, limit) > limit:
        allowed = f"a PNG file that holds its pixels alone, at most {limit} bytes"
        raise TooMuchWork(allowed, "more")
    return texts // _BYTES


def _chunks(content):
    """Yields (type, data) of a PNG file's chunks, up to its end."""
    at, whole = 8, memoryview(content)
    for _ in range(MOST_CHUNKS):
        if at + 8 > len(content):
            return
        length, kind = struct.unpack_from(">I4s", content, at)
        yield kind, whole[at + 8 : at + 8 + length]
        if kind == b"IEND":
            return
        at += 12 + length  # with the checksum
    raise TooMuchWork(f"a PNG file of at most {MOST_CHUNKS} chunks", "more")


def _after_zeros(data, zeros, skipped):
    """Returns what follows so many zeros and, after the first of them, `skipped` bytes more."""
    data = bytes(data)
    for _ in range(zeros):
        at = data.find(0)
        if at < 0:
            return b""
        data, skipped = data[at + 1 + skipped :], 0
    return data


def _international(data):
    """Returns the compressed part of an iTXt chunk, which may be none."""
    data = bytes(data)
    at = data.find(0)
    compressed = at >= 0 and data[at + 1 : at + 2] == b"\1"
    return _after_zeros(data, 3, 2) if compressed else b""


# A name or keyword, a zero, and the method (PNG specification, 11.3).
_COMPRESSED = {
    b"zTXt": lambda data: _after_zeros(data, 1, 1),
    b"iCCP": lambda data: _after_zeros(data, 1, 1),
    b"iTXt": _international,
}


def _inflated(parts, limit):
    """Returns how many bytes the parts of one stream inflate to; counts a little beyond `limit`."""
    stream, count = zlib.decompressobj(), 0
    for part in parts:
        for start in range(0, len(part), _PIECE):
            piece = part[start : start + _PIECE]
            while len(piece) and not stream.eof:
                try:
                    count += len(stream.decompress(piece, _PIECE))
                except zlib.error:  # where the decoder stops, too
                    return count
                if count > limit:
                    return count
                piece = stream.unconsumed_tail
    return count
