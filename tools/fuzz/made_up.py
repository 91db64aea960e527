"""What is drawn: changes of good files, and files that no program wrote."""

import os
import zipfile

import numpy as np
from hypothesis import strategies as st

# Lengths, counts and offsets that programs stumble over, in either order of bytes.
_NUMBERS = [0, 1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]
_ODD = [
    n.to_bytes(size, order)
    for n in _NUMBERS
    for size in (4, 8)
    for order in ("big", "little")
    if n < 256**size
]
_ODD += [b"\n", b",", b";", b'"', b"\0", b"nan", b"inf", b"1e999", b"-", b"\xff", b"\xc3\xa9"]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(("set", "insert", "delete", "repeat", "cut")),
        st.floats(0, 1),
        st.sampled_from(_ODD) | st.binary(min_size=1, max_size=12),
    ),
    max_size=6,
)
_FIELD = st.sampled_from(
    ["1", "2.5", "-3", "1,5", "1e5", "0", "", " ", "a", "b c", "None", "NA", "?", '"', "'", "inf"]
    + ["=1+1", "2020", "2021", "1_000", "1.234,5", "é", "\0", "#", "nan", "True", "0x10", '"1,5"']
) | st.text(max_size=4)
_TABLE = st.tuples(
    st.sampled_from([",", ";", "\t", "|", " ", ", "]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.sampled_from(["", "\ufeff", "sep=;\n", "# a comment\n", "\n"]),
    st.lists(st.lists(_FIELD, min_size=1, max_size=4), max_size=8),
)
_TYPES = ["u1", "f4", "f8", ">f8", "i8", "b1", "c8", "U2", "S2", "M8[s]", "V4", "f2"]
_ARRAY = st.tuples(
    st.sampled_from(_TYPES), st.lists(st.integers(0, 5), max_size=4), st.integers(0, 3)
)
_ARRAYS = st.dictionaries(
    st.sampled_from(
        ["x", "X", "y", "labels", "x_train", "x_valid", "x_test", "y_train", "y_test", "y_valid"]
        + ["images", "data", "target", "train_images", "arr_0", "a/b", ""]
    ),
    _ARRAY,
    max_size=5,
)
_VALUES = (
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)
    | st.lists(st.sampled_from([-1, 0, 1, 2, 2**25, 2**62]), max_size=100)
    | st.lists(st.floats(width=32), max_size=4)
    | st.lists(st.binary(max_size=16), max_size=2)
    | st.sampled_from([[b"float32"], [b"uint8"], [b"object"], [b"f4,f4"], [b"\xff"], [b"U4"]])
)
_EXAMPLES = st.lists(
    st.fixed_dictionaries({}, optional={"x": _VALUES, "x/shape": _VALUES, "x/dtype": _VALUES}),
    min_size=1,
    max_size=3,
)
_NAMES = st.sampled_from(["train", "test", "val", "cat", "dog", ".hidden", "_SUCCESS", "a b", "é"])
_FILES = st.lists(
    st.tuples(
        st.lists(_NAMES, max_size=3),
        st.sampled_from(
            ["1.png", "2.PNG", "x.npy", "t.csv", "p.txt", "x.npz", "r.tfrecord", ".png"]
        ),
        st.sampled_from(["image", "small", "bytes", "link", "up", "broken", "pipe", "folder"]),
    ),
    max_size=8,
)


def _write_table(folder, drawn):
    separator, end, start, rows = drawn
    path = folder / "x.csv"
    text = start + end.join(separator.join(row) for row in rows)
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    return path


def _write_arrays(folder, drawn):
    path = folder / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (dtype, shape, fill) in drawn.items():
            with archive.open(f"{name}.npy", "w") as file:
                array = (
                    np.full(shape, fill, "u1").astype(dtype)
                    if dtype != "V4"
                    else np.zeros(shape, "V4")
                )
                np.lib.format.write_array(file, array)
    return path


def _write_records(folder, drawn):
    import tensorflow as tf

    path = folder / "x.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for features in drawn:
            example = tf.train.Example()
            for name, values in features.items():
                feature = example.features.feature[name]
                kind = type(values[0]) if values else None
                field = {int: "int64_list", float: "float_list", bytes: "bytes_list"}.get(kind)
                if field:
                    getattr(feature, field).value.extend(values)
            writer.write(example.SerializeToString())
    return path


def _write_tree(folder, drawn):
    from PIL import Image

    root = folder / "tree"
    root.mkdir()
    for places, name, what in drawn:
        path = root.joinpath(*places, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path):
                continue
            if what in ("image", "small"):
                Image.new("L", (4 if what == "image" else 3, 2)).save(path, "PNG")
            elif what == "bytes":
                path.write_bytes(b"1,2\n3,4\n")
            elif what == "folder":
                path.mkdir()
            elif what == "pipe":
                os.mkfifo(path)
            else:
                path.symlink_to({"link": "1.png", "up": "..", "broken": "gone"}[what])
        except OSError:  # a file in the place of a folder
            continue
    return root


KINDS = {
    "csv_text": (_write_table, _TABLE),
    "npz_arrays": (_write_arrays, _ARRAYS),
    "tfrecord_features": (_write_records, _EXAMPLES),
    "tree": (_write_tree, _FILES),
}
