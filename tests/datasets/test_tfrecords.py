"""TFRecord files: written and read again, those of others, and damaged ones."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

X = np.random.default_rng(0).normal(size=(23, 2, 3))
ALL = {"shuffle": False, "validation_fraction": 0, "test_fraction": 0}
FEATURE = ki.datasets.TFRecordFeature


def read(path, batch_size=23, **settings):
    stream = ki.datasets.stream(path, batch_size, **ALL, **settings)
    return np.concatenate(list(stream.train.as_numpy_iterator()))


def write(path, examples, compression=None):
    """Writes examples, dictionaries {name: bytes, floats or integers}, as one file."""
    kinds = {bytes: "bytes_list", float: "float_list", int: "int64_list"}
    lists = {"bytes_list": "BytesList", "float_list": "FloatList", "int64_list": "Int64List"}
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for example in examples:
            features = {}
            for name, values in example.items():
                values = values if isinstance(values, list) else [values]
                kind = kinds[type(values[0])]
                values = getattr(tf.train, lists[kind])(value=values)
                features[name] = tf.train.Feature(**{kind: values})
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    return path


@pytest.mark.parametrize("dtype", ["float32", "float64", ">f4", "float16", "int16", "bool"])
def test_what_was_written_is_read(dtype, tmp_path):
    x = (10 * X).astype(dtype)
    files = ki.datasets.write_tfrecords(tmp_path / "x", x, examples_per_file=10)
    assert [tf.io.gfile.exists(file) for file in files] == [True] * 3
    np.testing.assert_array_equal(read(tmp_path / "x"), x.astype("float32"))
    np.testing.assert_array_equal(read(files), x.astype("float32"))


def test_images_of_8_bits_are_divided_by_255(tmp_path):
    x = np.arange(40, dtype=np.uint8).reshape(10, 2, 2, 1)
    ki.datasets.write_tfrecords(tmp_path / "x", x)
    np.testing.assert_array_equal(read(tmp_path / "x", 10), x.astype("float32") / 255)


def test_an_iterable_of_arrays_is_written_as_one(tmp_path):
    ki.datasets.write_tfrecords(tmp_path / "x", (X[i : i + 5] for i in range(0, 23, 5)))
    np.testing.assert_array_equal(read(tmp_path / "x"), X.astype("float32"))


def test_tensorflow_reads_what_was_written(tmp_path):
    (file,) = ki.datasets.write_tfrecords(tmp_path / "x", X)
    features = {
        "x": tf.io.FixedLenFeature([], tf.string),
        "x/shape": tf.io.FixedLenFeature([2], tf.int64),
    }
    for record, expected in zip(tf.data.TFRecordDataset(file), X, strict=True):
        example = tf.io.parse_single_example(record, features)
        values = tf.reshape(tf.io.decode_raw(example["x"], tf.float64), example["x/shape"])
        np.testing.assert_array_equal(values, expected)


def test_files_of_others(tmp_path):
    x = X.astype("float32")
    raw = write(tmp_path / "raw.tfrecord", [{"image": row.tobytes(), "label": 3} for row in x])
    np.testing.assert_array_equal(read(raw, feature=FEATURE("image", (2, 3), "float32")), x)
    floats = write(tmp_path / "f.tfrecords", [{"v": row.ravel().tolist()} for row in x])
    np.testing.assert_array_equal(read(floats, feature=FEATURE("v", (2, 3))), x)
    integers = write(tmp_path / "i.tfrecord", [{"v": [i, 2**40]} for i in range(23)])
    np.testing.assert_array_equal(read(integers, feature=FEATURE("v", (2,)))[:, 0], range(23))


@pytest.mark.parametrize(
    ("examples", "feature", "message"),
    [
        ([{"y": 1.0}] * 3, None, "have the feature 'x/shape' in every example.*record 0 has 'y'"),
        ([{"v": [1.0]}, {"w": [1.0]}], FEATURE("v", (1,)), "the feature 'v'.*record 1 has 'w'"),
        ([{"v": [1.0]}, {"v": [1.0, 2.0]}], FEATURE("v", (1,)), "record 1 has 2 values"),
        ([{"v": [1.0]}, {"v": [1]}], FEATURE("v", (1,)), "dtype float32.*record 1.*dtype int64"),
        ([{"v": b"abc"}] * 2, FEATURE("v", (2,), "uint8"), "record [01] has 3 values"),
        ([{"v": b"abc"}] * 2, FEATURE("v", (2,)), "the feature 'v/dtype'"),
        ([{"v": [1.0, float("nan")]}] * 3, FEATURE("v", (2,)), "be finite.*in row 0"),
        ([], None, "it has no records"),
    ],
)
def test_examples_that_are_not_as_expected(examples, feature, message, tmp_path):
    path = write(tmp_path / "bad.tfrecord", examples)
    with pytest.raises(Exception, match=f"`source` must .*{message}"):
        read(path, feature=feature)


def test_unequal_shapes_of_as_many_values(tmp_path):
    ki.datasets.write_tfrecords(tmp_path / "a", X)
    ki.datasets.write_tfrecords(tmp_path / "b", X.swapaxes(1, 2))
    with pytest.raises(ValueError, match=r"one event shape in all files.*\(2, 3\).*\(3, 2\)"):
        read([tmp_path / "a", tmp_path / "b"])
    joined = tmp_path / "joined.tfrecord"
    joined.write_bytes(b"".join((tmp_path / s / "00000.tfrecord").read_bytes() for s in "ab"))
    with pytest.raises(Exception, match=r"shape \(2, 3\).*record 23 has .*shape \(3, 2\)"):
        read(joined)


def test_damaged_files(tmp_path):
    (file,) = ki.datasets.write_tfrecords(tmp_path / "x", X)
    path = tmp_path / "x" / "00000.tfrecord"
    content = path.read_bytes()
    for length in (1, 11, 12, 100, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"be a TFRecord file that is whole.*00000\.tfrecord"):
            read(file)
    path.write_bytes(content[:8] + b"abcd" + content[12:])
    with pytest.raises(ValueError, match="checksum of the length of record 0"):
        read(file)
    path.write_bytes(content[:12] + b"\xff" * 40 + content[52:])
    with pytest.raises(ValueError, match="hold a tf.train.Example.*record 0"):
        read(file)
    write(path, [{"v": 1.0}], "GZIP")
    with pytest.raises(ValueError, match="it is compressed"):
        read(file)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.zeros(3), ValueError, "`x` must be arrays of examples"),
        (np.zeros((3, 0)), ValueError, "`x` must be arrays of examples"),
        (np.zeros((0, 3)), ValueError, "`x` must be at least one example"),
        ([np.zeros((3, 2)), np.zeros((3, 1))], ValueError, "`x` must hold one shape and dtype"),
        ([np.zeros((3, 2)), np.zeros((3, 2), "f4")], ValueError, "`x` must hold one shape"),
        ([np.zeros((3, 2)), np.full((3, 2), np.nan)], ValueError, "`x` must be finite"),
        (np.zeros((3, 2), "c8"), ValueError, "`x` must be a dtype of real numbers"),
    ],
)
def test_nothing_is_left_of_what_cannot_be_written(x, error, message, tmp_path):
    with pytest.raises(error, match=message):
        ki.datasets.write_tfrecords(tmp_path / "x", x)
    assert list(tmp_path.iterdir()) == []


def test_folders_that_are_there_are_not_touched(tmp_path):
    with pytest.raises(FileExistsError):
        ki.datasets.write_tfrecords(tmp_path, X)
    with pytest.raises(ValueError, match="`examples_per_file` must be"):
        ki.datasets.write_tfrecords(tmp_path / "x", X, examples_per_file=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3,), "`name` must be the name"),
        (("x", (0,)), r"`shape\[0\]` must be"),
        (("x", 3), "`shape` must be a sequence"),
        (("x", (3,), "text"), "`dtype` must be a dtype of real numbers"),
        (("x", (3,), "U3"), "`dtype` must be a dtype of real numbers"),
    ],
)
def test_features(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        FEATURE(*arguments)


def test_the_feature_is_for_tfrecord_files_alone(tmp_path):
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(ValueError, match="TFRecord files where `feature` is given"):
        read(tmp_path / "x.npy", feature=FEATURE())
    with pytest.raises(TypeError, match="`feature` must be a TFRecordFeature"):
        read(tmp_path / "x.npy", feature="x")


def described(shape=(2,), dtype=b"float32", x=bytes(8)):
    return {"x": x, "x/shape": list(shape), "x/dtype": dtype}


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (described(shape=[-1]), "lengths of at least 1 in 'x/shape'.*record 0 has -1"),
        (described(shape=[0]), "lengths of at least 1 in 'x/shape'.*record 0 has 0"),
        (described(shape=[2**25]), r"shape \(33554432,\).*record 0 has 2 values"),
        (described(shape=[1] * 100), "1 to 32 lengths.*record 0 has 1, 1, .* 92 more"),
        (described(shape=[2.0]), "a int64_list in 'x/shape'.*record 0 has a float_list"),
        (
            described(dtype=b"\xff\xfe"),
            r"a dtype of real numbers in 'x/dtype'.*record 0 has b'\\xff",
        ),
        (
            described(dtype=b"float33"),
            "a dtype of real numbers in 'x/dtype'.*record 0 has b'float33'",
        ),
        (
            described(dtype=b"object"),
            "a dtype of real numbers in 'x/dtype'.*record 0 has b'object'",
        ),
        (described(dtype=b"i4,f8"), "a dtype of real numbers in 'x/dtype'.*record 0 has b'i4,f8'"),
        (described(dtype=[1]), "a bytes_list in 'x/dtype'.*record 0 has a int64_list"),
        (described(x=b"abc"), "record 0 has 0.75 values"),
        (described(x=b""), "record 0 has 0 values"),
    ],
)
def test_wrong_fields_are_found_when_the_file_is_opened(example, message, tmp_path):
    """Its checksums are right."""
    path = write(tmp_path / "bad.tfrecord", [example] * 4)
    for use in (lambda: ki.datasets.stream(path, 2), lambda: ki.datasets.load(path)):
        with pytest.raises(
            ValueError, match=rf"`source` must .*bad\.tfrecord.*{message}|{message}"
        ):
            use()


def test_a_later_record_is_named_too(tmp_path):
    path = write(tmp_path / "bad.tfrecord", [described(), described(), described(shape=[-1])])
    with pytest.raises(ValueError, match=r"bad\.tfrecord.*record 2 has -1"):
        ki.datasets.load(path)


def test_load_reads_them_into_memory(tmp_path):
    ki.datasets.write_tfrecords(tmp_path / "x", X, examples_per_file=10)
    data = ki.datasets.load(tmp_path / "x", validation_fraction=0, test_fraction=0)
    np.testing.assert_array_equal(np.sort(data.train, axis=0), np.sort(X.astype("f4"), axis=0))
    assert data.notes == ("x: 3 files are read as one",)
    assert len(ki.datasets.load(tmp_path / "x" / "00000.tfrecord", limit=5).train) == 3
