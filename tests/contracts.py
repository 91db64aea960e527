"""The suites that every member of a family passes, and the tables that name the members.

Adding a member means adding one row to a table here; its own test file then holds what is special
to it: closed forms and golden numbers.
"""

import contextlib
import json
import pathlib
import tempfile
import typing

import keras
import numpy as np
import pandas
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae import schedules

# === The tables: one row per member ===

# Raw data, and the preprocessor that they are of.
PREPROCESSORS = [
    (ki.tables.Schema, pandas.DataFrame({"a": [0.5, 1.0, 2.0], "b": ["x", "y", "x"]})),
    (ki.text.Text, ["the cat sleeps.", "a dog, too"]),
    (ki.preprocessors.Images, np.arange(48, dtype="uint8").reshape(3, 4, 4)),
]

# Module of the family, alias, a second instance with every argument away from its default.
SETTINGS = [
    (ki.kernels, "gaussian", ki.kernels.Gaussian("median", (0.5, 2.0))),
    (ki.kernels, "imq", ki.kernels.InverseMultiquadratic(3.0, (1.0,))),
    (ki.kernels, "rq", ki.kernels.RationalQuadratic("median", (1.0, 3.0), 2.0)),
    (ki.priors, "standard_normal", None),
    (ki.priors, "gaussian_mixture", ki.priors.GaussianMixture(3, 0.2)),
    (ki.priors, "vamp", ki.priors.VampPrior(5, (0, 1), "sphere")),
    (ki.priors, "diffusion", ki.priors.Diffusion(ki.denoisers.ResidualMLP(8, 1), 5, 0.0)),
    (ki.priors, "maf", ki.priors.MaskedAutoregressiveFlow(2, (8,), "relu")),
    (
        ki.priors,
        "energy_based",
        ki.priors.EnergyBased("hierarchical", (8,), "tanh", 3.0, 5, 0.3, "sgd"),
    ),
    (ki.priors, "hierarchical", ki.priors.Hierarchical([2, 1], (8,), "relu")),
    (ki.priors, "uniform_sphere", None),
    (ki.priors, "von_mises_fisher", ki.priors.VonMisesFisherPrior(3.0)),
    (ki.posteriors, "diagonal_normal", None),
    (ki.posteriors, "full_covariance_normal", None),
    (ki.posteriors, "householder", ki.posteriors.HouseholderFlow(2)),
    (ki.posteriors, "von_mises_fisher", ki.posteriors.VonMisesFisher(0.5, 100.0)),
    (ki.posteriors, "deterministic", None),
    (ki.likelihoods, "bernoulli", None),
    (ki.likelihoods, "normal", ki.likelihoods.Normal("per_value", 0.1, "gradient", False)),
    (ki.likelihoods, "laplace", ki.likelihoods.Laplace("per_value", 0.1, "gradient", False)),
    (
        ki.likelihoods,
        "student_t",
        ki.likelihoods.StudentT(3.0, "per_value", 0.1, "gradient", False),
    ),
    (ki.likelihoods, "continuous_bernoulli", None),
    (ki.likelihoods, "categorical", None),
    (
        ki.likelihoods,
        "discretized_logistic_mixture",
        ki.likelihoods.DiscretizedLogisticMixture(5, 32),
    ),
    (ki.likelihoods, "poisson", ki.likelihoods.Poisson("observed")),
    (
        ki.likelihoods,
        "negative_binomial",
        ki.likelihoods.NegativeBinomial("per_value", "observed"),
    ),
    (
        ki.likelihoods,
        "zero_inflated_negative_binomial",
        ki.likelihoods.ZeroInflatedNegativeBinomial(0.5, "observed"),
    ),
    (
        ki.likelihoods,
        "mixed_columns",
        ki.likelihoods.MixedColumns(
            [("categorical", 3), (ki.likelihoods.Normal("per_value"), None), ("poisson", 2)]
        ),
    ),
    (ki.likelihoods, "token_sequence", ki.likelihoods.TokenSequence(7)),
    (ki.likelihoods, "partly_observed", ki.likelihoods.PartlyObserved("laplace", False)),
    (ki.denoisers, "residual_mlp", ki.denoisers.ResidualMLP(8, 1, "tanh")),
    (ki.denoisers, "u_net", ki.denoisers.UNet((4, 8), "tanh")),
    (ki.inference, "amortized", None),
    (ki.inference, "from_prior", None),
    (
        ki.inference,
        "short_run_langevin",
        ki.inference.ShortRunLangevin(3, [0.3, 0.2, 0.1], 1.0, True, 2, 0.6, 2.0),
    ),
    (ki.networks, "mlp", ki.networks.MLP((8, 4), "tanh")),
    (ki.networks, "conv", ki.networks.Conv((4, 8), 16, 3, "tanh")),
    (ki.networks, "pixel_cnn", ki.networks.PixelCNN(8, 2, 3, 5, 4)),
    (ki.networks, "recurrent", ki.networks.Recurrent(8, 4, False, 0.1, "lstm", True, 9)),
    (ki.anomaly_scores, "negative_elbo", ki.anomaly_scores.NegativeElbo(4, 1)),
    (ki.anomaly_scores, "negative_log_prob", None),
    (ki.anomaly_scores, "reconstruction_loss", ki.anomaly_scores.ReconstructionLoss(4, 1)),
    (ki.anomaly_scores, "importance_weighted", ki.anomaly_scores.ImportanceWeighted(3, 1)),
    (ki.anomaly_scores, "mahalanobis", ki.anomaly_scores.Mahalanobis([1.0], [[2.0]])),
    (
        ki.anomaly_scores,
        "exemplar_likelihood",
        ki.anomaly_scores.ExemplarLikelihood([[1.0], [2.0]], 1),
    ),
    (schedules, "constant", schedules.Constant(2.0)),
    (schedules, "linear", schedules.Linear(1.0, 0.5, 20, 3, "epochs")),
    (schedules, "cosine", schedules.Cosine(1.0, 0.5, 20, 3, "epochs")),
    (schedules, "sigmoid", schedules.Sigmoid(1.0, 0.5, 20, 3, "epochs", 4.0)),
    (schedules, "cyclical", schedules.Cyclical(1.0, 0.5, 20, 3, "epochs", 2, 0.25)),
    (ki.divergences, "mmd", ki.divergences.MaximumMeanDiscrepancy("imq", False, "sampled", 3, 70)),
    (
        ki.divergences,
        "stein",
        ki.divergences.KernelizedSteinDiscrepancy("imq", False, "discrepancy", "sampled", 3, 70),
    ),
    (ki.divergences, "sliced_wasserstein", ki.divergences.SlicedWasserstein(16, 2)),
    (ki.divergences, "energy_distance", ki.divergences.EnergyDistance(False, "sampled", 3, 8, 70)),
    (ki.divergences, "moment_matching", ki.divergences.MomentMatching("full", 3)),
    (ki.divergences, "covariance", ki.divergences.CovariancePenalty("i", 2.0, 3.0, 4)),
    (ki.divergences, "total_correlation", ki.divergences.TotalCorrelation(100, 2)),
    (
        ki.divergences,
        "adversarial",
        ki.divergences.Adversarial((8,), "tanh", "sgd", 2, 1.0, 3, False),
    ),
    (ki.divergences, "kl", ki.divergences.DensityRatioKL((8,), "tanh", "sgd", 2, 1.0, 3)),
    (
        ki.divergences,
        "total_correlation_critic",
        ki.divergences.TotalCorrelationCritic((8,), "tanh", "sgd", 2, 1.0, 3),
    ),
]

KERNELS = [
    ki.kernels.Gaussian(),
    ki.kernels.Gaussian(bandwidth=1.0, scales=(1.0,)),
    ki.kernels.Gaussian(bandwidth="median"),
    ki.kernels.InverseMultiquadratic(),
    ki.kernels.RationalQuadratic(),
    ki.kernels.RationalQuadratic(scale_mixture_rate=3.0),
]


class DivergenceRow(typing.NamedTuple):
    """A divergence, and what by its definition it does.

    Args:
        divergence: the member.
        sees: the ways that q(z) may differ from the prior in which it grows: "shift", "shrink" (a
            smaller variance), "correlation" (of the dimensions, their own variances kept).
        bias: how far above 0 it may be where q = p, beyond 4 standard errors, in its own unit.
        points: whether it takes samples of z without q(z|x).
        rounding: how far two ways to compute the same value may be apart.
    """

    divergence: object
    sees: tuple = ("shift", "shrink")
    bias: float = 1e-6
    points: bool = True
    rounding: float = 1e-6


DIVERGENCES = [
    DivergenceRow(ki.divergences.MaximumMeanDiscrepancy()),
    DivergenceRow(ki.divergences.MaximumMeanDiscrepancy(unbiased=False)),
    DivergenceRow(ki.divergences.MaximumMeanDiscrepancy(estimator="random_features")),
    DivergenceRow(ki.divergences.MaximumMeanDiscrepancy("rq", estimator="random_features")),
    DivergenceRow(ki.divergences.MaximumMeanDiscrepancy(estimator="sampled", num_samples=4)),
    DivergenceRow(ki.divergences.MaximumMeanDiscrepancy(kernel="imq")),
    DivergenceRow(ki.divergences.KernelizedSteinDiscrepancy()),
    DivergenceRow(ki.divergences.KernelizedSteinDiscrepancy("imq")),
    DivergenceRow(ki.divergences.KernelizedSteinDiscrepancy(estimator="random_features")),
    DivergenceRow(ki.divergences.SlicedWasserstein(32, 8), bias=0.06),
    DivergenceRow(ki.divergences.EnergyDistance(), bias=1e-4),
    DivergenceRow(ki.divergences.EnergyDistance(estimator="random_features"), rounding=1e-5),
    DivergenceRow(ki.divergences.EnergyDistance(estimator="sampled", num_samples=4)),
    DivergenceRow(ki.divergences.MomentMatching()),
    DivergenceRow(ki.divergences.MomentMatching("full"), ("shift", "shrink", "correlation"), 1e-3),
    DivergenceRow(ki.divergences.CovariancePenalty("ii"), ("shrink", "correlation")),
    DivergenceRow(ki.divergences.CovariancePenalty("i"), (), np.inf),
    DivergenceRow(ki.divergences.TotalCorrelation(), ("correlation",), 1e-3, False),
]

_SMALL_CRITIC = {"hidden_units": (8,)}


def small_divergence(alias):
    """Returns the divergence of that name with its defaults, but for a small critic."""
    divergence = ki.divergences.get(alias)
    critic = _SMALL_CRITIC if hasattr(divergence, "hidden_units") else {}
    return type(divergence)(**critic)


_CRITIC_OF_FACTORS = {"divergence": ki.divergences.TotalCorrelationCritic(**_SMALL_CRITIC)}
# Model class, arguments.
MODELS = [
    (ki.InfoVAE, {}),
    (ki.InfoVAE, {"alpha": 0.5, "lambda_": 100.0, "likelihood": "normal"}),
    (ki.VAE, {}),
    (ki.BetaVAE, {"beta": ki.schedules.Linear(0.1, 2.0, duration=3)}),
    (ki.MMDVAE, {}),
    (
        ki.AdversarialAutoencoder,
        {"divergence": ki.divergences.Adversarial(**_SMALL_CRITIC)},
    ),
    (ki.WassersteinAutoencoder, {}),
    (ki.SteinVAE, {"lambda_": 10.0}),
    (ki.FactorVAE, _CRITIC_OF_FACTORS),
    (ki.BetaTCVAE, {}),
    (ki.DIPVAE, {"kind": "i"}),
    (ki.AnnealedVAE, {"capacity": 3.0, "gamma": 10.0}),
    (ki.IWAE, {"num_samples": 3}),
    (ki.InfoVAE, {"condition": ki.conditions.Classes(3)}),
    (ki.FactorVAE, {"condition": ki.conditions.Classes(3)} | _CRITIC_OF_FACTORS),
    (ki.IWAE, {"condition": ki.conditions.Features(2), "num_samples": 2}),
    (ki.ShortRunModel, {"steps": 3, "temperature": ki.schedules.Linear(0.2, 0.5, duration=3)}),
    (ki.LatentVariableModel, {}),
]

# Models without networks of the user's choice, and without an optimizer, with arguments. Those
# of tests/models/test_kinds.py are their suites.
OWN_TRAINING = [(ki.ExactEM, {"latent_dim": 2, "hidden_units": (4,), "restarts": 1})]

# Further priors, posteriors, likelihoods and divergences, each once in a model.
PARTS = [
    (ki.InfoVAE, {"divergence": ki.divergences.MaximumMeanDiscrepancy("imq")}),
    (ki.InfoVAE, {"divergence": "energy_distance", "lambda_": 5.0}),
    (ki.InfoVAE, {"divergence": "sliced_wasserstein", "lambda_": 5.0}),
    (ki.InfoVAE, {"divergence": "moment_matching", "lambda_": 2.0}),
    (ki.InfoVAE, {"divergence": ki.divergences.DensityRatioKL((8,)), "lambda_": 2.0}),
    (ki.InfoVAE, {"prior": "gaussian_mixture", "posterior": "full_covariance_normal"}),
    (ki.InfoVAE, {"prior": ki.priors.VampPrior(4), "posterior": "householder"}),
    (ki.InfoVAE, {"prior": ki.priors.MaskedAutoregressiveFlow(2, (8,))}),
    (ki.VAE, {"prior": ki.priors.EnergyBased("hierarchical", (8,), steps=2)}),
    (
        ki.InfoVAE,
        {
            "prior": "uniform_sphere",
            "posterior": "von_mises_fisher",
            "divergence": ki.divergences.Adversarial(**_SMALL_CRITIC),
            "lambda_": 2.0,
        },
    ),
    (ki.InfoVAE, {"likelihood": "student_t"}),
    (ki.InfoVAE, {"likelihood": "continuous_bernoulli"}),
]


class PortableRow(typing.NamedTuple):
    """A model, and which of its parts can be written for programs without TensorFlow.

    Args:
        name: what docs/serving.md calls it.
        arguments: of `tests.serving.conftest.small`.
        litert, onnx: the parts.
    """

    name: str
    arguments: dict
    litert: tuple = ("encoder", "decoder", "autoencoder")
    onnx: tuple = ("encoder", "decoder", "autoencoder")


_IMAGES = {"shape": (8, 8, 1)}
_CONV = {name: ki.networks.Conv((4,)) for name in ("encoder", "decoder")}
_COLUMNS = [("categorical", 3), (ki.likelihoods.Normal("per_value"), None), ("poisson", 2)]

PORTABLE = [
    PortableRow("`mlp`, `bernoulli`, `diagonal_normal`", {}),
    PortableRow(
        "`conv`, raw gray levels",
        {"scaling": ki.preprocessors.Scaling(0.0, 16.0)} | _IMAGES | _CONV,
    ),
    PortableRow(
        "`normal`, columns with scales of their own",
        {
            "shape": (2,),
            "likelihood": "normal",
            "scaling": ki.preprocessors.Scaling([2e3, 0.0], [9.0, 2.0]),
        },
    ),
    PortableRow(
        "the same, a time stamp (1.7e9) among the columns",
        {
            "shape": (2,),
            "likelihood": "normal",
            "scaling": ki.preprocessors.Scaling([1.7e9, 0.0], [9.0, 2.0]),
        },
        litert=("decoder",),
    ),
    PortableRow("a condition, labels", {"condition": ki.conditions.Classes(3)}),
    PortableRow("a condition, features", {"condition": ki.conditions.Features(2)}),
    PortableRow("`deterministic`", {"posterior": "deterministic", "alpha": 1.0, "lambda_": 2.0}),
    PortableRow(
        "`von_mises_fisher`",
        {
            "prior": "uniform_sphere",
            "posterior": "von_mises_fisher",
            "divergence": "adversarial",
            "lambda_": 2.0,
        },
    ),
    PortableRow(
        "`full_covariance_normal`",
        {"posterior": "full_covariance_normal"},
        litert=("decoder", "autoencoder"),
    ),
    PortableRow("`householder`", {"posterior": "householder"}, litert=("decoder", "autoencoder")),
    PortableRow("`laplace`", {"likelihood": "laplace"}),
    PortableRow("`student_t`", {"likelihood": "student_t"}),
    PortableRow("`continuous_bernoulli`", {"likelihood": "continuous_bernoulli"}),
    PortableRow("`categorical`", {"likelihood": "categorical"}),
    PortableRow("`poisson`", {"likelihood": "poisson"}),
    PortableRow("`poisson`, library sizes", {"likelihood": ki.likelihoods.Poisson("observed")}),
    PortableRow("`negative_binomial`", {"likelihood": "negative_binomial"}),
    PortableRow(
        "`zero_inflated_negative_binomial`", {"likelihood": "zero_inflated_negative_binomial"}
    ),
    PortableRow(
        "`discretized_logistic_mixture`",
        {"shape": (4, 4, 3), "likelihood": ki.likelihoods.DiscretizedLogisticMixture(2, 16)},
    ),
    PortableRow(
        "`mixed_columns`", {"shape": (6,), "likelihood": ki.likelihoods.MixedColumns(_COLUMNS)}
    ),
    PortableRow(
        "decoder `recurrent`",
        {"shape": (3, 2), "likelihood": "normal", "decoder": ki.networks.Recurrent(4)},
        litert=("encoder",),
        onnx=("encoder",),
    ),
    PortableRow(
        "encoder `recurrent`",
        {"shape": (3, 2), "likelihood": "normal", "encoder": ki.networks.Recurrent(4)},
        litert=("decoder",),
    ),
    PortableRow(
        "decoder `pixel_cnn`",
        {"shape": (4, 4, 1), "decoder": ki.networks.PixelCNN(8, 1, 3, 5, 4)},
        litert=("encoder",),
        onnx=("encoder",),
    ),
]


@contextlib.contextmanager
def eager_functions():
    """Has what is compiled elsewhere compute op by op, for what is computed once or twice."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


def case_id(value):
    """Returns a short name of a row for pytest."""
    if isinstance(value, type):
        return value.__name__
    return getattr(value, "__name__", None) or str(value)[:60]


# === Settings ===


def run_setting_contract(family, alias, other):
    """Names, configs and errors of one member of a family."""
    member = family.get(alias)
    assert family.get(member) is member
    for instance in [member] + ([] if other is None else [other]):
        config = json.loads(json.dumps(family.serialize(instance)))
        restored = family.deserialize(config)
        assert type(restored) is type(instance)
        assert restored.get_config() == instance.get_config()
        assert family.get(config).get_config() == instance.get_config()
        assert config["registered_name"] == f"keras_infovae>{type(instance).__name__}"
    if other is not None:
        default = member.get_config()
        assert all(default[name] != value for name, value in other.get_config().items())
    with pytest.raises(ValueError, match=f"must be one of .*{alias}"):
        family.get("no such member")
    with pytest.raises(TypeError, match="must be a"):
        family.get(7)


# === Kernels ===


def run_kernel_contract(kernel):
    """Laws of a radial positive-definite kernel with k(z, z) = 1."""
    x = tf.random.stateless_normal([40, 3], seed=[0, 1])
    bandwidths = kernel.squared_bandwidths(3, x)
    matrix = kernel.matrix(x, x, bandwidths).numpy()
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
    np.testing.assert_allclose(np.diag(matrix), 1.0, atol=1e-6)
    assert np.linalg.eigvalsh(matrix.astype("float64")).min() > -1e-5  # positive definite
    shifted = kernel.matrix(x + 7.0, x + 7.0, bandwidths).numpy()
    np.testing.assert_allclose(shifted, matrix, atol=2e-5)  # translation invariant
    distances = kernel.matrix(
        tf.zeros([1, 3]), tf.eye(3)[:1] * [[0.0], [1.0], [5.0], [50.0]], bandwidths
    )
    assert np.all(np.diff(distances.numpy()[0]) < 0)  # falls with distance
    graph = tf.function(lambda a: kernel.matrix(a, a, kernel.squared_bandwidths(3, a)))
    np.testing.assert_allclose(graph(x).numpy(), matrix, atol=1e-6)
    for scale in (1e-6, 1e6):
        with tf.GradientTape() as tape:
            points = tf.identity(x * scale)
            tape.watch(points)
            total = tf.reduce_sum(
                kernel.matrix(points, points, kernel.squared_bandwidths(3, points))
            )
        assert np.all(np.isfinite(tape.gradient(total, points).numpy()))


# === Divergences ===


def normal_posterior(mean, variance, seed=(5, 6)):
    """Returns the batch of q(z|x) with the given moments [n, d], and one draw of z for each."""
    posterior = ki.posteriors.DiagonalNormal()
    log_variance = tf.math.log(tf.cast(variance, tf.float32))
    # The inverse of the smooth bound that the posterior puts on its log-variance.
    raw = 14.0 * tf.atanh(log_variance / 14.0)
    q = posterior.distribution(tf.concat([tf.cast(mean, tf.float32), raw], axis=-1))
    return q, q.sample(seed=tf.stack(seed))


CHANGES = {
    "shift": (0.5, 1.0, 2.0),  # of every mean, in the prior's standard deviations
    "shrink": (0.3, 0.1, 0.01),  # the variance
    "correlation": (0.5, 0.8, 0.99),  # of every two dimensions
}


def changed_posterior(kind, size, count, latent_dim, seed):
    """Returns a batch of q(z|x) that differs from N(0, I) in one way, and a draw of z for each."""
    ones = tf.ones([count, latent_dim])
    if kind == "shift":
        return normal_posterior(size * ones, ones, seed)
    if kind == "shrink":
        return normal_posterior(0.0 * ones, size * ones, seed)
    # What all dimensions of z share is its mean, and each q(z_j) is N(0, 1) but for the minibatch.
    shared = tf.random.stateless_normal([count, 1], seed=[0, 1])
    shared = (shared - tf.reduce_mean(shared)) / tf.math.reduce_std(shared)
    return normal_posterior(np.sqrt(size) * shared * ones, (1.0 - size) * ones, seed)


def run_divergence_contract(row):
    """Laws of a divergence between q(z) and a standard normal prior.

    Zero where q = p, within 4 standard errors and the row's bias; growing as q(z) departs from p in
    the ways that the member sees; the same in any order of examples, in graph mode and under a
    policy of half precision; with gradients that are finite for codes of any size.
    """
    divergence = row.divergence
    for latent_dim in (2, 16, 64, 256):
        prior = ki.priors.StandardNormal().distribution(latent_dim)

        def value(kind, size, seed, latent_dim=latent_dim, prior=prior):
            q, z = changed_posterior(kind, size, 16, latent_dim, (seed, 6))
            return float(divergence(z, prior, q, seed=tf.constant([seed, 2])))

        values = np.array([value("shift", 0.0, seed) for seed in range(5)])
        equal, error = values.mean(), values.std(ddof=1) / np.sqrt(5)
        assert -4 * error - 1e-6 <= equal <= 4 * error + row.bias, latent_dim
        for kind in row.sees:
            first, second, third = (value(kind, size, 0) for size in CHANGES[kind])
            assert equal + 4 * error < first < second < third, (kind, latent_dim)
    assert not divergence.is_strict or {"shift", "shrink"} <= set(row.sees)

    seed = tf.constant([1, 2])
    latent_dim = 4
    prior = ki.priors.StandardNormal().distribution(latent_dim)
    means = tf.random.stateless_normal([33, latent_dim], seed=[3, 4])
    _, z = normal_posterior(means, 0.3 + 0.0 * means)

    def estimate(z):
        q = None if row.points else normal_posterior(z, 0.3 + 0.0 * z)[0]
        return divergence(z, prior, q, seed=seed)

    eager = float(estimate(z))
    assert float(estimate(z)) == eager  # same seed, same number
    tolerance = {"rtol": 1e-5, "atol": row.rounding}
    np.testing.assert_allclose(float(tf.function(estimate)(z)), eager, **tolerance)
    np.testing.assert_allclose(float(estimate(z[::-1])), eager, **tolerance)  # order is nothing
    assert np.isfinite(float(estimate(z[:1])))  # a batch of one
    for scale in (1e-6, 1e6):
        with tf.GradientTape() as tape:
            points = tf.identity(z * scale)
            tape.watch(points)
            total = estimate(points)
        gradient = tape.gradient(total, points)
        assert np.isfinite(float(total)) and np.all(np.isfinite(gradient.numpy())), scale
        with tf.GradientTape() as tape:
            tape.watch(means)
            q, z = normal_posterior(scale * means, 0.3 + 0.0 * means)
            total = divergence(z, prior, q, seed=seed)
        gradient = tape.gradient(total, means)
        assert np.isfinite(float(total)) and np.all(np.isfinite(gradient.numpy())), scale
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = divergence(tf.cast(means, tf.float16), prior, None if row.points else q, seed=seed)
    finally:
        keras.config.set_dtype_policy("float32")
    assert half.dtype == tf.float32 and np.isfinite(float(half))


# === Models ===


def run_model_contract(model_class, arguments, x):
    """Trains, uses, saves and restores a model on x, and holds the public contract against it."""
    latent_dim = 3
    network = ki.networks.default_for(x.shape[1:])
    small = type(network)([8])
    networks = {"encoder": small, "decoder": small}
    if not issubclass(model_class, ki.InfoVAE):
        del networks["encoder"]
    if model_class is ki.LatentVariableModel:
        networks["inference"] = ki.inference.Amortized(small)
    model = model_class(latent_dim, seed=1, **networks, **arguments)
    conditions = {0: None, 2: np.ones([len(x), 2], "float32"), 3: np.arange(len(x)) % 3}
    labels = conditions[model.condition.size]

    def given(rows):
        """Returns the argument `condition` for the first `rows` examples, where there is one."""
        return {} if labels is None else {"condition": labels[:rows]}

    everything, validation = given(len(x)), (x[:7], *given(7).values())
    model.compile("adam")
    options = {"batch_size": 16, "epochs": 1, "verbose": 0}
    history = model.fit(x, validation_data=validation, **options, **everything).history
    terms = {"loss", *model.term_names}
    if model.players:
        terms.add("adversary_loss")
    terms |= set(model.scheduled_weights)
    assert set(history) == terms | {f"val_{term}" for term in terms}
    values = model.evaluate(x, verbose=0, **everything)
    assert set(values) == terms
    check_loss(model, values)
    assert model.evaluate(x, verbose=0, **everything) == values  # the same draws each time

    assert model.predict(x, verbose=0, **everything).shape == x.shape
    z = model.encode(x, **everything)
    assert z.shape == (len(x), latent_dim) and z.dtype == np.float32
    assert model.decode(z, **everything).shape == x.shape
    five = given(5)
    assert model.generate(5, seed=3, **five).shape == (5, *x.shape[1:])
    new = model.generate(5, seed=3, **five)
    np.testing.assert_array_equal(model.generate(5, seed=3, **five), new)
    assert np.abs(new - model.generate(5, seed=4, **five)).max() > 0
    assert np.all(np.isfinite(new))
    if "elbo" in model.capabilities:
        elbo = model.elbo(x, seed=0, **everything)
        assert elbo.shape == (len(x),) and np.all(np.isfinite(elbo))
        assert np.abs(model.encode(x, sample=True, seed=0, **everything) - z).max() > 0
    else:
        with pytest.raises(ValueError, match="not defined"):
            model.elbo(x)

    scores = model.score(x, **everything)
    np.testing.assert_allclose(model.score(x[:5], **five), scores[:5], rtol=1e-4, atol=1e-4)
    ki.evaluation.calibrate_anomaly_threshold(model, x, 0.2, **everything)

    with tempfile.TemporaryDirectory() as directory:
        path = str(pathlib.Path(directory) / "model.keras")
        model.save(path)
        restored = keras.saving.load_model(path)
        preset = model_class.from_preset(model.save_to_preset(f"{directory}/preset"))
    assert json.dumps(preset.get_config()) == json.dumps(model.get_config())
    assert preset.anomaly_threshold == model.anomaly_threshold and not preset.compiled
    assert len(preset.weights) == len(model.weights)
    for kept, weight in zip(preset.weights, model.weights):
        np.testing.assert_array_equal(kept, weight)
    assert type(restored) is model_class
    assert json.dumps(restored.get_config()) == json.dumps(model.get_config())
    assert restored.anomaly_threshold == model.anomaly_threshold
    # Eagerly, to hold it against the graphs. Compiled steps of loaded models are tested in
    # tests/models/test_saving.py and tests/training/test_resume.py.
    with eager_functions():
        np.testing.assert_allclose(restored.encode(x, **everything), z, atol=1e-6)
        np.testing.assert_allclose(restored.generate(5, seed=3, **five), new, atol=1e-6)
    restored.run_eagerly = True
    loss = restored.evaluate(x, verbose=0, **everything)["loss"]
    np.testing.assert_allclose(loss, values["loss"], rtol=1e-5)
    restored.fit(x, **options, **everything)  # and its training goes on
    assert int(restored.optimizer.iterations) == 2 * int(model.optimizer.iterations)


def check_loss(model, values):
    """The loss is that of its terms: whole batches in one, since a capacity is not additive."""
    weight = getattr(model, "divergence_weight", 0.0)
    weighted = values["reconstruction_loss"] + (weight * values["divergence"] if weight else 0.0)
    if isinstance(model, ki.AnnealedVAE):
        assert values["loss"] >= weighted - 1e-3  # tests/models/test_family.py has it exactly
        return
    weighted += model.kl_weight * values.get("kl_divergence", 0.0)
    if model.num_samples > 1:
        assert values["loss"] < weighted  # a tighter bound
    else:  # terms of both signs may leave less of a sum than its rounding is relative to
        rounding = 1e-6 * abs(values["reconstruction_loss"])
        np.testing.assert_allclose(values["loss"], weighted, rtol=1e-5, atol=rounding)
