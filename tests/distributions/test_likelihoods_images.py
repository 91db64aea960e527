"""The discretized logistic mixture against the formulas of its paper, in float64."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

import keras_infovae as ki

RNG = np.random.default_rng(0)


def gray(log_scales, locations=(-3.0, -1.0, -0.31, 0.0, 0.5, 0.998, 40.0), components=1):
    """Parameters [scales * locations, 1, 3 * components] of single gray values."""
    pairs = np.array(list(itertools.product(locations, log_scales)))
    logits = RNG.normal(size=(len(pairs), components))
    jitter = 0.1 * RNG.normal(size=(len(pairs), components))
    parameters = [logits, pairs[:, :1] + jitter, np.repeat(pairs[:, 1:], components, axis=1)]
    return np.concatenate(parameters, axis=1)[:, None].astype("float32")


def paper_log_prob(level, location, log_scale, num_levels=256):
    """log P(level) of one logistic distribution, equation 2, in the units [-1, 1] and float64."""
    last = num_levels - 1
    x = 2 * level / last - 1
    log_scale = 7 * np.tanh(log_scale / 7)
    upper = np.where(level == last, np.inf, (x + 1 / last - location) / np.exp(log_scale))
    lower = np.where(level == 0, -np.inf, (x - 1 / last - location) / np.exp(log_scale))
    with np.errstate(divide="ignore"):  # of a difference that has no digits left
        return np.log(special.expit(upper) - special.expit(lower))


def all_levels(likelihood, parameters):
    """log P [num_levels, n] of single values, for parameters [n, 1, ...]."""
    num_levels = likelihood.num_levels
    x = np.arange(num_levels, dtype="float32") / (num_levels - 1)
    x = np.broadcast_to(x[:, None, None], (num_levels, len(parameters), 1))
    return likelihood.distribution(parameters).log_prob(x).numpy().astype("float64")


@pytest.mark.parametrize("num_levels", [2, 17, 256])
def test_probabilities_of_the_levels_add_up_to_one(num_levels):
    likelihood = ki.likelihoods.DiscretizedLogisticMixture(3, num_levels)
    parameters = gray([-1e4, -7.0, -4.0, -1.0, 0.0, 3.0, 1e4], components=3)
    log_prob = all_levels(likelihood, parameters)
    np.testing.assert_allclose(np.exp(log_prob).sum(axis=0), 1.0, rtol=2e-5)


def test_gray_levels_as_in_the_paper():
    likelihood = ki.likelihoods.DiscretizedLogisticMixture(2)
    locations = RNG.uniform(-1, 1, size=(6, 1, 2))
    log_scales = RNG.uniform(-4, 0, size=(6, 1, 2))
    logits = RNG.normal(size=(6, 1, 2))
    parameters = np.concatenate([logits, locations, log_scales], axis=-1)
    level = np.arange(256)[:, None, None, None]
    expected = special.logsumexp(
        special.log_softmax(logits, axis=-1) + paper_log_prob(level, locations, log_scales), axis=-1
    )[..., 0]
    # Where the paper's difference of sigmoids still has digits.
    seen = expected > -20
    actual = all_levels(likelihood, parameters)
    assert seen.mean() > 0.5
    np.testing.assert_allclose(actual[seen], expected[seen], rtol=1e-4, atol=1e-4)


def test_far_from_the_location_the_probability_does_not_cancel():
    likelihood = ki.likelihoods.DiscretizedLogisticMixture(1)
    log_prob = all_levels(likelihood, gray([-5.0], locations=[-0.9])[:1])[:, 0]
    steps = np.diff(log_prob[100:-1])
    # The tail of a logistic: log P falls by the width of a level over the scale.
    scale = np.exp(7 * np.tanh(-5 / 7))
    np.testing.assert_allclose(steps, -(2 / 255) / scale, rtol=1e-3)


def color(n, components, coefficient=1.0):
    """Parameters [n, 1, 1, 10 * components] of images of one pixel."""
    parts = [
        RNG.normal(size=(n, components)),
        RNG.uniform(-0.8, 0.8, size=(n, 3 * components)),
        RNG.uniform(-2.5, -0.5, size=(n, 3 * components)),
        coefficient * RNG.normal(size=(n, 3 * components)),
    ]
    return np.concatenate(parts, axis=1)[:, None, None].astype("float32")


def test_colors_depend_on_each_other_as_in_the_paper():
    likelihood = ki.likelihoods.DiscretizedLogisticMixture(2)
    assert likelihood.parameter_shape((5, 4, 3)) == (5, 4, 20)
    parameters = color(50, 2)
    level = RNG.integers(0, 255, size=(50, 3, 1), endpoint=True)
    level[:3, :, 0] = [[0, 0, 0], [255, 255, 255], [0, 255, 9]]
    p = likelihood.distribution(parameters)
    actual = p.log_prob((level[:, None, None, :, 0] / 255).astype("float32"))

    logits, locations, log_scales, coefficients = np.split(
        parameters[:, 0, 0].astype("float64"), [2, 8, 14], axis=1
    )
    red, green, _ = np.moveaxis(2 * level / 255 - 1, 1, 0)
    alpha, beta, gamma = np.split(np.tanh(coefficients), 3, axis=1)
    means = np.split(locations, 3, axis=1)
    means = [means[0], means[1] + alpha * red, means[2] + beta * red + gamma * green]
    total = special.log_softmax(logits, axis=1)
    for channel, mean in enumerate(means):
        total += paper_log_prob(level[:, channel], mean, np.split(log_scales, 3, axis=1)[channel])
    expected = special.logsumexp(total, axis=1)
    seen = expected > -40
    assert seen.mean() > 0.5
    np.testing.assert_allclose(actual.numpy()[seen], expected[seen], rtol=1e-4)


def test_probabilities_of_all_colors_add_up_to_one_and_the_mean_is_near_theirs():
    num_levels = 8
    likelihood = ki.likelihoods.DiscretizedLogisticMixture(2, num_levels)
    parameters = color(20, 2)
    x = np.array(list(itertools.product(range(num_levels), repeat=3)), "float32") / (num_levels - 1)
    p = likelihood.distribution(parameters)
    every_color = np.broadcast_to(x[:, None, None, None], (len(x), 20, 1, 1, 3))
    probabilities = np.exp(p.log_prob(every_color).numpy().astype("float64"))
    np.testing.assert_allclose(probabilities.sum(axis=0), 1.0, rtol=2e-5)
    mean = p.mean().numpy()[:, 0, 0]
    exact = probabilities.T @ x
    np.testing.assert_allclose(mean[:, 0], exact[:, 0], atol=1e-3 / 7)  # red depends on nothing
    assert np.abs(mean - exact).max() < 0.05


@pytest.mark.parametrize("num_levels", [2, 17, 256])
def test_mean_of_gray_levels_is_exact(num_levels):
    likelihood = ki.likelihoods.DiscretizedLogisticMixture(3, num_levels)
    parameters = gray(
        [-1e4, -7.0, -5.2, -5.0, -4.0, -2.4, -2.0, -1.7, -1.0, 0.0, 3.0, 1e4], components=3
    )
    probabilities = np.exp(all_levels(likelihood, parameters))
    exact = (np.arange(num_levels) / (num_levels - 1)) @ probabilities
    mean = likelihood.distribution(parameters).mean().numpy()[:, 0]
    np.testing.assert_allclose(mean, exact, atol=1e-4)


def test_samples_follow_the_probabilities_of_the_levels():
    num_levels, draws = 5, 20_000
    likelihood = ki.likelihoods.DiscretizedLogisticMixture(2, num_levels)
    parameters = gray([-1.5, 0.0], locations=[-0.5, 0.2], components=2)
    samples = likelihood.distribution(parameters).sample(draws, seed=[0, 1]).numpy()
    levels = np.rint(samples[..., 0] * (num_levels - 1))
    frequencies = np.array([(levels == level).mean(axis=0) for level in range(num_levels)])
    probabilities = np.exp(all_levels(likelihood, parameters))
    error = 5 * np.sqrt(probabilities * (1 - probabilities) / draws) + 1 / draws
    assert np.all(np.abs(frequencies - probabilities) < error)


def test_samples_of_colors_correlate_as_the_coefficients_say():
    likelihood = ki.likelihoods.DiscretizedLogisticMixture(1)
    # Narrow green and blue, moved by red through tanh(0.5) and tanh(-0.5).
    parameters = [0, 0, 0, 0, -2, -6, -6, 0.5, -0.5, 0]
    p = likelihood.distribution(np.array(parameters, "float32")[None, None, None])
    red, green, blue = np.moveaxis(p.sample(4000, seed=[0, 1]).numpy().reshape(-1, 3), 1, 0)
    assert np.polyfit(red, green, 1)[0] == pytest.approx(np.tanh(0.5), abs=0.02)
    assert np.polyfit(red, blue, 1)[0] == pytest.approx(-np.tanh(0.5), abs=0.02)


def test_what_are_no_levels_is_refused():
    likelihood = ki.likelihoods.DiscretizedLogisticMixture()
    likelihood.check_values("x", np.arange(256).astype("float32")[None] / np.float32(255))
    with pytest.raises(ValueError, match=r"`x` must hold levels divided by 255.*x\[0, 1\] = 0\.5"):
        likelihood.check_values("x", np.array([[1.0, 0.5]]))
    ki.likelihoods.DiscretizedLogisticMixture(num_levels=17).check_values("x", np.array([[0.5]]))


def test_one_graph_for_images_of_any_batch():
    likelihood = ki.likelihoods.DiscretizedLogisticMixture(2)
    spec = tf.TensorSpec([None, 2, 2, 20])
    mean = tf.function(lambda a: likelihood.distribution(a).mean(), input_signature=[spec])
    assert mean(tf.zeros([3, 2, 2, 20])).shape == (3, 2, 2, 3)
    np.testing.assert_allclose(mean(tf.zeros([1, 2, 2, 20])), 0.5, atol=1e-5)
