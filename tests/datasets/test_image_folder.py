"""Folders of images."""

import contextlib
import os
import struct
import sys
import tracemalloc
import zlib

import numpy as np
import pytest

from keras_infovae.datasets import DataWarning, load, memory

Image = pytest.importorskip("PIL.Image")
ImageOps = pytest.importorskip("PIL.ImageOps")

COLORS = {"L": 51, "1": 1, "RGB": (255, 0, 51), "RGBA": (255, 0, 51, 0), "LA": (51, 0)}


def _save(path, mode="L", size=(3, 2), color=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, COLORS.get(mode, 0) if color is None else color).save(path, **options)


def _load(folder, **arguments):
    return load(folder, validation_fraction=0, test_fraction=0, **arguments)


@pytest.mark.parametrize(
    "suffix", ["png", "jpg", "bmp", "gif", "PNG", "webp", "tif", "tiff", "ppm", "tga"]
)
def test_formats(suffix, tmp_path):
    for i in range(3):
        _save(tmp_path / f"{i}.{suffix}")
    data = _load(tmp_path)
    channels = 3 if suffix == "webp" else 1  # which knows no gray
    assert data.train.shape == (3, 2, 3, channels)
    np.testing.assert_allclose(data.train, 0.2, atol=0.01)
    assert data.scaling.scale == 255.0
    assert data.train_labels is None


@pytest.mark.parametrize(
    ("modes", "channels"),
    [
        (["L", "L"], 1),
        (["1", "L"], 1),
        (["L", "RGB"], 3),
        (["RGB", "RGBA"], 4),
        (["LA", "L"], 4),
        (["1", "1"], 1),
    ],
)
def test_all_images_get_the_same_channels(modes, channels, tmp_path):
    for i, mode in enumerate(modes):
        _save(tmp_path / f"{i}.png", mode)
    assert _load(tmp_path).event_shape == (2, 3, channels)


@pytest.mark.parametrize(("color", "channels"), [((255, 0, 51), 3), ((51, 51, 51), 1)])
def test_a_palette_is_gray_or_of_colors(color, channels, tmp_path):
    image = Image.new("RGB", (3, 2), color).convert("P", palette=Image.Palette.ADAPTIVE, colors=1)
    image.save(tmp_path / "0.png")
    data = _load(tmp_path)
    assert data.event_shape == (2, 3, channels)
    np.testing.assert_allclose(data.train[0, 0, 0] * 255, color[:channels], rtol=1e-6)


def test_a_transparent_palette_keeps_its_transparency(tmp_path):
    _save(tmp_path / "0.png", "P", color=0, transparency=0)
    data = _load(tmp_path)
    assert data.event_shape == (2, 3, 4)
    np.testing.assert_array_equal(data.train[..., 3], 0.0)


def test_pixels_and_order(tmp_path):
    for i in range(8):
        _save(tmp_path / f"{i}.png", color=i * 10)
    first, second = _load(tmp_path), _load(tmp_path)
    np.testing.assert_array_equal(first.train, second.train)
    values = np.sort(first.train[:, 0, 0, 0]) * 255
    np.testing.assert_allclose(values, np.arange(0, 80, 10), rtol=1e-6)


def test_folders_are_labels_and_other_files_are_counted(tmp_path):
    for i in range(4):
        _save(tmp_path / "cat" / f"{i}.png", color=0)
        _save(tmp_path / "dog" / "deep" / f"{i}.png", color=255)
    (tmp_path / "readme.txt").write_text("no image")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "x.png").write_text("hidden")
    (tmp_path / "cat" / "._0.png").write_text("hidden")
    with pytest.warns(DataWarning, match=r"passed over 1 of 9 files.*1 \.txt \(readme\.txt\)"):
        data = _load(tmp_path)
    expected = np.where(data.train[:, 0, 0, 0] == 0.0, "cat", "dog")
    np.testing.assert_array_equal(data.train_labels, expected)
    assert len(data.train) == 8


def test_limit_decodes_no_more_than_it_needs(tmp_path):
    for i in range(9):
        _save(tmp_path / "ab"[i % 2] / f"{i}.png", color=i % 2)
    data = _load(tmp_path, limit=4)
    assert len(data.train) == 4
    expected = np.where(data.train[:, 0, 0, 0] == 0.0, "a", "b")
    np.testing.assert_array_equal(data.train_labels, expected)


def test_no_images(tmp_path):
    (tmp_path / "notes.doc").write_text("")
    with pytest.raises(ValueError, match=r"must hold images, files that end in \.png"):
        load(tmp_path)


def test_images_inside_and_outside_of_folders(tmp_path):
    _save(tmp_path / "0.png")
    _save(tmp_path / "cat" / "1.png")
    with pytest.raises(ValueError, match="1 images outside of the folders and 1 inside"):
        load(tmp_path)


def test_different_sizes(tmp_path):
    _save(tmp_path / "a.png", size=(3, 2))
    _save(tmp_path / "b.png", size=(3, 2))
    _save(tmp_path / "c.png", size=(2, 3))
    with pytest.raises(ValueError, match=r"a\.png' is 3 x 2, '.*c\.png' is 2 x 3"):
        load(tmp_path)


def test_sixteen_bits_are_refused_rather_than_clipped(tmp_path):
    _save(tmp_path / "a.png", "I;16", color=300)
    with pytest.raises(ValueError, match=r"8 bits per channel.*a\.png.*I;16"):
        load(tmp_path)


def test_sixteen_bits_of_color_are_refused_too(tmp_path):
    # Pillow reads them, and keeps 8 bits of each without a word.
    pixels = np.arange(300, 312, dtype=">u2").tobytes()
    (tmp_path / "a.ppm").write_bytes(b"P6 2 2 65535\n" + pixels)
    with pytest.raises(ValueError, match="8 bits per channel.*RGB, 16 bits"):
        load(tmp_path)
    (tmp_path / "a.ppm").unlink()
    rows = b"".join(b"\0" + pixels[i : i + 12] for i in (0, 12))
    chunks = (
        b"IHDR" + struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0),
        b"IDAT" + zlib.compress(rows),
    )
    chunks = (*chunks, b"IEND")
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    with pytest.raises(ValueError, match="8 bits per channel.*RGB, 16 bits"):
        load(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif"])
def test_truncated_images_are_errors_that_name_the_file(suffix, tmp_path):
    path = tmp_path / f"cut.{suffix}"
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16), "uint8")
    Image.fromarray(pixels).save(path)
    content = path.read_bytes()
    for share in (0.0, 0.1, 0.5, 0.9):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(ValueError, match=rf"be an image that is whole.*cut\.{suffix}"):
            _load(tmp_path)


@pytest.mark.parametrize("pixels", [10, 3])  # Pillow warns above the limit, fails above twice that
def test_decompression_bombs(pixels, tmp_path, monkeypatch):
    _save(tmp_path / "big.png", size=(4, 4))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels)
    with pytest.raises(ValueError, match=r"big\.png.*decompression bomb"):
        load(tmp_path)


def test_missing_library(tmp_path, monkeypatch):
    _save(tmp_path / "a.png")
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match="Reading images needs pillow"):
        load(tmp_path)


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "notes.doc").write_text("")
    with pytest.raises(ValueError, match=r"name ends in one of \.npy.*\.parquet.*notes\.doc"):
        load(tmp_path / "notes.doc")


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_images_are_turned_as_exif_says(suffix, orientation, tmp_path):
    """As Pillow itself turns them."""
    pixels = np.zeros((16, 24), "uint8")
    pixels[:8, :8], pixels[8:, :8] = 255, 128
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / f"x.{suffix}", exif=exif)
    data = _load(tmp_path)
    with open(tmp_path / f"x.{suffix}", "rb") as file, Image.open(file) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert data.event_shape == (*expected.shape, 1)
    np.testing.assert_array_equal(data.train[0, ..., 0] * 255, expected)


def test_damaged_exif_is_nothing_to_go_by(tmp_path):
    Image.new("L", (4, 3)).save(tmp_path / "x.jpg", exif=b"Exif\0\0nonsense")
    assert _load(tmp_path).event_shape == (3, 4, 1)


def _splits(folder, names, count=4, labels=("a", "b")):
    for i, name in enumerate(names):
        for j in range(count):
            place = folder / name / labels[j % 2] if labels else folder / name
            _save(place / f"{j}.png", color=10 * i + j)


@pytest.mark.parametrize("beside", ["", "dataset"])
def test_folders_of_splits_are_splits(beside, tmp_path):
    _splits(tmp_path / beside, ["train", "val", "test"])
    data = load(tmp_path)
    for i, name in enumerate(("train", "validation", "test")):
        values = np.rint(getattr(data, name)[:, 0, 0, 0] * 255).astype(int)
        assert sorted(values) == [10 * i + j for j in range(4)]
        expected = np.where(values % 2 == 0, "a", "b")
        np.testing.assert_array_equal(getattr(data, f"{name}_labels"), expected)
    assert "its folders are splits: train 4, validation 4, test 4" in data.summary()
    assert [len(getattr(load(tmp_path, limit=6), s)) for s in ("train", "test")] == [2, 2]


def test_what_is_no_split_yet_is_drawn(tmp_path):
    _splits(tmp_path, ["train", "test"], labels=None)
    data = load(tmp_path, validation_fraction=0.25)
    assert [len(getattr(data, s)) for s in ("train", "validation", "test")] == [3, 1, 4]
    assert data.train_labels is None


def test_a_class_may_be_called_train(tmp_path):
    _splits(tmp_path, ["train", "plane", "car"], labels=None)
    assert load(tmp_path).num_classes == 3


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (["train", "test", "extra"], "'test', 'train' look like splits, and 'extra' are beside"),
        (["train", "training", "test"], "one folder of each split"),
    ],
)
def test_folders_that_may_be_either_are_named(folders, message, tmp_path):
    _splits(tmp_path, folders)
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


def test_a_folder_of_a_folder_of_classes_stands_for_that(tmp_path):
    for name in ("cat", "dog"):
        _save(tmp_path / "data" / "images" / name / "0.png")
        _save(tmp_path / "data" / "images" / name / "1.png")
    data = _load(tmp_path)
    assert set(data.train_labels) == {"cat", "dog"}
    assert "all is in its folder 'images'" in data.summary()


def test_links_to_folders_are_followed_and_named_where_they_lead_back(tmp_path):
    _save(tmp_path / "elsewhere" / "0.png", color=255)
    _save(tmp_path / "data" / "dog" / "0.png")
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "elsewhere")
    assert set(_load(tmp_path / "data").train_labels) == {"cat", "dog"}
    (tmp_path / "data" / "dog" / "again").symlink_to(tmp_path / "data")
    with pytest.raises(ValueError, match="hold each folder once.*again.*is read already"):
        _load(tmp_path / "data")


@pytest.mark.parametrize("kind", ["fifo", "broken"])
def test_what_is_no_file_is_named(kind, tmp_path):
    _save(tmp_path / "a.png")
    if kind == "fifo":
        os.mkfifo(tmp_path / "x.png")
    else:
        (tmp_path / "x.png").symlink_to(tmp_path / "gone.png")
    expected = {"fifo": "a regular file.*x.png.*named pipe", "broken": "a file, or a link to one"}
    with pytest.raises(ValueError, match=expected[kind]):
        _load(tmp_path)


def test_images_that_do_not_fit_in_memory_are_refused_by_their_headers(tmp_path, monkeypatch):
    for i in range(3):
        _save(tmp_path / f"{i}.png", size=(400, 300))
    monkeypatch.setattr(memory, "available_memory", lambda: 1_000_000)
    with pytest.raises(ValueError, match=r"fit in memory.*shape \(3, 300, 400, 1\) takes 2.16 MB"):
        load(tmp_path)
    assert len(load(tmp_path, limit=1, validation_fraction=0, test_fraction=0).train) == 1


def test_postscript_is_no_image_under_any_name(tmp_path):
    (tmp_path / "x.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\nshowpage\n")
    with pytest.raises(ValueError, match="be an image that is whole.*x.png"):
        load(tmp_path)


def test_no_more_is_read_than_there_is(tmp_path):
    """Of pixels whose length is 4 GB, by the PNG file. Found by tools/fuzz_readers.py."""
    _save(tmp_path / "x.png", size=(40, 30))
    content = (tmp_path / "x.png").read_bytes()
    at = content.index(b"IDAT")
    (tmp_path / "x.png").write_bytes(content[: at - 4] + b"\xf0\0\0\0" + content[at:])
    tracemalloc.start()
    with contextlib.suppress(ValueError):
        _load(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()
