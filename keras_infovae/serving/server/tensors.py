"""The inputs of a request against what its signature takes."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from keras_infovae.serving.server.errors import RequestError, input_error, too_large
from keras_infovae.serving.server.image_header import image_size
from keras_infovae.serving.server.image_work import TooMuchWork, image_work


@dataclasses.dataclass(frozen=True)
class Spec:
    """One input or output of a signature.

    Attributes:
        dtype: TensorFlow's.
        shape: None where an axis is free.
        missing: whether values may be missing, as NaN or empty text.
    """

    dtype: tf.DType
    shape: tuple
    missing: bool = False

    def __str__(self):
        return described(self.dtype, ["n" if d is None and not i else d for i, d in self._axes()])

    def _axes(self):
        return enumerate(self.shape)

    def takes(self, shape):
        return len(shape) == len(self.shape) and all(
            size >= 0 and allowed in (None, size) for size, allowed in zip(shape, self.shape)
        )

    @property
    def batched(self):
        """Whether axis 0 is the batch, of any size."""
        return bool(self.shape) and self.shape[0] is None

    @property
    def row_values(self):
        """The values of a row, or of all where there is no batch; free axes count as 1."""
        return math.prod(size for size in self.shape if size is not None)

    @property
    def row_bytes(self):
        """The bytes of `row_values`."""
        return self.row_values * self.dtype.size


def described(dtype, shape):
    return f"{dtype.name} of shape [{', '.join(map(str, shape))}]"


class InputChecker:
    """Holds requests against a signature and the limits of the server.

    Args:
        settings: the server's `Settings`.
    """

    def __init__(self, settings):
        self._settings = settings

    def check_names(self, specs, names):
        """Raises `RequestError` unless `names` are those of the signature's inputs."""
        for name in sorted(set(names) - set(specs), key=str):
            known = ", ".join(f"`{known}`" for known in sorted(specs))
            message = f"Input `{name}` is not one of the signature's: {known}"
            raise RequestError("INVALID_ARGUMENT", message)
        for name in sorted(set(specs) - set(names)):
            raise input_error(name, f"given, {specs[name]}", "nothing")

    def check_shapes(self, specs, shapes):
        """Checks {name: shape} before any tensor is made.

        Returns:
            The number of rows, which all inputs share; 1 where the signature has no batch.
        """
        rows = {}
        for name, shape in shapes.items():
            spec = specs[name]
            if not spec.takes(shape):
                raise input_error(name, str(spec), described(spec.dtype, shape))
            if spec.batched:
                rows[name] = shape[0]
            # Of strings only the number is known here; `check_values` adds up their lengths.
            size = math.prod(shape) * (1 if spec.dtype == tf.string else spec.dtype.size)
            self.check_bytes(f"The bytes of input `{name}`", size)
        for name, count in rows.items():
            first, expected = next(iter(rows.items()))
            if count != expected:
                raise input_error(name, f"of {expected} rows, as `{first}` is", f"{count} rows")
            if not count:
                raise input_error(name, "of at least 1 row", "0 rows")
            self.check_rows(count)
        return max(rows.values(), default=1)

    def check_rows(self, count):
        if count > self._settings.max_rows:
            raise too_large(f"The rows of a request ({count})", self._settings.max_rows, "max_rows")

    def check_bytes(self, what, count):
        limit = self._settings.max_request_bytes
        if count > limit:
            raise too_large(what, limit, "max_request_bytes")

    def check_values(self, inputs, least_pixels=0, missing=()):
        """Checks {name: array}: finite numbers, and strings and images that can be held.

        Args:
            inputs: {name: array}.
            least_pixels: as how many each image counts: it is made as large as the model's.
            missing: the names of inputs in which NaN stands for a missing value.

        Returns:
            The pixels of all images, as `image_work` counts them; 0 where there are none.
        """
        pixels = 0
        for name, values in inputs.items():
            if values.dtype.kind == "O":
                self.check_bytes(f"The bytes of input `{name}`", sum(map(len, values.ravel())))
            if values.dtype.kind == "f":
                wrong = np.isinf(values) if name in missing else ~np.isfinite(values)
                if wrong.any():
                    place = np.argwhere(wrong)[0].tolist()
                    raise input_error(name, "finite", f"{values[tuple(place)]} at {place}")
            if name == "image_bytes":
                pixels += self._check_images(name, values.ravel(), least_pixels)
        return pixels

    def _check_images(self, name, files, least):
        """Returns the work of all images in pixels: they count together, being decoded together."""
        pixels, limit = 0, self._settings.max_image_pixels
        for index, content in enumerate(files):
            size = image_size(content)
            if size is None:
                beginning = f"{len(content)} bytes that begin with {content[:8]!r}"
                raise input_error(f"{name}[{index}]", "a PNG or JPEG file", beginning)
            width, height = size
            allowed = f"of at most {limit} pixels in all (the server's --max_image_pixels)"
            if pixels + width * height > limit:  # before anything else is looked at
                raise input_error(name, allowed, f"{width} x {height} at [{index}]")
            try:
                pixels += max(least, image_work(content, width, height))
            except TooMuchWork as error:
                raise input_error(f"{name}[{index}]", *error.args) from None
            if pixels > limit:
                received = f"the work of {pixels} for [0] to [{index}], with scans, texts and sizes"
                raise input_error(name, allowed, received)
        return pixels

    def check_json_answer(self, outputs, rows):
        """Checks the numbers of an answer in JSON, of so many rows, before they are computed."""
        count = rows * sum(spec.row_values for spec in outputs.values())
        if count > self._settings.max_json_values:
            what = f"The numbers of an answer in JSON ({count}: {rows} rows)"
            raise too_large(what, self._settings.max_json_values, "max_json_values")

    def joined_rows(self, outputs, rows, pixels):
        """Checks the size of the answer, before anything is computed.

        Args:
            outputs: {name: Spec} of the signature.
            rows: of the request.
            pixels: of its images.

        Returns:
            As how many rows it counts in a batch of at most `max_batch_size`. That is a share of
            the batch, by pixels or by the answer's bytes where these are larger than by rows, so
            that what is within a limit for each request is within it for the batch.
        """
        limits = self._settings
        answer = rows * sum(spec.row_bytes for spec in outputs.values())
        if answer > limits.max_response_bytes:
            what = f"The bytes of an answer ({answer}: {rows} rows)"
            raise too_large(what, limits.max_response_bytes, "max_response_bytes")

        def share(used, limit):
            return -(-used * limits.max_batch_size // limit)  # rounded up

        return max(
            rows,
            share(pixels, limits.max_image_pixels),
            share(answer, limits.max_response_bytes),
        )
