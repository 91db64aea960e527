"""`PartlyObserved`: what was observed counts, and nothing else."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

NAN = float("nan")
WHOLE = [
    ("normal", [0.5, -1.0, 2.0, 0.0]),
    ("laplace", [0.5, -1.0, 2.0, 0.0]),
    ("student_t", [0.5, -1.0, 2.0, 0.0]),
    ("bernoulli", [1.0, 0.0, 1.0, 1.0]),
    ("continuous_bernoulli", [0.1, 0.9, 0.5, 0.0]),
    ("poisson", [0.0, 3.0, 1.0, 7.0]),
    ("negative_binomial", [0.0, 3.0, 1.0, 7.0]),
    ("zero_inflated_negative_binomial", [0.0, 3.0, 1.0, 7.0]),
]


def built(likelihood, event_shape=(4,)):
    partly = ki.likelihoods.PartlyObserved(likelihood)
    partly.build(event_shape)
    shape = partly.likelihood.parameter_shape(event_shape)
    parameters = np.random.default_rng(0).normal(size=(1, *shape)).astype("float32")
    return partly, tf.constant(parameters)


@pytest.mark.parametrize(("name", "x"), WHOLE)
def test_each_observed_value_adds_its_own_log_density(name, x):
    """log p(x) is that of x without value i, and that of value i alone, added."""
    partly, parameters = built(name)
    p = partly.distribution(parameters)
    whole = partly.likelihood.distribution(parameters).log_prob([x])
    np.testing.assert_allclose(p.log_prob([x]), whole, rtol=1e-6)
    for i in range(4):
        without = [NAN if j == i else value for j, value in enumerate(x)]
        alone = [value if j == i else NAN for j, value in enumerate(x)]
        both = p.log_prob([without]) + p.log_prob([alone])
        np.testing.assert_allclose(both, whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(p.log_prob([[NAN] * 4]), [0.0])


def test_a_normal_value_left_out_is_integrated_out():
    partly, parameters = built(ki.likelihoods.Normal(scale=1.0), (2,))
    grid = np.linspace(-12.0, 12.0, 4001, dtype="float32")
    x = np.stack([np.full_like(grid, 0.3), grid], axis=1)
    p = partly.likelihood.distribution(parameters)
    integral = np.sum(np.exp(p.log_prob(x).numpy().astype("float64"))) * (24.0 / 4000)
    given = partly.distribution(parameters).log_prob([[0.3, NAN]]).numpy()
    np.testing.assert_allclose(given, [np.log(integral)], rtol=1e-5)


def test_categories_are_missing_together():
    partly, parameters = built(ki.likelihoods.MixedColumns([("normal", 1), ("categorical", 3)]))
    p = partly.distribution(parameters)
    number = p.log_prob([[0.5, NAN, NAN, NAN]]).numpy()
    category = p.log_prob([[NAN, 0.0, 1.0, 0.0]]).numpy()
    np.testing.assert_allclose(p.log_prob([[0.5, 0.0, 1.0, 0.0]]), number + category, rtol=1e-5)
    expected = tf.nn.log_softmax(parameters[0, 1:])[1]
    np.testing.assert_allclose(category, [expected], rtol=1e-5)


def test_the_gradient_is_that_of_the_observed_values():
    partly, parameters = built("student_t")
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        log_prob = partly.distribution(parameters).log_prob([[0.5, NAN, 1e30, NAN]])
    gradient = tape.gradient(log_prob, parameters).numpy()[0]
    assert np.all(np.isfinite(gradient))
    np.testing.assert_array_equal(gradient[[1, 3]], 0.0)
    assert gradient[0] != 0.0


def test_the_encoder_sees_the_mean_and_what_was_observed():
    partly = ki.likelihoods.PartlyObserved(ki.likelihoods.Normal(scale="per_column"))
    partly.build((2,))
    x = np.array([[1.0, 10.0], [3.0, NAN], [NAN, 30.0]], "float32")
    partly.adapt(x)
    seen = partly.features(tf.constant(x)).numpy()
    assert partly.feature_shape((2,)) == (4,)
    np.testing.assert_allclose(seen[:, :2], [[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]], atol=1e-6)
    np.testing.assert_array_equal(seen[:, 2:], [[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])


def test_counts_start_from_the_moments_of_what_was_observed():
    x = np.random.default_rng(0).poisson(5.0, (50, 2)).astype("float32")
    holes = np.concatenate([x, np.full([30, 2], NAN, "float32")])
    starts = []
    for data in (x, holes):
        partly = ki.likelihoods.PartlyObserved("negative_binomial")
        partly.build((2,))
        partly.adapt(data)
        starts.append(partly.likelihood.scaled_log_dispersion.numpy())
    np.testing.assert_allclose(starts[1], starts[0], rtol=1e-5)


def test_x_is_checked_where_it_was_observed():
    model = ki.VAE(1, likelihood=ki.likelihoods.PartlyObserved("bernoulli"))
    model.build((None, 2))
    model.example_spec.array(np.array([[NAN, 1.0]], "float32"), "x")
    with pytest.raises(ValueError, match=r"`x` must lie in \[0, 1\]"):
        model.elbo(np.array([[NAN, 2.0]], "float32"))
    with pytest.raises(ValueError, match="`x` must be finite"):
        model.elbo(np.array([[NAN, np.inf]], "float32"))
    with pytest.raises(ValueError, match="`x` must be finite.*1 NaN"):
        ki.VAE(1, likelihood="normal").fit(np.array([[NAN], [1.0]], "float32"))


def test_likelihoods_of_all_of_x_are_refused():
    with pytest.raises(ValueError, match="`likelihood` must be one that is told nothing"):
        ki.likelihoods.PartlyObserved(ki.likelihoods.Poisson("observed"))


def test_a_decoder_that_reads_x_is_refused():
    likelihood = ki.likelihoods.PartlyObserved("bernoulli")
    model = ki.VAE(2, likelihood=likelihood, decoder=ki.networks.PixelCNN(4, 1))
    model.build((None, 4, 4, 1))
    with pytest.raises(ValueError, match="PartlyObserved cannot describe one position"):
        model.elbo(np.zeros([1, 4, 4, 1], "float32"))


def test_a_model_learns_the_mean_of_what_was_observed(tmp_path):
    """One column of mean 100 and deviation 10, half of it missing: log N at its own moments."""
    rng = np.random.default_rng(0)
    x = rng.normal(100.0, 10.0, (400, 1)).astype("float32")
    x[rng.random(x.shape) < 0.5] = NAN
    keras.utils.set_random_seed(0)
    model = ki.VAE(1, likelihood="partly_observed", encoder="mlp", decoder="mlp", seed=0)
    model.fit(x, epochs=20, batch_size=50, verbose=0)
    known = x[~np.isnan(x)]
    of_moments = -0.5 * np.log(2 * np.pi * np.var(known)) - 0.5
    # The standard error of a mean of 200 squared normal deviations, halved: 0.05. Twice of it.
    assert abs(model.elbo(x)[~np.isnan(x[:, 0])].mean() - of_moments) < 0.1
    path = tmp_path / "model.keras"
    model.save(path)
    np.testing.assert_array_equal(keras.saving.load_model(path).elbo(x), model.elbo(x))


@pytest.mark.parametrize("decoder", ["mlp", ki.networks.Recurrent(4)])
def test_what_values_add_is_the_log_density(decoder):
    """Of one-hot sequences, by independent values and by a decoder that reads x."""
    model = ki.VAE(2, likelihood="categorical", decoder=decoder, encoder="mlp", seed=0)
    model.build((None, 5, 3))
    x = np.eye(3, dtype="float32")[np.random.default_rng(0).integers(0, 3, (4, 5))]
    values, code = model.contributions(x)
    np.testing.assert_array_equal(values[x == 0], 0.0)
    total = values.sum(axis=(1, 2)) + code
    np.testing.assert_allclose(total, model.score(x), rtol=1e-5)
    loss = model.score(x, "reconstruction_loss")
    np.testing.assert_allclose(values.sum(axis=(1, 2)), loss, rtol=1e-5)
