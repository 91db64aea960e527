"""idx files: every type, every truncation, and the four files of MNIST."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from keras_infovae.datasets import load
from keras_infovae.datasets.idx import read_idx

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def idx_bytes(array, code=0x08):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(TYPES[code]).tobytes()


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("compress", [gzip.compress, bytes])
def test_types_round_trip(code, compress, tmp_path):
    array = np.arange(24).reshape(2, 3, 4)
    (tmp_path / "x.idx").write_bytes(compress(idx_bytes(array, code)))
    result = read_idx(tmp_path / "x.idx")
    np.testing.assert_array_equal(result, array)
    assert result.dtype == np.dtype(TYPES[code]).newbyteorder("=")


@pytest.mark.parametrize("name", ["x.idx", "x-idx3-ubyte", "x-idx3-ubyte.gz"])
def test_load_keeps_the_shape(name, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (10, 4, 3), "uint8")
    content = idx_bytes(images)
    (tmp_path / name).write_bytes(
        gzip.compress(content, mtime=0) if name.endswith(".gz") else content
    )
    data = load(tmp_path / name)
    assert data.event_shape == (4, 3)
    assert data.scaling.scale == 255.0


def test_every_truncation_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "cut.gz"
    plain = idx_bytes(np.ones((4, 2, 2)))
    for content in (plain, gzip.compress(plain, mtime=0)):
        for length in range(len(content)):
            path.write_bytes(content[:length])
            with pytest.raises(ValueError, match=r"Argument `source` must .*cut\.gz"):
                load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "magic number.*the file is empty"),
        (b"GIF89a", "magic number.*it starts with b'GIF8'"),
        (b"\0\0\x07\x01\0\0\0\0", "magic number"),
        (b"\0\0\x08\x03\0\0\0\x01", "of rank 3.*its header is truncated"),
        (idx_bytes(np.ones((4, 2)))[:-3], "with 8 bytes of values.*it has 5: it is truncated"),
        (idx_bytes(np.ones((4, 2))) + b"\0", "it has 9: it is too long"),
        (b"\0\0\x08\x02" + b"\xff" * 8, "it is truncated"),
        (gzip.compress(b"x" * 50, mtime=0)[:-12] + b"damaged damaged", "whole and readable"),
    ],
)
def test_damaged_files(content, message, tmp_path):
    (tmp_path / "bad.idx").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "bad.idx")


def test_a_folder_with_the_four_files_of_mnist(tmp_path):
    rng = np.random.default_rng(0)
    for name, shape in {
        "train-images-idx3-ubyte": (20, 4, 4),
        "train-labels-idx1-ubyte": (20,),
        "t10k-images-idx3-ubyte": (5, 4, 4),
        "t10k-labels-idx1-ubyte": (5,),
    }.items():
        (tmp_path / name).write_bytes(idx_bytes(rng.integers(0, 200, shape)))
    data = load(tmp_path)
    assert data.event_shape == (4, 4, 1)
    assert (len(data.train), len(data.validation), len(data.test)) == (18, 2, 5)
    np.testing.assert_array_equal(
        data.test_labels, read_idx(tmp_path / "t10k-labels-idx1-ubyte").astype(int)
    )
    (tmp_path / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(ValueError, match="all four idx files of MNIST.*no t10k-images"):
        load(tmp_path)


@pytest.mark.parametrize("claimed", [20, 10**9])
def test_no_more_is_inflated_than_the_header_says(claimed, tmp_path, monkeypatch):
    """Of 10 MB of zeros in 10 kB."""
    content = gzip.compress(struct.pack(">BBBBI", 0, 0, 8, 1, claimed) + bytes(10**7), mtime=0)
    (tmp_path / "x.gz").write_bytes(content)
    expected = "it has more: it is too long" if claimed == 20 else "it is truncated"
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"x\.gz.*{expected}"):
        load(tmp_path / "x.gz")
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def test_a_rank_that_no_array_has(tmp_path):
    (tmp_path / "x.idx").write_bytes(b"\0\0\x08\x64" + struct.pack(">100I", *[1] * 100) + b"\1")
    with pytest.raises(ValueError, match=r"rank 1 to 32.*x\.idx.*rank 100"):
        load(tmp_path / "x.idx")
