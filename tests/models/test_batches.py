"""The order of an array's batches."""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.models.batches import EpochsOfBatches
from keras_infovae.utils.randomness import stateless_seed

X = np.arange(10, dtype="float32")[:, None]


def epochs(count=3, batch_size=4, first_epoch=0, seed=0, **options):
    """Returns the rows of each batch, one list per epoch."""
    batches = EpochsOfBatches(X, batch_size, stateless_seed(seed), **options)
    dataset = batches.dataset()
    result = []
    for epoch in range(first_epoch, first_epoch + count):
        batches.on_epoch_begin(epoch)
        result.append([batch[:, 0].astype(int).tolist() for batch in dataset.as_numpy_iterator()])
        assert int(dataset.cardinality()) == len(result[-1])
    return result


def rows(batches):
    return [row for batch in batches for row in batch]


def test_every_epoch_has_every_example_once_in_an_order_of_its_own():
    result = epochs()
    for batches in result:
        assert [len(batch) for batch in batches] == [4, 4, 2]
        assert sorted(rows(batches)) == list(range(10))
    assert result[0] != result[1] != result[2]


def test_the_order_follows_from_the_seed_and_the_number_of_the_epoch():
    assert epochs() == epochs()
    assert epochs(seed=1) != epochs()
    assert epochs(2, first_epoch=1) == epochs(3)[1:]


def test_without_shuffle_the_order_is_that_of_the_array():
    expected = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert epochs(2, shuffle=False) == [expected, expected]


def test_a_last_batch_of_one_is_left_out_where_it_says_nothing():
    result = epochs(8, batch_size=3, keep_single=False)
    assert all([len(batch) for batch in batches] == [3, 3, 3] for batches in result)
    left_out = [set(range(10)) - set(rows(batches)) for batches in result]
    assert len(set.union(*left_out)) > 1  # another one each epoch
    assert [len(batch) for batch in epochs(1, batch_size=3)[0]] == [3, 3, 3, 1]
    one = EpochsOfBatches(X[:1], 3, stateless_seed(0), keep_single=False)
    assert len(list(one.dataset())) == 1


class Spy(ki.VAE):
    """Remembers the batches that it was trained on."""

    def train_step(self, data):
        tf.py_function(lambda x: self.seen.append(x.numpy().tobytes()), [data], [])
        return super().train_step(data)


@pytest.mark.parametrize("seed", [None, 0])
def test_fit_puts_new_batches_together_each_epoch(seed):
    keras.utils.set_random_seed(0)  # Keras's own order would be the same in every epoch
    networks = {name: ki.networks.MLP([4]) for name in ("encoder", "decoder")}
    model = Spy(2, seed=seed, divergence="moment_matching", **networks)
    model.seen = []
    model.compile("adam", jit_compile=False)
    history = model.fit(X / 10, batch_size=4, epochs=3, verbose=0, validation_split=0.2).history
    assert len(history["val_loss"]) == 3
    first, second, third = (model.seen[2 * epoch : 2 * epoch + 2] for epoch in range(3))
    assert sorted(b"".join(first)) == sorted(b"".join(second)) == sorted(b"".join(third))
    assert first != second != third


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is read from /proc")
def test_batches_need_one_copy_of_the_array():
    x = np.ones([1_000_000, 16], "float32")
    next(iter(EpochsOfBatches(x[:1000], 100, (0, 0)).dataset()))  # what any pipeline takes
    before = resident_bytes()
    epochs = EpochsOfBatches(x, 100, (0, 0))
    first = next(iter(epochs.dataset()))
    assert first.shape == (100, 16)
    assert resident_bytes() - before < 1.6 * x.nbytes


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
