"""A draw belongs to its row: the laws of the functions of rows, and of the methods made of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.serving.served_model import ServedModel
from keras_infovae.serving.signatures import SIGNATURES
from keras_infovae.utils.row_seeds import packed

RNG = np.random.default_rng(0)
SMALL = {name: ki.networks.MLP([6]) for name in ("encoder", "decoder")}
# Name: (the model, examples that it takes, conditions).
CASES = {
    "normal": (lambda: ki.InfoVAE(2, likelihood="normal", **SMALL), RNG.normal(size=(11, 4)), None),
    "point": (lambda: ki.WassersteinAutoencoder(2, **SMALL), RNG.normal(size=(11, 4)), None),
    "counts, their sum observed": (
        lambda: ki.VAE(2, likelihood=ki.likelihoods.Poisson("observed"), **SMALL),
        RNG.poisson(3.0, size=(11, 4)) + 1.0,
        None,
    ),
    "classes": (
        lambda: ki.InfoVAE(2, condition=ki.conditions.Classes(3), **SMALL),
        RNG.random((11, 4)),
        np.arange(11) % 3,
    ),
    "covariance, mixture": (
        lambda: ki.VAE(2, posterior="full_covariance_normal", prior="gaussian_mixture", **SMALL),
        RNG.random((11, 4)),
        None,
    ),
    "autoregressive": (
        lambda: ki.VAE(
            2, likelihood="normal", encoder=SMALL["encoder"], decoder=ki.networks.Recurrent(4)
        ),
        RNG.normal(size=(11, 3, 2)),
        None,
    ),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """(A model, examples, {"condition": ...} or {})."""
    make, x, condition = CASES[request.param]
    model = make()
    model.build((None, *x.shape[1:]))
    return model, x.astype("float32"), {} if condition is None else {"condition": condition}


def rows(given, part):
    return {name: array[part] for name, array in given.items()}


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_row_alone_is_the_row_among_others(case):
    """The six laws: row i of each function of rows is the method's result for row i alone."""
    model, x, given = case
    seeds = packed(7, 0, len(x))
    tensors = rows(given, slice(None))
    i = slice(4, 5)

    def of_row(method, *arguments):
        found = method(*arguments, **tensors)
        return np.asarray(found)[i]

    z = model.encode_rows(tf.constant(x), seeds, **tensors).numpy()
    one = tf.constant(x[i])
    close(z[i], model.encode_rows(one, seeds[i], **rows(given, i)))
    close(of_row(model.decode_rows, z), model.decode(z[i], **rows(given, i)))
    close(of_row(model.reconstruct_rows, x), model.reconstruct(x[i], **rows(given, i)))
    close(of_row(model.generate_rows, seeds), model.generate_rows(seeds[i], **rows(given, i)))
    if "elbo" in model.capabilities:
        close(of_row(model.elbo_rows, x, seeds), model.elbo_rows(one, seeds[i], **rows(given, i)))
        weights = model.log_weights(tf.constant(x), seeds, 3, **tensors)
        close(weights[:, i], model.log_weights(one, seeds[i], 3, **rows(given, i)))


def test_the_seed_of_a_row_is_that_of_the_call_and_its_place(case):
    model, x, given = case
    seeds = packed(7, 0, len(x))
    assert seeds[5] == 7 * 2**32 + 5
    close(model.generate(len(x), seed=7, **given), model.generate_rows(seeds, **given))
    z = model.encode(x, sample=True, seed=7, **given)
    close(z, model.encode_rows(tf.constant(x), seeds, **given))


def test_the_size_of_batches_does_not_show(case):
    model, x, given = case
    for method in ("encode", "elbo", "score", "reconstruct"):
        if method == "elbo" and "elbo" not in model.capabilities:
            continue
        options = {"sample": True, "seed": 3} if method == "encode" else {}
        whole = getattr(model, method)(x, **options, **given)
        close(getattr(model, method)(x, batch_size=4, **options, **given), whole)
        close(getattr(model, method)(x[:6], **options, **rows(given, slice(6))), whole[:6])
    whole = model.generate(11, seed=3, **given)
    close(model.generate(11, seed=3, batch_size=4, **given), whole)
    close(model.generate(6, seed=3, **rows(given, slice(6))), whole[:6])
    sampled = model.generate(11, seed=3, sample=True, **given)
    close(model.generate(11, seed=3, sample=True, batch_size=4, **given), sampled)


def test_measurements_repeat_and_new_examples_are_new(case):
    model, x, given = case
    for method in (model.score, model.elbo) if "elbo" in model.capabilities else (model.score,):
        np.testing.assert_array_equal(method(x, **given), method(x, **given))
    assert np.abs(model.generate(11, **given) - model.generate(11, **given)).max() > 0
    if model.inference.is_random:
        first, second = (model.encode(x, sample=True, **given) for _ in range(2))
        assert np.abs(first - second).max() > 0


def test_draws_of_a_row_are_those_of_its_posterior():
    # 4,000 rows of one x: mean and variance within 4 standard errors of the posterior's.
    model = ki.VAE(2, **SMALL)
    model.build((None, 4))
    x = np.repeat(RNG.random((1, 4)).astype("float32"), 4000, axis=0)
    z = model.encode(x, sample=True, seed=0)
    q = model.posterior_distribution(tf.constant(x[:1]))
    mean, variance = q.mean().numpy()[0], q.variance().numpy()[0]
    assert np.all(np.abs(z.mean(axis=0) - mean) < 4 * np.sqrt(variance / 4000))
    assert np.all(np.abs(z.var(axis=0) / variance - 1) < 4 * np.sqrt(2 / 4000))
    assert abs(np.corrcoef(z.T)[0, 1]) < 4 / np.sqrt(4000)
    elbos = [model.elbo(x, seed=seed).mean() for seed in (0, 1)]
    assert elbos[0] != elbos[1] and elbos[0] == pytest.approx(elbos[1], abs=0.05)


class Counted(keras.layers.Layer):
    """The identity, which counts how often it is applied, or traced."""

    calls = 0

    def call(self, inputs):
        self.calls += 1
        return inputs


@pytest.mark.parametrize("name", ["elbo", "log_weights", "encode", "served"])
def test_an_encoder_sees_a_batch_once_for_all_that_is_asked_of_it(name):
    count = Counted()
    encoder = keras.Sequential([keras.Input((4,)), count, keras.layers.Dense(4)])
    model = ki.VAE(2, encoder=encoder, decoder=SMALL["decoder"])
    model.build((None, 4))
    x, seed = tf.zeros([3, 4]), tf.range(3, dtype=tf.int64)
    functions = {
        "elbo": lambda: model.elbo_rows(x, seed),
        "log_weights": lambda: model.log_weights(x, seed, 5),
        "encode": lambda: model.encode_rows(x, seed),
        "served": lambda: SIGNATURES["encode"].compute(ServedModel(model), x, seed),
    }
    count.calls = 0
    functions[name]()
    assert count.calls == 1
