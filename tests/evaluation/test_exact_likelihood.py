"""log p(x) by method="exact": of trained models, in the unit of x, and refused by name."""

from unittest import mock

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.distributions.piecewise_affine import read_generator

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(60, 2)) @ RNG.normal(size=(2, 3)) * [1.0, 2.0, 0.2] + 0.5).astype("float32")
MLP = ki.networks.MLP([6])


@pytest.fixture(scope="module", params=["global", "per_column", 0.7, "gradient"])
def model(request):
    """A VAE, not trained, whose likelihood has units of the data."""
    scale = "per_column" if request.param == "gradient" else request.param
    update = "gradient" if request.param == "gradient" else "closed_form"
    likelihood = ki.likelihoods.Normal(scale, scale_update=update)
    keras.utils.set_random_seed(2)  # where no unit is active, z is known no better than before
    model = ki.VAE(2, likelihood=likelihood, encoder=MLP, decoder=MLP, seed=0)
    model.build(X.shape)
    model.adapt(X, len(X))
    if scale != 0.7:
        model.likelihood.log_scale.assign(model.likelihood.log_scale - 0.5)
    return model


def test_it_is_what_a_grid_of_the_model_itself_gives(model):
    import tensorflow as tf

    found = ki.evaluation.marginal_log_likelihood(model, X[:4], "exact")
    side = np.linspace(-6, 6, 241)
    z = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 1, 2).astype("float32")
    joint = model.joint(tf.constant(X[:4])).log_prob(tf.constant(np.repeat(z, 4, axis=1)))
    expected = tf.reduce_logsumexp(joint, axis=0).numpy() + 2 * np.log(side[1] - side[0])
    np.testing.assert_allclose(found.log_likelihood, expected, atol=2e-3)  # float32, and the grid
    assert np.all(found.standard_error == 0.0) and np.all(found.effective_sample_size == np.inf)


@pytest.mark.filterwarnings("ignore:The importance weights")
def test_estimates_lie_around_it(model):
    exact = ki.evaluation.inference_gap(model, X[:20], "exact")
    by_draws = ki.evaluation.marginal_log_likelihood(model, X[:20], num_samples=500)
    error = by_draws.log_likelihood - exact.log_likelihood
    assert np.median(np.abs(error)) < 0.05
    assert np.all(exact.gap > -4 * exact.standard_error)
    posterior = ki.evaluation.exact_posterior(model, X[:20])
    np.testing.assert_allclose(posterior.log_marginal(), exact.log_likelihood, rtol=1e-12)


def model_with(**arguments):
    settings = {"likelihood": "normal", "encoder": MLP, "decoder": MLP} | arguments
    made = ki.VAE(settings.pop("latent_dim", 2), **settings)
    made.build((None, 3))
    return made


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        ({"likelihood": "bernoulli"}, "likelihood=Bernoulli"),
        ({"likelihood": ki.likelihoods.Normal("per_value")}, "likelihood=Normal"),
        ({"prior": ki.priors.GaussianMixture(2)}, "prior=GaussianMixture"),
        ({"latent_dim": 3}, "latent_dim=3"),
        ({"condition": ki.conditions.Features(2)}, "a condition"),
        ({"decoder": ki.networks.MLP([6], "gelu")}, "activation gelu of layer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_closed_form_is_refused_by_name(arguments, received):
    condition = {"condition": np.zeros([4, 2])} if "condition" in arguments else {}
    with pytest.raises(ValueError, match=f"exact p.x. needs a standard_normal.*{received}"):
        made = model_with(**arguments)
        ki.evaluation.marginal_log_likelihood(made, np.zeros([4, 3]), "exact", **condition)


def test_too_many_regions_are_refused(monkeypatch):
    from keras_infovae.distributions.piecewise_affine import regions

    monkeypatch.setattr(regions, "MOST_REGIONS", 50)
    made = model_with(decoder=ki.networks.MLP([20, 20]))
    # Without biases all lines go through 0.
    made.decoder.set_weights([RNG.normal(size=w.shape) for w in made.decoder.get_weights()])
    expected = "exact p.x. needs .* Received: a decoder that is affine on more than 50 regions"
    for find in (
        ki.evaluation.exact_posterior,
        lambda model, x: ki.evaluation.marginal_log_likelihood(model, x, "exact"),
        ki.VAE.log_prob,
    ):
        with pytest.raises(ValueError, match=expected):
            find(made, X)


def test_regions_are_found_once_for_all_batches(model, monkeypatch):
    import tensorflow as tf

    from keras_infovae.distributions.piecewise_affine import generator

    expected = ki.evaluation.marginal_log_likelihood(model, X, "exact").log_likelihood
    counted = mock.Mock(wraps=generator.regions_of)
    monkeypatch.setattr(generator, "regions_of", counted)
    found = ki.evaluation.marginal_log_likelihood(model, X, "exact", batch_size=8)
    assert counted.call_count == 1
    np.testing.assert_allclose(found.log_likelihood, expected, rtol=1e-12)
    of_dataset = model.log_prob(tf.data.Dataset.from_tensor_slices(X).batch(8))
    assert counted.call_count == 2
    np.testing.assert_allclose(of_dataset, expected, rtol=1e-6)


def test_a_setting_is_refused():
    with pytest.raises(TypeError, match="`chains` must be left out for method='exact'"):
        ki.evaluation.marginal_log_likelihood(model_with(), X, "exact", chains=3)
    with pytest.raises(ValueError, match="`batch_size` must be an integer of at least 1"):
        ki.evaluation.marginal_log_likelihood(model_with(), X, "exact", batch_size=0)


def test_slopes_are_read_from_the_layers():
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(4, activation="leaky_relu"),
            keras.layers.Dense(4),
            keras.layers.LeakyReLU(),
            keras.layers.Dense(5, "relu", use_bias=False),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(4),
            keras.layers.ReLU(negative_slope=0.05),
            keras.layers.Dense(6),
            keras.layers.Reshape((3, 2)),
        ]
    )
    model = ki.VAE(2, likelihood="normal", encoder=MLP, decoder=decoder)
    model.build((None, 3, 2))
    slopes = [layer.slope for layer in read_generator(model).layers]
    np.testing.assert_allclose(slopes, [0.2, 0.3, 0.0, 0.05, 1.0], rtol=1e-6)
    z = keras.Input((2,))
    skip = keras.layers.Concatenate()([keras.layers.Dense(4, "relu")(z), z])
    decoder = keras.Model(z, keras.layers.Dense(3)(skip))
    with pytest.raises(ValueError, match="Received: a layer Concatenate"):
        ki.evaluation.exact_posterior(model_with(decoder=decoder), X)


# === `model.log_prob`, of the same models ===


def test_log_prob_of_a_trained_model_is_the_exact_one(model, tmp_path):
    assert "log_prob" in model.capabilities and "log_prob_in_graph" not in model.capabilities
    exact = ki.evaluation.marginal_log_likelihood(model, X, "exact").log_likelihood
    found = model.log_prob(X)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-6)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored.log_prob(X), found)
    weights = model.get_weights()
    model.decoder.layers[-1].bias.assign_add(np.ones(3))
    assert np.abs(model.log_prob(X) - found).min() > 1e-3
    model.set_weights(weights)


def test_one_latent_and_leaky_units_by_quadrature():
    leaky = keras.layers.LeakyReLU(negative_slope=0.1)
    layers = [keras.layers.Dense(5, bias_initializer="random_normal"), leaky, keras.layers.Dense(3)]
    keras.utils.set_random_seed(0)
    made = model_with(latent_dim=1, decoder=keras.Sequential([keras.Input((1,)), *layers]))
    z = np.linspace(-12, 12, 20_001)
    mean = made.decode(z[:, None].astype("float32")).astype("float64")
    scale = np.exp(float(np.asarray(made.likelihood.log_scale)))
    squares = np.square((X[:5, None] - mean) / scale).sum(-1) + np.square(z)
    log_joint = -0.5 * (squares + 4 * np.log(2 * np.pi)) - 3 * np.log(scale)
    expected = np.logaddexp.reduce(log_joint, axis=1) + np.log(z[1] - z[0])
    np.testing.assert_allclose(made.log_prob(X[:5]), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "shape", "received"),
    [
        ({"likelihood": "bernoulli"}, (3,), "a VAE with likelihood=Bernoulli"),
        ({"latent_dim": 3}, (3,), "a VAE with latent_dim=3"),
        ({"decoder": ki.networks.Conv([2])}, (8, 8, 1), "a VAE with a layer Conv2DTranspose"),
        ({"decoder": ki.networks.MLP([6], "gelu")}, (3,), "a VAE with activation gelu"),
        ({"decoder": ki.networks.MLP([64, 64])}, (3,), "may be affine on 4,330,561 regions"),
        ({"condition": ki.conditions.Features(2)}, (3,), "a VAE with a model that takes a cond"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_log_prob_is_not_promised_where_it_is_not_known(arguments, shape, received):
    settings = {"likelihood": "normal", "encoder": None, "decoder": MLP} | arguments
    made = ki.VAE(settings.pop("latent_dim", 2), **settings)
    assert "log_prob" not in made.capabilities  # before there is a decoder
    made.build((None, *shape))
    assert "log_prob" not in made.capabilities
    with pytest.raises(ValueError, match=f"log_prob` is not known for .*{received}.*estimates it"):
        made.capabilities.require("log_prob")


def test_sizes_that_promise_nothing_may_still_have_it():
    made = model_with(decoder=ki.networks.MLP([16, 16]))  # up to 137^2 regions, and far fewer
    assert "log_prob" not in made.capabilities
    exact = ki.evaluation.marginal_log_likelihood(made, X[:4], "exact").log_likelihood
    np.testing.assert_allclose(made.log_prob(X[:4]), exact, rtol=1e-6)
