"""Draws with a seed per row: laws for every distribution that this package makes, and others."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import keras_infovae as ki
from keras_infovae.distributions.for_each_row import for_each_row
from keras_infovae.distributions.row_draws import draw_rows
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.row_random import seeds_of_rows

N = 6
LATENT_DIM = 3
SEEDS = seeds_of_rows(4, 0, N)
COLUMNS = [("student_t", None), ("categorical", 3), (ki.likelihoods.Poisson(), 2)]


# === Cases: {name: a function that returns (make, parameters)} ===
# `make(parameters)` returns the distribution; without parameters it has batch shape [].


def parameters_of(*shape, scale=0.5):
    return tf.constant(np.random.default_rng(0).normal(scale=scale, size=(N, *shape)), tf.float32)


def posterior(alias):
    member = ki.posteriors.get(alias)
    return member.distribution, parameters_of(member.parameter_size(LATENT_DIM))


def likelihood(member, shape, **options):
    member = ki.likelihoods.deserialize(ki.likelihoods.serialize(ki.likelihoods.get(member)))
    member.build(shape)
    return member.distribution, parameters_of(*member.parameter_shape(shape), **options)


def prior(member, posterior_of=None):
    member = ki.priors.deserialize(ki.priors.serialize(ki.priors.get(member)))
    member.build(LATENT_DIM, (4,))
    for i, weight in enumerate(member.trainable_weights):  # away from the start
        weight.assign_add(0.3 * tf.random.stateless_normal(weight.shape, [i, 1]))
    return lambda: member.distribution(LATENT_DIM, posterior_of), None


def vamp(alias, count=5):
    member = ki.posteriors.get(alias)
    size = member.parameter_size(LATENT_DIM)
    encode = tf.random.stateless_normal([4, size], [0, 1])
    support = "sphere" if alias == "von_mises_fisher" else "euclidean"
    return prior(
        ki.priors.VampPrior(count, support=support), lambda x: member.distribution(x @ encode)
    )


def of(function):
    """A batch [n] of a TFP distribution, from a location and a positive number per row."""
    return lambda: (
        lambda parameters: function(parameters[:, 0], tf.exp(parameters[:, 1])),
        parameters_of(2),
    )


def alone(function):
    return lambda: (function, None)


def tfd():
    return tfp.distributions


def shifted_and_scaled(loc, scale):
    """A batch that only the bijector has."""
    shift, scale = tfp.bijectors.Shift(loc[:, None]), tfp.bijectors.Scale(scale[:, None])
    return tfd().TransformedDistribution(tfd().Sample(tfd().Normal(0.0, 1.0), 2), shift(scale))


def zero_or_normal(loc, scale):
    components = [tfd().Deterministic(tf.zeros_like(loc)), tfd().Normal(loc, scale)]
    return tfd().Mixture(tfd().Categorical(tf.stack([loc, scale], axis=-1)), components)


POSTERIORS = {
    alias: lambda alias=alias: posterior(alias)
    for alias in (
        "diagonal_normal",
        "full_covariance_normal",
        "householder",
        "von_mises_fisher",
        "deterministic",
    )
}
LIKELIHOODS = {
    "bernoulli": lambda: likelihood("bernoulli", (2, 3)),
    "normal": lambda: likelihood("normal", (3,)),
    "laplace, per value": lambda: likelihood(ki.likelihoods.Laplace("per_value"), (2, 3)),
    "student_t": lambda: likelihood("student_t", (3,)),
    "continuous_bernoulli": lambda: likelihood("continuous_bernoulli", (2, 3), scale=3.0),
    "categorical": lambda: likelihood("categorical", (2, 3)),
    "gray levels": lambda: likelihood("discretized_logistic_mixture", (2, 2, 1)),
    "color": lambda: likelihood(ki.likelihoods.DiscretizedLogisticMixture(2), (2, 2, 3)),
    "poisson": lambda: likelihood("poisson", (4,), scale=3.0),
    "negative_binomial": lambda: likelihood("negative_binomial", (2, 3)),
    "zero inflated": lambda: likelihood(
        ki.likelihoods.ZeroInflatedNegativeBinomial("per_value"), (2, 3)
    ),
    "mixed_columns": lambda: likelihood(ki.likelihoods.MixedColumns(COLUMNS), (7,)),
}
PRIORS = {
    "standard_normal": lambda: prior("standard_normal"),
    "gaussian_mixture": lambda: prior(ki.priors.GaussianMixture(4)),
    "vamp of diagonal_normal": lambda: vamp("diagonal_normal"),
    "vamp of full_covariance_normal": lambda: vamp("full_covariance_normal"),
    "vamp of householder": lambda: vamp("householder"),
    "vamp of von_mises_fisher": lambda: vamp("von_mises_fisher"),
    "vamp of one von_mises_fisher": lambda: vamp("von_mises_fisher", count=1),
    "vamp of deterministic": lambda: vamp("deterministic"),
    "energy_based": lambda: prior(ki.priors.EnergyBased(hidden_units=(8,), steps=40)),
    "hierarchical": lambda: prior(ki.priors.Hierarchical([2, 1], (8,))),
    "maf": lambda: prior(ki.priors.MaskedAutoregressiveFlow(2, (8,))),
    "uniform_sphere": lambda: prior("uniform_sphere"),
    "prior von_mises_fisher": lambda: prior("von_mises_fisher"),
}
OTHERS = {
    "Logistic": of(lambda loc, scale: tfd().Logistic(loc, scale)),
    "HalfNormal": of(lambda loc, scale: tfd().HalfNormal(scale)),
    "Exponential": of(lambda loc, scale: tfd().Exponential(scale)),
    "Uniform": of(lambda loc, scale: tfd().Uniform(loc, loc + scale)),
    "LogNormal": of(lambda loc, scale: tfd().LogNormal(loc, 0.3 * scale)),
    "Categorical": of(lambda loc, scale: tfd().Categorical(tf.stack([loc, scale], axis=-1))),
    "Bernoulli of integers": of(lambda loc, scale: tfd().Bernoulli(loc)),
    "Sample": of(lambda loc, scale: tfd().Sample(tfd().Normal(loc, scale), [2, 3])),
    "Sample of vectors": of(
        lambda loc, scale: tfd().Sample(
            tfd().MultivariateNormalDiag(tf.stack([loc, -loc], axis=-1), scale[:, None] * [1.0, 2]),
            3,
        )
    ),
    "broadcast": of(lambda loc, _: for_each_row(tfd().Normal(0.0, 1.0), tf.shape(loc)[0])),
    "tokens": lambda: likelihood(ki.likelihoods.TokenSequence(4), (3,)),
    "TransformedDistribution": of(shifted_and_scaled),
    "Mixture": of(zero_or_normal),
    "mixture of MultivariateNormalDiag": alone(
        lambda: tfd().MixtureSameFamily(
            tfd().Categorical([0.0, 1.0]),
            tfd().MultivariateNormalDiag([[0.0, 1.0], [9.0, 5.0]], [[2.0, 1.0]]),
        )
    ),
    "MultivariateNormalDiag": alone(lambda: tfd().MultivariateNormalDiag([1.0, 2.0], [3.0, 4.0])),
}
# Without a sampler here: row after row.
LOOPS = {
    "Gamma": of(lambda loc, scale: tfd().Gamma(scale, scale)),
    "Independent Beta": alone(lambda: tfd().Independent(tfd().Beta([1.0, 2.0], 2.0), 1)),
    "a batch of mixtures": of(
        lambda loc, scale: tfd().MixtureSameFamily(
            tfd().Categorical(tf.zeros([2])),
            tfd().Normal(tf.stack([loc, loc + 1.0], axis=-1), scale[:, None]),
        )
    ),
}
VECTORISED = POSTERIORS | LIKELIHOODS | PRIORS | OTHERS
EVERY = VECTORISED | LOOPS


@pytest.fixture(params=EVERY)
def case(request):
    return EVERY[request.param]()


@pytest.fixture(params=VECTORISED)
def vectorized(request):
    return VECTORISED[request.param]()


def draw(case, seeds, rows=slice(None), num_samples=None):
    make, parameters = case
    distribution = make() if parameters is None else make(parameters[rows])
    return draw_rows(distribution, seeds, num_samples)


def close(found, expected):
    # Words are the same bit for bit, functions of them up to the rounding of vectorized ones.
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


# === Laws ===


def test_a_row_follows_from_its_seed_alone(case):
    make, parameters = case
    distribution = make() if parameters is None else make(parameters)
    whole = draw(case, SEEDS)
    assert whole.shape == (N, *distribution.event_shape) and whole.dtype == distribution.dtype
    close(draw(case, SEEDS[2:3], slice(2, 3)), whole[2:3])
    order = [4, 0, 5]
    if parameters is not None:
        parameters = tf.gather(parameters, order)
    close(draw((make, parameters), tf.gather(SEEDS, order)), tf.gather(whole, order))
    assert len(np.unique(draw(case, SEEDS, num_samples=50).numpy())) > 1 or "Deterministic" in str(
        distribution
    )


def test_several_draws_begin_with_fewer(vectorized):
    several = draw(vectorized, SEEDS, num_samples=5).numpy()
    assert several.shape[:2] == (5, N)
    close(draw(vectorized, SEEDS, num_samples=2), several[:2])
    close(draw(vectorized, SEEDS), several[0])


def test_the_same_eagerly_in_a_graph_of_unknown_size_and_under_xla(vectorized):
    make, parameters = vectorized
    shape = [] if parameters is None else parameters.shape[1:]

    def three(seeds, parameters):
        case = make, (None if vectorized[1] is None else parameters)
        return draw(case, seeds, num_samples=3)

    signature = [tf.TensorSpec([None, 2], tf.int32), tf.TensorSpec([None, *shape])]
    arguments = SEEDS, (tf.zeros([N]) if parameters is None else parameters)
    expected = three(*arguments)
    graph = tf.function(three, input_signature=signature)
    close(graph(*arguments), expected)
    # Of the same graph, which is not traced again.
    close(tf.function(lambda *given: graph(*given), jit_compile=True)(*arguments), expected)


def moments(distribution, draws):
    """The mean and the variance of a distribution, and the errors where they are those of draws."""
    try:
        return distribution.mean(), distribution.variance(), 0.0, 0.0
    except NotImplementedError:
        x = distribution.sample(draws, seed=[5, 6]).numpy().astype("float64")
        mean = x.mean(axis=0)
        squared = (x - mean) ** 2
        errors = (np.std(values, axis=0) / np.sqrt(draws) for values in (x, squared))
        return mean, squared.mean(axis=0), *errors


def test_means_and_variances(case, request):
    make, parameters = case
    draws = 400 if request.node.callspec.params["case"] in LOOPS else 8000
    if parameters is None:
        distribution = make()
        x = draw_rows(distribution, seeds_of_rows(8, 0, draws))
    else:
        distribution = make(parameters[:2])
        x = draw_rows(distribution, SEEDS[:2], draws)
    x = x.numpy().astype("float64")
    mean, variance, mean_error, variance_error = moments(distribution, draws)
    squared = np.square(x - np.float64(mean))
    for values, expected, error in ((x, mean, mean_error), (squared, variance, variance_error)):
        expected = np.broadcast_to(np.float64(expected), values.shape[1:])
        error = np.hypot(error, values.std(axis=0) / np.sqrt(draws))
        # Five standard errors, the seed fixed; 1 / draws where an event was hardly seen, and the
        # 1e-2 levels of 255 that the means of discretized logistics are exact to.
        slack = 1e-4 + 1e-4 * np.abs(expected)
        finite = np.isfinite(expected)
        found = values.mean(axis=0)
        assert np.all((np.abs(found - expected) < 5 * error + slack)[finite])


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_draws_are_data_again(name):
    make, parameters = LIKELIHOODS[name]()
    x = draw_rows(make(parameters), SEEDS, 200).numpy().reshape(200 * N, *parameters.shape[1:2], -1)
    make.__self__.check_range("x", x)
    x = draw_rows(make(parameters), SEEDS).numpy()
    make.__self__.check_values("x", x)


@pytest.mark.parametrize("name", ["von_mises_fisher", "uniform_sphere", "vamp of von_mises_fisher"])
def test_draws_on_the_sphere(name):
    x = draw(VECTORISED[name](), SEEDS, num_samples=50)
    np.testing.assert_allclose(np.linalg.norm(x, axis=-1), 1.0, atol=1e-5)


REPARAMETERIZED = [
    "diagonal_normal",
    "full_covariance_normal",
    "householder",
    "von_mises_fisher",
    "normal",
    "laplace, per value",
    "continuous_bernoulli",
    "Logistic",
    "Exponential",
    "Uniform",
    "LogNormal",
    "Sample of vectors",
    "TransformedDistribution",
    "Mixture",
]


@pytest.mark.parametrize("name", REPARAMETERIZED)
def test_gradients_are_those_of_sample(name):
    make, parameters = VECTORISED[name]()
    rows = 8000
    parameters = tf.repeat(parameters[:1], rows, axis=0)

    def gradients(draw):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            total = tf.reduce_sum(tf.square(draw(make(parameters))))
        return tf.reshape(tape.gradient(total, parameters), [rows, -1]).numpy()

    found = gradients(lambda p: draw_rows(p, seeds_of_rows(3, 0, rows)))
    expected = gradients(lambda p: p.sample(seed=[1, 2]))
    assert np.all(np.isfinite(found)) and np.any(found != 0)
    error = np.hypot(found.std(axis=0), expected.std(axis=0)) / np.sqrt(rows)
    assert np.all(np.abs(found.mean(axis=0) - expected.mean(axis=0)) < 5 * error + 1e-5)


@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_of_a_mixture_reach_its_components_and_of_a_t_its_degrees(compiled):
    logits, means = tf.zeros([3]), tf.constant([[-9.0], [0.0], [9.0]])
    freedom = tf.constant(5.0)

    def gradients(means, freedom):
        with tf.GradientTape() as tape:
            tape.watch([means, freedom])
            components = tfd().Independent(tfd().Normal(means, 1.0), 1)
            mixture = tfd().MixtureSameFamily(tfd().Categorical(logits), components)
            z = draw_rows(mixture, SEEDS)
            t = draw_rows(tfd().StudentT(freedom, 0.0, 1.0), seeds_of_rows(1, 0, 40_000))
            variance = tf.reduce_mean(tf.square(t))
        return z, tape.gradient([z, variance], [means, freedom])

    z, (of_means, of_freedom) = tf.function(gradients, jit_compile=compiled)(means, freedom)
    chosen = np.bincount(np.argmin(np.abs(z - tf.transpose(means)), axis=1), minlength=3)
    np.testing.assert_array_equal(tf.convert_to_tensor(of_means)[:, 0], chosen)
    # d/dv of the variance v / (v - 2) is -2 / (v - 2)^2; its standard error over seeds is 0.02.
    np.testing.assert_allclose(of_freedom, -2 / 9, atol=0.1)


# === Special distributions ===


@pytest.mark.parametrize("rate", [1e-3, 0.5, 9.9, 10.0, 40.0, 1e3])
def test_poisson_counts_have_their_probabilities(rate):
    n = 100_000
    log_rate = tf.math.log(tf.constant(rate))
    x = draw_rows(tfd().Poisson(log_rate=log_rate), seeds_of_rows(2, 0, n)).numpy()
    check_frequencies(x, stats.poisson(float(tf.exp(log_rate))))


@pytest.mark.parametrize(("mean", "dispersion"), [(3.0, 0.01), (50.0, 0.5), (2.0, 5.0), (9.0, 1e3)])
def test_negative_binomial_counts_have_their_probabilities(mean, dispersion):
    n = 100_000
    p = tfd().NegativeBinomial(
        1 / dispersion, logits=np.log(mean * dispersion), require_integer_total_count=False
    )
    x = draw_rows(p, seeds_of_rows(2, 0, n)).numpy()
    check_frequencies(x, stats.nbinom(1 / dispersion, 1 / (1 + mean * dispersion)))


def check_frequencies(x, expected):
    """Chi-square of counts, those that are expected less than ten times taken together."""
    values = np.arange(expected.ppf(1 - 1e-6) + 1)
    share = expected.pmf(values)
    often = share * len(x) >= 10
    seen = np.bincount(x.astype(int), minlength=len(values))[: len(values)][often]
    seen = np.append(seen, len(x) - seen.sum())
    share = np.append(share[often], 1 - share[often].sum())
    if share[-1] * len(x) < 10:
        share[-2:], seen[-2:] = [share[-2:].sum(), 0], [seen[-2:].sum(), 0]
        share, seen = share[:-1], seen[:-1]
    assert stats.chisquare(seen, share * len(x)).pvalue > 1e-3  # the seed is fixed


@pytest.mark.parametrize("mean", [1e5, 5e8])
def test_large_counts(mean):
    x = draw_rows(tfd().Poisson(mean), seeds_of_rows(2, 0, 20_000)).numpy().astype("float64")
    z = (x - mean) / np.sqrt(mean)
    assert stats.kstest(z, "norm").pvalue > 1e-3  # the skewness is below 0.004


@pytest.mark.parametrize("freedom", [1.007, 2.5, 149.0])
def test_t_distributions(freedom):
    t = draw_rows(tfd().StudentT(freedom, 1.0, 2.0), seeds_of_rows(2, 0, 50_000)).numpy()
    assert stats.kstest(t, stats.t(freedom, 1, 2).cdf).pvalue > 1e-3


def test_impossible_categories_are_never_drawn():
    logits = [-np.inf, 0.0, -np.inf, 1.0, -np.inf]
    x = draw_rows(tfd().Categorical(logits), seeds_of_rows(2, 0, 50_000)).numpy()
    frequencies = np.bincount(x, minlength=5) / len(x)
    share = 1 / (1 + np.e)
    expected = [0, share, 0, 1 - share, 0]
    error = np.sqrt(share * (1 - share) / len(x))
    np.testing.assert_allclose(frequencies, expected, atol=5 * error)
    assert set(x) == {1, 3}


# === Distributions of a user's own ===


def test_a_class_that_changes_how_it_samples_is_asked():
    class Sevens(tfd().Normal):
        def _sample_n(self, n, seed=None):
            return tf.fill([n], 7.0) if self.batch_shape.rank == 0 else 1 / 0

    np.testing.assert_array_equal(draw_rows(Sevens(0.0, 1.0), SEEDS), [7.0] * N)
    np.testing.assert_array_equal(draw_rows(Sevens(tf.zeros([N]), 1.0), SEEDS, 2), [[7.0] * N] * 2)


def test_a_class_may_define_its_own_draws():
    class Own(tfd().Normal):
        def sample_rows(self, seeds, num_samples=None):
            return tf.cast(seeds[:, 1], tf.float32) + self.loc

    expected = np.arange(N) + 1.0
    np.testing.assert_array_equal(draw_rows(Own(tf.ones([N]), 1.0), SEEDS), expected)
    affine = tfp.bijectors.Scale(2.0)(Own(tf.ones([N]), 1.0))
    np.testing.assert_array_equal(draw_rows(affine, SEEDS), 2 * expected)


def test_a_batch_of_two_axes_is_refused():
    with pytest.raises(ValueError, match="`distribution` must be one with batch shape"):
        draw_rows(tfd().Normal(tf.zeros([2, 3]), 1.0), SEEDS)
