"""Writing TFRecord files, and what a feature of theirs is."""

import dataclasses
import os

import numpy as np

from keras_infovae.typing import Array, Path
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_integer, check_integers
from keras_infovae.utils.files import atomic_directory


@dataclasses.dataclass(frozen=True)
class TFRecordFeature:
    """Which feature of each `tf.train.Example` is x, and how it is stored.

    Args:
        name: the feature's name. Default: "x".
        shape: of one example, a sequence of integers. Default: None, which takes it from the
            int64 feature `name/shape`, as `write_tfrecords` stores it.
        dtype: of the raw little-endian bytes, such as "uint8" or "float32". A list of floats or of
            integers has its own and needs none. Default: None, which takes it from the feature
            `name/dtype`.

    Raises:
        ValueError, TypeError: for an empty name, and a shape or dtype that is not one of numbers.

    Example:

    >>> import keras_infovae as ki
    >>> ki.datasets.TFRecordFeature("image", shape=(28, 28, 1), dtype="uint8")
    TFRecordFeature(name='image', shape=(28, 28, 1), dtype='uint8')
    """

    name: str = "x"
    shape: tuple | None = None
    dtype: str | None = None

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name:
            raise argument_error("name", "the name of a feature", self.name, TypeError)
        if self.shape is not None:
            object.__setattr__(self, "shape", tuple(check_integers("shape", self.shape)))
        if self.dtype is not None:
            object.__setattr__(self, "dtype", number_type(self.dtype).name)


def write_tfrecords(path: Path, x: Array, *, examples_per_file: int = 10_000) -> list[str]:
    """Writes examples as a folder of TFRecord files, which `stream` reads.

    Each example is a `tf.train.Example` with the features `x` (raw little-endian bytes), `x/shape`
    (int64) and `x/dtype` (text). The folder appears when it is complete.

    Args:
        path: the folder to write; it must not be there.
        x: an array [n, ...] of numbers, or an iterable of such arrays, which may be larger than
            memory together. All examples have one shape and dtype.
        examples_per_file: Default: 10,000.

    Returns:
        The paths of the files, in their order.

    Raises:
        ValueError, TypeError: for values that are not finite numbers, arrays that do not belong
            together, and no examples at all.
        FileExistsError: when there is something at `path`.

    Example:

    >>> import os, tempfile
    >>> import keras_infovae as ki
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = ki.datasets.write_tfrecords(os.path.join(folder, "x"), np.ones([500, 8, 8, 1]))
    ...     ki.datasets.stream(os.path.join(folder, "x"), batch_size=50)
    Stream(event_shape=(8, 8, 1), train=400, validation=50, test=50, batch_size=50)
    """
    check_integer("examples_per_file", examples_per_file)
    names = []
    with atomic_directory(path) as temporary:
        writer = None
        try:
            for number, example in enumerate(_examples([x] if hasattr(x, "ndim") else x)):
                if number % examples_per_file == 0:
                    if writer is not None:
                        writer.close()
                    names.append(f"{len(names):05d}.tfrecord")
                    writer = _writer(os.path.join(temporary, names[-1]))
                writer.write(example)
        finally:
            if writer is not None:
                writer.close()
        if not names:
            raise argument_error("x", "at least one example", "nothing")
    return [os.path.join(os.fspath(path), name) for name in names]


def _writer(path):
    import tensorflow as tf

    return tf.io.TFRecordWriter(path)


def _examples(arrays):
    """Yields each row of `arrays` as the bytes of a `tf.train.Example`."""
    import tensorflow as tf

    def feature(**values):
        return tf.train.Feature(
            **{
                f"{kind}_list": getattr(tf.train, f"{kind.title()}List")(value=value)
                for kind, value in values.items()
            }
        )

    form = None
    for array in arrays:
        array = np.asarray(array)
        if array.ndim < 2 or 0 in array.shape[1:]:
            raise argument_error(
                "x", "arrays of examples, [n, ...], of rank 2 or more", array.shape
            )
        dtype = number_type(array.dtype, "x")
        form = form or (array.shape[1:], dtype)
        if (array.shape[1:], dtype) != form:
            found = f"{array.shape[1:]} {dtype} after {form[0]} {form[1]}"
            raise ValueError(f"Argument `x` must hold one shape and dtype. Received: {found}")
        check_finite("x", array)
        stored = array.astype(dtype.newbyteorder("<"), copy=False)
        about = {
            "x/shape": feature(int64=form[0]),
            "x/dtype": feature(bytes=[dtype.name.encode()]),
        }
        for row in stored:
            features = {"x": feature(bytes=[row.tobytes()])} | about
            example = tf.train.Example(features=tf.train.Features(feature=features))
            yield example.SerializeToString()


def number_type(dtype, name="dtype"):
    """Returns `dtype` as a NumPy dtype of real numbers, in the machine's byte order."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found.kind not in "biuf":
        raise argument_error(name, "a dtype of real numbers", str(dtype))
    return found.newbyteorder("=")
