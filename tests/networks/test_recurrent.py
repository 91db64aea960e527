"""Recurrent networks: what each token depends on, and the dropout of words."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.networks.recurrent_cells import CELLS
from keras_infovae.networks.recurrent_scan import scan
from keras_infovae.networks.vocabulary import log_probabilities

LENGTH, VOCABULARY = 7, 5


def make(**arguments):
    keras.utils.set_random_seed(1)
    network = ki.networks.Recurrent(**({"units": 6, "embedding_units": 3} | arguments))
    return network.decoder(2, (LENGTH, VOCABULARY), (LENGTH, VOCABULARY))


def draws(n):
    tokens = tf.random.stateless_uniform([n, LENGTH], [3, 4], 0, VOCABULARY, tf.int32)
    return tf.random.stateless_normal([n, 2], seed=[1, 2]), tf.one_hot(tokens, VOCABULARY)


def test_a_token_depends_on_all_earlier_ones_and_on_z():
    decoder = make(word_dropout=0.5)  # which is for training alone
    z, x = draws(4)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([z, x])
        totals = tf.reduce_sum(decoder([z, x]) * tf.range(1.0, 1.0 + VOCABULARY), axis=[0, 2])
    of_x = np.abs(tape.jacobian(totals, x)).sum(axis=(1, 3))
    of_z = np.abs(tape.jacobian(totals, z)).sum(axis=1)
    np.testing.assert_array_equal(of_x > 0, np.tri(LENGTH, k=-1) > 0)
    assert np.all(of_z > 0)


def test_word_dropout_hides_its_share_of_tokens_in_training_alone():
    n, share = 4000, 0.3
    decoder = make(word_dropout=share)
    z, x = draws(1)
    x = tf.repeat(x, n, axis=0)
    seconds = decoder([tf.repeat(z, n, axis=0), x], training=True).numpy()[:, 1]
    known = decoder([z, x[:1]]).numpy()[0, 1]
    hidden = decoder([z, tf.zeros_like(x[:1])]).numpy()[0, 1]
    assert np.abs(known - hidden).max() > 1e-3
    is_known = np.abs(seconds - known).max(axis=1) < 1e-5
    is_hidden = np.abs(seconds - hidden).max(axis=1) < 1e-5
    assert np.all(is_known ^ is_hidden)  # as it is or not at all, never scaled
    error = np.sqrt(share * (1 - share) / n)
    assert abs(is_hidden.mean() - share) < 5 * error


@pytest.mark.parametrize(
    ("event_shape", "parameters"),
    [((9, 4), (9, 4)), ((9,), (9,)), ((9,), (9, 2)), ((9, 3), (9, 3, 2))],
    ids=str,
)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_encoder_and_decoder_have_the_exact_shape(event_shape, parameters, bidirectional):
    network = ki.networks.Recurrent(5, 3, bidirectional)
    decoder = network.decoder(3, parameters, event_shape)
    assert decoder([keras.Input((3,)), keras.Input(event_shape)]).shape == (None, *parameters)
    encoder = network.encoder(event_shape, 6)
    assert encoder.output_shape == (None, 6)
    directions = 2 if bidirectional else 1
    values = event_shape[1] if len(event_shape) == 2 else 1
    gru = 3 * (3 * 5 + 5 * 5 + 2 * 5)
    assert encoder.count_params() == values * 3 + 3 + directions * (gru + 5 * 6) + 6


def test_the_encoder_reads_every_token():
    keras.utils.set_random_seed(1)
    _, x = draws(3)
    for bidirectional in (False, True):
        encoder = ki.networks.Recurrent(6, 3, bidirectional).encoder((LENGTH, VOCABULARY), 4)
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(encoder(x))
        assert np.all(np.abs(tape.gradient(total, x)).sum(axis=(0, 2)) > 0)


@pytest.mark.parametrize("shape", [(), (8, 8, 3)], ids=str)
def test_what_is_not_a_sequence_is_refused(shape):
    network = ki.networks.Recurrent()
    with pytest.raises(ValueError, match="`encoder`='recurrent' needs sequences"):
        network.encoder(shape, 4)
    with pytest.raises(ValueError, match="`decoder`='recurrent' needs sequences"):
        network.decoder(2, shape, shape)


def test_arguments_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="`word_dropout` must be less than 1"):
        ki.networks.Recurrent(word_dropout=1.0)
    with pytest.raises(TypeError, match="`bidirectional` must be True or False"):
        ki.networks.Recurrent(bidirectional=1)


# === Tokens by their numbers ===

NUMBERS = ki.likelihoods.TokenSequence(VOCABULARY)
KINDS = [{}, {"cell": "lstm"}, {"tie_embeddings": True}, {"cell": "lstm", "tie_embeddings": True}]


def of_numbers(length=LENGTH, **arguments):
    keras.utils.set_random_seed(1)
    network = ki.networks.Recurrent(**({"units": 6, "embedding_units": 3} | arguments))
    network = network.for_likelihood(NUMBERS)
    return network.decoder(2, (length, VOCABULARY), (length,))


@pytest.mark.parametrize("arguments", KINDS, ids=str)
def test_the_probabilities_of_all_sequences_of_tokens_add_up_to_one(arguments):
    x = np.array(list(itertools.product(range(VOCABULARY), repeat=3)), "float32")
    x = x[NUMBERS.describes(x).numpy().all(axis=1)]
    decoder = of_numbers(3, **arguments)
    z = tf.repeat(tf.constant([[0.5, -2.0]]), len(x), axis=0)
    p = decoder.distribution(z, NUMBERS)
    np.testing.assert_allclose(tf.reduce_sum(tf.exp(p.log_prob(x))), 1.0, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("arguments", [{}, {"tie_embeddings": True}], ids=str)
def test_places_after_the_end_are_left_out_of_a_density_alone(arguments, jit_compile):
    decoder = of_numbers(**arguments)
    n = 80  # of some 260 tokens, three blocks
    z = tf.random.stateless_normal([n, 2], [1, 2])
    x = NUMBERS.distribution(tf.zeros([n, LENGTH, VOCABULARY])).sample(seed=3)
    weights = tf.linspace(-1.0, 2.0, n)

    def described():
        return decoder.distribution(z, NUMBERS).log_prob(x)

    def of_all_places():
        return NUMBERS.distribution(decoder([z, NUMBERS.features(x)])).log_prob(x)

    @tf.function(jit_compile=jit_compile)
    def both():
        results = []
        for log_prob in (described, of_all_places):
            with tf.GradientTape() as tape:
                tape.watch(z)
                log_p = log_prob()
                total = tf.reduce_sum(weights * log_p)
            results.append([log_p, *tape.gradient(total, [z, *decoder.trainable_weights])])
        return results

    for one, other in zip(*both()):
        one, other = tf.convert_to_tensor(one), tf.convert_to_tensor(other)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 128, 129, 300])
def test_as_many_blocks_are_gone_through_as_tokens_fill(count):
    draw = np.random.default_rng(count)
    states, kernel = draw.normal(size=(300, 3)), draw.normal(size=(3, VOCABULARY))
    tokens, counted = draw.integers(0, VOCABULARY, 300), draw.permutation(300) < count
    logits = states @ kernel + 0.5
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    states[~counted] = np.nan  # nothing of them is asked for but to fill the last block
    states[np.flatnonzero(~counted)[: -count % 128]] = 0.0
    received = log_probabilities(
        tf.constant(states, tf.float32),
        tf.constant(counted),
        tf.constant(tokens),
        tf.constant(kernel, tf.float32),
        tf.fill([VOCABULARY], 0.5),
    )
    expected = np.where(counted, log_p[np.arange(300), tokens], 0.0)
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("arguments", KINDS, ids=str)
def test_what_was_read_once_gives_the_same_density_for_each_z(arguments):
    decoder = of_numbers(**arguments)
    z = tf.random.stateless_normal([4, 2], [1, 2])
    x = NUMBERS.distribution(tf.zeros([4, LENGTH, VOCABULARY])).sample(seed=3)
    read = decoder.read(NUMBERS.features(x))
    np.testing.assert_allclose(
        decoder.distribution(z, NUMBERS, read=read).log_prob(x),
        decoder.distribution(z, NUMBERS).log_prob(x),
        rtol=1e-6,
    )


@pytest.mark.parametrize("arguments", KINDS, ids=str)
def test_what_is_drawn_position_by_position_is_what_one_pass_describes(arguments):
    decoder = of_numbers(**arguments)
    z = tf.random.stateless_normal([5, 2], [1, 2])
    p = decoder.distribution(z, NUMBERS)
    path = p.mean()  # the likeliest token at each position, given those before
    best = tf.argmax(decoder([z, NUMBERS.features(path)]), axis=-1).numpy()
    counts = np.arange(LENGTH) < NUMBERS.lengths(path).numpy()[:, None]
    np.testing.assert_array_equal(path, np.where(counts, best, 0))
    assert NUMBERS.describes(p.sample(20, seed=1)).numpy().all()


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(("length", "steps"), [(5, 3), (40, 1), (40, 6)])
@pytest.mark.parametrize("cell", list(CELLS))
def test_a_scan_is_a_plain_loop_and_so_is_its_gradient(cell, length, steps, jit_compile):
    n, units = 3, 5
    gates, count, step = CELLS[cell]
    draw = np.random.default_rng(steps)
    shapes = [n, length, gates * units], [n, gates * units], [units, gates * units], [gates * units]
    inputs = [draw.normal(size=shape) for shape in (*shapes, *[(n, units)] * count)]
    weights = draw.normal(size=[n, steps, units])

    def plain(of_inputs, of_all, kernel, bias, *state):
        outputs = []
        for i in range(steps):
            state = step(of_inputs[:, i] + of_all, state[0] @ kernel + bias, state)
            outputs.append(state[0])
        return tf.stack(outputs, axis=1)

    def scanned(of_inputs, of_all, kernel, bias, *state):
        outputs = scan(step, of_inputs, of_all, kernel, bias, state, tf.constant(steps))
        return outputs[:, :steps]

    @tf.function(jit_compile=jit_compile)
    def both(*inputs):
        results = []
        for function in (plain, scanned):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = function(*inputs)
                total = tf.reduce_sum(outputs * weights)
            results.append([outputs, *tape.gradient(total, inputs)])
        return results

    for one, other in zip(*both(*map(tf.constant, inputs))):  # float64
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_texts_are_read_to_the_end_of_the_longest_whatever_their_number(n):
    length = 40  # a loop
    decoder = of_numbers(length, cell="lstm")
    z = tf.random.stateless_normal([n, 2], [1, 2])
    x = np.zeros([n, length], "float32")
    x[:, :2] = 1.0  # three tokens count

    @tf.function(input_signature=[tf.TensorSpec([None, 2]), tf.TensorSpec([None, length])])
    def log_prob_and_slope(z, x):
        with tf.GradientTape() as tape:
            tape.watch(z)
            log_p = decoder.distribution(z, NUMBERS).log_prob(x)
        return log_p, tape.gradient(log_p, z)

    log_p, slope = log_prob_and_slope(z, x)
    of_all_places = NUMBERS.distribution(decoder([z, NUMBERS.features(x)])).log_prob(x)
    np.testing.assert_allclose(log_p, of_all_places, rtol=1e-5)
    assert slope.shape == (n, 2) and np.all(slope != 0)


@pytest.mark.parametrize("length", [LENGTH, 40])
def test_one_text_is_held_against_many_codes_and_many_texts_against_one(length):
    decoder = of_numbers(length)
    z = tf.random.stateless_normal([3, 2], [1, 2])
    x = np.random.default_rng(0).integers(1, VOCABULARY, (3, length)).astype("float32")

    def log_prob(z, x):
        return decoder.distribution(z, NUMBERS).log_prob(x)

    one_text = log_prob(z, np.repeat(x[:1], 3, axis=0))
    np.testing.assert_allclose(log_prob(z, x[:1]), one_text, rtol=1e-5)
    np.testing.assert_allclose(log_prob(z, x[0]), one_text, rtol=1e-5)
    one_code = log_prob(tf.repeat(z[:1], 3, axis=0), x)
    np.testing.assert_allclose(log_prob(z[:1], x), one_code, rtol=1e-5)
    draws = np.stack([x, x[::-1]])
    both = tf.stack([log_prob(z, part) for part in draws])
    np.testing.assert_allclose(log_prob(z, draws), both, rtol=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError):
        log_prob(z, x[:2])


def test_tied_embeddings_have_no_second_matrix_of_the_vocabulary():
    count = of_numbers(tie_embeddings=True).count_params()
    assert of_numbers().count_params() - count == VOCABULARY * 6 - 3 * 6 - 3


def test_the_encoder_does_not_read_what_comes_after_the_end():
    keras.utils.set_random_seed(1)
    network = ki.networks.Recurrent(6, 3).for_likelihood(NUMBERS)
    long, short = network.encoder((LENGTH, 1), 4), network.encoder((3, 1), 4)
    short.set_weights(long.get_weights())
    x = np.array([[2, 4, 0, 0, 0, 0, 0]])[..., None]
    np.testing.assert_allclose(long(x), short(x[:, :3]), rtol=1e-5)
    conditioned = network.encoder((LENGTH, 3), 4)  # with two numbers of a condition
    x = np.concatenate([x, np.ones([1, LENGTH, 2])], axis=-1)
    assert np.abs(conditioned(x) - conditioned(x * [1, 1, 0])).max() > 0


def test_tied_embeddings_need_numbers_of_tokens():
    with pytest.raises(ValueError, match="`tie_embeddings` must be False where x is not"):
        make(tie_embeddings=True)
