"""A monotone map that gives numbers a standard normal distribution, and its inverse."""

import numpy as np
import tensorflow as tf

MOST_KNOTS = 512
_LAST = 4.9  # a value of 2 million lies beyond it


class QuantileMap:
    """The map x -> ndtri(F(x)) of the empirical distribution function F, and its inverse.

    Between `knots`, the values at evenly spaced probabilities, F is linear. A value that many rows
    share has the middle of its probabilities, and all of them lead back to it. Beyond the seen
    range the map goes on as a line, so that what lies far outside stays far outside.

    Args:
        knots: values in ascending order, at least 2, not all the same, at the probabilities
            (i + 1/2) / n of n examples, or at `MOST_KNOTS` of them.
        count: n.
        moments: the mean and the standard deviation of the n examples. Default None: of the knots.

    Example:

    >>> import numpy as np
    >>> from keras_infovae.tables.columns.quantile_map import QuantileMap
    >>> quantiles = QuantileMap.fitted(np.array([1.0, 2.0, 2.0, 50.0]))
    >>> z = quantiles.forward(np.array([1.0, 2.0, 50.0]))
    >>> z.round(2), quantiles.inverse(z).round(2)
    (array([-1.15,  0.  ,  1.15]), array([ 1.,  2., 50.]))
    """

    def __init__(self, knots, count, moments=None):
        self._knots = np.asarray(knots, "float64")
        edge = 0.5 / count
        self._probabilities = np.linspace(edge, 1.0 - edge, len(self._knots))
        low, high = special().ndtri(self._probabilities[[0, -1]])
        self._low, self._high = float(low), float(high)
        # Of the lines beyond the range: the slope from the middle to the end of the data.
        middle = self._knots[len(self._knots) // 2]
        span = self._knots[-1] - self._knots[0]
        self._mean, self._deviation = moments or mean_and_deviation(self._knots)
        self._units = [
            max(abs(self._knots[end] - middle), span / 4.0) / abs(z)
            for end, z in ((0, low), (-1, high))
        ]

    @classmethod
    def fitted(cls, values):
        """Returns the map of finite float64 values [n] that are not all the same."""
        return cls(knots_of(values), len(values), mean_and_deviation(values))

    def forward(self, values):
        """Returns standard normal numbers for `values`, float64 of the same shape."""
        knots, probabilities = self._knots, self._probabilities
        left = np.interp(values, knots, probabilities)
        right = -np.interp(-values, -knots[::-1], -probabilities[::-1])
        z = special().ndtri(0.5 * (left + right))
        z = np.where(values < knots[0], self._low + (values - knots[0]) / self._units[0], z)
        return np.where(values > knots[-1], self._high + (values - knots[-1]) / self._units[1], z)

    def log_slopes(self, z):
        """Returns log dz/dx at `z` [k], for x in units of their standard deviation.

        F is smoothed for that, since the slope of an empirical distribution function is noise: its
        derivative is a kernel density estimate on the knots, of the width of Silverman's rule. The
        kernel is Student's t of 3 degrees of freedom, of variance 1: in a gap before a value that
        is far from all others, a normal kernel would tell of hundreds of thousands of nats.
        """
        knots, deviation = self._knots, self._deviation
        low, high = np.quantile(knots, [0.25, 0.75])
        spread = min(deviation, (high - low) / 1.349) or deviation
        width = 0.9 * spread * len(knots) ** -0.2
        x = self.inverse(z)
        # Of the last of the places from -5 to 5 that are asked for, the slope is that of the lines
        # beyond the data, however many these are: it is taken to go on as it ends.
        low_z, high_z = max(self._low, -_LAST), min(self._high, _LAST)
        distances = (x[:, None] - knots[None, :]) / width
        kernel = 2.0 / np.pi / (1.0 + distances**2) ** 2
        log_density = np.log(np.mean(kernel, axis=1) / width)
        inside = log_density + 0.5 * z**2 + 0.5 * np.log(2.0 * np.pi)
        slopes = np.where(z < low_z, -np.log(self._units[0]), inside)
        slopes = np.where(z > high_z, -np.log(self._units[1]), slopes)
        return slopes + np.log(deviation)

    def inverse(self, z, within_range=False):
        """Returns the values that standard normal numbers `z` stand for."""
        knots = self._knots
        values = np.interp(special().ndtr(z), self._probabilities, knots)
        if within_range:
            return values
        values = np.where(z < self._low, knots[0] + (z - self._low) * self._units[0], values)
        return np.where(z > self._high, knots[-1] + (z - self._high) * self._units[1], values)

    # === The same in a graph, on float64 tensors [n] ===

    # Averages are taken of values less their mean and over their deviation: a float32 would not
    # hold the seconds since 1970. These two take and give float32 [n, 1].

    def linear_in_graph(self, z, within_range=False):
        """Returns the values that `z` stands for, less their mean and over their deviation."""
        values = self.inverse_in_graph(tf.cast(z[:, 0], tf.float64), within_range)
        return tf.cast((values - self._mean) / self._deviation, tf.float32)[:, None]

    def of_linear_in_graph(self, linear):
        """Returns the z of values that are less their mean and over their deviation."""
        values = self._mean + self._deviation * tf.cast(linear[:, 0], tf.float64)
        return tf.cast(self.forward_in_graph(values), tf.float32)[:, None]

    def forward_in_graph(self, values):
        """Returns `forward` of a tensor."""
        knots, probabilities = self._knots, self._probabilities
        left = _interpolated(values, knots, probabilities)
        right = -_interpolated(-values, -knots[::-1], -probabilities[::-1])
        z = tf.math.ndtri(0.5 * (left + right))
        z = tf.where(values < knots[0], self._low + (values - knots[0]) / self._units[0], z)
        return tf.where(values > knots[-1], self._high + (values - knots[-1]) / self._units[1], z)

    def inverse_in_graph(self, z, within_range=False):
        """Returns `inverse` of a tensor."""
        knots = self._knots
        probability = 0.5 * tf.math.erfc(-z / np.sqrt(2.0))
        values = _interpolated(probability, self._probabilities, knots)
        if within_range:
            return values
        values = tf.where(z < self._low, knots[0] + (z - self._low) * self._units[0], values)
        return tf.where(z > self._high, knots[-1] + (z - self._high) * self._units[1], values)


def _interpolated(x, places, values):
    """Returns what `np.interp` does, for a tensor x [n]: NaN stays NaN."""
    widths = np.diff(places)
    # Where places coincide, only their last is read, as it is.
    slopes = np.divide(np.diff(values), widths, out=np.zeros_like(widths), where=widths > 0)
    found = tf.searchsorted(tf.constant(places), x, side="right") - 1
    found = tf.clip_by_value(found, 0, len(slopes) - 1)
    start, value, slope = (tf.gather(array, found) for array in (places[:-1], values[:-1], slopes))
    inside = tf.where(tf.equal(x, start), value, value + slope * (x - start))
    inside = tf.where(x < places[0], values[0], inside)
    return tf.where(x >= places[-1], values[-1], inside)


def knots_of(values):
    """Returns the knots of finite `values` [n]: all of them, or `MOST_KNOTS`, in order."""
    values = np.sort(np.asarray(values, "float64"))
    count = len(values)
    if count <= MOST_KNOTS:
        return values
    places = np.linspace(0.5, count - 0.5, MOST_KNOTS) - 0.5
    return np.interp(places, np.arange(count), values)


def mean_and_deviation(values):
    """Returns both of finite `values` [n], whose squares need not be finite; (value, 0) of one."""
    values = np.asarray(values, "float64")
    least, span = values.min(), values.max() - values.min()
    if not span:
        return float(least), 0.0
    shares = (values - least) / span
    return float(least + span * np.mean(shares)), float(span * np.std(shares))


def special():
    """Returns `scipy.special`, which is imported when it is first needed."""
    import scipy.special

    return scipy.special
