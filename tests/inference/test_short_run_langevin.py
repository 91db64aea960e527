"""Short-run inference: closed forms on a linear decoder, and what it keeps in training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.samplers import row_noise
from keras_infovae.utils.row_random import seeds_of_rows
from tests.evaluation.linear_gaussian import LinearGaussian

EXACT = LinearGaussian(2, 4, scale=0.6)
X = EXACT.sample(3)
MEAN = (X - EXACT.b) @ EXACT.gain  # of z|x


def model_of(seed=0, **settings):
    """Returns the linear model with its codes found by `ShortRunLangevin`."""
    w = keras.layers.Dense(EXACT.values)
    decoder = keras.Sequential([keras.Input((2,)), w])
    w.set_weights([EXACT.w.T, EXACT.b])
    model = ki.LatentVariableModel(
        2,
        inference=ki.inference.ShortRunLangevin(**settings),
        decoder=decoder,
        likelihood=ki.likelihoods.Normal(EXACT.scale),
        seed=seed,
    )
    model.build((None, EXACT.values))
    return model


def draws(model, count=8_000):
    joint, seeds = model.joint(tf.constant(X)), seeds_of_rows(7, 0, len(X))
    return tf.function(lambda: model.inference.draw_rows(joint, seeds, count))().numpy()


def assert_moments(z, mean, variance):
    """Asserts those of independent normal draws [draws, n, d], within 4.5 standard errors."""
    assert np.all(np.abs(z.mean(axis=0) - mean) < 4.5 * np.sqrt(variance / len(z)))
    assert np.all(np.abs(z.var(axis=0) - variance) < 4.5 * variance * np.sqrt(2.0 / len(z)))


@pytest.mark.parametrize(("step_sizes", "temperature"), [("paper", 0.5), ([0.5, 0.2, 0.1], 1.0)])
def test_short_chains_follow_the_recursion_of_their_moments(step_sizes, temperature):
    # On N(m, v): z' - m = (1 - s^2 / 2v) (z - m) + T s eps, from z ~ N(0, 1).
    steps = len(step_sizes) if isinstance(step_sizes, list) else 20
    model = model_of(
        steps=steps, step_sizes=step_sizes, temperature=temperature, longest_drift=None
    )
    sizes = np.broadcast_to(model.inference._sizes(), steps)
    offset, variance = -MEAN, np.ones(2)
    for s in sizes:
        shrink = 1.0 - s**2 / (2.0 * EXACT.variance)
        offset, variance = shrink * offset, shrink**2 * variance + (temperature * s) ** 2
    assert_moments(draws(model), MEAN + offset, variance)


def test_a_posterior_too_narrow_for_the_steps_does_not_throw_chains_out():
    s = 3.0
    assert np.all(s**2 / (2.0 * EXACT.variance) > 10.0)  # uncut: 9 times as far at each step
    farthest = [
        np.abs(draws(model_of(step_sizes=s, longest_drift=drift), 100) - MEAN).max()
        for drift in (1.0, None)
    ]
    assert farthest[0] < 10 * s
    assert farthest[1] > 1e12


def test_long_adjusted_chains_draw_from_the_posterior():
    z = draws(model_of(steps=40, step_sizes=0.7, temperature=1.0, adjusted=True))
    assert_moments(z, MEAN, EXACT.variance)
    correlation = np.mean(np.prod(z - MEAN, axis=-1), axis=0) / np.prod(np.sqrt(EXACT.variance))
    assert np.all(np.abs(correlation) < 4.5 / np.sqrt(len(z)))


def test_the_code_is_the_mean_of_chains_and_a_sample_is_one_of_them():
    model = model_of(steps=6, step_sizes=0.4, temperature=1.0, chains=3)
    joint = model.joint(tf.constant(X))
    several = model.inference.draw_rows(joint, tf.zeros([3, 2], tf.int32), 3)
    np.testing.assert_allclose(model.encode(X), tf.reduce_mean(several, axis=0), atol=1e-5)
    one = model.inference.draw_rows(joint, seeds_of_rows(5, 0, 3))[0]
    np.testing.assert_allclose(model.encode(X, sample=True, seed=5), one, atol=1e-5)
    np.testing.assert_allclose(model.encode(X[1:2]), model.encode(X)[1:2], atol=1e-5)


def test_a_chain_does_not_begin_at_the_code_that_a_new_example_was_made_of():
    model = model_of(steps=1, step_sizes=1e-4)  # which ends where it begins
    x = model.generate(400, seed=0)
    made_of = (x - EXACT.b) @ np.linalg.pinv(EXACT.w.T)  # x = W z + b
    for seed in (0, 1):
        found = model.encode(x, sample=True, seed=seed)
        # Independent: a correlation of 400 lies within 4.5 / sqrt(400).
        together = np.corrcoef(made_of.T, found.T)[:2, 2:]
        assert np.abs(together).max() < 4.5 / 20


def test_settings_that_are_set_after_a_call_count():
    model = model_of(steps=2, step_sizes=0.1)
    model.compile(jit_compile=False)
    before = model.encode(X, sample=True, seed=0), model.evaluate(X, verbose=0)
    model.inference.steps = 20
    after = model.encode(X, sample=True, seed=0), model.evaluate(X, verbose=0)
    fresh = model_of(steps=20, step_sizes=0.1)
    np.testing.assert_allclose(after[0], fresh.encode(X, sample=True, seed=0), rtol=1e-5)
    assert np.abs(after[0] - before[0]).max() > 0.1
    assert after[1]["loss"] != before[1]["loss"]


def test_a_step_size_that_is_set_takes_the_place_of_one_that_was_learned(tmp_path):
    model = model_of(steps=5, step_sizes="adapt")
    model.compile(jit_compile=False)
    model.fit(X, epochs=1, verbose=0)
    before = model.encode(X, sample=True, seed=0)
    model.inference.step_sizes = 1e-6
    learned = float(model.inference.log_step_size)
    after = model.encode(X, sample=True, seed=0)
    assert np.abs(after - before).max() > 0.1
    model.fit(X, epochs=2, initial_epoch=1, verbose=0)
    assert float(model.inference.log_step_size) == learned
    model.save(tmp_path / "set.keras")
    codes = keras.saving.load_model(tmp_path / "set.keras").encode(X)
    np.testing.assert_allclose(codes, model.encode(X), rtol=1e-5)
    model.inference.step_sizes = "adapt"
    assert np.abs(model.encode(X, sample=True, seed=0) - after).max() > 0.1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("steps", 0, "`steps` must be an integer of at least 1"),
        ("steps", 3, "`steps` must be 2, one for each of `step_sizes`"),
        ("step_sizes", -0.1, "`step_sizes` must be greater than 0"),
        ("step_sizes", [0.1] * 3, "`step_sizes` must be a list of 2"),
        ("step_sizes", "adapt", "`step_sizes` must be .* no step size has been learned"),
        ("temperature", -3.0, "`temperature` must be greater than 0"),
        ("adjusted", "no", "`adjusted` must be True or False"),
        ("chains", 0, "`chains` must be an integer of at least 1"),
        ("target_acceptance", 2.0, "`target_acceptance`"),
        ("longest_drift", 0.0, "`longest_drift` must be greater than 0"),
    ],
)
def test_what_is_set_later_is_checked_as_what_is_given(name, value, message):
    inference = ki.inference.ShortRunLangevin(steps=2, step_sizes=[0.2, 0.1])
    inference.build((3,), 0, 2)
    with pytest.raises((ValueError, TypeError), match=message):
        setattr(inference, name, value)
    assert getattr(inference, name) != value


def test_the_decoder_takes_the_end_of_the_chain_as_a_constant():
    model = model_of(steps=3, step_sizes=0.4)
    weights, seed = model.trainable_variables, tf.constant([1, 2])
    with tf.GradientTape(persistent=True) as tape:
        loss = model.batch_loss(tf.constant(X), None, seed, training=True).loss
        joint = model.joint(tf.constant(X))
        z_seed = tf.random.experimental.stateless_split(seed)[0]
        z = tf.constant(model.inference.draw_codes(joint, z_seed).z.numpy())
        expected = -tf.reduce_mean(joint.log_likelihood(z))
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    for found, wanted in zip(tape.gradient(loss, weights), tape.gradient(expected, weights)):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_the_chain_tells_its_acceptance_and_energies():
    model = model_of(steps=4, step_sizes=0.2, temperature=1.0)
    joint = model.joint(tf.constant(X))
    end, info = model.inference.run(joint, seeds_of_rows(0, 0, 3), 2)
    assert info.acceptance.shape == info.log_density.shape == (4, 2, 3)
    assert np.all(info.acceptance > 0.5)
    np.testing.assert_allclose(info.log_density[-1], joint.log_prob(end.z), rtol=1e-5)


@pytest.fixture(scope="module")
def adapted():
    """A model whose step size follows the acceptance, after 500 steps that leave the rest."""
    model = model_of(steps=4, step_sizes="adapt", temperature=1.0, adjusted=True)
    model.compile(keras.optimizers.SGD(0.0))
    batches = tf.data.Dataset.from_tensors(X).repeat(500)
    model.fit(batches, epochs=1, verbose=0)
    return model


def test_the_step_size_follows_the_acceptance_in_training_alone(adapted):
    before = float(adapted.inference.log_step_size)
    assert before > np.log(0.3) + 0.2  # every step up is at most 0.02 * 0.3
    _, info = adapted.inference.run(adapted.joint(tf.constant(X)), seeds_of_rows(0, 0, 3), 200)
    assert float(tf.reduce_mean(info.acceptance)) == pytest.approx(0.7, abs=0.08)
    adapted.evaluate(X, verbose=0)
    adapted.encode(X)
    assert float(adapted.inference.log_step_size) == before


def test_it_is_saved_with_its_step_size_and_goes_on_as_if_it_had_not_been(adapted, tmp_path):
    adapted.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert float(restored.inference.log_step_size) == float(adapted.inference.log_step_size)
    np.testing.assert_allclose(restored.encode(X), adapted.encode(X), atol=1e-5)
    for model in (restored, adapted):
        model.fit(X, epochs=1, verbose=0)
    assert float(restored.inference.log_step_size) == pytest.approx(
        float(adapted.inference.log_step_size), abs=1e-6
    )


@pytest.mark.slow  # tests/models/test_replicas.py has what replicas share
def test_two_replicas_take_the_step_sizes_and_codes_of_one():
    def trained():
        keras.utils.set_random_seed(0)
        model = model_of(steps=2, step_sizes="adapt")
        model.compile("sgd", jit_compile=False)
        model.fit(tf.data.Dataset.from_tensors(X).repeat(2), epochs=1, verbose=0)
        return model.get_weights()

    expected = trained()
    with ki.training.get_strategy("mirrored").scope():
        found = trained()
    assert any(w.shape == () for w in expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.slow  # the contract has a model with one
def test_a_schedule_of_the_temperature_is_followed_and_recorded():
    schedule = ki.schedules.Linear(0.1, 1.0, duration=2, unit="epochs")
    model = ki.ShortRunModel(2, steps=2, temperature=schedule, seed=0, decoder=ki.networks.MLP([4]))
    x = np.float32(X > 0)
    history = model.fit(x, epochs=3, verbose=0).history
    np.testing.assert_allclose(history["temperature"], [0.1, 0.55, 1.0], atol=1e-6)
    with pytest.raises(ValueError, match="`steps_per_epoch` must be given"):
        endless = tf.data.Dataset.from_tensors(X).repeat()
        model_of(temperature=schedule).fit(endless, epochs=1, verbose=0)


def test_what_is_not_defined_is_refused_by_name():
    model = model_of(steps=2)
    with pytest.raises(ValueError, match="inference=ShortRunLangevin.*'annealed_importance'"):
        model.elbo(X)
    with pytest.raises(ValueError, match="needs|is not defined"):
        ki.evaluation.marginal_log_likelihood(model, X)
    no_density = ki.priors.UserDefinedPrior(_normal_prior, has_density=False)
    with pytest.raises(ValueError, match="`prior` must have a log density for the inference"):
        ki.ShortRunModel(2, prior=no_density)
    for settings, message in (
        ({"steps": 0}, "`steps` must be an integer"),
        ({"step_sizes": "short"}, "`step_sizes` must be 'paper', 'adapt'"),
        ({"step_sizes": [0.1, 0.2]}, "`step_sizes` must be a list of 20"),
        ({"step_sizes": 0.0}, "`step_sizes` must be greater than 0"),
        ({"temperature": 0.0}, "`temperature` must be greater than 0"),
        ({"chains": 0}, "`chains` must be an integer"),
        ({"target_acceptance": 1.5}, "`target_acceptance` must be at most 1"),
    ):
        with pytest.raises(ValueError, match=message):
            ki.inference.ShortRunLangevin(**settings)


@keras.saving.register_keras_serializable("tests")
def _normal_prior(latent_dim):
    return ki.priors.StandardNormal().distribution(latent_dim)


def test_row_noise_follows_from_each_rows_seed():
    seeds = seeds_of_rows(3, 0, 5)
    noise, last = row_noise(seeds, [2], 4), row_noise(seeds[4:], [2], 2)
    for what, shape in (("normal", (4, 5, 2)), ("jitter", (4, 5)), ("acceptance", (4, 5))):
        numbers = noise(tf.constant(6), None, what)
        assert numbers.shape == shape
        np.testing.assert_allclose(last(6, None, what)[:, 0], numbers[:2, 4], atol=1e-6)
        assert not np.allclose(noise(7, None, what), numbers)
    assert not np.allclose(noise(6, None, "jitter"), noise(6, None, "acceptance"))


def test_a_prior_with_weights_learns_by_the_codes():
    """The gradient of log p(x) is that of log p(x, z) at z ~ p(z|x): that of log p(z) for p(z)."""
    prior = ki.priors.GaussianMixture(2)
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(EXACT.values)])
    model = ki.LatentVariableModel(
        2,
        inference=ki.inference.ShortRunLangevin(steps=3, step_sizes=0.3),
        decoder=decoder,
        prior=prior,
        likelihood=ki.likelihoods.Normal(EXACT.scale),
        seed=0,
    )
    model.build((None, EXACT.values))
    seed, weights = tf.constant([1, 2]), prior.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        result = model.batch_loss(tf.constant(X), None, seed, training=True)
        joint = model.joint(tf.constant(X))
        z = model.inference.draw_codes(joint, tf.random.experimental.stateless_split(seed)[0]).z
        expected = -tf.reduce_mean(model.prior_distribution().log_prob(tf.stop_gradient(z)))
    found, wanted = tape.gradient(result.loss, weights), tape.gradient(expected, weights)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
        assert np.abs(one).max() > 0
    assert float(result.loss) == float(result.terms["reconstruction_loss"])
