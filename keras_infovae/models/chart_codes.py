"""The codes of the last examples of a training, and new codes like them."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.utils.row_random import fold_in, normal, uniform

# Of the codes, below which a chart is not used; and of the even share, lest none of many be used.
_LEAST_SHARE, _LEAST_PART = 0.01, 0.5
_KERNEL_SHARE = 0.3  # of Silverman's bandwidth
_NEAREST = 64  # codes, of those that were told something else
# Squared, in standard deviations: below it two conditions are the same but for rounding.
_SAME = 1e-8
_ROUNDING = 1e-4  # of squared distances that are the same
_CONSTANT = 1e-6  # of the mean: what float32 makes of a deviation of 0
_FIXED = {"trainable": False, "aggregation": "only_first_replica"}


class Kernels(NamedTuple):
    """Which of m codes draws take, and how they move them: by u sets of codes.

    Args:
        row: the set that each draw goes by, int32 [n], or a scalar where all go by one.
        number: how many codes of a set there are up to each code, int32 [u, m].
        width: of the kernel in each chart, float32 [charts, u, chart_dim].
        low, high: the limits of the codes in each chart, likewise.
    """

    row: Any
    number: Any
    width: Any
    low: Any
    high: Any


class ChartCodes(keras.layers.Layer):
    """The last codes (chart, coordinates) of a training, and draws of codes like them.

    A draw takes one of them, whose chart thereby has its share of the data, and moves its
    coordinates by 0.3 of Silverman's kernel in its chart, within the range of the chart's codes:
    the whole kernel, or even draws in the box, leave the data. Charts with less than 1 % of the
    codes, or of more than 50 charts with less than half of an even share, are not used.

    Where a model has a condition, what each code was told is kept beside it, and a draw for a
    condition goes by the codes that were told the like of it, as if there were no others.

    Args:
        charts: how many charts there are.
        chart_dim: the number of coordinates.
        capacity: how many codes are kept. Default 8192.
    """

    def __init__(self, charts, chart_dim, capacity=8192):
        super().__init__(dtype="float32")
        self.charts, self.chart_dim, self.capacity = charts, chart_dim, capacity

    def build(self, input_shape=(None, 0)):
        """Makes the weights.

        Args:
            input_shape: that of what codes are told, [n, c]. Default: they are told nothing.
        """
        shape = (self.capacity, 1 + self.chart_dim)
        # Before any training: the middles of the charts, each as often.
        middles = np.full(shape, 0.5, "float32")
        middles[:, 0] = np.arange(self.capacity) % self.charts
        self.codes = self.add_weight(name="codes", shape=shape, initializer="zeros", **_FIXED)
        self.codes.assign(middles)
        self.seen = self.add_weight(name="seen", shape=(), initializer="zeros", **_FIXED)
        self.told = None
        if input_shape[-1]:
            shape = (self.capacity, input_shape[-1])
            self.told = self.add_weight(name="told", shape=shape, initializer="zeros", **_FIXED)
        self.built = True

    def remember(self, codes, told=None):
        """Puts `codes` [n, 1 + chart_dim] in the place of the oldest; and what they were told.

        Args:
            codes: float32 [n, 1 + chart_dim].
            told: [n, c], where the model has a condition. Default None.
        """
        count = tf.minimum(tf.shape(codes)[0], self.capacity)
        places = (tf.cast(self.seen, tf.int32) + tf.range(count)) % self.capacity
        for kept, new in ((self.codes, codes), (self.told, told)):
            if new is not None:
                before, new = tf.convert_to_tensor(kept), new[-self.capacity :]
                kept.assign(tf.tensor_scatter_nd_update(before, places[:, None], new))
        # Modulo the capacity once it is full: float32 counts to 2^24 only.
        seen = self.seen + tf.cast(count, tf.float32)
        full = seen >= 2.0 * self.capacity
        self.seen.assign(tf.where(full, seen % self.capacity + self.capacity, seen))

    def _known(self, kept):
        """Returns the rows of the weight `kept` that there are, [m, ...]."""
        some = tf.where(self.seen > 0, tf.minimum(self.seen, self.capacity), self.capacity)
        return tf.convert_to_tensor(kept)[: tf.cast(some, tf.int32)]

    def shares(self):
        """Returns the share of the codes that each chart has, float32 [charts]."""
        chart = _charts_of(self._known(self.codes))
        return tf.reduce_mean(tf.one_hot(chart, self.charts), axis=0)

    def used(self):
        """Returns which charts are used, booleans [charts]."""
        return self.shares() >= min(_LEAST_SHARE, _LEAST_PART / self.charts)

    def kernels(self, condition=None, fewest=1):
        """Returns the `Kernels` that draws go by.

        Without a condition the codes are all in charts that are used. Else they are, of these, for
        each row of the condition those that were told the same; or, where fewer than `fewest` were,
        the 64 that were told what is nearest to it, and all that are as near, in units of the
        standard deviation that each number has over the codes.

        Args:
            condition: float32 [n, c]. Default None.
            fewest: how many codes that were told the same are enough, at least 1. Default 1.
        """
        codes = self._known(self.codes)
        chart, inside = _charts_of(codes), codes[:, None, 1:]
        taken, row = tf.gather(self.used(), chart)[None], tf.constant(0)
        if condition is not None:
            condition, row = tf.raw_ops.UniqueV2(x=condition, axis=[0])
            taken = _alike(condition, self._known(self.told), taken, fewest)
        number = tf.cumsum(tf.cast(taken, tf.int32), axis=1)
        taken = tf.transpose(taken)[..., None]  # [m, u, 1]

        def per_chart(values, reduce=tf.math.unsorted_segment_sum, otherwise=0.0):
            return reduce(tf.where(taken, values, otherwise), chart, self.charts)

        count = tf.maximum(per_chart(tf.ones_like(inside[..., :1])), 1.0)
        mean = per_chart(inside) / count
        spread = tf.sqrt(per_chart(tf.square(inside - tf.gather(mean, chart))) / count)
        width = _KERNEL_SHARE * spread * count ** (-1.0 / (4.0 + self.chart_dim))
        low = per_chart(inside, tf.math.unsorted_segment_min, np.inf)
        high = per_chart(inside, tf.math.unsorted_segment_max, -np.inf)
        return Kernels(row, number, width, low, high)

    def draw(self, seeds, kernels=None):
        """Returns a code for each seed, float32 [n, 1 + chart_dim].

        Args:
            seeds: int32 [n, 2].
            kernels: the `Kernels` that the draws go by. Default None: those without a condition.
        """
        row, number, *moves = self.kernels() if kernels is None else kernels
        sets, size = tf.unstack(tf.shape(number))
        count = tf.gather(number[:, -1], row)
        place = uniform(fold_in(seeds, 0), []) * tf.cast(count, tf.float32)
        place = tf.minimum(tf.cast(place, tf.int32), count - 1)
        # The first code of the set with so many up to it; all sets in one sequence that rises.
        start = size + 1
        rising = tf.reshape(number + start * tf.range(sets)[:, None], [-1])
        found = tf.searchsorted(rising, start * row + place + 1) - size * row
        drawn = tf.gather(self._known(self.codes), found)
        own = _charts_of(drawn) * sets + row
        width, low, high = (tf.gather(tf.reshape(m, [-1, self.chart_dim]), own) for m in moves)
        moved = drawn[:, 1:] + width * normal(fold_in(seeds, 1), [self.chart_dim])
        return tf.concat([drawn[:, :1], tf.clip_by_value(moved, low, high)], axis=1)

    def get_config(self):
        """Returns the constructor's arguments."""
        names = ("charts", "chart_dim", "capacity")
        return {name: getattr(self, name) for name in names}


def _charts_of(codes):
    return tf.cast(tf.round(codes[:, 0]), tf.int32)


def _alike(condition, told, allowed, fewest):
    """Returns which codes draws for each row of a condition may take, booleans [u, m].

    Args:
        condition: float32 [u, c].
        told: what each code was told, float32 [m, c].
        allowed: which codes may be taken at all, booleans [1, m].
        fewest: how many that were told the same are enough.
    """
    squares = tf.where(allowed, _squared_distances(condition, told), np.inf)
    same = squares < _SAME
    enough = tf.reduce_sum(tf.cast(same, tf.int32), axis=1, keepdims=True) >= fewest
    most = tf.minimum(_NEAREST, tf.shape(squares)[1])
    farthest = -tf.math.top_k(-squares, most).values[:, -1:]
    as_near = squares <= (1.0 + _ROUNDING) * farthest
    return tf.where(enough, same, allowed & as_near)


def _squared_distances(rows, told):
    """Returns |rows - told|^2 in units of the standard deviations of told [m, c], [n, m]."""
    mean, variance = tf.nn.moments(told, [0])
    deviation = tf.sqrt(variance)
    unit = tf.where(deviation <= _CONSTANT * tf.abs(mean), 1.0, deviation)

    def add(total, columns):
        row, each = columns
        return total + tf.square(row[:, None] - each)

    # A column at a time: all differences together would be c times as large.
    start = tf.zeros([tf.shape(rows)[0], tf.shape(told)[0]])
    return tf.foldl(add, (tf.transpose(rows / unit), tf.transpose(told / unit)), start)
