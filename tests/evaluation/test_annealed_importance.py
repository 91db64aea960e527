"""Annealed importance sampling and bidirectional Monte Carlo."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.evaluation import bidirectional_monte_carlo, marginal_log_likelihood
from keras_infovae.evaluation.likelihood import annealed, bidirectional
from keras_infovae.samplers.pilot import PILOT_TEMPERATURES
from keras_infovae.utils.graphs import one_graph
from tests.evaluation.linear_gaussian import LinearGaussian

EXACT = LinearGaussian(2, 5, norms=[1.5, 0.7])


@pytest.mark.parametrize(
    ("latent_dim", "temperatures"),
    [(2, 300), (10, 1000), pytest.param(50, 4000, marks=pytest.mark.slow)],
)
def test_comes_within_a_twentieth_nat_and_is_bracketed(latent_dim, temperatures):
    exact = LinearGaussian(latent_dim, latent_dim + 10)
    x = exact.sample(20)
    model = exact.model()
    estimate = marginal_log_likelihood(
        model, x, "annealed_importance", temperatures=temperatures, chains=64
    )
    error = estimate.log_likelihood - exact.log_likelihood(x)
    assert abs(error.mean()) < 0.05
    assert np.all(np.abs(error) < 5 * estimate.standard_error)
    # What the pilot run goes for, on one temperature a step.
    assert np.all(np.abs(estimate.acceptance - 0.85) < 0.1)
    assert np.all(np.isnan(marginal_log_likelihood(model, x, num_samples=30).acceptance))
    bounds = bidirectional_monte_carlo(model, 20, temperatures=temperatures, chains=64)
    truth = exact.log_likelihood(bounds.x)
    for below in (bounds.lower - truth, truth - bounds.upper):
        assert -0.05 < below.mean() < 3 * below.std() / np.sqrt(20)
    assert bounds.gap < 0.1


def test_a_short_run_brackets_widely():
    bounds = bidirectional_monte_carlo(
        LinearGaussian(10, 20).model(), 50, temperatures=10, chains=4
    )
    truth = LinearGaussian(10, 20).log_likelihood(bounds.x)
    for below in (bounds.lower - truth, truth - bounds.upper):
        assert below.mean() < -5 * below.std() / np.sqrt(50)
    assert bounds.gap == pytest.approx(np.mean(bounds.upper - bounds.lower))
    assert bounds.gap_standard_error < bounds.gap


@pytest.mark.parametrize(
    ("schedule", "start"), [("adaptive", "prior"), ("linear", "prior"), ("sigmoid", "posterior")]
)
def test_weights_are_unbiased_however_few_the_temperatures(schedule, start):
    x = EXACT.sample(4)
    estimate = marginal_log_likelihood(
        EXACT.model(wrong_mean=0.3, wrong_log_variance=0.5),
        x,
        "annealed_importance",
        chains=4000,
        temperatures=4,
        schedule=schedule,
        start=start,
    )
    error = estimate.log_likelihood - EXACT.log_likelihood(x)
    # The mean of 4,000 weights: 4 of its standard errors, which are small enough to say something.
    assert np.all(np.abs(error) < 4 * estimate.standard_error)
    assert np.all(estimate.standard_error < 0.06)


class Counting(keras.layers.Layer):
    """Passes its input on and counts how often it was computed, and for how many rows."""

    def build(self, shape):
        self.count = self.add_weight(shape=(2,), initializer="zeros", trainable=False)

    def call(self, inputs):
        rows = tf.cast(tf.shape(inputs)[0], tf.float32)
        self.count.assign_add(tf.stack([1.0, rows]))
        return inputs


def test_takes_one_pass_per_leapfrog_step_and_makes_its_graph_once():
    counting = Counting()
    decoder = keras.Sequential([keras.Input((2,)), counting, keras.layers.Dense(5)])
    traces = []

    class Likelihood(ki.likelihoods.Normal):
        def distribution(self, parameters, context=None):
            traces.append(parameters.shape)
            return super().distribution(parameters, context)

    model = ki.VAE(2, encoder="mlp", decoder=decoder, likelihood=Likelihood(1.0))
    model.build((None, 5))
    x = EXACT.sample(7)
    passes = {}
    for batch_size in (7, 3):
        counting.count.assign(tf.zeros(2))
        del traces[:]
        estimate = marginal_log_likelihood(
            model,
            x,
            "annealed_importance",
            temperatures=20,
            leapfrog_steps=3,
            batch_size=batch_size,
        )
        assert estimate.log_likelihood.shape == (7,)
        passes[batch_size] = *counting.count.numpy(), len(traces)
    chains, pilot = 1 + 19 * 3, 1 + PILOT_TEMPERATURES * 3
    assert passes[7][:2] == (chains + pilot, (16 * chains + 4 * pilot) * 7)
    assert passes[3][:2] == (3 * (chains + pilot), (16 * chains + 4 * pilot) * 9)
    assert passes[3][2] == passes[7][2]  # the last batch is filled up


MODELS = [
    (
        ki.VAE,
        {"prior": ki.priors.VampPrior(4), "likelihood": "bernoulli"},
        (6,),
    ),
    (
        ki.VAE,
        {
            "prior": "gaussian_mixture",
            "likelihood": ki.likelihoods.Poisson("observed"),
            "posterior": "householder",
        },
        (6,),
    ),
    (
        ki.VAE,
        {
            "prior": ki.priors.MaskedAutoregressiveFlow(1, (8,)),
            "likelihood": ki.likelihoods.DiscretizedLogisticMixture(2, 8),
            "posterior": "full_covariance_normal",
        },
        (6,),
    ),
    (
        ki.VAE,
        {
            "decoder": ki.networks.Recurrent(8, 4),
            "encoder": "mlp",
            "likelihood": "categorical",
        },
        (3, 4),
    ),
    (ki.InfoVAE, {"condition": ki.conditions.Classes(3), "likelihood": "bernoulli"}, (6,)),
]


def data(model, shape, count):
    rng = np.random.default_rng(0)
    name = type(model.likelihood).__name__
    if name == "Categorical":
        return np.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], (count, shape[0]))]
    highest = {"Poisson": 9, "DiscretizedLogisticMixture": 7}.get(name, 1)
    levels = rng.integers(0, highest + 1, (count, *shape)).astype("float32")
    return levels / 7 if name == "DiscretizedLogisticMixture" else levels


@pytest.mark.parametrize(("cls", "settings", "shape"), MODELS)
def test_agrees_with_importance_sampling_for_every_kind_of_prior_and_data(cls, settings, shape):
    keras.utils.set_random_seed(0)
    model = cls(latent_dim=2, seed=0, **settings)
    x = data(model, shape, 5)
    labels = np.arange(5) % 3 if model.condition.size else None
    model.build((None, *shape))
    importance = marginal_log_likelihood(model, x, num_samples=2000, condition=labels)
    start = "posterior" if "posterior" in settings else "prior"
    annealed = marginal_log_likelihood(
        model, x, "annealed_importance", temperatures=40, condition=labels, start=start
    )
    error = np.hypot(importance.standard_error, annealed.standard_error)
    assert np.all(np.abs(importance.log_likelihood - annealed.log_likelihood) < 5 * error + 1e-3)


def test_needs_no_encoder():
    model = EXACT.model(
        cls=ki.MMDVAE,
        posterior="deterministic",
        encoder=keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)]),
    )
    x = EXACT.sample(20)
    estimate = marginal_log_likelihood(model, x, "annealed_importance", temperatures=200)
    assert abs(np.mean(estimate.log_likelihood - EXACT.log_likelihood(x))) < 0.05
    with pytest.raises(ValueError, match="posterior without a density.*Deterministic"):
        marginal_log_likelihood(model, x, "annealed_importance", start="posterior")


def test_same_seed_same_numbers_in_batches_of_any_size(monkeypatch):
    model, x, graphs = EXACT.model(), EXACT.sample(3), {}

    def compiled_once(function):  # each is the same in all calls; only the size of batches is not
        def call(*arguments):
            key = function.__name__, len(arguments[0])
            return graphs.setdefault(key, one_graph(function))(*arguments)

        return call

    for module in (annealed, bidirectional):
        monkeypatch.setattr(module, "one_graph", compiled_once)

    def run(**settings):
        settings = {"temperatures": 5, "seed": 4} | settings
        found = marginal_log_likelihood(model, x, "annealed_importance", **settings)
        bounds = bidirectional_monte_carlo(model, 3, **settings)
        return found.log_likelihood, bounds.lower, bounds.upper, bounds.x

    first = run()
    # Compiled in another function, which rounds in its own way.
    np.testing.assert_allclose(first[3], model.generate(3, seed=4, sample=True), rtol=1e-5)
    for one, again, parts, other in zip(first, run(), run(batch_size=2), run(seed=5)):
        np.testing.assert_array_equal(one, again)
        np.testing.assert_allclose(one, parts, rtol=1e-3)
        assert np.all(one != other)


def test_bounds_of_a_conditional_model_are_for_the_conditions_given():
    model = ki.InfoVAE(latent_dim=2, condition=ki.conditions.Classes(3), seed=0)
    model.build((None, 6))
    labels = np.arange(7) % 3
    bounds = bidirectional_monte_carlo(model, 7, condition=labels, temperatures=40, batch_size=3)
    importance = marginal_log_likelihood(model, bounds.x, num_samples=2000, condition=labels)
    for bound, error in (
        (bounds.lower, bounds.lower_standard_error),
        (bounds.upper, bounds.upper_standard_error),
    ):
        error = np.hypot(error, importance.standard_error)
        assert np.all(np.abs(bound - importance.log_likelihood) < 5 * error + 1e-3)
    with pytest.raises(ValueError, match="`condition` must have a row for each of the 8"):
        bidirectional_monte_carlo(model, 8, condition=labels)


def test_errors():
    with pytest.raises(ValueError, match="`schedule` must be one of .*Did you mean 'linear'"):
        bidirectional_monte_carlo(EXACT.model(), schedule="linaer")
    with pytest.raises(ValueError, match="`start` must be one of"):
        ki.evaluation.AnnealedImportanceSampling(start="encoder")
    for name in ("chains", "temperatures", "leapfrog_steps"):
        with pytest.raises(ValueError, match=f"`{name}` must be an integer of at least 1"):
            bidirectional_monte_carlo(EXACT.model(), **{name: 0})
    with pytest.raises(ValueError, match="`num_examples` must be an integer of at least 1"):
        bidirectional_monte_carlo(EXACT.model(), 0)
    with pytest.raises(TypeError, match="`num_samples` must be one of chains, temperatures"):
        bidirectional_monte_carlo(EXACT.model(), num_samples=3)
    sphere = ki.VAE(2, prior="uniform_sphere", posterior="von_mises_fisher", likelihood="normal")
    sphere.build((None, 5))
    with pytest.raises(ValueError, match="codes lie on the sphere.*method='importance'"):
        marginal_log_likelihood(sphere, EXACT.sample(2), "annealed_importance")
