"""TFRecord files whose records are read in any order.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details. A record
is its length (8 bytes, little-endian), a checksum of these 8 bytes, the data and a checksum of it.
"""

import array
import math
import os

import numpy as np

from keras_infovae.datasets.reading import reading, some, source_error
from keras_infovae.datasets.tfrecords import TFRecordFeature, number_type

_HEADER, _FOOTER = 12, 4
_MOST_AXES = 32


class TFRecordRows:
    """The examples of an uncompressed TFRecord file of `tf.train.Example`s.

    Where the records begin is found once, by going from length to length: 8 bytes of memory each.
    The checksums of the lengths are verified; those of the data are not.

    Args:
        path: the file.
        feature: a `TFRecordFeature`. Default: None, that of `write_tfrecords`.

    Raises:
        ValueError: when the file is damaged, compressed or has no such feature.
    """

    scaling = None  # follows from the values
    feature_names = None

    def __init__(self, path, feature=None):
        self.path = path
        self._feature = feature or TFRecordFeature()
        with reading(path, "a TFRecord file"):
            self._edges = _record_edges(path)
        self.count = len(self._edges) - 1
        if not self.count:
            raise source_error(path, "hold at least one example", "it has no records")
        (example,) = self._examples([0])
        self.event_shape, self.dtype = self._form(example, 0)
        self._array(example, 0)  # whether it has as many values as that

    def read(self, rows):
        """Returns the examples of `rows`, an array of integers [k]: [k, *event_shape]."""
        values = np.empty((len(rows), *self.event_shape), self.dtype)
        for row, example, out in zip(rows, self._examples(rows), values):
            out[...] = self._array(example, row).reshape(self.event_shape)
        return values

    def _examples(self, rows):
        """Yields the `tf.train.Example` of each row."""
        import tensorflow as tf
        from google.protobuf.message import DecodeError

        with open(self.path, "rb", buffering=0) as file:
            for row in rows:
                start, stop = self._edges[row] + _HEADER, self._edges[row + 1] - _FOOTER
                file.seek(start)
                content = file.read(stop - start)
                try:
                    if len(content) < stop - start:
                        raise DecodeError("the file has become shorter")
                    yield tf.train.Example.FromString(content)
                except DecodeError as error:
                    found = f"record {row}: {error}"
                    raise source_error(self.path, "hold a tf.train.Example", found) from error

    def _values(self, example, row, suffix=""):
        """Returns the `tf.train.Feature` of x, or of what describes it."""
        features, name = example.features.feature, self._feature.name + suffix
        if name not in features or not features[name].WhichOneof("kind"):
            known = ", ".join(map(repr, sorted(features))) or "nothing"
            raise source_error(
                self.path,
                f"have the feature {name!r} in every example (name another one, with shape and "
                "dtype, by `feature`)",
                f"record {row} has {known}",
            )
        return features[name]

    def _form(self, example, row):
        """Returns the shape and the dtype of x in an example."""
        shape, dtype = self._feature.shape, self._feature.dtype
        if shape is None:
            shape = tuple(self._described(example, row, "/shape", "int64_list"))
            if not 1 <= len(shape) <= _MOST_AXES or min(shape) < 1:
                raise source_error(
                    self.path,
                    f"have 1 to {_MOST_AXES} lengths of at least 1 in "
                    f"{self._feature.name + '/shape'!r}",
                    f"record {row} has {some(shape, str)}",
                )
        kind = self._values(example, row).WhichOneof("kind")
        if kind != "bytes_list":
            return shape, np.dtype({"float_list": "float32", "int64_list": "int64"}[kind])
        if dtype is None:
            stored = b"".join(self._described(example, row, "/dtype", "bytes_list"))
            try:
                dtype = number_type(stored.decode(), self._feature.name + "/dtype")
            except ValueError as error:  # UnicodeDecodeError is one
                raise source_error(
                    self.path,
                    f"have the name of a dtype of real numbers in "
                    f"{self._feature.name + '/dtype'!r}",
                    f"record {row} has {stored[:40]!r}",
                ) from error
        return shape, np.dtype(dtype)

    def _described(self, example, row, suffix, kind):
        """Returns the list of the feature that describes x, which must be of that kind."""
        feature = self._values(example, row, suffix)
        if feature.WhichOneof("kind") != kind:
            raise source_error(
                self.path,
                f"have a {kind} in {self._feature.name + suffix!r}",
                f"record {row} has a {feature.WhichOneof('kind')}",
            )
        return getattr(feature, kind).value

    def _array(self, example, row):
        """Returns the flat values of an example."""
        form, expected = self._form(example, row), (self.event_shape, self.dtype)
        stored = self._values(example, row)
        kind = stored.WhichOneof("kind")
        values = getattr(stored, kind).value
        if kind == "bytes_list":
            values = b"".join(values)
            size = len(values) / self.dtype.itemsize
        else:
            size = len(values)
        if form != expected or size != math.prod(self.event_shape):
            raise source_error(
                self.path,
                f"hold examples of shape {self.event_shape} and dtype {self.dtype}",
                f"record {row} has {size:g} values, shape {form[0]} and dtype {form[1]}",
            )
        if kind == "bytes_list":
            return np.frombuffer(values, self.dtype.newbyteorder("<"))
        return np.array(values, self.dtype)


def _record_edges(path):
    """Returns where each record begins, and the end of the last: int64 [n + 1]."""
    size = os.path.getsize(path)
    edges, headers = array.array("q", [0]), bytearray()
    with open(path, "rb", buffering=2**16) as file:
        while edges[-1] < size:
            file.seek(edges[-1])
            header = file.read(_HEADER)
            if header[:2] == b"\x1f\x8b" and not headers:
                raise ValueError("it is compressed, and would have to be read from the beginning")
            length = _HEADER + int.from_bytes(header[:8], "little") + _FOOTER
            if len(header) < _HEADER or edges[-1] + length > size:
                raise ValueError(f"record {len(edges) - 1} is truncated, or no record")
            headers += header
            edges.append(edges[-1] + length)
    _check_lengths(np.frombuffer(headers, np.uint8).reshape(-1, _HEADER))
    return np.array(edges, np.int64)


def _check_lengths(headers):
    """Raises ValueError unless the checksums of the lengths [n, 8] are those that follow them."""
    checksum = np.full(len(headers), 0xFFFFFFFF, np.uint32)
    for column in headers.T[:8]:
        checksum = _CRC32C[(checksum ^ column) & 0xFF] ^ (checksum >> 8)
    checksum = ~checksum
    masked = ((checksum >> 15) | (checksum << 17)) + np.uint32(0xA282EAD8)
    stored = np.ascontiguousarray(headers[:, 8:]).view("<u4")[:, 0]
    if not np.array_equal(masked, stored):
        record = int(np.argmax(masked != stored))
        raise ValueError(f"the checksum of the length of record {record} is wrong")


def _crc32c_table():
    """Returns the checksums of the 256 bytes, by the polynomial of Castagnoli."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, np.uint32(0x82F63B78) ^ (table >> 1), table >> 1)
    return table


_CRC32C = _crc32c_table()
