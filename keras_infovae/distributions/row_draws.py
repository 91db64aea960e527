"""Draws from a distribution with a seed per row, all rows at once."""

import functools
import math

import tensorflow as tf

from keras_infovae.distributions import row_counts
from keras_infovae.distributions.components import choose_components
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import row_random
from keras_infovae.utils.checks import argument_error


def draw_rows(distribution: Distribution, seeds: Tensor, num_samples: int | None = None) -> Tensor:
    """Returns draws of which each row follows from its own seed, [n, *event_shape].

    Row i is the same, up to rounding, whatever n and the other rows are. The gradient with respect
    to the parameters is that of a reparameterization where `distribution.sample` has one.

    All that this package makes is drawn for all rows at once: noise by the seeds of the rows goes
    through the transformations of any draw. A distribution of another class with a method
    `sample_rows(seeds, num_samples)` draws by it; from any other, `sample` draws row after row,
    which is slow.

    Args:
        distribution: a TFP distribution with batch shape [], from which each seed gets a draw of
            its own, or [n]: row i is a draw from the i-th of the batch.
        seeds: int32 [n, 2], such as `utils.row_random.seeds_of_rows` gives.
        num_samples: k for [k, n, *event_shape], of which the first j are those of k = j (but not
            where rows are drawn one after another). Default None: without that axis, the first.

    Raises:
        ValueError: for a distribution with a batch of more than one axis.

    Example:

    >>> import tensorflow_probability as tfp
    >>> from keras_infovae.distributions.row_draws import draw_rows
    >>> from keras_infovae.utils.row_random import seeds_of_rows
    >>> prior = tfp.distributions.Sample(tfp.distributions.Normal(0.0, 1.0), 2)
    >>> rows, third = draw_rows(prior, seeds_of_rows(1, 0, 3)), draw_rows(prior, [[1, 2]])
    >>> bool(abs(rows[2, 0] - third[0, 0]) < 1e-6)
    True
    """
    if distribution.batch_shape.rank not in (0, 1):
        raise argument_error(
            "distribution", "one with batch shape [] or [n]", distribution.batch_shape
        )
    seeds = tf.convert_to_tensor(seeds)
    return _draw(distribution, seeds, distribution.event_shape.as_list(), num_samples)


def _draw(distribution, seeds, shape, num_samples):
    """Returns draws [n, *shape] or [num_samples, n, *shape].

    `shape` is that of a row: the event shape, after what the batch shape has beyond its axis of
    rows. A batch may also be smaller, and is broadcast.
    """
    own = getattr(distribution, "sample_rows", None)
    if own is not None and len(shape) == distribution.event_shape.rank:
        return own(seeds, num_samples)
    sampler = _samplers().get(_sampling_class(type(distribution)), _draw_one_by_one)
    return sampler(distribution, seeds, shape, num_samples)


def _sampling_class(cls):
    """Returns the class of whose method of sampling `cls` makes use."""
    methods = {"_sample_n", "_call_sample_n"}
    return next((base for base in cls.__mro__ if methods & vars(base).keys()), cls)


@functools.cache
def _samplers():
    """Returns {class: a function like `_draw`}."""
    tfd = tfp.distributions
    quantiles = (
        tfd.Cauchy,
        tfd.Exponential,
        tfd.HalfCauchy,
        tfd.HalfNormal,
        tfd.Laplace,
        tfd.Logistic,
        tfd.Uniform,
    )
    samplers = {
        tfd.Bernoulli: _draw_bernoulli,
        tfd.Blockwise: _draw_blockwise,
        tfd.Categorical: _draw_categorical,
        tfd.ContinuousBernoulli: _draw_continuous_bernoulli,
        tfd.Deterministic: _draw_deterministic,
        tfd.Independent: _draw_independent,
        tfd.Mixture: _draw_mixture,
        tfd.MixtureSameFamily: _draw_mixture_same_family,
        tfd.NegativeBinomial: row_counts.draw_negative_binomial,
        tfd.Normal: _draw_normal,
        tfd.OneHotCategorical: _draw_one_hot,
        tfd.Poisson: row_counts.draw_poisson,
        tfd.Sample: _draw_sample,
        tfd.SphericalUniform: _draw_spherical_uniform,
        tfd.StudentT: _draw_student_t,
        tfd.TransformedDistribution: _draw_transformed,
        tfd.VectorDeterministic: _draw_deterministic,
    }
    samplers |= dict.fromkeys(quantiles, _draw_by_quantile)
    return {_sampling_class(cls): sampler for cls, sampler in samplers.items()}


# === Distributions of one value ===


def _uniform(distribution, seeds, shape, num_samples):
    return tf.cast(row_random.uniform(seeds, shape, num_samples), distribution.dtype)


def _normal(distribution, seeds, shape, num_samples):
    return tf.cast(row_random.normal(seeds, shape, num_samples), distribution.dtype)


def _draw_normal(distribution, *arguments):
    return distribution.loc + distribution.scale * _normal(distribution, *arguments)


def _draw_by_quantile(distribution, *arguments):
    return distribution.quantile(_uniform(distribution, *arguments))


def _draw_deterministic(distribution, seeds, shape, num_samples):
    return tf.broadcast_to(distribution.loc, row_random.full_shape(seeds, shape, num_samples))


def _draw_bernoulli(distribution, *arguments):
    uniform = row_random.uniform(*arguments)
    probability = tf.cast(distribution.probs_parameter(), tf.float32)
    return tf.cast(uniform < probability, distribution.dtype)


def _draw_continuous_bernoulli(distribution, *arguments):
    """By the quantile function x(u; a) = log(1 + u (exp(a) - 1)) / a = 1 - x(1 - u; -a)."""
    uniform = _uniform(distribution, *arguments)
    logits = distribution.logits_parameter()
    # From the side where exp(a) - 1 lies in (-1, 0); next to 0 the function is the identity.
    below = tf.minimum(-tf.abs(logits), -1e-6)
    value = tf.math.log1p(tf.where(logits > 0.0, 1.0 - uniform, uniform) * tf.math.expm1(below))
    return tf.where(logits > 0.0, 1.0 - value / below, value / below)


def _draw_student_t(distribution, seeds, shape, num_samples):
    """By Bailey, Polar Generation of Random Variates With the t-Distribution, 1994, theorem 1.

    It is the way of Box and Muller, its limit for many degrees of freedom v:

        t = sqrt(v (u_1^(-2 / v) - 1)) cos(2 pi u_2)
    """
    uniform = _uniform(distribution, seeds, [2, *shape], num_samples)
    first, second = tf.unstack(uniform, axis=1 if num_samples is None else 2)
    squared = distribution.df * tf.math.expm1(-2.0 * tf.math.log(first) / distribution.df)
    t = tf.sqrt(squared) * tf.cos(2.0 * math.pi * second)
    return distribution.loc + distribution.scale * t


def _draw_categorical(distribution, *arguments):
    category = category_at(row_random.uniform(*arguments), distribution.logits_parameter())
    return tf.cast(category, distribution.dtype)


def category_at(uniform, logits):
    """Returns the first category at which the sum of probabilities reaches a uniform number.

    Args:
        uniform: float32 [...], in (0, 1).
        logits: [..., K], of a shape that can be broadcast.

    Returns:
        int64 [...]; a category of probability 0 is never among them.
    """
    probabilities = tf.nn.softmax(tf.cast(logits, tf.float32))
    possible = probabilities > 0.0
    sums = tf.cumsum(probabilities, axis=-1)
    # Rounded sums need not end at 1, nor, under XLA, at the largest.
    total = tf.reduce_max(tf.where(possible, sums, 0.0), axis=-1, keepdims=True)
    reached = possible & (sums >= uniform[..., None] * total)
    return tf.argmax(tf.cast(reached, tf.float32), axis=-1)


# === Distributions of vectors ===


def _draw_one_hot(distribution, seeds, shape, num_samples):
    logits = distribution.logits_parameter()
    categories = tfp.distributions.Categorical(logits=logits)
    category = _draw_categorical(categories, seeds, shape[:-1], num_samples)
    return tf.one_hot(category, shape[-1], dtype=distribution.dtype)


def _draw_spherical_uniform(distribution, *arguments):
    return tf.math.l2_normalize(_normal(distribution, *arguments), axis=-1)


# === Distributions made of others ===


def _draw_independent(distribution, *arguments):
    return _draw(distribution.distribution, *arguments)


def _draw_sample(distribution, seeds, shape, num_samples):
    base, event_rank = distribution.distribution, distribution.event_shape.rank
    batch = shape[: len(shape) - event_rank]
    copies = shape[len(batch) : len(shape) - base.event_shape.rank]
    event = shape[len(batch) + len(copies) :]
    samples = 1 if num_samples is None else num_samples
    draws = _draw(base, seeds, batch + event, samples * math.prod(copies))
    draws = tf.reshape(draws, [samples, *copies, row_random.row_count(seeds), *batch, *event])
    # [samples, copies, n, batch, event] with the copies after the batch
    axes = list(range(draws.shape.rank))
    c, b = 1 + len(copies), 2 + len(copies) + len(batch)
    draws = tf.transpose(draws, axes[:1] + axes[c:b] + axes[1:c] + axes[b:])
    return draws[0] if num_samples is None else draws


def _draw_transformed(distribution, seeds, shape, num_samples):
    base = distribution.distribution
    batch = shape[: len(shape) - distribution.event_shape.rank]
    draws = _draw(base, seeds, batch + base.event_shape.as_list(), num_samples)
    return distribution.bijector.forward(draws)


def _draw_blockwise(distribution, seeds, shape, num_samples):
    parts = distribution.parameters["distributions"]
    if not isinstance(parts, (list, tuple)):
        return _draw_one_by_one(distribution, seeds, shape, num_samples)
    draws = [
        _draw(
            part,
            row_random.fold_in(seeds, i),
            shape[:-1] + part.event_shape.as_list(),
            num_samples,
        )
        for i, part in enumerate(parts)
    ]
    return tf.concat([tf.cast(draw, distribution.dtype) for draw in draws], axis=-1)


def _draw_mixture(distribution, seeds, shape, num_samples):
    event_rank = distribution.event_shape.rank
    batch = shape[: len(shape) - event_rank]
    index = _draw(distribution.cat, seeds, batch, num_samples)
    index = tf.reshape(index, row_random.full_shape(seeds, batch + [1] * event_rank, num_samples))
    result = None
    for i, component in enumerate(distribution.components):
        draw = _draw(component, row_random.fold_in(seeds, i), shape, num_samples)
        result = draw if result is None else tf.where(index == i, draw, result)
    return result


def _draw_mixture_same_family(distribution, seeds, shape, num_samples):
    components = distribution.components_distribution
    if components.batch_shape.rank != 1 or len(shape) != distribution.event_shape.rank:
        return _draw_one_by_one(distribution, seeds, shape, num_samples)
    # A row for each draw: it chooses a component, and draws from it alone.
    samples = 1 if num_samples is None else num_samples
    rows = tf.reshape(row_random.fold_in(seeds, tf.range(samples)), [-1, 2])
    index = _draw(distribution.mixture_distribution, rows, [], None)
    chosen = choose_components(components, index)
    draws = _draw(chosen, row_random.fold_in(rows, 0), shape, None)
    return tf.reshape(draws, row_random.full_shape(seeds, shape, num_samples))


# === Any other ===


def _draw_one_by_one(distribution, seeds, shape, num_samples):
    """Row after row, by the distribution's own `sample`."""
    has_rows = distribution.batch_shape.rank + distribution.event_shape.rank > len(shape)
    sample_shape = [] if num_samples is None else [num_samples]

    def draw(inputs):
        i, seed = inputs
        row = distribution[i] if has_rows else distribution
        draws = row.sample(sample_shape, seed=seed)
        return tf.ensure_shape(draws, [None] * len(sample_shape) + list(shape))

    rows = tf.range(row_random.row_count(seeds)), seeds
    draws = tf.map_fn(draw, rows, fn_output_signature=distribution.dtype)
    if num_samples is None:
        return draws
    return tf.transpose(draws, [1, 0, *range(2, draws.shape.rank)])
