"""Random numbers with a seed per row: the generator's golden numbers, and laws."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_infovae.utils import row_random, row_seeds


def seeds_of(seed, count):
    return row_random.seeds_of_rows(seed, 0, count)


# === The generator ===


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # threefry2x32, 20 rounds, of kat_vectors in Random123, github.com/DEShawResearch/random123
        ("00000000 00000000", "00000000 00000000", "6b200159 99ba4efe"),
        ("ffffffff ffffffff", "ffffffff ffffffff", "1cb996fc bb002be7"),
        ("243f6a88 85a308d3", "13198a2e 03707344", "c4923a9c 483df7a0"),
    ],
)
def test_known_answers(counter, key, expected):
    words = [tf.constant(int(word, 16), tf.uint32) for word in f"{key} {counter}".split()]
    found = row_random._threefry(*words)
    assert " ".join(f"{int(word):08x}" for word in found) == expected


@pytest.mark.parametrize("of", ["key", "counter"])
def test_one_bit_of_the_input_changes_half_of_the_output(of):
    words = tf.bitcast(seeds_of(0, 1000), tf.uint32)
    first = row_random._threefry(words[:, 0], words[:, 1], words[:, 0], words[:, 1])
    for bit in (0, 1, 15, 31):
        other = tf.bitwise.bitwise_xor(words[:, 1], tf.constant(2**bit, tf.uint32))
        key, counter = (other, words[:, 1]) if of == "key" else (words[:, 1], other)
        second = row_random._threefry(words[:, 0], key, words[:, 0], counter)
        changed = np.stack([a.numpy() ^ b.numpy() for a, b in zip(first, second)])
        # 64,000 bits, 5 standard errors.
        share = np.unpackbits(changed.view("uint8")).mean()
        assert abs(share - 0.5) < 5 * 0.5 / np.sqrt(64000)


def numbers(seeds, count):
    folded = row_random.fold_in(seeds, 3)
    arguments = folded, [2, 3], count
    return folded, row_random.uniform(*arguments), row_random.normal(*arguments)


def test_the_same_eagerly_in_graphs_of_unknown_size_and_under_xla():
    seeds = seeds_of(5, 33)
    folded, uniform, normal = numbers(seeds, 4)
    signature = [tf.TensorSpec([None, 2], tf.int32), tf.TensorSpec([], tf.int32)]
    graph = tf.function(numbers, input_signature=signature)(seeds, 4)
    compiled = tf.function(lambda seeds: numbers(seeds, 4), jit_compile=True)(seeds)
    for other in (graph, compiled):
        np.testing.assert_array_equal(other[0], folded)
        np.testing.assert_array_equal(other[1], uniform)
        np.testing.assert_allclose(other[2], normal, rtol=1e-5, atol=1e-6)
    assert normal.shape == (4, 33, 2, 3)


# === Rows ===


@pytest.mark.parametrize("draw", [row_random.uniform, row_random.normal])
def test_a_rows_numbers_follow_from_its_seed_alone(draw):
    seeds = seeds_of(1, 9)
    whole = draw(seeds, [3, 5]).numpy()
    assert whole.shape == (9, 3, 5) and whole.dtype == np.float32
    # The words are the same; the inverse of the normal distribution function rounds them.
    tolerance = {"rtol": 0, "atol": 0 if draw is row_random.uniform else 1e-6}
    np.testing.assert_allclose(draw(seeds[4:5], [3, 5]), whole[4:5], **tolerance)
    np.testing.assert_allclose(draw(seeds[::-1], [3, 5]), whole[::-1], **tolerance)
    assert len(np.unique(whole)) == whole.size
    assert draw(seeds[:0], [3, 5]).shape == (0, 3, 5) and draw(seeds, []).shape == (9,)


def test_fewer_draws_are_the_first_of_more():
    seeds = seeds_of(1, 4)
    several = row_random.normal(seeds, [3], 5)
    np.testing.assert_allclose(row_random.normal(seeds, [3], 2), several[:2], atol=1e-6)
    np.testing.assert_allclose(row_random.normal(seeds, [3]), several[0], atol=1e-6)
    np.testing.assert_array_equal(
        row_random.uniform(seeds, [7])[:, :4], row_random.uniform(seeds, [4])
    )


def test_seeds_are_the_halves_of_integers():
    integers = np.array([0, 1, 2**31, 2**32 - 1, 2**32, 7 * 2**32 + 5, 2**63 - 1])
    expected = np.stack([integers >> 32, integers & (2**32 - 1)], axis=1).astype("uint32")
    seeds = row_random.row_seeds(integers)
    np.testing.assert_array_equal(seeds.numpy().view("uint32"), expected)
    compiled = tf.function(row_random.row_seeds, jit_compile=True)
    np.testing.assert_array_equal(compiled(tf.constant(integers)), seeds)


@pytest.mark.parametrize(
    ("seed", "start"), [(0, 0), (7, 3), (2**31 + 7, 3), (2**31 - 1, 2**32 - 5)]
)
def test_rows_of_a_call_are_those_of_packed_integers(seed, start):
    packed = row_seeds.packed(seed, start, 5)
    assert packed.dtype == np.int64
    np.testing.assert_array_equal(packed, seed % 2**31 * 2**32 + np.arange(start, start + 5))
    seeds = row_random.seeds_of_rows(seed, start, 5)
    np.testing.assert_array_equal(row_random.row_seeds(packed), seeds)
    in_graph = tf.function(lambda start, count: row_random.seeds_of_rows(seed, start, count))
    np.testing.assert_array_equal(in_graph(tf.constant(start, tf.int64), tf.constant(5)), seeds)


def test_rows_of_a_call_with_a_generators_seed():
    rows = row_random.seeds_of_rows(tf.constant([1, 2]), 3, 4)
    np.testing.assert_array_equal(row_random.seeds_of_rows(np.uint32([1, 2]), 0, 7)[3:], rows)
    others = [row_random.seeds_of_rows(seed, 3, 4) for seed in ([1, 3], [2, 2])]
    assert len(np.unique(np.concatenate([rows, *others]))) == 24


@pytest.mark.parametrize("function", [row_seeds.packed, row_random.seeds_of_rows])
def test_a_seed_that_is_none_is_refused(function):
    for seed, error in ((-1, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match="Argument `seed` must be an integer of at least 0"):
            function(seed, 0, 1)


def test_folds_are_streams_of_their_own():
    seeds = seeds_of(1, 6)
    folds = row_random.fold_in(seeds, tf.range(50))
    assert folds.shape == (50, 6, 2)
    np.testing.assert_array_equal(row_random.fold_in(seeds, 7), folds[7])
    np.testing.assert_array_equal(
        row_random.fold_in(seeds, -1), row_random.fold_in(seeds, 2**32 - 1)
    )
    twice = row_random.fold_in(folds[7], tf.range(50))
    every = np.concatenate([folds, twice, seeds[None]]).reshape(-1, 2)
    assert len(np.unique(every, axis=0)) == len(every)


# === Distributions: seeds are fixed, and 5 standard errors allowed ===

N = 400_000
STREAMS = {
    "along a row": lambda: (seeds_of(3, 1), N),
    "across rows": lambda: (seeds_of(3, N), 1),
    "across seeds": lambda: (
        row_random.row_seeds(tf.range(N, dtype=tf.int64) * 2**32),
        1,
    ),
    "across folds": lambda: (row_random.fold_in(seeds_of(3, 1), tf.range(N))[:, 0], 1),
}


@pytest.mark.parametrize("stream", STREAMS)
def test_moments_and_distribution_functions(stream):
    seeds, size = STREAMS[stream]()
    z = row_random.normal(seeds, [size]).numpy().ravel().astype("float64")
    u = row_random.uniform(seeds, [size]).numpy().ravel().astype("float64")
    # Probability 1e-3 each, were the numbers random; they are not: the seeds are fixed.
    assert stats.kstest(z, "norm").pvalue > 1e-3 and stats.kstest(u, "uniform").pvalue > 1e-3
    for power, expected in ((1, 0), (2, 1), (3, 0), (4, 3)):
        error = np.std(z**power) / np.sqrt(N)
        assert abs(np.mean(z**power) - expected) < 5 * error
    for numbers in (z, u):
        assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 5 / np.sqrt(N)


def test_both_tails_of_the_normal():
    z = row_random.normal(seeds_of(2, 1000), [4000]).numpy()
    for bound in (3.0, 4.0, 4.5):
        expected = z.size * stats.norm.sf(bound)  # 5,399, 127 and 14 of four million
        for count in (np.sum(z > bound), np.sum(z < -bound)):
            assert abs(count - expected) < 5 * np.sqrt(expected)


def test_uniform_numbers_are_never_0_nor_1():
    ends = tf.constant([0, 2**32 - 1], tf.uint32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_random, "_draws", lambda *_: ends)
        low, high = row_random.uniform(None, []).numpy()
        np.testing.assert_allclose(row_random.normal(None, []), [6.338, 0.0], atol=1e-3)
    assert low == np.float32(2**-33) and high == np.float32(1 - 2**-24)
    assert np.all(np.isfinite(np.log([low, 1 - low, high, 1 - high])))


@pytest.mark.parametrize("of", ["rows", "seeds", "folds"])
def test_streams_are_not_correlated(of):
    streams, draws = 64, 20_000
    seeds = {
        "rows": seeds_of(9, streams),
        "seeds": row_random.row_seeds(np.arange(streams) * 2**32),
        "folds": row_random.fold_in(seeds_of(9, 1), tf.range(streams))[:, 0],
    }[of]
    z = row_random.normal(seeds, [draws]).numpy()
    for values in (z, z**2, np.concatenate([z[:32], np.roll(z[32:], 1, axis=1)])):
        matrix = np.corrcoef(values) - np.eye(streams)
        assert np.abs(matrix).max() < 5 / np.sqrt(draws)


def test_draws_of_a_row_have_seeds_of_their_own():
    seeds = row_random.seeds_of_draws([0, 5, 2**33 + 1], 4).numpy()
    assert seeds.shape == (4, 3) and seeds[0].tolist() == [0, 5, 2**33 + 1]
    assert len(set(seeds.ravel().tolist())) == 12 and seeds.min() >= 0
    alone = row_random.seeds_of_draws([5], 2).numpy()
    np.testing.assert_array_equal(alone, seeds[:2, 1:2])  # of its row, and the first of more
