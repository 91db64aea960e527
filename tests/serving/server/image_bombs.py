"""Small files of images that keep a decoder busy."""

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_AC_SYMBOL = 0xE0  # a run of 2**14 + (14 bits) blocks without coefficients


def chunk(kind, data=b""):
    """Returns a chunk of a PNG file."""
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png_of(width=8, height=8, before=b"", data=None, after=b""):
    """Returns a black PNG file of gray levels with chunks before and after its pixels.

    `data` are the bytes of the pixels, compressed, in place of the right ones.
    """
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(height * (width + 1)), 9) if data is None else data
    parts = [chunk(b"IHDR", header), before, chunk(b"IDAT", data), after, chunk(b"IEND")]
    return _SIGNATURE + b"".join(parts)


def text(size, kind=b"zTXt"):
    """Returns a chunk that inflates to `size` bytes."""
    head = {b"zTXt": b"key\0\0", b"iTXt": b"key\0\1\0en\0word\0", b"iCCP": b"name\0\0"}[kind]
    return chunk(kind, head + zlib.compress(bytes(size), 9))


def jpeg_of(width, height, scans):
    """Returns a gray progressive JPEG file whose scans all go over every block, at no size."""

    def segment(marker, data):
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    def table(kind, symbol):  # of Huffman codes, with one code of one bit
        return segment(0xC4, bytes([kind, 1, *[0] * 15, symbol]))

    def scan(first, last, bits):
        data = int(bits + "1" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")
        header = segment(0xDA, bytes([1, 1, 0, first, last, 0]))
        return header + data.replace(b"\xff", b"\xff\0")

    blocks = -(-width // 8) * -(-height // 8)
    run = "0" + "1" * 14  # of 2**15 - 1 blocks, or of all that are left
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xDB, bytes([0]) + bytes([1] * 64)),
            segment(0xC2, struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)),
            table(0x00, 0),
            table(0x10, _AC_SYMBOL),
            scan(0, 0, "0" * blocks),
            scan(1, 63, run * -(-blocks // (2**15 - 1))) * (scans - 1),
            b"\xff\xd9",
        ]
    )
