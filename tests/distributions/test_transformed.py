"""`Transformed`: the density of values before they were transformed."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

GRID = np.linspace(-5.0, 5.0, 201)


def test_a_lognormal_is_the_exponential_of_a_normal():
    """x = log v: log p(v) = log N(log v; m, 1) - log v, the lognormal density in closed form."""
    likelihood = ki.likelihoods.Transformed(ki.likelihoods.Normal(scale=1.0), [-GRID])
    likelihood.build((1,))
    v = np.array([0.2, 1.0, 3.7, 40.0])
    x = np.log(v)[:, None].astype("float32")
    log_prob = likelihood.distribution(tf.fill([4, 1], 0.3)).log_prob(x)
    expected = -0.5 * (np.log(v) - 0.3) ** 2 - 0.5 * np.log(2 * np.pi) - np.log(v)
    np.testing.assert_allclose(log_prob, expected, rtol=1e-4)


def test_beyond_the_grid_the_slope_goes_on_in_its_line():
    likelihood = ki.likelihoods.Transformed(ki.likelihoods.Normal(scale=1.0), [-GRID])
    likelihood.build((1,))
    added = [
        likelihood.distribution([[x]]).log_prob([[x]]).numpy()[0] + 0.5 * np.log(2 * np.pi)
        for x in (-7.0, 5.0, 50.0)
    ]
    np.testing.assert_allclose(added, [7.0, -5.0, -50.0], rtol=1e-5)


def test_mean_and_draws_are_those_of_x():
    plain = ki.likelihoods.Normal(scale=1.0)
    likelihood = ki.likelihoods.Transformed(ki.likelihoods.Normal(scale=1.0), [-GRID, GRID])
    likelihood.build((2,))
    parameters, seeds = tf.constant([[0.5, -1.0]]), tf.constant([[1, 2]])
    p = likelihood.distribution(parameters)
    np.testing.assert_array_equal(p.mean(), parameters)
    np.testing.assert_array_equal(
        likelihood.draw_rows(parameters, seeds), plain.draw_rows(parameters, seeds)
    )


@pytest.mark.parametrize("slopes", [[[0.0]], [[0.0, 1.0], [0.0]], []])
def test_slopes_are_known_at_two_places_at_least(slopes):
    with pytest.raises(ValueError, match="`log_slopes` must be lists of one length"):
        ki.likelihoods.Transformed("normal", slopes)


def test_another_number_of_columns_is_refused():
    likelihood = ki.likelihoods.Transformed("normal", [[0.0, 0.0]])
    with pytest.raises(ValueError, match=r"tables of 1 columns.*\(3,\)"):
        likelihood.check_event_shape((3,))
