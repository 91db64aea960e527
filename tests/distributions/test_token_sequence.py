"""The likelihood of token sequences: closed forms, what counts, and what is refused."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

SIZE, LENGTH = 3, 4
RNG = np.random.default_rng(0)


def sequences():
    """Returns all sequences that there are, float32 [31, LENGTH]."""
    every = np.array(list(itertools.product(range(SIZE), repeat=LENGTH)), "float32")
    return every[ki.likelihoods.TokenSequence(SIZE).describes(every).numpy().all(axis=1)]


def distribution(n=1):
    logits = RNG.normal(size=(n, LENGTH, SIZE)).astype("float32")
    return ki.likelihoods.TokenSequence(SIZE).distribution(logits), logits


def test_the_probabilities_of_all_sequences_add_up_to_one():
    x = sequences()
    assert len(x) == 1 + 2 + 4 + 8 + 16  # those that end after 0, 1, 2, 3 tokens, or do not
    p, _ = distribution()
    np.testing.assert_allclose(tf.reduce_sum(tf.exp(p.log_prob(x))), 1.0, atol=1e-6)


def test_the_tokens_up_to_the_end_count_and_no_others():
    p, logits = distribution(2)
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    x = np.array([[2, 1, 0, 0], [1, 1, 2, 2]], "float32")
    expected = [
        log_p[0, 0, 2] + log_p[0, 1, 1] + log_p[0, 2, 0],
        log_p[1, 0, 1] + log_p[1, 1, 1] + log_p[1, 2, 2] + log_p[1, 3, 2],
    ]
    np.testing.assert_allclose(p.log_prob(x), expected, rtol=1e-5)
    np.testing.assert_allclose(tf.reduce_sum(p.log_prob_of_values(x), -1), expected, rtol=1e-5)
    np.testing.assert_array_equal(ki.likelihoods.TokenSequence(SIZE).lengths(x), [3, 4])


def test_logits_after_the_end_have_no_gradient():
    logits = tf.zeros([1, LENGTH, SIZE])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        log_p = ki.likelihoods.TokenSequence(SIZE).distribution(logits).log_prob([[1.0, 0, 0, 0]])
    gradient = np.abs(tape.gradient(log_p, logits)).sum(axis=-1)
    np.testing.assert_array_equal(gradient > 0, [[True, True, False, False]])


def test_draws_have_the_probabilities_and_end_once():
    n = 4000
    p, logits = distribution()
    x = sequences()
    likelihood = ki.likelihoods.TokenSequence(SIZE)
    seeds = ki.row_random.row_seeds(tf.range(n, dtype=tf.int64))
    drawn = likelihood.draw_rows(np.repeat(logits, n, axis=0), seeds).numpy()
    for rows in (drawn, p.sample(n, seed=1).numpy()[:, 0]):
        shares = (rows[:, None] == x).all(axis=-1).mean(axis=0)
        assert shares.sum() == 1.0  # each is one of them
        exact = np.exp(p.log_prob(x))
        assert np.all(np.abs(shares - exact) < 5 * np.sqrt(exact / n) + 1e-3)


def test_what_stands_for_x_is_the_likeliest_token_at_each_position():
    p, logits = distribution(3)
    best = logits.argmax(axis=-1)
    ended = np.cumsum(best == 0, axis=1) > 0
    np.testing.assert_array_equal(p.mean(), np.where(ended, 0, best))


def test_tokens_are_integers_to_networks_so_that_half_precision_does_not_round_them():
    features = ki.likelihoods.TokenSequence(9000).features(tf.constant([[8191.0, 0.0]]))
    assert features.dtype == tf.int32 and features.shape == (1, 2, 1)


@pytest.mark.parametrize(
    ("x", "match"),
    [
        ([[1, 0, 1, 0]], "after a 0, which ends a sequence, nothing but 0"),
        ([[1, 1, 1, 1], [0.5, 0, 0, 0]], r"x\[1\] = \[0.5"),
        ([[3, 0, 0, 0]], r"must lie in \[0, 2\] for the likelihood TokenSequence"),
        (np.zeros([2, 3, 3]), r"needs x of shape \[length\]"),
    ],
    ids=["after the end", "no integer", "no token", "no sequence"],
)
def test_what_is_no_sequence_of_tokens_is_refused(x, match):
    model = ki.VAE(2, likelihood=ki.likelihoods.TokenSequence(SIZE))
    with pytest.raises(ValueError, match=match):
        model.fit(np.array(x, "float32"))


@pytest.mark.parametrize("compiled", [False, True])
def test_extreme_logits_have_finite_densities_and_gradients(compiled):
    @tf.function(jit_compile=compiled)
    def use(logits):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            p = ki.likelihoods.TokenSequence(SIZE).distribution(logits)
            log_p = p.log_prob([[2.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
        return log_p, tape.gradient(log_p, logits)

    logits = 1e4 * RNG.normal(size=(2, LENGTH, SIZE)).astype("float32")
    for values in use(tf.constant(logits)):
        assert np.all(np.isfinite(values))
