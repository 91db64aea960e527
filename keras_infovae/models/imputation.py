"""Missing values of x, drawn from what a model knows given the others."""

import tensorflow as tf

from keras_infovae.distributions import draw_rows
from keras_infovae.models.joint import Joint
from keras_infovae.utils.row_random import fold_in, row_seeds, uniform

_WARM_UP = 4  # the first quarter of the steps is not counted
_FREE = 8  # the first eighth accepts all, to leave a beginning of little probability
_X, _CODE, _ACCEPT, _PER_STEP = range(4)  # what a step draws, each by numbers of its own


def impute_rows(model, x, seed, condition, steps, sample, seen):
    """Returns x with its missing values filled in, [n, *event_shape].

    A Markov chain whose law tends to p(z, missing values | observed values) of the model. A step
    draws the missing values from p(x|z), and z from q(z|x) of the completed x, which is accepted
    with the probability of Metropolis and Hastings

        min(1, w(z') / w(z)),      w(z) = p(x, z) / q(z|x)

    so that the encoder's errors do not show. The first eighth of the steps accepts all, and the
    first quarter is not counted.

    Args:
        model: a `LatentVariableModel` whose posterior and prior have densities.
        x: [n, *event_shape], NaN where a value is missing.
        seed: int64 [n] of at least 0.
        condition: [n, condition.size], or None.
        steps: how many, an int of at least 8.
        sample: True for one draw of the missing values, at the end of the chain; False for their
            mean, that of what `spec.to_average` says of p(x|z) along the chain.
        seen: a function of x, completed, and of which values were missing, to x as a model trained
            with missing values knows it: NaN where it has been told in training that a value is
            missing.
    """
    spec = model.example_spec
    missing = tf.math.is_nan(x)
    seeds = fold_in(row_seeds(seed), 5)  # not the draws that `generate` makes x of
    warm_up = steps // _WARM_UP
    z = tf.cast(draw_rows(model.prior_distribution(), fold_in(seeds, 0)), tf.float32)

    def move(k, z, total):
        def at(what):
            return fold_in(seeds, 1 + k * _PER_STEP + what)

        likelihood = model.likelihood_of(z, condition)
        mean = tf.cast(likelihood.mean(), tf.float32)
        drawn = tf.cast(draw_rows(likelihood, at(_X)), tf.float32)
        averaged = spec.to_average(mean, drawn)
        total += tf.where(k >= warm_up, averaged, tf.zeros_like(averaged))
        joint = Joint(model, seen(tf.where(missing, drawn, x), missing), condition)
        posterior = joint.posterior(model.inference)
        proposed = tf.cast(draw_rows(posterior, at(_CODE)), tf.float32)
        # Both are weighed for the same x.
        log_ratio = joint.log_weights(proposed[None], posterior) - joint.log_weights(
            z[None], posterior
        )
        chance = tf.math.log(uniform(at(_ACCEPT), []))
        accept = (k < steps // _FREE) | (chance < log_ratio[0])
        return k + 1, tf.where(accept[:, None], proposed, z), total

    _, z, total = tf.while_loop(
        lambda k, *_: k < steps,
        move,
        (tf.constant(0), z, tf.zeros_like(x)),
        parallel_iterations=1,
        maximum_iterations=steps,
    )
    if sample:
        filled = draw_rows(model.likelihood_of(z, condition), fold_in(seeds, 1 + steps * _PER_STEP))
    else:
        filled = spec.of_average(total / float(steps - warm_up))
    return tf.where(missing, tf.cast(filled, tf.float32), x)
