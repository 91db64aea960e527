"""A learned scale is found in units of the training data: the unit of x makes no difference."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize, stats

import keras_infovae as ki

RNG = np.random.default_rng(0)
SMALL = {name: ki.networks.MLP([16]) for name in ("encoder", "decoder")}
# A group of columns for each likelihood with a scale, and for each way to have one.
LIKELIHOODS = {
    "normal": ki.likelihoods.Normal,
    "laplace": ki.likelihoods.Laplace,
    "student_t": ki.likelihoods.StudentT,
}
SCALES = ("global", "per_column", "per_value")
WIDTH = 3


def fitted(x, likelihood, epochs=100):
    keras.utils.set_random_seed(0)
    model = ki.InfoVAE(2, likelihood=likelihood, seed=0, **SMALL)
    model.compile(keras.optimizers.Adam(3e-3))
    model.fit(x.astype("float32"), epochs=epochs, batch_size=len(x) // 2, verbose=0)
    return model


def table(columns, count=128):
    z = RNG.normal(size=(count, 2))
    return z @ RNG.normal(size=(2, columns)) + 0.3 * RNG.normal(size=(count, columns))


@pytest.mark.slow
def test_the_unit_of_x_makes_no_difference_after_200_steps():
    groups = [(make, scale) for make in LIKELIHOODS.values() for scale in SCALES]
    # By its gradient too; but for Laplace's, whose sign turns on a rounding error.
    groups += [(functools.partial(ki.likelihoods.Normal, scale_update="gradient"), "global")]

    def likelihood():
        return ki.likelihoods.MixedColumns([(make(scale=scale), WIDTH) for make, scale in groups])

    # Other units for each group; for each column where it has a scale of its own.
    a, b = [], []
    for i, (_, scale) in enumerate(groups):
        own = scale == "per_column"
        a += list(10.0 ** np.linspace(-2, 3, WIDTH)) if own else [10.0 ** (i % 4 - 1)] * WIDTH
        b += [3.0, -5.0, 0.0] if own else [0.5 * i] * WIDTH
    a, x = np.array(a), table(len(a))
    b = np.array(b) * a
    first, second = fitted(x, likelihood()), fitted(x * a + b, likelihood())
    given = x.astype("float32"), (x * a + b).astype("float32")
    codes = first.encode(given[0])
    np.testing.assert_allclose(second.encode(given[1]), codes, atol=1e-3 * codes.std())
    reconstructions = first.reconstruct(given[0])
    np.testing.assert_allclose(
        (second.reconstruct(given[1]) - b) / a, reconstructions, atol=1e-3 * x.std()
    )
    elbo = first.elbo(given[0])
    shifted = second.elbo(given[1]) + np.log(a).sum()
    np.testing.assert_allclose(shifted, elbo, rtol=1e-3, atol=1e-3 * elbo.std())
    assert np.corrcoef(reconstructions.ravel(), x.ravel())[0, 1] > 0.9  # something was learned


def test_the_law_holds_for_images_of_either_usual_range():
    centers = np.linspace(1, 5, 60)[:, None, None]
    rows = np.arange(7.0)
    images = np.exp(-((rows[:, None] - centers) ** 2 + (rows - 3) ** 2) / 4)[..., None]
    first = fitted(images, ki.likelihoods.Normal(), epochs=30)
    second = fitted(255 * images, ki.likelihoods.Normal(), epochs=30)
    expected = first.elbo(images.astype("float32")) - images[0].size * np.log(255.0)
    received = second.elbo((255 * images).astype("float32"))
    np.testing.assert_allclose(received, expected, rtol=1e-3)


def learned_columns(noise, likelihood, steps=400):
    """The scales that a likelihood of its own columns finds where the decoder gives 0."""
    likelihood.build(noise.shape[1:])
    x = tf.constant(noise, tf.float32)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(likelihood.log_scale.value)
            loss = -tf.reduce_mean(likelihood.distribution(tf.zeros_like(x)).log_prob(x))
        likelihood.follow(tape.gradient(loss, [likelihood.log_scale]))

    for _ in range(steps):
        step()
    return np.exp(likelihood.log_scale.numpy())


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("scale", ["global", "per_column"])
def test_the_closed_form_is_the_maximum_of_the_likelihood(name, scale):
    fixed = {"degrees_of_freedom": 4} if name == "student_t" else {}
    likelihood = LIKELIHOODS[name](scale=scale, **fixed)
    noise = RNG.standard_t(4, size=(500, 2)) * [0.1, 20.0]
    density = {"normal": stats.norm, "laplace": stats.laplace, "student_t": stats.t(4)}[name]

    def best(values):
        def loss(log_scale):
            return -np.mean(density.logpdf(values / np.exp(log_scale)) - log_scale)

        return np.exp(optimize.minimize_scalar(loss, bounds=(-6, 6), method="bounded").x)

    expected = [best(noise[:, i]) for i in (0, 1)] if scale == "per_column" else best(noise)
    np.testing.assert_allclose(learned_columns(noise, likelihood, steps=800), expected, rtol=1e-3)


def test_a_step_is_one_of_a_running_mean_of_squared_errors():
    noise = RNG.normal(size=(50, 4))
    rate, squares = 0.05, np.mean(np.square(noise))
    found = learned_columns(noise, ki.likelihoods.Normal(), steps=3)
    expected = squares + (1 - rate) ** 3 * (1 - squares)  # from 1, the variance of the data
    np.testing.assert_allclose(found**2, expected, rtol=1e-5)


def test_a_scale_stays_above_its_minimum_and_survives_what_is_not_finite():
    likelihood = ki.likelihoods.Normal(minimum_scale=0.2)
    zeros = np.zeros([10, 3])
    assert learned_columns(zeros, likelihood) == pytest.approx(0.2)
    for gradient in (tf.constant(np.nan), tf.constant(-np.inf), None):
        likelihood.follow([gradient])
        assert np.exp(likelihood.log_scale.numpy()) == pytest.approx(0.2)


def test_units_are_those_of_the_data_and_are_learned_once(tmp_path):
    x = RNG.normal(size=(64, 3)) * [1.0, 100.0, 0.0] + [5.0, -3e3, 7.0]
    model = fitted(x, ki.likelihoods.Normal("per_column"), epochs=1)
    units = model.likelihood.units
    np.testing.assert_allclose(units.offset, x.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(units.unit, [*x.std(axis=0)[:2], 1.0], rtol=1e-5)
    model.save(tmp_path / "model.keras")
    restored = keras.models.load_model(tmp_path / "model.keras")
    restored.fit((10 * x).astype("float32"), epochs=1, verbose=0)
    np.testing.assert_array_equal(restored.likelihood.units.unit, units.unit)


def test_a_fixed_scale_and_raw_units_leave_x_as_it_is():
    x = tf.constant(RNG.normal(size=(8, 3)), tf.float32)
    for likelihood in (
        ki.likelihoods.Normal(0.5),
        ki.likelihoods.Laplace(standardize=False),
        ki.likelihoods.StudentT(scale="per_value", standardize=False),
    ):
        likelihood.build((3,))
        likelihood.adapt(1000.0 * x.numpy())
        np.testing.assert_array_equal(likelihood.features(x), x)
        parameters = tf.ones([8, *likelihood.parameter_shape((3,))])
        np.testing.assert_array_equal(likelihood.distribution(parameters).mean(), tf.ones([8, 3]))


@pytest.mark.parametrize("scale_update", ["fast", None])
def test_another_way_to_find_a_scale_is_refused(scale_update):
    with pytest.raises((ValueError, TypeError), match="scale_update.*closed_form.*gradient"):
        ki.likelihoods.Normal(scale_update=scale_update)
