"""Terms and weights of a loss."""

import tensorflow as tf


def penalty(weight, term):
    """Returns weight * term, where a term of weight 0 is left out: 0 * inf would be NaN."""
    if tf.is_tensor(weight):
        return tf.math.multiply_no_nan(term, weight)
    return weight * term if weight != 0 else 0.0


def number(weight):
    """Returns `weight` as a float where its value is known, in an eager call."""
    return float(weight) if tf.is_tensor(weight) and tf.executing_eagerly() else weight
