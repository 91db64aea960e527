"""Chains: what they cost, what they tell, and what they depend on."""

import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.samplers import (
    hamiltonian_step,
    langevin_step,
    mala_step,
    run_chain,
    seeded_noise,
    with_gradient,
)
from tests.samplers.chains import SEED, gumbel, tabled_noise

STEPS = [langevin_step, mala_step, hamiltonian_step]
ROWS, COUNT = 6, 8
NOISE_OF = tabled_noise(0, COUNT, ROWS, 2)
START = tf.random.stateless_uniform([ROWS, 2], [1, 2])


def flat(result):
    end, info = result
    return [tensor.numpy() for tensor in (*end, *info)]


def assert_equal(first, second, **tolerances):
    for a, b in zip(flat(first), flat(second)):
        np.testing.assert_allclose(a, b, **tolerances)


@pytest.mark.parametrize("step", STEPS)
def test_eager_graph_and_xla_agree(step):
    def run(z):
        return run_chain(step, gumbel, gumbel(z), COUNT, 0.3, NOISE_OF())

    graph = tf.function(run)
    any_rows = tf.function(run, jit_compile=True, input_signature=[tf.TensorSpec([None, 2])])
    # Rounding in float32, in another order of operations.
    for other in (graph, any_rows):
        assert_equal(run(START), other(START), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("step", STEPS)
def test_tells_of_every_step(step):
    end, info = run_chain(step, gumbel, gumbel(START), COUNT, 0.3, NOISE_OF())
    assert end.z.shape == end.gradient.shape == START.shape
    assert info.acceptance.shape == info.log_density.shape == (COUNT, ROWS)
    assert np.all((info.acceptance.numpy() >= 0.0) & (info.acceptance.numpy() <= 1.0))
    np.testing.assert_array_equal(info.log_density[-1], end.log_density)
    for known, anew in zip(end, gumbel(end.z)):  # the point belongs to its z, refused or not
        np.testing.assert_allclose(known, anew, rtol=1e-5)


@pytest.mark.parametrize(
    ("step", "settings", "gradients"),
    [(langevin_step, {}, 1), (mala_step, {}, 1), (hamiltonian_step, {"leapfrog_steps": 3}, 3)],
)
def test_takes_one_gradient_a_step(step, settings, gradients):
    calls = []

    def log_density(z):
        calls.append(z)
        return -tf.reduce_sum(z**2, axis=-1)

    density = with_gradient(log_density)
    run_chain(step, density, density(START), COUNT, 0.3, NOISE_OF(), **settings)
    assert len(calls) == 1 + COUNT * gradients


@pytest.mark.parametrize("step", STEPS)
def test_a_row_depends_on_no_other_where_its_noise_does_not(step):
    sizes = tf.linspace(0.1, 0.6, ROWS)
    together = run_chain(step, gumbel, gumbel(START), COUNT, sizes, NOISE_OF())
    for row in (0, ROWS - 1):
        rows = slice(row, row + 1)
        alone = run_chain(step, gumbel, gumbel(START[rows]), COUNT, sizes[row], NOISE_OF(rows))
        for a, b in zip(flat(alone), flat(together)):
            axis = 1 if b.shape[0] == COUNT else 0
            np.testing.assert_allclose(a, np.take(b, [row], axis), rtol=1e-5)


def test_step_sizes_may_differ_from_step_to_step():
    sizes = [0.5] * 3 + [0.1] * (COUNT - 3)
    listed = run_chain(mala_step, gumbel, gumbel(START), COUNT, sizes, NOISE_OF())
    middle, _ = run_chain(mala_step, gumbel, gumbel(START), 3, 0.5, NOISE_OF())
    noise = NOISE_OF()
    end, _ = run_chain(mala_step, gumbel, middle, COUNT - 3, 0.1, lambda k, *of: noise(k + 3, *of))
    np.testing.assert_allclose(listed[0].z, end.z, rtol=1e-6)
    by_row = [tf.fill([ROWS], size) for size in sizes]
    assert_equal(listed, run_chain(mala_step, gumbel, gumbel(START), COUNT, by_row, NOISE_OF()))


def test_rows_may_have_several_axes_or_none():
    many = run_chain(mala_step, gumbel, gumbel(tf.zeros([4, 3, 2])), 2, 0.3, seeded_noise(SEED))
    assert many[0].z.shape == (4, 3, 2) and many[1].acceptance.shape == (2, 4, 3)
    one = run_chain(mala_step, gumbel, gumbel(tf.zeros([2])), 2, 0.3, seeded_noise(SEED))
    assert one[0].z.shape == (2,) and one[1].acceptance.shape == (2,)


def test_no_steps_end_where_they_start():
    end, info = run_chain(mala_step, gumbel, gumbel(START), 0, 0.3, NOISE_OF())
    np.testing.assert_array_equal(end.z, START)
    assert info.acceptance.shape == (0, ROWS)


def test_carries_no_gradient():
    scale = tf.Variable(1.0)
    density = with_gradient(lambda z: -scale * tf.reduce_sum(z**2, axis=-1))

    @tf.function
    def gradients(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            end, info = run_chain(langevin_step, density, density(z), 3, 0.3, NOISE_OF())
            loss = tf.reduce_sum(end.z) + tf.reduce_sum(info.log_density)
        return [gradient is None for gradient in tape.gradient(loss, [z, scale])]

    assert all(gradients(START))


def test_noise_follows_from_the_seed_the_step_and_what_it_is_for():
    noise = seeded_noise(SEED)
    draws = [
        noise(k, [1000], what).numpy()
        for k in (0, 1)
        for what in ("normal", "jitter", "acceptance")
    ]
    np.testing.assert_array_equal(draws[0], seeded_noise(SEED)(0, [1000], "normal"))
    # Correlations of 1,000 independent pairs: standard error 0.03, and 15 of them.
    correlations = np.corrcoef(draws) - np.eye(6)
    assert np.abs(correlations).max() < 4 / np.sqrt(1000)
    with pytest.raises(KeyError):
        noise(0, [1], "other")


def test_noise_of_a_batch_is_that_of_its_rows_among_all_rows():
    for shape, what in (([5, 8, 3], "normal"), ([5, 8], "jitter"), ([5, 8], "acceptance")):
        whole = seeded_noise(SEED, first_row=2)(4, shape, what).numpy()
        batch = seeded_noise(SEED, first_row=tf.constant(5, tf.int64))
        part = batch(4, tf.constant([5, 4, *shape[2:]]), what)
        np.testing.assert_array_equal(part, whole[:, 3:7])
        # Correlations of the rows: standard error 1 / sqrt(numbers of a row), and 28 of them.
        rows = seeded_noise(SEED, first_row=0)(4, [500, 8], what).numpy().T
        assert np.abs(np.corrcoef(rows) - np.eye(8)).max() < 4 / np.sqrt(500)


def test_errors():
    def run(steps=3, step_size=0.1, step=mala_step, density=gumbel, **settings):
        run_chain(step, density, density(START), steps, step_size, NOISE_OF(), **settings)

    with pytest.raises(ValueError, match="`steps` must be an integer of at least 0"):
        run(steps=-1)
    with pytest.raises(ValueError, match="`step_size` must be a list of 3, one for each step"):
        run(step_size=[0.1, 0.2])
    with pytest.raises(ValueError, match="`temperature` must be greater than 0"):
        run(temperature=0.0)
    with pytest.raises(ValueError, match="`leapfrog_steps` must be an integer of at least 1"):
        run(step=hamiltonian_step, leapfrog_steps=0)
    with pytest.raises(ValueError, match="`log_density` must be a differentiable function of z"):
        run(density=with_gradient(lambda z: tf.zeros(z.shape[:-1])))
