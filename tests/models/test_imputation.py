"""`impute`: missing values from what the model knows given the others."""

import keras
import numpy as np
import pytest

import keras_infovae as ki

NAN = float("nan")
SCALE = 0.5
WEIGHTS = np.array([[1.0, -1.0, 0.5]])  # [latent_dim, values]: x = z WEIGHTS + SCALE e


def linear_model(likelihood):
    """Probabilistic principal component analysis with its own posterior, as a model.

    Of complete x, q(z|x) = p(z|x); of what the encoder does not see it knows nothing.
    """
    precision = 1.0 + (WEIGHTS @ WEIGHTS.T)[0, 0] / SCALE**2
    encoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    mean = WEIGHTS.T / SCALE**2 / precision
    encoder.layers[0].set_weights(
        [np.hstack([mean, np.zeros_like(mean)]), np.array([0.0, -np.log(precision)])]
    )
    decoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(3)])
    decoder.layers[0].set_weights([WEIGHTS, np.zeros(3)])
    model = ki.VAE(1, likelihood=likelihood, encoder=encoder, decoder=decoder, seed=0)
    model.build((None, 3))
    return model


@pytest.mark.parametrize("wrong", [0.0, 0.8], ids=["its own posterior", "an encoder that errs"])
def test_the_chain_has_the_moments_of_the_conditional_distribution(wrong):
    """x_1 given x_2 and x_3 is normal, with moments in closed form, whatever the encoder says."""
    model = linear_model(ki.likelihoods.Normal(scale=SCALE))
    weights = model.inference.encoder.get_weights()
    model.inference.encoder.set_weights([weights[0], weights[1] + np.array([0.3, 1.0]) * wrong])
    covariance = WEIGHTS.T @ WEIGHTS + SCALE**2 * np.eye(3)
    observed = np.array([0.7, 1.1])
    gain = covariance[0, 1:] @ np.linalg.inv(covariance[1:, 1:])
    mean, variance = gain @ observed, covariance[0, 0] - gain @ covariance[1:, 0]
    rows = np.tile([[NAN, *observed]], (4000, 1)).astype("float32")
    drawn = model.impute(rows, num_samples=1, seed=1, batch_size=4000)[0]
    np.testing.assert_array_equal(drawn[:, 1:], rows[:, 1:])
    # 4,000 chains: four standard errors of a mean and of a variance.
    assert abs(drawn[:, 0].mean() - mean) < 4 * np.sqrt(variance / 4000)
    assert abs(drawn[:, 0].var() - variance) < 4 * variance * np.sqrt(2 / 4000)
    means = model.impute(rows, seed=1, batch_size=4000)[:, 0]
    assert abs(means.mean() - mean) < 4 * means.std() / np.sqrt(4000)
    assert means.var() < variance / 4  # a mean over a chain tells more than one draw


def test_rows_are_filled_in_each_by_itself():
    model = linear_model(ki.likelihoods.Normal(scale=SCALE))
    rows = np.array([[NAN, 1.0, 0.0], [0.5, NAN, NAN], [0.1, 0.2, 0.3]], "float32")
    filled = model.impute(rows)
    assert np.all(np.isfinite(filled))
    np.testing.assert_array_equal(filled[2], rows[2])
    np.testing.assert_allclose(model.impute(rows, batch_size=1), filled, rtol=1e-5)
    np.testing.assert_array_equal(model.impute(rows), filled)
    two = model.impute(rows, num_samples=2)
    np.testing.assert_allclose(model.impute(rows, num_samples=1)[0], two[0], rtol=1e-5)
    assert not np.allclose(two[0], two[1])


@pytest.mark.parametrize(
    ("settings", "x", "error", "message"),
    [
        ({}, [[NAN, np.inf]], ValueError, "`x` must be finite"),
        ({"likelihood": "bernoulli"}, [[NAN, 2.0]], ValueError, r"`x` must lie in \[0, 1\]"),
        ({}, [[1.0, NAN, 2.0]], ValueError, "`x` must have shape"),
        ({"posterior": "deterministic"}, [[NAN, 1.0]], ValueError, "`impute` is not defined"),
    ],
)
def test_what_cannot_be_filled_in(settings, x, error, message):
    cls = ki.MMDVAE if "posterior" in settings else ki.VAE
    model = cls(1, **{"likelihood": "normal"} | settings)
    model.build((None, 2))
    with pytest.raises(error, match=message):
        model.impute(np.array(x, "float32"))


def test_a_number_of_draws_is_one():
    model = ki.VAE(1, likelihood="normal")
    model.build((None, 2))
    with pytest.raises(ValueError, match="`num_samples` must be an integer of at least 1"):
        model.impute(np.array([[NAN, 1.0]], "float32"), num_samples=0)
