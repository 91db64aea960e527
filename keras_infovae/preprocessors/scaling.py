"""How raw values became the numbers that a model sees, kept so that it can be undone."""

import numpy as np

from keras_infovae.typing import Array
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import check_number, check_numbers
from keras_infovae.utils.serialization import Setting, register


@register
class Scaling(Setting):
    """An affine map of raw values: scaled = (raw - offset) / scale.

    Args:
        offset: a number, or one number per feature (the last axis). Default: 0.0.
        scale: a number greater than 0, or one per feature (the last axis). Default: 1.0.

    Raises:
        ValueError: when a number is not finite, a scale is not greater than 0, or the two lists
            differ in length.

    Example:

    >>> scaling = Scaling(0.0, 255.0)
    >>> scaling.apply(np.array([[0, 51, 255]], "uint8"))
    array([[0. , 0.2, 1. ]], dtype=float32)
    >>> scaling.invert(scaling.apply(np.array([[51]], "uint8")))
    array([[51.]], dtype=float32)
    """

    def __init__(self, offset: Array | float = 0.0, scale: Array | float = 1.0) -> None:
        self.offset = _number_or_numbers("offset", offset, None)
        self.scale = _number_or_numbers("scale", scale, 0.0)
        both_lists = isinstance(self.offset, list) and isinstance(self.scale, list)
        if both_lists and len(self.offset) != len(self.scale):
            raise ValueError(
                "Arguments `offset` and `scale` must be equally long. "
                f"Received: {len(self.offset)} offsets and {len(self.scale)} scales"
            )

    @classmethod
    def standardize(cls, train: Array) -> "Scaling":
        """Returns the scaling to mean 0 and standard deviation 1 of each column of `train`.

        A column that is constant in `train` gets the scale 1.

        Args:
            train: numbers [n, num_features]: the training split alone, so that nothing of the
                other splits reaches the model.

        Raises:
            ValueError: when `train` is not a table, has no rows or is not finite.
        """
        train = np.asarray(train)
        if train.ndim != 2 or not train.size:
            raise ValueError(
                "Argument `train` must be a table, [n, num_features], with at least one row and "
                f"one column. Received: shape {train.shape}"
            )
        check_finite("train", train)
        return standardizing_scaling([train])

    def apply(self, raw: Array) -> np.ndarray:
        """Returns (raw - offset) / scale as float32, with the shape of `raw`.

        Integers of 32 bits and more are computed with in float64, so that large offsets (a year, a
        price, a time stamp) cancel exactly.
        """
        raw = np.asarray(raw)
        offset, scale = self._arrays(raw, "raw")
        with np.errstate(over="ignore"):
            scaled = raw.astype(offset.dtype)
            scaled -= offset
            scaled /= scale
            return scaled.astype(np.float32, copy=False)

    def invert(self, scaled: Array) -> np.ndarray:
        """Returns scaled * scale + offset as float32, with the shape of `scaled`."""
        scaled = np.asarray(scaled)
        offset, scale = self._arrays(scaled, "scaled")
        with np.errstate(over="ignore"):
            raw = scaled.astype(offset.dtype)
            raw *= scale
            raw += offset
            return raw.astype(np.float32, copy=False)

    def _arrays(self, values, name):
        """Returns offset and scale in the precision that `values` are computed in."""
        for parameter in (self.offset, self.scale):
            if isinstance(parameter, list) and values.shape[-1:] != (len(parameter),):
                raise ValueError(
                    f"Argument `{name}` must have {len(parameter)} features, as the scaling has. "
                    f"Received: shape {values.shape}"
                )
        per_feature = isinstance(self.offset, list) or isinstance(self.scale, list)
        dtype = np.float64 if per_feature else np.result_type(values.dtype, np.float32)
        return np.asarray(self.offset, dtype), np.asarray(self.scale, dtype)


def _number_or_numbers(name, value, exclusive_minimum):
    if hasattr(value, "__iter__"):
        return check_numbers(name, value, exclusive_minimum=exclusive_minimum)
    return check_number(name, value, exclusive_minimum=exclusive_minimum)


def standardizing_scaling(chunks):
    """Returns `Scaling.standardize` of tables [n, num_features] below each other, in one pass.

    Means and sums of squares of each chunk are merged in float64, so that nothing cancels (Chan,
    Golub, LeVeque 1979).

    Args:
        chunks: an iterable of finite arrays with at least one row.
    """
    count, mean, squares, low, high = 0, 0.0, 0.0, np.inf, -np.inf
    for chunk in chunks:
        chunk_mean = np.mean(chunk, axis=0, dtype=np.float64)
        shift, total = chunk_mean - mean, count + len(chunk)
        squares = squares + np.var(chunk, axis=0, dtype=np.float64) * len(chunk)
        squares += shift**2 * (count * len(chunk) / total)
        mean = mean + shift * (len(chunk) / total)
        low, high = np.minimum(low, chunk.min(axis=0)), np.maximum(high, chunk.max(axis=0))
        count = total
    deviation = np.sqrt(squares / count)
    return Scaling(mean, np.where((low == high) | (deviation == 0.0), 1.0, deviation))
