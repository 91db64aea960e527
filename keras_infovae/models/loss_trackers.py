"""The running means of the loss and its terms that a training reports."""

import keras
import tensorflow as tf

from keras_infovae.utils import reductions


class LossTrackers:
    """Running means of what each batch comes to, exact with batches of unequal size.

    All are kept in two vectors. Metrics of their own would each have a dozen operations, which in a
    small network's step are a fifth of the time (docs/performance.md).

    Args:
        names: of the terms, first "loss".
        optional: names of what is reported only where a batch has it.
    """

    def __init__(self, names=(), optional=()):
        self._names = [*names, *optional]
        self._means = _Means(len(self._names)) if names else None
        self._terms = {n: _Term(n, self._means, i) for i, n in enumerate(self._names)}
        self._unseen = set(optional)

    @property
    def metrics(self):
        """Those that have something to report."""
        return [term for name, term in self._terms.items() if name not in self._unseen]

    def update(self, shares, local_size):
        """Returns {name: running mean} after one more batch.

        Args:
            shares: {name: this replica's share of the global batch's value, or None}.
            local_size: the number of examples of this replica.
        """
        # A share times the number of replicas, averaged over replicas and over examples, is the
        # value of the global batch: an epoch's mean is exact with unequal batches too.
        replicas = reductions.num_replicas()
        weight = reductions.global_batch_size(local_size) / replicas
        known = [name for name in self._names if shares.get(name) is not None]
        self._unseen.difference_update(known)
        values = [shares[name] * replicas if name in known else None for name in self._names]
        self._means.update_state(values, weight)
        means = dict(zip(self._names, tf.unstack(self._means.result())))
        return {name: reductions.step_output(means[name]) for name in known}


class _Means(keras.metrics.Metric):
    """Weighted running means of several numbers, a vector."""

    def __init__(self, count):
        super().__init__(name="means")
        self._totals = self.add_variable((count,), "zeros", name="totals")
        self._weights = self.add_variable((count,), "zeros", name="weights")

    def update_state(self, values, weight):
        """Takes in a scalar for each number, or None for one that a batch does not have."""
        numbers = [tf.cast(0.0 if value is None else value, self.dtype) for value in values]
        has = tf.constant([float(value is not None) for value in values], self.dtype)
        weight = tf.cast(weight, self.dtype)
        self._totals.assign_add(tf.stack(numbers) * weight)
        self._weights.assign_add(has * weight)

    def result(self):
        """Returns the means, [count]; 0 of what no batch has had yet."""
        return keras.ops.divide_no_nan(self._totals, self._weights)


class _Term(keras.metrics.Metric):
    """One of the means, as Keras asks for it: by its name. Resetting it resets them all."""

    def __init__(self, name, means, index):
        super().__init__(name=name)
        self._means, self._index = means, index

    def result(self):
        return self._means.result()[self._index]
