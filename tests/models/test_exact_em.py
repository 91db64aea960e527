"""Exact expectation maximization: monotone, exact, saved, started from a VAE, and honest."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.distributions.piecewise_affine import expectation_maximization as em
from keras_infovae.distributions.piecewise_affine import (
    maximization_step,
    missing,
    piecewise_affine_posterior,
    read_generator,
    regions,
)
from keras_infovae.distributions.piecewise_affine.expectation_step import statistics

RNG = np.random.default_rng(0)
ANGLE = RNG.uniform(0, 2 * np.pi, 120)
CIRCLE = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1) + 0.1 * RNG.normal(size=(120, 2))
X = (CIRCLE * [1.0, 3.0] + 5.0).astype("float32")
UNITS = (np.zeros(2, int), 100.0, 0.01)


def problem(x=X):
    x = np.asarray(x, "float64")
    return em.Problem((x - x.mean()) / x.std(), *UNITS)


# Two latents are in tests/models/test_kinds.py too, which is quick.
TWO = pytest.param("two latents, noise per column", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=["one latent", TWO])
def trained(request):
    """(A trained model, its history.)"""
    if request.param == "one latent":
        model = ki.ExactEM(1, (6, 4), seed=1)
    else:
        model = ki.ExactEM(2, (5,), noise="per_column", restarts=2, seed=1)
    history = model.fit(X, epochs=6, verbose=0, validation_data=(X[:9],)).history
    return model, history


# === The steps ===


@pytest.mark.parametrize("widths", [[1, 5, 2], [1, 4, 4, 2], [2, 4, 2]], ids=str)
def test_no_step_lowers_the_objective(widths):
    rng = np.random.default_rng(2)
    state = em.random_start(problem(), widths, 0.1, rng)
    for _ in range(15 if widths[0] == 1 else 6):
        after, _ = em.step(problem(), state, rng)
        assert after.objective >= state.objective
        state = after


def test_a_step_to_too_many_regions_is_halved(monkeypatch):
    x = np.random.default_rng(0).normal(size=(30, 3))
    given = em.Problem(x, np.zeros(3, int), 100.0, 0.01)
    start = em.random_start(given, [2, 3, 3, 3], 0.1, np.random.default_rng(1))
    first = len(start.found.regions.cells)

    def counts(steps=3):
        state, rng = start, np.random.default_rng(1)
        for _ in range(steps):
            after, _ = em.step(given, state, rng)
            assert after.objective >= state.objective
            state = after
            yield len(state.found.regions.cells)

    assert max(counts()) > first + 1
    monkeypatch.setattr(regions, "MOST_REGIONS", first + 1)
    assert max(counts()) <= first + 1
    monkeypatch.setattr(regions, "MOST_REGIONS", first - 1)
    with pytest.raises(regions.TooManyRegions):
        em.evaluate(given, start.layers, start.scale)
    _, halvings = em.step(given, start, np.random.default_rng(1))
    assert halvings == 3 * 12  # of every layer, which stays as it is


def test_a_constant_column_starts_at_its_mean():
    rng = np.random.default_rng(4)
    varying = em.Problem(problem().x, np.arange(2), 100.0, 0.01)
    x = np.concatenate([varying.x, np.zeros((len(X), 1))], axis=1)
    given = em.Problem(x, np.arange(3), 100.0, 0.01)
    state = em.random_start(given, [1, 4, 3], 0.1, rng)
    np.testing.assert_array_equal(state.layers[-1].kernel[:, 2], 0.0)
    assert np.all(state.layers[-1].kernel[:, :2] != 0.0)
    # It goes on as without the column, which costs what its scale says.
    first, last = state.layers
    last = last._replace(kernel=last.kernel[:, :2], bias=last.bias[:2])
    without = em.evaluate(varying, [first, last], state.scale[:2])
    density = -np.log(0.01 * np.sqrt(2 * np.pi))
    for seed in range(6):
        assert state.objective == pytest.approx(without.objective + density, abs=1e-6)
        state, _ = em.step(given, state, np.random.default_rng(seed))
        without, _ = em.step(varying, without, np.random.default_rng(seed))
    # Where columns share a scale it is not the smallest, and all weights are random.
    shared = given._replace(groups=np.zeros(3, int))
    assert np.all(em.random_start(shared, [1, 4, 3], 0.1, rng).layers[-1].kernel != 0.0)


def test_what_the_steps_solve_is_the_gradient():
    # Fisher's identity: the gradient of log p(x) is that of the surrogate where it begins.
    rng = np.random.default_rng(3)
    x = problem().x
    state = em.random_start(problem(), [1, 4, 3, 2], 0.1, rng)
    layers = [*state.layers[:-1]]
    last, scale = state.layers[-1], state.scale
    layers.append(last._replace(kernel=last.kernel / scale, bias=last.bias / scale))

    def log_likelihood(layers):
        return statistics(layers, x / scale).log_likelihood

    for index in range(3):
        layer = layers[index]
        if index < 2:
            system, target = maximization_step.hidden_system(layers, state.found, index)
            weights = np.concatenate([layer.kernel, layer.bias[None]]).T
            slope = (target - (system @ weights.reshape(-1)).reshape(target.shape)).T
        else:
            system, target = maximization_step.last_system(layers, state.found)
            slope = target - system @ np.concatenate([layer.kernel, layer.bias[None]])
        direction = rng.normal(size=slope.shape)

        def moved(size, index=index, layer=layer, direction=direction):
            new = list(layers)
            kernel, bias = layer.kernel + size * direction[:-1], layer.bias + size * direction[-1]
            new[index] = layer._replace(kernel=kernel, bias=bias)
            return new

        difference = log_likelihood(moved(1e-5)) - log_likelihood(moved(-1e-5))
        expected = (slope * direction).sum()
        assert difference / 2e-5 == pytest.approx(expected, rel=1e-6, abs=1e-5)


def test_without_kinks_it_ends_at_the_principal_components():
    # Tipping and Bishop 1999, equation 8: the noise is the mean of the eigenvalues left out.
    x = RNG.normal(size=(200, 1)) * [2.0, 1.0, 0.5] + 0.3 * RNG.normal(size=(200, 3))
    given = em.Problem(x - x.mean(axis=0), np.zeros(3, int), 1e6, 1e-3)
    rng = np.random.default_rng(0)
    state = em.random_start(given, [1, 1, 3], 1.0, rng)
    for _ in range(60):
        state, _ = em.step(given, state, rng)
    eigenvalues = np.linalg.eigvalsh(np.cov(x.T, bias=True))
    assert state.scale[0] ** 2 == pytest.approx(eigenvalues[:2].mean(), rel=1e-3)


# === The model ===


def test_the_loss_never_rises_and_is_exact(trained):
    model, history = trained
    assert set(history) == {
        *("loss", "negative_log_likelihood", "penalty", "halvings"),
        *("val_loss", "val_negative_log_likelihood", "val_penalty"),
    }
    values = model.evaluate(X, verbose=0)
    assert np.all(np.diff([*history["loss"], values["loss"]]) <= 1e-6)  # as float32 shows it
    total = np.add(history["negative_log_likelihood"], history["penalty"])
    np.testing.assert_allclose(history["loss"], total, rtol=1e-6)
    exact = ki.evaluation.marginal_log_likelihood(model, X, "exact").log_likelihood
    assert float(values["negative_log_likelihood"]) == pytest.approx(-exact.mean(), rel=1e-6)
    np.testing.assert_allclose(model.log_prob(X), exact, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.score(X), -exact, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.elbo(X), exact, rtol=1e-5, atol=1e-5)
    gap = ki.evaluation.inference_gap(model, X[:5], "exact")
    np.testing.assert_allclose(gap.gap, 0.0, atol=1e-3)  # for every draw of z, in float32


def test_codes_are_those_of_the_exact_posterior(trained):
    model, _ = trained
    posterior = ki.evaluation.exact_posterior(model, X[:20])
    np.testing.assert_allclose(model.encode(X[:20]), posterior.mean(), atol=1e-5)
    draws = np.stack([model.encode(X[:20], sample=True, seed=seed) for seed in range(2)])
    deviation = np.sqrt(np.einsum("nss->ns", posterior.covariance()))
    assert np.all(np.abs(draws - posterior.mean()) < 6 * deviation)
    assert draws.std(axis=0).min() > 0
    q = model.posterior_distribution(tf.constant(X[:20]))
    z = q.sample(2, seed=(1, 2))
    np.testing.assert_allclose(q.log_prob(z), posterior.log_prob(z), rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(q.variance(), np.square(deviation), rtol=1e-4, atol=1e-7)


def test_weights_that_change_are_seen(trained):
    model, _ = trained
    weights = model.get_weights()
    before = model.log_prob(X[:5])
    model.decoder.layers[-1].bias.assign_add(np.ones(2))
    assert np.abs(model.log_prob(X[:5]) - before).max() > 0.1
    assert np.abs(model.evaluate(X[:5], verbose=0)["negative_log_likelihood"] + before.mean()) > 0.1
    model.set_weights(weights)
    np.testing.assert_array_equal(model.log_prob(X[:5]), before)


def test_missing_values_are_filled_in_from_the_others(trained):
    model, _ = trained
    x = X[:6].copy()
    x[:3, 0] = x[4] = np.nan
    filled = model.impute(x)
    np.testing.assert_array_equal(filled[~np.isnan(x)], x[~np.isnan(x)])
    assert np.all(np.isfinite(filled))
    # E[x_0 | x_1] by a sum over x_0 of the joint density.
    side = np.linspace(2, 8, 301).astype("float32")
    wide = np.stack([side, np.full_like(side, x[1, 1])], axis=1)
    density = np.exp(ki.evaluation.marginal_log_likelihood(model, wide, "exact").log_likelihood)
    assert filled[1, 0] == pytest.approx((density * side).sum() / density.sum(), abs=1e-3)
    draws = model.impute(np.repeat(x[1:2], 40, axis=0), num_samples=1)[0][:, 0]
    variance = (density * np.square(side - filled[1, 0])).sum() / density.sum()
    assert abs(draws.mean() - filled[1, 0]) < 4 * np.sqrt(variance / 40)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((np.full([2, 2], np.inf),), {}, "`x` must be finite"),
        ((np.zeros([2, 3]),), {}, "`x` must have shape"),
        ((X[:0],), {}, "`x` must not be empty"),
        ((np.zeros([2, 2], int),), {}, "`x` must be floating point"),
        ((X[:2],), {"num_sample": 3}, "unexpected keyword argument 'num_sample'"),
        ((X[:2],), {"num_samples": 0}, "`num_samples` must be an integer of at least 1"),
        ((X[:2],), {"batch_size": "x"}, "`batch_size` must be an integer of at least 1"),
        ((X[:2],), {"condition": [1, 0]}, "`condition` must be left out"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_impute_refuses_by_name(trained, arguments, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        trained[0].impute(*arguments, **options)


def test_imputation_does_not_depend_on_the_batch_size(trained):
    x = np.where(np.eye(2, dtype=bool)[np.arange(6) % 2], np.nan, X[:6])
    for options in ({}, {"num_samples": 2}):
        found = [trained[0].impute(x, batch_size=size, **options) for size in (1, 256)]
        np.testing.assert_array_equal(*found)


def test_all_draws_of_missing_values_come_from_one_posterior_of_each_pattern(trained, monkeypatch):
    model, _ = trained
    x = X[:6].copy()
    x[:3, 0] = x[4] = np.nan
    first, second = model.impute(x, num_samples=2, seed=1)
    made = []

    def counted(*arguments):
        made.append(piecewise_affine_posterior(*arguments))
        return made[-1]

    monkeypatch.setattr(missing, "piecewise_affine_posterior", counted)
    draws = model.impute(x, num_samples=5, seed=1)
    assert len(made) == 2
    np.testing.assert_allclose(draws[:2], [first, second], atol=1e-5)
    assert np.all(np.std(draws, axis=0)[np.isnan(x)] > 0.0)
    np.testing.assert_array_equal(np.std(draws, axis=0)[~np.isnan(x)], 0.0)


def test_it_is_saved_and_goes_on(trained, tmp_path):
    model, _ = trained
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert json.dumps(restored.get_config()) == json.dumps(model.get_config())
    np.testing.assert_array_equal(restored.log_prob(X), model.log_prob(X))
    loss = model.evaluate(X, verbose=0)["loss"]
    history = restored.fit(X, epochs=1, verbose=0, batch_size=7).history
    assert history["loss"][0] == pytest.approx(loss, rel=1e-6)
    assert restored.evaluate(X, verbose=0)["loss"] <= loss


def vae(units):
    decoder = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(units, bias_initializer="random_normal"),
            keras.layers.LeakyReLU(negative_slope=0.1),
            keras.layers.Dense(2),
        ]
    )
    model = ki.VAE(1, likelihood="normal", encoder=ki.networks.MLP([8]), decoder=decoder, seed=0)
    model.build(X.shape)
    model.adapt(X[:50], 50)
    return model


def test_it_begins_with_a_trained_model():
    start = vae(6)
    exact = ki.evaluation.marginal_log_likelihood(start, X, "exact").log_likelihood.mean()
    model = ki.ExactEM(1, (6,), seed=0)
    history = model.fit(X, epochs=2, start=start, verbose=0).history
    assert history["negative_log_likelihood"][0] == pytest.approx(-exact, rel=1e-5)
    assert history["loss"][1] < history["loss"][0]
    assert not np.allclose(read_generator(start).unit, read_generator(model).unit)
    with pytest.raises(ValueError, match="`start` must be a model whose decoder is"):
        ki.ExactEM(1, (5,), seed=0).fit(X, epochs=1, start=start, verbose=0)
    with pytest.raises(ValueError, match="exact p.x. needs"):
        ki.ExactEM(1, (5,)).fit(X, epochs=1, start=ki.VAE(1), verbose=0)


def test_what_it_cannot_do_is_refused_by_name():
    with pytest.raises(ValueError, match="`latent_dim` must be 1 or 2"):
        ki.ExactEM(3)
    with pytest.raises(ValueError, match="`leak` must be at least 0"):
        ki.ExactEM(1, leak=-0.1)
    assert ki.ExactEM(1, (8, 4)).hidden_units == ki.ExactEM(1, "8-4").hidden_units == "8-4"
    model = ki.ExactEM(1)
    with pytest.raises(TypeError, match="`x` must be an array, of which every step takes all"):
        model.fit(tf.data.Dataset.from_tensors(X))
    with pytest.raises(ValueError, match="`steps_per_epoch` must be left out"):
        model.fit(X, steps_per_epoch=2)
    with pytest.raises(ValueError, match="`jit_compile` must be left out"):
        model.compile(jit_compile=True)
    with pytest.raises(ValueError, match="`optimizer` must be left out"):
        model.compile("adam")
    with pytest.raises(ValueError, match="`x` must not be empty"):
        model.fit(X[:0], verbose=0)
    with pytest.raises(ValueError, match=r"`x` must have shape \[examples, ...\]"):
        model.fit(np.array(1.0), verbose=0)
    assert model.event_shape is None  # nothing was built


@pytest.mark.parametrize(("latent_dim", "units"), [(1, 9999), (2, 140)])
def test_one_layer_of_too_many_regions_is_refused_at_once(latent_dim, units):
    assert ki.ExactEM(latent_dim, (units,)).widths == [units]
    with pytest.raises(ValueError, match="`hidden_units` must be of layers that make at most 10,0"):
        ki.ExactEM(latent_dim, (units + 1,))
    assert ki.ExactEM(latent_dim, (units + 1,), leak=1.0).widths == [units + 1]  # no kinks


def test_several_layers_of_too_many_regions_are_refused_by_name(monkeypatch):
    model = ki.ExactEM(2, (8, 8), seed=0)
    monkeypatch.setattr(regions, "MOST_REGIONS", 40)
    expected = "`hidden_units` must be of layers that make at most .* Received: hidden_units='8-8'"
    with pytest.raises(ValueError, match=expected):
        model.fit(X, epochs=1, verbose=0)
    rng = np.random.default_rng(0)
    model.decoder.set_weights([rng.normal(size=w.shape) for w in model.decoder.get_weights()])
    with pytest.raises(ValueError, match=expected):
        model.train_on_batch(X)
    with pytest.raises(ValueError, match=expected):
        model.log_prob(X)
    with pytest.raises(ValueError, match="exact p.x. needs .* Received: a decoder that is affine"):
        model.impute(X)


def test_an_array_within_a_tuple_is_that_array():
    one, other = (ki.ExactEM(1, (3,), restarts=1, seed=0) for _ in range(2))
    alone = one.fit(X, epochs=2, verbose=0).history
    assert other.fit((X,), epochs=2, verbose=0).history == alone
    assert int(other.progress.step) == 2


def test_several_replicas_are_refused():
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        model = ki.ExactEM(1)
    with pytest.raises(ValueError, match="must be trained by one replica"):
        model.fit(X, verbose=0)


def test_images_have_one_scale_for_all_pixels():
    images = RNG.random((30, 4, 3)).astype("float32")
    model = ki.ExactEM(1, (3,), restarts=1, seed=0)
    model.fit(images, epochs=1, verbose=0)
    assert model.generate(2, seed=0).shape == (2, 4, 3)
    assert np.all(np.isfinite(model.impute(np.where(images > 0.5, np.nan, images))))


@pytest.mark.slow
def test_with_a_learned_prior_it_is_bounded_as_other_models_are():
    model = ki.ExactEM(1, (6,), restarts=1, seed=0)
    model.fit(X, epochs=10, verbose=0)
    codes, log_prob = model.encode(X), model.log_prob(X)
    optimizer, prior = keras.optimizers.Adam(0.03), ki.priors.GaussianMixture(3)
    model.fit_prior(X, prior, epochs=60, optimizer=optimizer, seed=0, verbose=0)
    np.testing.assert_array_equal(model.encode(X), codes)
    assert {"elbo", "log_prob"} & set(model.capabilities) == {"elbo"}
    z = np.linspace(-9, 9, 4001, dtype="float32")
    joint = model.joint(tf.constant(X[:20])).log_prob(np.tile(z[:, None, None], (1, 20, 1)))
    expected = np.logaddexp.reduce(np.asarray(joint, "float64")) + np.log(z[1] - z[0])
    gap = expected + model.score(X[:20], ki.anomaly_scores.NegativeElbo(200))
    assert gap.mean() == pytest.approx(0.0, abs=0.2) and gap.mean() > 0
    assert np.abs(expected - log_prob[:20]).mean() > 0.01  # that of another p(z)
    model.forget_prior()
    np.testing.assert_array_equal(model.log_prob(X), log_prob)


def test_a_batch_that_is_trained_on_says_how_much_the_penalty_weighs():
    model = ki.ExactEM(1, (3,), restarts=1, seed=0)
    model.train_on_batch(X)
    squares = sum(float(np.sum(w**2)) for w in model.decoder.get_weights())
    expected = 0.5 * squares / model.prior_variance / len(X)
    assert model.evaluate(X, verbose=0, return_dict=True)["penalty"] == pytest.approx(
        expected, 1e-5
    )
