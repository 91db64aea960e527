"""The likelihood of tables whose columns are of several kinds."""

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import likelihoods
from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.follower import Follower, followers_of
from keras_infovae.utils.serialization import register


@register
class MixedColumns(Likelihood, Follower):
    """The likelihood of tables: numeric, categorical and binary columns, counts, in one vector x.

        log p(x|z) = sum over blocks b of log p_b(x_b|z)

    Each block of neighboring columns has a likelihood of its own: "normal" (or "student_t", ...)
    for numbers, "bernoulli" for columns of 0 and 1, "categorical" for one variable in one-hot
    columns, "poisson" for counts. `ki.tables.Schema` makes x and this likelihood of a DataFrame.

    The decoder's output is flat: the parameters of the blocks, one after another.

    Args:
        columns: a list of (likelihood, width): a likelihood or its name, and how many columns it
            describes, in the order of the columns of x. A block of width None, at most one,
            takes the columns that the others leave. Default `[("normal", None)]`: all columns are
            numbers, with one scale.

    Raises:
        ValueError, TypeError: for an unknown likelihood, a width that is not an integer of at least
            1, or a likelihood given twice.

    Example:

    >>> import keras_infovae as ki
    >>> columns = [("normal", 2), ("categorical", 3), ("bernoulli", 1)]
    >>> likelihood = ki.likelihoods.MixedColumns(columns)
    >>> likelihood.build((6,))
    >>> likelihood.distribution([[0.0] * 6]).mean().numpy().round(2)
    array([[0.  , 0.  , 0.33, 0.33, 0.33, 0.5 ]], dtype=float32)
    """

    accepts_integers = True

    def __init__(self, columns: Sequence = (("normal", None),)) -> None:
        super().__init__()
        self.columns = _check_columns(columns)
        # Keras saves weights under the name of the first attribute that has them, by the alphabet.
        # Since 3.15 it looks into lists of pairs: a name after "columns" would change with it.
        self.blocks = [likelihood for likelihood, _ in self.columns]
        self.width = None

    @property
    def context_size(self) -> int:
        return sum(block.context_size for block in self.blocks)

    def build(self, event_shape: Shape) -> None:
        self.width = int(event_shape[-1])
        for block, width in zip(self.blocks, self._widths(self.width)):
            if not block.built:  # a saved one is built when it is restored
                block.build((width,))
        self.built = True

    def parameter_shape(self, event_shape: Shape) -> Shape:
        return (sum(math.prod(shape) for shape in self._shapes(event_shape[-1])),)

    def is_probability(self, event_shape: Shape) -> np.ndarray:
        widths = self._widths(event_shape[-1])
        masks = [block.is_probability((width,)) for block, width in zip(self.blocks, widths)]
        return np.concatenate(masks)

    def dimensions(self, event_shape: Shape) -> int:
        widths = self._widths(event_shape[-1])
        return sum(block.dimensions((width,)) for block, width in zip(self.blocks, widths))

    def check_event_shape(self, event_shape: Shape) -> None:
        expected = sum(width or 1 for _, width in self.columns)
        is_open = any(width is None for _, width in self.columns)
        width = event_shape[-1]
        if len(event_shape) != 1 or width < expected or (width > expected and not is_open):
            raise ValueError(
                f"The likelihood MixedColumns needs tables of {'at least ' * is_open}{expected} "
                f"columns, as its blocks add up to. Received: x of shape {tuple(event_shape)} per "
                "example."
            )
        for block, block_width in zip(self.blocks, self._widths(width)):
            block.check_event_shape((block_width,))

    def describes_positions(self, event_shape: Shape, axes: int) -> bool:
        return False  # each column has a likelihood of its own

    def describes(self, x: Tensor) -> Tensor:
        rows = []
        for block, part in zip(self.blocks, self._split(x)):
            inside = block.describes(part)
            rows.append(tf.reduce_all(inside, axis=tf.range(1, tf.rank(inside))))
            if block.minimum is not None:
                rows.append(tf.reduce_all(part >= block.minimum, axis=1))
            if block.maximum is not None:
                rows.append(tf.reduce_all(part <= block.maximum, axis=1))
        return tf.stack(rows, axis=1)

    def check_values(self, name: str, x: np.ndarray) -> None:
        start = 0
        for block, part in zip(self.blocks, self._split(x)):
            columns = f"{name}[:, {start}:{start + part.shape[1]}]"
            block.check_range(columns, part)
            block.check_values(columns, part)
            start += part.shape[1]

    def filled(self, x: Tensor) -> Tensor:
        x = tf.convert_to_tensor(x)
        parts = zip(self.blocks, self._split(x))
        return tf.concat([block.filled(part) for block, part in parts], axis=-1)

    def features(self, x: Tensor) -> Tensor:
        parts = [block.features(part) for block, part in zip(self.blocks, self._split(x))]
        return tf.concat([tf.cast(part, tf.float32) for part in parts], axis=-1)

    def context(self, x: Tensor) -> Tensor | None:
        parts = [block.context(part) for block, part in zip(self.blocks, self._split(x))]
        parts = [part for part in parts if part is not None]
        return tf.concat(parts, axis=-1) if parts else None

    def adapt(self, x: np.ndarray) -> None:
        for block, part in zip(self.blocks, self._split(x)):
            block.adapt(part)

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        parameters = tf.cast(parameters, tf.float32)
        shapes = self._shapes(self.width)
        flat = tf.split(parameters, [math.prod(shape) for shape in shapes], axis=-1)
        contexts = [None] * len(flat)
        if context is not None:
            sizes = [block.context_size for block in self.blocks]
            contexts = [
                part if size else None
                for part, size in zip(tf.split(context, sizes, axis=-1), sizes)
            ]
        parts = [
            block.distribution(tf.reshape(part, [-1, *shape]), block_context)
            for block, part, shape, block_context in zip(self.blocks, flat, shapes, contexts)
        ]
        return tfp.distributions.Blockwise(parts)

    @property
    def followed_variables(self) -> list:
        return followers_of(self.blocks).followed_variables

    def follow(self, gradients: Sequence[Tensor]) -> None:
        followers_of(self.blocks).follow(gradients)

    def _widths(self, total):
        """Returns the width of each block of x with `total` columns."""
        known = sum(width or 0 for _, width in self.columns)
        return [total - known if width is None else width for _, width in self.columns]

    def _shapes(self, total):
        """Returns the shape of each block's parameters, for x with `total` columns."""
        widths = self._widths(total)
        return [block.parameter_shape((width,)) for block, width in zip(self.blocks, widths)]

    def _split(self, x):
        """Returns the columns of each block of `x` [n, columns], a tensor or an array."""
        parts, start = [], 0
        for width in self._widths(x.shape[1]):
            parts.append(x[:, start : start + width])
            start += width
        return parts


def _check_columns(columns):
    """Returns `columns` as a list of (`Likelihood`, int or None)."""
    if not isinstance(columns, (list, tuple)):
        raise argument_error("columns", "a list of (likelihood, width)", columns, TypeError)
    if not columns:
        raise argument_error("columns", "a list of at least one (likelihood, width)", columns)
    checked = []
    for i, pair in enumerate(columns):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise argument_error(f"columns[{i}]", "a pair (likelihood, width)", pair, TypeError)
        likelihood, width = likelihoods.get(pair[0]), pair[1]
        if width is not None:
            width = check_integer(f"columns[{i}][1]", width)
        elif any(other is None for _, other in checked):
            raise argument_error(
                f"columns[{i}][1]", "a number of columns: only one block can take the rest", width
            )
        if any(likelihood is other for other, _ in checked):
            raise argument_error(
                f"columns[{i}][0]", "a likelihood that no other block has", likelihood
            )
        checked.append((likelihood, width))
    return checked
