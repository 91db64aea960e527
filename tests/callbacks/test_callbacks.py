"""Callbacks: their numbers against NumPy, when they act, and what they work with."""

import functools
import warnings

import keras
import numpy as np
import pandas
import pytest
import tensorflow as tf
from scipy import stats

import keras_infovae as ki
from keras_infovae.callbacks import CollapseMonitor, DivergenceNullBand
from keras_infovae.evaluation.measured import Measured
from keras_infovae.utils import probability as tfp
from tests.distributions.softplus_normal import softplus_normal
from tests.evaluation.normal_model import KnownPosterior

RNG = np.random.default_rng(0)
X = RNG.random((40, 6)).astype("float32")
NETWORK = ki.networks.MLP(hidden_units=(4,))


def tiny_model(**settings):
    keras.utils.set_random_seed(0)  # of the networks' first weights
    model = ki.InfoVAE(
        latent_dim=3, alpha=1.0, encoder=NETWORK, decoder=NETWORK, seed=0, **settings
    )
    model.compile("adam", jit_compile=False)
    model.build((None, 6))
    return model


def make_posterior_constant(model):
    """Makes the encoder say the same of every x: a collapse."""
    kernel, _ = model.encoder.trainable_variables[-2:]
    kernel.assign(tf.zeros_like(kernel))


def look(callback, model, epochs=1):
    """Returns the logs of `epochs` ends of an epoch, without training in between."""
    callback.set_model(model)
    callback.on_train_begin()
    logs = [{"loss": 1.0} for _ in range(epochs)]
    for epoch, log in enumerate(logs):
        callback.on_epoch_end(epoch, log)
    return logs


# === Statistics ===


def seen(posterior, prior, x, latent_dim, **settings):
    """Returns what `CollapseMonitor` records of a model with that q(z|x) and p(z)."""
    model = KnownPosterior(posterior, prior, x.shape[1], latent_dim)
    (log,) = look(CollapseMonitor(x, action=lambda *_: None, **settings), model)
    del log["loss"]
    return log


def standard_normal():
    return ki.priors.StandardNormal().distribution(2)


def test_statistics_of_diagonal_normals_are_those_of_numpy():
    mean, scale = RNG.normal(size=(50, 4)), RNG.uniform(0.2, 2.0, size=(50, 4))
    mean[:, 3] = 0.05 * mean[:, 3]  # a variance over x of 0.0025: not active
    prior_mean, prior_scale = np.array([0.0, 1.0, -1.0, 0.0]), np.array([1.0, 0.5, 2.0, 1.0])
    normal = tfp.distributions.MultivariateNormalDiag
    values = seen(
        lambda x: normal(x[:, :4], x[:, 4:]),
        lambda: normal(prior_mean.astype("float32"), prior_scale.astype("float32")),
        np.concatenate([mean, scale], axis=1).astype("float32"),
        latent_dim=4,
        batch_size=7,
    )
    # KL between normals by quadrature: the expectation under q of log q - log p.
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    z = mean[..., None] + scale[..., None] * nodes
    log_ratio = stats.norm.logpdf(z, mean[..., None], scale[..., None]) - stats.norm.logpdf(
        z, prior_mean[:, None], prior_scale[:, None]
    )
    kl = log_ratio @ weights / np.sqrt(2 * np.pi)
    spread = mean.var(axis=0) + (scale**2).mean(axis=0)
    expected = {
        "active_units": 3.0,
        "kl_per_dimension_min": kl.mean(axis=0).min(),
        "kl_per_dimension_max": kl.mean(axis=0).max(),
        "aggregated_mean_max": abs(mean.mean(axis=0)).max(),
        "aggregated_variance_min": spread.min(),
        "aggregated_variance_max": spread.max(),
    }
    assert set(values) == set(expected)
    for name, value in expected.items():
        assert type(values[name]) is float
        np.testing.assert_allclose(values[name], value, rtol=1e-4, err_msg=name)


def test_a_posterior_without_known_moments_is_judged_by_draws_without_their_noise():
    # Of softplus of a normal, TFP knows neither the mean nor the variance nor the mode. Only the
    # second dimension says something about x.
    x = np.zeros((2000, 2), "float32")
    x[:, 1] = RNG.normal(size=2000)
    model = KnownPosterior(softplus_normal, standard_normal, 2, 2)
    moments = Measured(model, x).moments
    # The mean of 16 draws has a variance of about 0.3 / 16 = 0.02, above the threshold. The
    # standard error of that over 2,000 examples is 0.02 * sqrt(2 / 2000).
    assert moments.means.var(axis=0)[0] > 0.01
    between = moments.means.var(axis=0) - moments.error
    assert abs(between[0]) < 4 * 0.02 * np.sqrt(2 / 2000)
    softplus = np.logaddexp(0, RNG.normal(size=10**6))
    error = softplus.var() * np.sqrt(2 / (2000 * 15))
    assert abs(moments.variances.mean(axis=0)[0] - softplus.var()) < 5 * error
    assert abs(moments.covariance[0, 0] - softplus.var()) < 5 * error
    (log,) = look(CollapseMonitor(x), model)
    assert log["active_units"] == 1.0 and "kl_per_dimension_max" not in log


def test_what_is_not_known_is_left_out():
    tfd, x = tfp.distributions, np.zeros([3, 2], "float32")
    factor = np.diag([1.0, 2.0]).astype("float32")
    full = functools.partial(tfd.MultivariateNormalTriL, scale_tril=factor)
    for posterior, variances in ((tfd.VectorDeterministic, (0, 0)), (full, (1, 4))):
        log = seen(posterior, standard_normal, x, latent_dim=2)
        assert "kl_per_dimension_max" not in log
        found = log["aggregated_variance_min"], log["aggregated_variance_max"]
        np.testing.assert_allclose(found, variances)


# === CollapseMonitor ===


def test_numbers_are_those_of_the_model_and_in_the_history():
    model = tiny_model()
    monitor = CollapseMonitor(X, batch_size=16, action=lambda *_: None)
    band = DivergenceNullBand(X, batch_size=16, draws=5)
    callbacks = [monitor, band]
    history = model.fit(X, batch_size=16, epochs=2, verbose=0, callbacks=callbacks).history
    assert sorted(name for name in history if name.startswith("divergence_")) == [
        "divergence_at_batch",
        "divergence_null_high",
        "divergence_null_low",
        "divergence_null_mean",
    ]
    assert history["divergence_null_low"][0] == history["divergence_null_low"][1]
    posterior = model.posterior_distribution(tf.constant(X))
    mean, variance = posterior.mean().numpy(), posterior.variance().numpy()
    assert len(history["active_units"]) == 2
    assert history["active_units"][-1] == np.sum(mean.var(axis=0) > 0.01)
    np.testing.assert_allclose(
        history["kl_per_dimension_max"][-1],
        (0.5 * (variance + mean**2 - 1 - np.log(variance))).mean(axis=0).max(),
        rtol=1e-4,
    )
    spread = mean.var(axis=0) + variance.mean(axis=0)
    np.testing.assert_allclose(history["aggregated_variance_max"][-1], spread.max(), rtol=1e-4)


def test_a_collapse_is_warned_of_once_in_one_sentence_with_the_fix():
    model = tiny_model()
    make_posterior_constant(model)
    with pytest.warns(UserWarning, match="have collapsed") as record:
        logs = look(CollapseMonitor(X), model, epochs=3)
    # gast, from Python 3.13 on, gives others for each graph.
    (warned,) = [one for one in record if one.category is not DeprecationWarning]
    assert [log["active_units"] for log in logs] == [0.0] * 3
    message = str(warned.message)
    for part in ("after epoch 1, 0 of 3", "lower `lambda_`", "closed form", "raise `alpha`"):
        assert part in message
    assert message.count(". ") == 0  # one sentence
    assert not getattr(model, "stop_training", False)


def test_no_warning_without_a_collapse():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (log,) = look(CollapseMonitor(10 * X, threshold=1e-6), tiny_model(likelihood="normal"))
    assert log["active_units"] == 3.0
    with pytest.warns(UserWarning, match="3 of 3 .* and 3 or fewer count"):
        look(CollapseMonitor(10 * X, threshold=1e-6, limit=3), tiny_model(likelihood="normal"))


def test_patience_counts_looks_in_a_row():
    model = tiny_model()
    make_posterior_constant(model)
    calls = []
    monitor = CollapseMonitor(X, every=2, patience=1, action=lambda *call: calls.append(call))
    logs = look(monitor, model, epochs=3)
    assert ["active_units" in log for log in logs] == [False, True, False] and calls == []
    monitor.on_epoch_end(3, log := {})
    ((message, seen),) = calls
    assert seen is log and log["active_units"] == 0.0 and "after epoch 4" in message


def test_a_collapse_that_ends_is_forgotten_and_the_next_one_acts_again():
    model, calls = tiny_model(likelihood="normal"), []
    monitor = CollapseMonitor(10 * X, threshold=1e-6, action=lambda *call: calls.append(call))
    kernel = model.encoder.trainable_variables[-2]
    value = kernel.numpy()
    monitor.set_model(model)
    monitor.on_train_begin()
    for epoch, factor in enumerate((0, 0, 1, 0)):
        kernel.assign(factor * value)
        monitor.on_epoch_end(epoch, {})
    assert len(calls) == 2


def test_stop_ends_the_training():
    model = tiny_model()
    make_posterior_constant(model)
    with pytest.warns(UserWarning, match="have collapsed"):
        look(CollapseMonitor(X, action="stop"), model)
    assert model.stop_training


def test_deterministic_posterior_and_own_last_batch():
    (log,) = look(CollapseMonitor(X[:17], batch_size=16), tiny_model(posterior="deterministic"))
    assert np.isfinite(list(log.values())).all() and "kl_per_dimension_max" not in log


# === DivergenceNullBand ===


class WrongVariance(ki.divergences.Divergence):
    """(|z|^2 / D - 1)^2 at one batch: cheap, and biased up where q = p."""

    def __call__(self, z, prior, posterior=None, seed=None):
        return tf.square(tf.reduce_mean(z**2) - 1.0)


class PointsModel(KnownPosterior):
    """A model whose q(z|x) is the point x, and whose prior has a scale to learn if asked."""

    divergence = WrongVariance()

    def __init__(self, learned=False):
        def prior():
            return tfp.distributions.MultivariateNormalDiag(tf.zeros([2]), self.scale + 0.0)

        super().__init__(tfp.distributions.VectorDeterministic, prior, 2, 2)
        self.scale = self.add_weight(shape=(2,), initializer="ones") if learned else tf.ones([2])


def test_band_is_that_of_a_perfect_match():
    (log,) = look(DivergenceNullBand(X[:, :2], batch_size=32, draws=400), PointsModel())
    # 64 (|z|^2 / D) is chi-square with 64 degrees: its moments and quantiles by simulation.
    exact = (RNG.chisquare(64, size=10**6) / 64 - 1) ** 2
    error = exact.std() / np.sqrt(400)
    assert abs(log["divergence_null_mean"] - exact.mean()) < 4 * error
    # The share of the exact distribution below each quantile, within its binomial error.
    for name, share in (("low", 0.05), ("high", 0.95)):
        below = np.mean(exact < log[f"divergence_null_{name}"])
        assert abs(below - share) < 4 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(("scale", "inside"), [(1.0, True), (0.5, False)])
def test_a_match_lies_within_the_band_and_a_wrong_variance_above(scale, inside):
    z = scale * np.random.default_rng(3).normal(size=(50 * 64, 2)).astype("float32")
    (log,) = look(DivergenceNullBand(z, batch_size=64, draws=100), PointsModel())
    low, high = log["divergence_null_low"], log["divergence_null_high"]
    assert (low < log["divergence_at_batch"] < high) == inside
    if not inside:
        assert log["divergence_at_batch"] > high


def test_divergence_is_that_of_full_batches_or_of_a_small_set():
    model = tiny_model()
    (log,) = look(DivergenceNullBand(X, batch_size=16, draws=5), model)
    q = [model.posterior_distribution(tf.constant(X[i : i + 16])) for i in (0, 16)]
    prior = model.prior_distribution()
    expected = np.mean([model.divergence(p.mean(), prior, p) for p in q])  # closed form: no draws
    np.testing.assert_allclose(log["divergence_at_batch"], expected, atol=1e-6)
    (log,) = look(DivergenceNullBand(X[:5], draws=2), model)  # all five are the batch
    assert np.isfinite(list(log.values())).all()


def test_band_follows_a_prior_with_weights_and_stands_still_without():
    model = PointsModel(learned=True)
    band = DivergenceNullBand(X[:, :2], draws=3)
    (before,) = look(band, model)
    model.scale.assign([3.0, 3.0])
    band.on_epoch_end(1, after := {})
    assert after["divergence_null_mean"] > before["divergence_null_mean"]
    (first, second) = look(band, PointsModel(), epochs=2)
    assert first == second
    assert not band._null_changes()


# === Errors ===


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: CollapseMonitor(X[:1]), ValueError, "`x` must hold at least 2 examples"),
        (lambda: CollapseMonitor("digits"), TypeError, "`x` must be an array"),
        (lambda: CollapseMonitor(X, every=0), ValueError, "`every` must be an integer"),
        (lambda: CollapseMonitor(X, threshold=-1), ValueError, "`threshold` must be at least 0"),
        (lambda: CollapseMonitor(X, limit=-1), ValueError, "`limit` must be an integer"),
        (lambda: CollapseMonitor(X, patience=1.5), TypeError, "`patience` must be an integer"),
        (lambda: CollapseMonitor(X, action="halt"), ValueError, "`action` must be one of"),
        (lambda: CollapseMonitor(X, action=3), TypeError, "`action` must be 'warn', 'stop' or"),
        (lambda: CollapseMonitor(X, condition=X[:3]), ValueError, "3 rows for 40 examples"),
        (
            lambda: DivergenceNullBand(X, batch_size=1),
            ValueError,
            "`batch_size` must be an integer",
        ),
        (lambda: DivergenceNullBand(X, draws=1), ValueError, "`draws` must be an integer of at"),
        (lambda: DivergenceNullBand(X, seed=-1), ValueError, "`seed` must be an integer"),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_examples_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="shape"):
        look(CollapseMonitor(X[:, :3]), tiny_model())


CALLBACKS = [CollapseMonitor, lambda x, **settings: DivergenceNullBand(x, draws=2, **settings)]


@pytest.mark.parametrize("make", CALLBACKS, ids=["monitor", "band"])
def test_labels_of_any_type_are_the_condition(make):
    labels = np.arange(40) % 3
    keras.utils.set_random_seed(0)
    model = ki.InfoVAE(
        3, condition=ki.conditions.Classes(3), encoder=NETWORK, decoder=NETWORK, seed=0
    )
    model.build((None, 6))
    (log,) = look(make(X, condition=labels), model)
    (expected,) = look(make(X, condition=(1.0 * labels).tolist()), model)
    assert log == expected
    (other,) = look(make(X, condition=(labels + 1) % 3), model)
    assert log != other
    with pytest.raises(ValueError, match="`condition` must be labels from 0 to 2.*3"):
        look(make(X, condition=labels + 1), model)
    with pytest.raises(ValueError, match="`condition` must be left out.*takes none"):
        look(make(X, condition=labels), tiny_model())
    with pytest.raises(ValueError, match="`condition` must be given"):
        look(make(X), model)


@pytest.mark.slow
@pytest.mark.parametrize("make", [CollapseMonitor, lambda x: DivergenceNullBand(x, draws=2)])
def test_examples_are_what_they_are_to_the_model(make):
    """Images of 0 to 255 are divided as `fit` does, and rows of a table become numbers."""
    images = RNG.integers(0, 256, size=(20, 4, 4, 1)).astype("uint8")
    frame = pandas.DataFrame({"a": RNG.normal(100.0, 5.0, 20), "b": ["x", "y"] * 10})
    frame.loc[3, "a"] = np.nan
    for raw in (images, frame):
        model = ki.InfoVAE(2, encoder=NETWORK, decoder=NETWORK, seed=0)
        model.fit(raw, epochs=1, verbose=0)
        numbers, _ = model.example_spec.arrays(raw)
        (log,), (expected,) = look(make(raw), model), look(make(numbers), model)
        assert log == expected and all(map(np.isfinite, log.values()))
    for wrong, message in ((X[0], "`x` must .*6"), (X * np.nan, "`x` must be finite")):
        with pytest.raises(ValueError, match=message):
            look(make(wrong), tiny_model())


def test_a_divergence_without_a_value_for_points_is_refused_before_training():
    model = tiny_model(divergence="total_correlation", lambda_=2.0)
    band = DivergenceNullBand(X, draws=2)
    band.set_model(model)
    with pytest.raises(ValueError, match="needs a divergence that takes points.*TotalCorrelation"):
        band.on_train_begin()
    look(CollapseMonitor(X), model)
