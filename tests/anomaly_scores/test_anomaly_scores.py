"""Anomaly scores against closed forms, on models whose parts are known."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae import anomaly_scores
from keras_infovae.evaluation import fit_anomaly_score, importance_weighted_bound
from keras_infovae.utils import row_random
from tests.evaluation.linear_gaussian import LinearGaussian

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    networks = {name: ki.networks.MLP([8]) for name in ("encoder", "decoder")}
    model = ki.VAE(2, likelihood="normal", seed=0, **networks)
    model.build((None, 3))
    return model


def scores_of(model, score, x):
    """Returns what `model.score(x, score)` does, without a graph of its own."""
    return score.rows(model, tf.constant(x)).numpy()


def test_the_elbo_scores_are_those_of_each_example_alone(model):
    whole = model.score(X)
    np.testing.assert_array_equal(model.score(X, anomaly_scores.NegativeElbo(64, 0)), whole)
    np.testing.assert_allclose(model.score(X[::-1], batch_size=7)[::-1], whole, rtol=1e-5)
    np.testing.assert_allclose(model.score(X[4:5])[0], whole[4], rtol=1e-5)
    # Of one draw, log p(x|z) is that of the ELBO of a row alone, whose KL is exact.
    q = model.posterior_distribution(tf.constant(X))
    kl = np.sum(0.5 * (q.mean() ** 2 + q.variance() - 1 - np.log(q.variance())), axis=1)
    for seed in (0, 3):
        loss = scores_of(model, anomaly_scores.ReconstructionLoss(1, seed), X)
        alone = [-model.elbo(X[i : i + 1], seed=seed)[0] for i in range(5)]
        np.testing.assert_allclose(loss[:5] + kl[:5], alone, rtol=1e-5)


@pytest.mark.parametrize("seed", [0, 2])
def test_the_elbo_scores_are_means_over_draws(model, seed):
    seeds = tf.fill([len(X)], tf.constant(seed * 2**32, tf.int64))
    log_weights = model.log_weights(tf.constant(X), seeds, 16).numpy()
    assert len({float(w) for w in log_weights[:, 0]}) == 16
    for draws in (1, 16):
        expected = -log_weights[:draws].mean(axis=0)
        score = anomaly_scores.NegativeElbo(draws, seed)
        np.testing.assert_allclose(scores_of(model, score, X), expected, rtol=1e-5)
        # What is left of it without log p(x|z) is the KL of the same draws.
        likelihood, kl = model.elbo_terms(tf.constant(X), seeds, None, draws)
        np.testing.assert_allclose(kl - likelihood, expected, rtol=1e-5)
        loss = scores_of(model, anomaly_scores.ReconstructionLoss(draws, seed), X)
        np.testing.assert_allclose(loss, -likelihood, rtol=1e-5)


def test_near_the_true_posterior_the_scores_do_not_depend_on_draws():
    # Where q(z|x) = p(z|x), log w is log p(x) whatever z: one draw is as good as any number.
    truth = LinearGaussian(2, 5)
    model, x = truth.model(), truth.sample(6)
    exact = truth.log_likelihood(x)
    for score in (
        anomaly_scores.NegativeElbo(1, seed=4),
        anomaly_scores.NegativeElbo(),
        anomaly_scores.ImportanceWeighted(3, seed=1),
    ):
        np.testing.assert_allclose(scores_of(model, score, x), -exact, rtol=1e-4)


def test_the_encoder_runs_once_for_all_draws(model, monkeypatch):
    calls, parameters = [], model.inference.parameters
    monkeypatch.setattr(model.inference, "parameters", lambda *a: calls.append(a) or parameters(*a))
    for score in ("negative_elbo", "reconstruction_loss", "importance_weighted"):
        anomaly_scores.get(score).rows(model, tf.constant(X))
    assert len(calls) == 3


class Noisy(ki.GenerativeModel):
    """A model of a user's own, whose ELBO is a normal number, p(x|z) = N(x; z, 1), z ~ N(x, 1)."""

    latent_dim, latent_support = 1, "euclidean"

    def elbo_rows(self, x, seed, condition=None):
        return x[:, 0] + row_random.normal(row_random.row_seeds(seed), [])

    def encode_rows(self, x, seed=None, condition=None):
        return x + row_random.normal(row_random.row_seeds(seed), [1])

    def joint(self, x, condition=None):
        class Joint:
            def log_likelihood(self, z):
                return -tf.square(z - x)[..., 0]

        return Joint()


def test_any_model_with_an_elbo_has_means_over_draws():
    model = Noisy()
    model.build((None, 1))
    x = np.array([[1.0], [5.0]], "float32")
    one = anomaly_scores.NegativeElbo(1)
    alone = [-model.elbo_rows(tf.constant(r[None]), [0])[0] for r in x]
    np.testing.assert_allclose(scores_of(model, one, x), alone)
    # The noise is that of 100 independent normal numbers: 1 / 10; of their squares, sqrt(2) / 10.
    found = scores_of(model, anomaly_scores.NegativeElbo(100), x)
    np.testing.assert_allclose(found, -x[:, 0], atol=4 / 10)
    assert np.all(found != -x[:, 0])
    found = scores_of(model, anomaly_scores.ReconstructionLoss(100), x)
    np.testing.assert_allclose(found, 1.0, atol=4 * np.sqrt(2) / 10)


def test_the_importance_weighted_score_nears_the_marginal_likelihood(model):
    # The weights' spread bounds how far two estimates of K draws each may be apart.
    score = anomaly_scores.ImportanceWeighted(400)
    with pytest.warns(UserWarning, match="Pareto k"):  # the encoder is not trained
        bound = importance_weighted_bound(model, X, num_samples=400)
    many = tf.function(lambda x: model.log_weights(x, tf.zeros([len(X)], tf.int64), 400))
    log_weights = many(tf.constant(X)).numpy()
    weights = np.exp(log_weights - log_weights.max(axis=0))
    error = weights.std(axis=0) / weights.mean(axis=0) / np.sqrt(400)
    assert np.all(np.abs(model.score(X, score) + bound) < 5 * np.sqrt(2) * error + 1e-4)
    assert np.all(model.score(X, score) < model.score(X).mean() + 20)
    # One draw of the same noise is the ELBO with log q(z|x) - log p(z) in place of the KL.
    one = model.log_weights(tf.constant(X[:4]), tf.zeros([4], tf.int64), 1).numpy()[0]
    np.testing.assert_allclose(-model.score(X[:4], anomaly_scores.ImportanceWeighted(1)), one)


def test_the_mahalanobis_distance_is_that_of_the_codes(model):
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    score = anomaly_scores.Mahalanobis([0.5, -1.0], np.linalg.inv(covariance).tolist())
    offset = model.encode(X) - [0.5, -1.0]
    expected = np.sqrt(np.sum(offset @ np.linalg.inv(covariance) * offset, axis=1))
    np.testing.assert_allclose(model.score(X, score), expected, rtol=1e-5)
    usual = types.SimpleNamespace(moments=lambda: (np.zeros(2), covariance))
    fitted = anomaly_scores.Mahalanobis().fitted(usual)
    np.testing.assert_allclose(fitted.precision, np.linalg.inv(covariance), rtol=1e-5)
    assert score.fitted(None) is score


def test_codes_in_a_part_of_the_space_have_a_distance():
    # Of rank 3 in 64 dimensions: along the plane it is that of the plane's covariance.
    rng = np.random.default_rng(0)
    plane = np.linalg.qr(rng.normal(size=(64, 3)))[0]
    covariance = plane @ np.diag([4.0, 1.0, 0.25]) @ plane.T
    usual = types.SimpleNamespace(moments=lambda: (np.zeros(64), covariance))
    score = anomaly_scores.Mahalanobis().fitted(usual)
    precision = plane.T @ np.array(score.precision) @ plane
    np.testing.assert_allclose(precision, np.diag([0.25, 1.0, 4.0]), atol=1e-4)
    with pytest.raises(ValueError, match="codes that differ"):
        usual.moments = lambda: (np.zeros(2), np.zeros((2, 2)))
        anomaly_scores.Mahalanobis().fitted(usual)


@pytest.mark.parametrize("rows", [1, 5, 100, 300])
@pytest.mark.parametrize("draws", [1, 7, 64])
def test_however_many_draws_are_decoded_at_once_they_are_the_same(model, rows, draws):
    rng = np.random.default_rng(0)
    joint = model.joint(tf.constant(rng.normal(size=(rows, 3)).astype("float32")))
    z = tf.constant(rng.normal(size=(draws, rows, 2)).astype("float32"))
    found = joint.over_draws(joint.log_likelihood, z)
    np.testing.assert_allclose(found, joint.log_likelihood(z), rtol=1e-5)


@pytest.mark.parametrize("left_out", [0, 3])
def test_the_exemplar_likelihood_is_a_mean_over_all_codes_but_the_best(model, left_out):
    codes = model.encode(X)
    score = anomaly_scores.ExemplarLikelihood(codes.tolist(), left_out)
    joint = model.joint(tf.constant(X[:7]))
    z = np.repeat(codes[:, None], 7, axis=1)
    log_likelihood = np.sort(joint.log_likelihood(tf.constant(z)).numpy().astype("float64"), axis=0)
    mean = np.exp(log_likelihood[: 40 - left_out]).mean(axis=0)
    np.testing.assert_allclose(model.score(X[:7], score), -np.log(mean), rtol=1e-5)
    np.testing.assert_allclose(model.score(X[3:4], score), -np.log(mean[3:4]), rtol=1e-5)
    assert score.fitted(None) is score


def test_a_code_of_its_own_says_nothing_of_an_outlier():
    """Of a decoder that turns the plane, p(x|z) = N(Wz + b, I), it is a Parzen density of others.

    With its own code among them, the outlier differs from the others by log 3 at most.
    """
    plane = LinearGaussian(2, 2, scale=1.0)
    z = np.array([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5], [8.0, 8.0]])
    x, model = (z @ plane.w.T + plane.b).astype("float32"), plane.model()
    density = np.exp(-0.5 * np.sum((z[:, None] - z) ** 2, axis=2)) / (2.0 * np.pi)
    found = {}
    for left_out in (0, 1):
        score = anomaly_scores.ExemplarLikelihood(z.tolist(), left_out)
        expected = -np.log(np.sort(density, axis=1)[:, : 4 - left_out].mean(axis=1))
        found[left_out] = scores_of(model, score, x)
        np.testing.assert_allclose(found[left_out], expected, rtol=1e-4)
    assert np.ptp(found[0]) < np.log(3.0) + 1e-3 and found[1][3] > found[1][:3].max() + 50.0


def test_a_model_without_densities_has_its_reconstruction_loss():
    arguments = {"alpha": 1.0, "lambda_": 10.0, "posterior": "deterministic"}
    networks = {name: ki.networks.MLP([4]) for name in ("encoder", "decoder")}
    model = ki.InfoVAE(2, seed=0, **arguments, **networks)
    model.build((None, 3))
    x = np.abs(X[:4]) % 1
    np.testing.assert_array_equal(model.score(x), model.score(x, "reconstruction_loss"))
    for name in ("negative_elbo", "importance_weighted"):
        with pytest.raises(ValueError, match="not defined for a posterior without a density"):
            model.score(x, name)


def test_what_cannot_be_used_is_named(model):
    mahalanobis, exemplars = anomaly_scores.Mahalanobis, anomaly_scores.ExemplarLikelihood
    for call, words in (
        (lambda: model.score(X, "negative_elbow"), "Did you mean 'negative_elbo'"),
        (lambda: model.score(X, "elbo"), "Did you mean 'negative_elbo'"),
        (lambda: model.score(X, "mahalanobis"), r"knows no usual codes yet: .*fit_anomaly_score\("),
        (lambda: model.score(X, mahalanobis([0.0], [[1.0]])), "`mean` must be 2 numbers"),
        (lambda: model.is_anomaly(X), "has no anomaly_threshold"),
        (lambda: model.score(X[:, :2]), "shape"),
        (lambda: mahalanobis([0.0]), "`precision` must be given if and only if"),
        (lambda: mahalanobis([0.0, 1.0], [[1.0, 0.5], [0.4, 1.0]]), "symmetric 2 by 2"),
        (lambda: mahalanobis([0.0], [[-1.0]]), "positive definite"),
        (lambda: model.score(X, "exemplar_likelihood"), "knows no usual codes yet"),
        (lambda: model.score(X, exemplars([[0.0]], 0)), "`codes` must be codes of 2 numbers"),
        (lambda: exemplars([[0.0]] * 9), "`codes` must be more than left_out=9 codes"),
        (lambda: exemplars([[0.0], [1.0, 2.0]], 0), "codes of one length. Received: codes='2 co"),
        (lambda: exemplars(left_out=-1), "`left_out` must be an integer of at least 0"),
        (lambda: fit_anomaly_score(model, X[:9], "exemplar_likelihood"), "at least 10 examples"),
        (lambda: anomaly_scores.ImportanceWeighted(0), "`num_samples` must be"),
        (lambda: anomaly_scores.NegativeElbo(seed=-1), "`seed` must be an integer of at least 0"),
        (lambda: anomaly_scores.check_rate(1.0), "`false_positive_rate` must be below 1"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(TypeError, match="`anomaly_threshold` must be an AnomalyThreshold"):
        model.anomaly_threshold = 3.0
    with pytest.raises(TypeError, match="`score` must be an AnomalyScore"):
        anomaly_scores.AnomalyThreshold("negative_elbo", 1.0, 0.1, 10)
    with pytest.raises(TypeError, match="`precision` must be a sequence of rows. Received: .*=5"):
        mahalanobis([0.0], 5)
    with pytest.raises(TypeError, match="`codes` must be a sequence of codes. Received: codes=5"):
        exemplars(5)
