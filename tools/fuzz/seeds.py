"""Good files of every kind, to be damaged."""

import gzip
import io
import struct
import tempfile

import numpy as np

X = np.arange(24, dtype="float32").reshape(6, 4)
LABELS = np.array([0, 1, 2, 0, 1, 2])
IMAGES = (("png", {}), ("jpg", {}), ("webp", {}), ("tif", {}), ("gif", {}), ("bmp", {}))
IMAGES += (("tga", {}), ("qoi", {}), ("pcx", {}), ("jp2", {}), ("avif", {}), ("ppm", {}))


def seeds():
    """Returns {kind: (name of the file, its content, function that makes its checksums right)}."""
    found = {
        "npy": ("x.npy", _npy(X), bytes),
        "npy_fortran": ("x.npy", _npy(np.asfortranarray(X)), bytes),
        "npz": ("x.npz", _npz(np.savez), bytes),
        "npz_compressed": ("x.npz", _npz(np.savez_compressed), bytes),
        "npz_member": ("x.npz", _npy(X), _in_archive),
        "csv": (
            "x.csv",
            b"a,b,c\n" + b"".join(b"%d,%d.5,1e%d\n" % (i, i, i) for i in range(9)),
            bytes,
        ),
        "csv_semicolons": ("x.csv", b"sep=;\na;b\n1,5;2\n-3,25;4\n7,5;0\n", bytes),
        "csv_gz": ("x.csv.gz", b"a,b\n1,2\n3,4\n5,6\n", _gzipped),
        "tsv": ("x.tsv", 'größe\t"b\nc"\n1\t2\n3\t4\n'.encode(), bytes),
        "csv_utf16": ("x.csv", "a,b\n1,2\n3,4\n".encode("utf-16"), bytes),
        "parquet": ("x.parquet", _parquet(), bytes),
        "idx": ("x.idx", _idx(), bytes),
        "idx_gz": ("x.gz", _idx(), _gzipped),
        "gz": ("x.gz", gzip.compress(_idx(), mtime=0), bytes),
        "tfrecord": ("x.tfrecord", _tfrecord(), bytes),
        "tfrecord_example": ("x.tfrecord", _tfrecord()[12:-4], _as_record),
    }
    for suffix, options in IMAGES:
        for mode in ("L", "RGB"):
            content = _image(suffix, mode, options)
            if content is not None:
                repair = _with_right_checksums if suffix == "png" else bytes
                found[f"{suffix}_{mode.lower()}"] = (f"folder/x.{suffix}", content, repair)
    return found


def _npy(x):
    file = io.BytesIO()
    np.save(file, x)
    return file.getvalue()


def _npz(save):
    file = io.BytesIO()
    save(file, x=X, y=LABELS)
    return file.getvalue()


def _in_archive(content):
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", content)
    return file.getvalue()


def _idx():
    return struct.pack(">BBBB3I", 0, 0, 8, 3, 6, 2, 2) + bytes(range(24))


def _gzipped(content):
    return gzip.compress(content, 1, mtime=0)


def _parquet():
    import pandas as pd

    file = io.BytesIO()
    frame = pd.DataFrame(X, columns=list("abcd")).set_index("d")
    frame.to_parquet(file, row_group_size=4)
    return file.getvalue()


def _tfrecord():
    """Returns a file of one record."""
    from keras_infovae.datasets import write_tfrecords

    with tempfile.TemporaryDirectory() as folder:
        (path,) = write_tfrecords(f"{folder}/x", X[:1])
        with open(path, "rb") as file:
            return file.read()


def _as_record(example):
    """Returns the file of three such records, with right checksums."""
    import tensorflow as tf

    with tempfile.NamedTemporaryFile() as file:
        with tf.io.TFRecordWriter(file.name) as writer:
            for _ in range(3):
                writer.write(example)
        return file.read()


def _image(suffix, mode, options):
    """Returns an image of 6 x 4 pixels, turned by EXIF where the format has it, or None."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.arange(24 * len(mode), dtype="uint8").reshape(4, 6, -1).squeeze()
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    given = {"exif": exif} if suffix in ("png", "jpg", "webp", "tif", "avif") else {}
    try:
        image.save(file, Image.registered_extensions()[f".{suffix}"], **given, **options)
    except (KeyError, OSError, ValueError):  # Pillow was built without it
        return None
    return file.getvalue()


def _with_right_checksums(content):
    """Returns the bytes of a PNG file with each chunk's checksum made right."""
    import zlib

    parts, start = [content[:8]], 8
    while start + 12 <= len(content):
        length = min(int.from_bytes(content[start : start + 4], "big"), len(content) - start - 12)
        body = content[start + 4 : start + 8 + length]
        parts += [content[start : start + 4], body, zlib.crc32(body).to_bytes(4, "big")]
        start += 12 + length
    return b"".join(parts) + content[start:]
