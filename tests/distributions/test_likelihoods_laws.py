"""Laws that every likelihood keeps: shapes, finite numbers, float32, means of samples, configs."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

RNG = np.random.default_rng(0)


def uniform(shape):
    return RNG.random(shape)


def normal(shape):
    return RNG.normal(size=shape)


def counts(shape):
    return RNG.choice([0, 0, 1, 2, 7, 300], size=shape)


def levels(shape, last=255):
    return RNG.integers(0, last, size=shape, endpoint=True) / last


def one_hot(shape):
    return np.eye(shape[-1])[RNG.integers(0, shape[-1], size=shape[:-1])]


def columns(shape):
    return np.concatenate(
        [normal((shape[0], 2)), one_hot((shape[0], 3)), counts((shape[0], 2))], axis=1
    )


COLUMNS = [("student_t", None), ("categorical", 3), (ki.likelihoods.Poisson("observed"), 2)]
# What makes one, the shape of x, what draws such x, how many weights it learns.
CASES = {
    "bernoulli": (ki.likelihoods.Bernoulli, (2, 3), uniform, 0),
    "normal": (ki.likelihoods.Normal, (3,), normal, 1),
    "normal, by gradient": (
        lambda: ki.likelihoods.Normal(scale_update="gradient"),
        (3,),
        normal,
        1,
    ),
    "laplace, per value": (lambda: ki.likelihoods.Laplace("per_value"), (2, 3), normal, 0),
    "student_t": (ki.likelihoods.StudentT, (3,), normal, 2),
    "continuous_bernoulli": (ki.likelihoods.ContinuousBernoulli, (2, 3), uniform, 0),
    "categorical": (ki.likelihoods.Categorical, (2, 3), one_hot, 0),
    "gray levels": (ki.likelihoods.DiscretizedLogisticMixture, (2, 2, 1), levels, 0),
    "color": (lambda: ki.likelihoods.DiscretizedLogisticMixture(2), (2, 2, 3), levels, 0),
    "poisson": (ki.likelihoods.Poisson, (3,), counts, 0),
    "poisson, library": (lambda: ki.likelihoods.Poisson("observed"), (2, 3), counts, 0),
    "negative_binomial": (ki.likelihoods.NegativeBinomial, (2, 3), counts, 1),
    "zero inflated, library": (
        lambda: ki.likelihoods.ZeroInflatedNegativeBinomial("per_value", "observed"),
        (2, 3),
        counts,
        0,
    ),
    "mixed_columns": (lambda: ki.likelihoods.MixedColumns(COLUMNS), (7,), columns, 2),
}


@pytest.fixture(params=CASES)
def case(request):
    """A built likelihood of its own for each test, the shape of x, x [8, ...] and the weights."""
    make, event_shape, draw, num_weights = CASES[request.param]
    likelihood = ki.likelihoods.deserialize(ki.likelihoods.serialize(make()))
    likelihood.check_event_shape(event_shape)
    likelihood.build(event_shape)
    x = draw((8, *event_shape)).astype("float32")
    likelihood.check_range("x", x)
    likelihood.check_values("x", x)
    return likelihood, event_shape, x, num_weights


def parameters_of(likelihood, event_shape, n=8, draw=normal):
    return tf.constant(draw((n, *likelihood.parameter_shape(event_shape))), tf.float32)


def learned_weights(likelihood):
    """Those of the optimizer, and those that follow their gradient by a rule of their own."""
    return likelihood.trainable_weights + getattr(likelihood, "followed_variables", [])


def log_prob_and_gradients(likelihood, parameters, x):
    sources = [parameters, *(weight.value for weight in learned_weights(likelihood))]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        p = likelihood.distribution(parameters, likelihood.context(x))
        log_prob = p.log_prob(x)
    return log_prob, tape.gradient(log_prob, sources)


def test_shapes_in_the_datas_own(case):
    likelihood, event_shape, x, num_weights = case
    assert len(learned_weights(likelihood)) == num_weights

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, *likelihood.parameter_shape(event_shape)]),
            tf.TensorSpec([None, *event_shape]),
        ]
    )
    def use(parameters, x):
        p = likelihood.distribution(parameters, likelihood.context(x))
        assert p.event_shape == event_shape
        new = likelihood.distribution(parameters)  # without x, as for new examples
        samples = [p.sample(seed=[0, 1]), p.sample(seed=[0, 2]), new.sample(seed=[0, 3])]
        return p.log_prob(x), likelihood.features(x), p.mean(), *samples

    log_prob, features, mean, *samples = (
        value.numpy() for value in use(parameters_of(likelihood, event_shape), x)
    )
    assert log_prob.shape == (8,) and np.all(np.isfinite(log_prob))
    for value in (features, mean, *samples):
        assert value.shape == x.shape and value.dtype == np.float32
        assert np.all(np.isfinite(value))
    for sample in samples:  # are data again
        likelihood.check_range("x", sample)
        likelihood.check_values("x", sample)
    assert np.any(samples[0] != samples[1])


def test_finite_at_extremes_with_and_without_xla(case):
    likelihood, event_shape, x, _ = case
    parameters = parameters_of(
        likelihood, event_shape, draw=lambda shape: RNG.choice([-1e4, 0.0, 1e4], size=shape)
    )
    # The smallest and the largest values among the data, for the edges of its range.
    log_prob, gradients = tf.function(log_prob_and_gradients)(
        likelihood, parameters, tf.constant(x)
    )
    compiled = tf.function(log_prob_and_gradients, jit_compile=True)
    by_xla, gradients_by_xla = compiled(likelihood, parameters, tf.constant(x))
    np.testing.assert_allclose(by_xla, log_prob, rtol=1e-4, atol=1e-3)
    for gradient, other in zip(gradients, gradients_by_xla, strict=True):
        assert np.all(np.isfinite(gradient)) and np.all(np.isfinite(other))
    assert np.all(np.isfinite(log_prob))


def test_gradients_are_those_of_finite_differences(case):
    likelihood, event_shape, x, _ = case
    parameters = parameters_of(likelihood, event_shape)
    log_prob, gradients = log_prob_and_gradients(likelihood, parameters, tf.constant(x))
    direction = tf.constant(normal(parameters.shape), tf.float32)
    step = 1e-2
    up, _ = log_prob_and_gradients(likelihood, parameters + step * direction, tf.constant(x))
    down, _ = log_prob_and_gradients(likelihood, parameters - step * direction, tf.constant(x))
    slope = tf.reduce_sum(tf.reshape(gradients[0] * direction, [8, -1]), axis=1)
    # The error of a central difference in float32: its curvature and the rounding of log_prob.
    tolerance = 1e-2 * np.abs(slope) + 1e-5 * np.abs(log_prob) / step + 1e-2
    assert np.all(np.abs((up - down) / (2 * step) - slope) < tolerance)
    for gradient in gradients[1:]:
        assert np.all(np.isfinite(gradient)) and np.any(gradient != 0)


def test_mean_is_that_of_samples(case):
    likelihood, event_shape, x, _ = case
    draws = 4000
    colors = event_shape == (2, 2, 3)  # their mean is exact as far as no value is cut off
    spread = 0.2 if colors else 0.5
    parameters = parameters_of(likelihood, event_shape, n=2, draw=lambda s: spread * normal(s))
    if colors:
        log_scales = np.zeros(20)
        log_scales[8:14] = 1.0  # of 2 components: logits, locations, log scales, coefficients
        parameters -= 4.0 * log_scales
    p = likelihood.distribution(parameters, likelihood.context(tf.constant(x[:2])))
    samples = p.sample(draws, seed=[1, 2]).numpy()
    assert samples.shape == (draws, 2, *event_shape)
    # Five standard errors; a value that was never drawn may still have a probability of 1 / draws.
    error = 5 * samples.std(axis=0) / np.sqrt(draws) + 1 / draws
    assert np.all(np.abs(samples.mean(axis=0) - p.mean().numpy()) < error)


def test_float32_under_mixed_precision_and_restored_with_its_weights(case):
    likelihood, event_shape, x, _ = case
    parameters = parameters_of(likelihood, event_shape)
    for weight in likelihood.weights:
        weight.assign(tf.ones_like(weight) * 0.7)
    config = json.loads(json.dumps(ki.likelihoods.serialize(likelihood)))
    keras.config.set_dtype_policy("mixed_float16")
    try:
        restored = ki.likelihoods.deserialize(config)
        assert restored.built
        for weight, value in zip(restored.weights, likelihood.get_weights(), strict=True):
            assert weight.dtype == "float32"
            weight.assign(value)
        p = restored.distribution(tf.cast(parameters, tf.float16), restored.context(x))
        log_prob = p.log_prob(x)
        assert log_prob.dtype == p.mean().dtype == tf.float32
    finally:
        keras.config.set_dtype_policy("float32")
    rounded = tf.cast(tf.cast(parameters, tf.float16), tf.float32)
    expected = likelihood.distribution(rounded, likelihood.context(x)).log_prob(x)
    np.testing.assert_allclose(log_prob, expected, rtol=1e-6)
