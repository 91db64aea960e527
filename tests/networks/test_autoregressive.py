"""Decoders that read x: what every one of them keeps to, and their distribution p(x|z)."""

import itertools
import math
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.distributions.row_draws import draw_rows
from keras_infovae.utils.row_random import seeds_of_rows

PIXEL_CNN = ki.networks.PixelCNN(4, 2, 3, 5, 3)
RECURRENT = ki.networks.Recurrent(6, 4)
# Network, likelihood, shape of x.
CASES = [
    (PIXEL_CNN, ki.likelihoods.Bernoulli(), (4, 5)),
    (PIXEL_CNN, ki.likelihoods.Normal("per_value"), (5, 4, 2)),
    (PIXEL_CNN, ki.likelihoods.DiscretizedLogisticMixture(2), (4, 4, 3)),
    (RECURRENT, ki.likelihoods.Categorical(), (6, 3)),
    (RECURRENT, ki.likelihoods.Normal("global"), (5,)),
    (RECURRENT, ki.likelihoods.Poisson(), (5,)),
]
SEED = (1, 2)


def case_id(case):
    return "-".join(type(part).__name__ for part in case[:2])


def make(network, likelihood, shape, latent_dim=2):
    keras.utils.set_random_seed(0)
    if not likelihood.built:
        likelihood.build(shape)
    decoder = network.decoder(latent_dim, likelihood.parameter_shape(shape), shape)
    for weight in decoder.trainable_variables:  # far from the start, where little depends on x
        noise = tf.random.stateless_normal(weight.shape, seed=[len(weight.shape), 3])
        weight.assign(1.5 * weight + 0.2 * noise)
    return decoder


def draws_of_z(n, latent_dim=2):
    return tf.random.stateless_normal([n, latent_dim], seed=[5, 6])


def plain_draw(decoder, z, likelihood):
    """The draw that computes all positions anew for each."""
    seeds = seeds_of_rows(SEED, 0, len(z))
    return ki.networks.AutoregressiveDecoder.draw(decoder, z, likelihood, seeds)


class Recorder:
    """A likelihood that remembers the parameters that it was asked for."""

    def __init__(self, likelihood):
        self.likelihood = likelihood
        self.features = likelihood.features
        self.seen = []

    def distribution(self, parameters, context=None):
        self.seen.append(parameters)
        return self.likelihood.distribution(parameters, context)

    def draw_rows(self, parameters, seeds, context=None):
        return ki.likelihoods.Likelihood.draw_rows(self, parameters, seeds, context)


# === Draws ===


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_fast_draw_is_the_plain_one(case):
    _, likelihood, shape = case
    decoder, z = make(*case), draws_of_z(3)
    recorder = Recorder(likelihood)
    x = decoder.draw(z, recorder, seeds_of_rows(SEED, 0, 3))
    assert x.shape == (3, *shape)
    # What each position was drawn from is what the finished draw gives there.
    parameters = decoder([z, likelihood.features(x)]).numpy()
    axes = decoder.position_axes
    seen = np.stack([seen.numpy() for seen in recorder.seen], axis=1)
    np.testing.assert_allclose(seen.reshape(parameters.shape), parameters, atol=1e-5)
    assert len(recorder.seen) == math.prod(shape[:axes])
    assert parameters.std(axis=tuple(range(1, 1 + axes))).min() > 1e-3  # no constants compared
    np.testing.assert_allclose(x, plain_draw(decoder, z, likelihood), atol=1e-5)


@pytest.mark.parametrize("case", [CASES[0], CASES[3]], ids=case_id)
def test_a_draw_follows_its_seed_eagerly_and_in_a_graph_of_unknown_batch_size(case):
    _, likelihood, shape = case
    decoder, z = make(*case), draws_of_z(3)

    @tf.function(input_signature=[tf.TensorSpec([None, 2]), tf.TensorSpec([2], tf.int32)])
    def draw(z, seed):
        p = decoder.distribution(z, likelihood)
        assert p.batch_shape.as_list() == [None] and p.event_shape == shape
        return p.sample(seed=seed)

    x = draw(z, SEED)
    np.testing.assert_array_equal(x, decoder.distribution(z, likelihood).sample(seed=SEED))
    np.testing.assert_array_equal(draw(z, SEED), x)
    assert np.abs(draw(z, (1, 3)) - x).max() > 0
    assert draw(z[:1], SEED).shape == (1, *shape)


# === The distribution ===


@pytest.mark.parametrize(
    ("network", "shape"), [(PIXEL_CNN, (2, 2)), (RECURRENT, (4,))], ids=["pixel_cnn", "recurrent"]
)
def test_probabilities_draws_and_means_agree(network, shape):
    likelihood = ki.likelihoods.Bernoulli()
    decoder = make(network, likelihood, shape)
    z = draws_of_z(1)
    every_x = np.array(list(itertools.product([0, 1], repeat=4)), "float32").reshape(-1, *shape)
    p = decoder.distribution(tf.repeat(z, len(every_x), axis=0), likelihood)
    probabilities = np.exp(p.log_prob(every_x))
    np.testing.assert_allclose(probabilities.sum(), 1.0, atol=1e-5)

    n = 4000
    p = decoder.distribution(tf.repeat(z, n, axis=0), likelihood)
    numbers = p.sample(seed=SEED).numpy().reshape(n, 4) @ [8, 4, 2, 1]
    frequencies = np.bincount(numbers.astype(int), minlength=16) / n
    errors = np.sqrt(probabilities * (1 - probabilities) / n)
    assert np.all(np.abs(frequencies - probabilities) < 5 * errors)  # of 16 binomial counts

    # What `mean` gives along its one path, here along n of them.
    expected = np.tensordot(probabilities, every_x, axes=1)
    paths = draw_rows(p, seeds_of_rows(3, 0, n))
    means = (
        likelihood.distribution(decoder([tf.repeat(z, n, axis=0), paths]))
        .mean()
        .numpy()
        .astype("float64")
    )
    assert np.all((means > 0) & (means < 1))
    error = means.std(axis=0, ddof=1) / np.sqrt(n)
    assert np.all(np.abs(means.mean(axis=0) - expected) < 5 * error + 1e-6)
    assert means.std(axis=0).max() > 1e-3


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_draws_and_means_of_a_row_do_not_depend_on_its_neighbors(case):
    _, likelihood, shape = case
    decoder, z, seeds = make(*case), draws_of_z(4), seeds_of_rows(2, 0, 4)
    p = decoder.distribution(z, likelihood)
    x, several, mean = draw_rows(p, seeds), draw_rows(p, seeds, 3), p.mean()
    assert several.shape == (3, 4, *shape)
    np.testing.assert_allclose(several[0], x, atol=1e-5)
    assert np.abs(several[1] - x).max() > 0
    for rows in ([2], [3, 1]):
        other = decoder.distribution(tf.gather(z, rows), likelihood)
        expected = tf.gather(x, rows)
        np.testing.assert_allclose(draw_rows(other, tf.gather(seeds, rows)), expected, atol=1e-5)
        np.testing.assert_allclose(other.mean(), tf.gather(mean, rows), atol=1e-5)
    compiled = tf.function(
        lambda z: (draw_rows(decoder.distribution(z, likelihood), seeds), p.mean()),
        jit_compile=True,
    )
    for found, expected in zip(compiled(z), (x, mean)):
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_several_draws_per_z_have_leading_axes():
    case = CASES[0]
    decoder, z = make(*case), draws_of_z(3)
    p = decoder.distribution(z, case[1])
    assert p.batch_shape == (3,) and p.event_shape == (4, 5)
    x = p.sample((2, 4), seed=SEED)
    assert x.shape == (2, 4, 3, 4, 5)
    log_prob = p.log_prob(x)
    assert log_prob.shape == (2, 4, 3)
    np.testing.assert_allclose(log_prob[1, 2], p.log_prob(x[1, 2]), atol=1e-5)
    assert p.sample(seed=7).shape == p.mean().shape == (3, 4, 5)


class Exposure(ki.likelihoods.Poisson):
    """Counts at a rate per unit of exposure; the context is how much of it an example had."""

    def distribution(self, parameters, context=None):
        exposure = tf.reshape(context, [-1] + [1] * (parameters.shape.rank - 1))
        return super().distribution(parameters + tf.math.log(exposure))


@pytest.mark.parametrize("network", [PIXEL_CNN, RECURRENT], ids=["pixel_cnn", "recurrent"])
def test_draws_and_log_probabilities_know_the_context(network):
    shape = (3, 4) if network is PIXEL_CNN else (12,)
    likelihood = Exposure()
    decoder, z = make(network, likelihood, shape), draws_of_z(200)
    counts = {}
    for size in (1.0, 100.0):
        p = decoder.distribution(z, likelihood, context=tf.fill([200, 1], size))
        counts[size] = np.mean(p.sample(seed=SEED))
        assert p.sample(2, seed=SEED).shape == (2, 200, *shape)
    assert counts[100.0] > 5 * counts[1.0]


# === Training and saving ===


@pytest.mark.parametrize("case", [CASES[0], CASES[3]], ids=case_id)
def test_a_compiled_training_pass_has_gradients_for_every_weight(case):
    likelihood = case[1]
    decoder, z = make(*case), draws_of_z(4)
    x = plain_draw(decoder, z, likelihood)

    def step(z, x):
        with tf.GradientTape() as tape:
            tape.watch(z)
            log_prob = decoder.distribution(z, likelihood, training=True).log_prob(x)
        return log_prob, tape.gradient(log_prob, [z, *decoder.trainable_variables])

    log_prob, gradients = step(z, x)
    compiled_log_prob, compiled_gradients = tf.function(step, jit_compile=True)(z, x)
    np.testing.assert_allclose(compiled_log_prob, log_prob, rtol=1e-4)
    for gradient, compiled in zip(gradients, compiled_gradients):
        assert np.abs(gradient).max() > 0
        np.testing.assert_allclose(compiled, gradient, atol=1e-3 * np.abs(gradient).max())


@pytest.mark.parametrize("case", [CASES[0], CASES[3]], ids=case_id)
def test_half_precision(case):
    likelihood = case[1]
    keras.config.set_dtype_policy("mixed_float16")
    try:
        decoder = make(*case)
    finally:
        keras.config.set_dtype_policy("float32")
    assert decoder.compute_dtype == "float16"
    assert {weight.dtype for weight in decoder.trainable_variables} == {"float32"}
    z = draws_of_z(3)
    p = decoder.distribution(z, likelihood)
    x = p.sample(seed=SEED)
    assert x.dtype == p.mean().dtype == p.log_prob(x).dtype == tf.float32
    exact = make(*case)
    exact.set_weights(decoder.get_weights())
    expected = exact.distribution(z, likelihood).log_prob(x)
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=0.02)
    restored = type(decoder).from_config(decoder.get_config())  # under another policy
    assert restored.compute_dtype == "float16"


@keras.saving.register_keras_serializable("tests")
class Holder(keras.Model):
    """A model of a user's own that holds a decoder."""

    def __init__(self, decoder, **options):
        super().__init__(**options)
        self.decoder = decoder

    def build(self, input_shape):
        self.built = True

    def call(self, inputs):
        return self.decoder(inputs)

    def get_config(self):
        return {"decoder": keras.saving.serialize_keras_object(self.decoder)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["decoder"]))


@pytest.mark.parametrize("case", [CASES[1], CASES[3]], ids=case_id)
def test_a_saved_model_that_holds_a_decoder_is_restored(case, tmp_path):
    _, likelihood, shape = case
    decoder, z = make(*case), draws_of_z(3)
    x = plain_draw(decoder, z, likelihood)
    parameters = decoder([z, x]).numpy()
    inputs = [keras.Input((2,)), keras.Input(shape)]
    holder = Holder(decoder)
    holder(inputs)
    for model in (decoder, keras.Model(inputs, decoder(inputs)), holder):
        path = str(pathlib.Path(tmp_path) / "model.keras")
        model.save(path)
        restored = keras.saving.load_model(path)
        np.testing.assert_allclose(restored([z, x]), parameters, atol=1e-6)
    assert restored.decoder.parameter_shape == decoder.parameter_shape
    assert restored.decoder.event_shape == shape
    np.testing.assert_allclose(
        restored.decoder.distribution(z, likelihood).sample(seed=SEED),
        decoder.distribution(z, likelihood).sample(seed=SEED),
        atol=1e-5,
    )


# === Errors, and decoders of one's own ===


class RunningSum(ki.networks.AutoregressiveDecoder):
    """A user's own decoder: each logit is the sum of z and of the values before."""

    def parameters(self, z, x, training=False):
        return tf.cumsum(x, axis=1, exclusive=True) + tf.reduce_sum(z, axis=1, keepdims=True)


def test_a_decoder_of_ones_own_defines_parameters_alone():
    p = RunningSum(2, (4,)).distribution([[-50.0, -50.0], [0.0, 50.0]], ki.likelihoods.Bernoulli())
    np.testing.assert_array_equal(p.sample(seed=0), [[0] * 4, [1] * 4])
    x = [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 1.0, 1.0]]
    logits = np.array([[-100.0, -100.0, -100.0, -99.0], [50.0, 51.0, 51.0, 52.0]])
    expected = -np.logaddexp(0, np.where(np.array(x) == 1, -logits, logits)).sum(axis=1)
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-5)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="begin with the same 1 axes"):
        RunningSum(2, (5, 2), (4,))
    with pytest.raises(ValueError, match="begin with the same 2 axes"):
        PIXEL_CNN.decoder(2, (8, 9), (9, 8))
    with pytest.raises(ValueError, match="must be an integer"):
        RunningSum(0, (4,))
    decoder = make(*CASES[0])
    with pytest.raises(ValueError, match=r"z \[n, 2\] and x \[n, 4, 5\].*\(2, 5, 4\)"):
        decoder([tf.zeros([2, 2]), tf.zeros([2, 5, 4])])


def test_a_likelihood_of_several_positions_is_refused():
    class Coupled(ki.likelihoods.Bernoulli):
        def distribution(self, parameters, context=None):
            return super().distribution(tf.concat([parameters] * 2, axis=1))

    with pytest.raises(ValueError, match="Coupled cannot describe one position"):
        RunningSum(2, (4,)).distribution(tf.zeros([1, 2]), Coupled()).sample(seed=0)


@pytest.mark.parametrize(
    ("network", "likelihood", "shape"),
    [
        (RECURRENT, ki.likelihoods.Categorical(), (6,)),  # the categories would be positions
        (PIXEL_CNN, ki.likelihoods.Categorical(), (4, 5)),
        (RECURRENT, ki.likelihoods.Poisson("observed"), (6,)),  # the shares add up to 1
        (PIXEL_CNN, ki.likelihoods.NegativeBinomial("per_value", "observed"), (4, 5, 1)),
        (PIXEL_CNN, ki.likelihoods.NegativeBinomial("global"), (4, 5, 1)),  # one for each pixel
        (RECURRENT, ki.likelihoods.Normal("per_column"), (6,)),
        (PIXEL_CNN, ki.likelihoods.StudentT(scale="per_column"), (4, 5)),
        (RECURRENT, ki.likelihoods.MixedColumns([("normal", 3), ("bernoulli", None)]), (6,)),
    ],
    ids=lambda part: type(part).__name__,
)
def test_a_likelihood_that_couples_positions_is_refused_before_any_training(
    network, likelihood, shape
):
    decoder = network.decoder(2, likelihood.parameter_shape(shape), shape)
    name = type(likelihood).__name__
    with pytest.raises(ValueError, match=f"{name} cannot describe one position"):
        decoder.distribution(tf.zeros([1, 2]), likelihood)


@pytest.mark.parametrize(
    ("network", "likelihood", "shape"),
    [
        (RECURRENT, ki.likelihoods.Normal("per_column"), (5, 2)),
        (PIXEL_CNN, ki.likelihoods.Laplace("per_column"), (4, 5, 3)),
        (PIXEL_CNN, ki.likelihoods.NegativeBinomial(0.5), (4, 5, 1)),
        (PIXEL_CNN, ki.likelihoods.ZeroInflatedNegativeBinomial("per_value"), (4, 5)),
        (PIXEL_CNN, ki.likelihoods.Categorical(), (4, 5, 3)),
    ],
    ids=lambda part: type(part).__name__,
)
def test_a_likelihood_that_is_the_same_at_all_positions_draws_them(network, likelihood, shape):
    decoder = make(network, likelihood, shape)
    p = decoder.distribution(draws_of_z(2), likelihood)
    x = p.sample(seed=SEED)
    assert x.shape == (2, *shape)
    assert np.all(np.isfinite(p.log_prob(x)))
