"""The codes of the last examples of a training, and new codes like them."""

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.utils.row_random import fold_in, normal, uniform

# Of the codes, below which a chart is not used; and of the even share, lest none of many be used.
_LEAST_SHARE, _LEAST_PART = 0.01, 0.5
_KERNEL_SHARE = 0.3  # of Silverman's bandwidth
_FIXED = {"trainable": False, "aggregation": "only_first_replica"}


class ChartCodes(keras.layers.Layer):
    """The last codes (chart, coordinates) of a training, and draws of codes like them.

    A draw takes one of them, whose chart thereby has its share of the data, and moves its
    coordinates by 0.3 of Silverman's kernel in its chart, within the range of the chart's codes:
    the whole kernel, or even draws in the box, leave the data. Charts with less than 1 % of the
    codes, or of more than 50 charts with less than half of an even share, are not used.

    Args:
        charts: how many charts there are.
        chart_dim: the number of coordinates.
        capacity: how many codes are kept. Default 8192.
    """

    def __init__(self, charts, chart_dim, capacity=8192):
        super().__init__(dtype="float32")
        self.charts, self.chart_dim, self.capacity = charts, chart_dim, capacity

    def build(self, input_shape=None):
        shape = (self.capacity, 1 + self.chart_dim)
        # Before any training: the middles of the charts, each as often.
        middles = np.full(shape, 0.5, "float32")
        middles[:, 0] = np.arange(self.capacity) % self.charts
        self.codes = self.add_weight(name="codes", shape=shape, initializer="zeros", **_FIXED)
        self.codes.assign(middles)
        self.seen = self.add_weight(name="seen", shape=(), initializer="zeros", **_FIXED)
        self.built = True

    def remember(self, codes):
        """Puts `codes` [n, 1 + chart_dim] in the place of the oldest."""
        codes = codes[-self.capacity :]
        count = tf.shape(codes)[0]
        places = (tf.cast(self.seen, tf.int32) + tf.range(count)) % self.capacity
        kept = tf.convert_to_tensor(self.codes)
        self.codes.assign(tf.tensor_scatter_nd_update(kept, places[:, None], codes))
        # Modulo the capacity once it is full: float32 counts to 2^24 only.
        seen = self.seen + tf.cast(count, tf.float32)
        full = seen >= 2.0 * self.capacity
        self.seen.assign(tf.where(full, seen % self.capacity + self.capacity, seen))

    def _known(self):
        """Returns the codes that there are [m, 1 + chart_dim]."""
        some = tf.where(self.seen > 0, tf.minimum(self.seen, self.capacity), self.capacity)
        return tf.convert_to_tensor(self.codes)[: tf.cast(some, tf.int32)]

    def shares(self):
        """Returns the share of the codes that each chart has, float32 [charts]."""
        chart = tf.cast(tf.round(self._known()[:, 0]), tf.int32)
        return tf.reduce_mean(tf.one_hot(chart, self.charts), axis=0)

    def used(self):
        """Returns which charts are used, booleans [charts]."""
        return self.shares() >= min(_LEAST_SHARE, _LEAST_PART / self.charts)

    def draw(self, seeds):
        """Returns a code for each seed int32 [n, 2], float32 [n, 1 + chart_dim]."""
        codes = self._known()
        chart = tf.cast(tf.round(codes[:, 0]), tf.int32)
        codes = tf.boolean_mask(codes, tf.gather(self.used(), chart))
        size = tf.cast(tf.shape(codes)[0], tf.float32)
        place = tf.cast(uniform(fold_in(seeds, 0), []) * size, tf.int32)
        drawn = tf.gather(codes, tf.minimum(place, tf.cast(size, tf.int32) - 1))
        chart, inside = tf.cast(tf.round(codes[:, 0]), tf.int32), codes[:, 1:]
        count = tf.math.unsorted_segment_sum(tf.ones_like(chart, tf.float32), chart, self.charts)
        count = tf.maximum(count, 1.0)[:, None]
        mean = tf.math.unsorted_segment_sum(inside, chart, self.charts) / count
        squares = tf.square(inside - tf.gather(mean, chart))
        spread = tf.sqrt(tf.math.unsorted_segment_sum(squares, chart, self.charts) / count)
        width = _KERNEL_SHARE * spread * count ** (-1.0 / (4.0 + self.chart_dim))
        low = tf.math.unsorted_segment_min(inside, chart, self.charts)
        high = tf.math.unsorted_segment_max(inside, chart, self.charts)
        own = tf.cast(tf.round(drawn[:, 0]), tf.int32)
        moved = drawn[:, 1:] + tf.gather(width, own) * normal(fold_in(seeds, 1), [self.chart_dim])
        moved = tf.clip_by_value(moved, tf.gather(low, own), tf.gather(high, own))
        return tf.concat([drawn[:, :1], moved], axis=1)

    def get_config(self):
        """Returns the constructor's arguments."""
        names = ("charts", "chart_dim", "capacity")
        return {name: getattr(self, name) for name in names}
