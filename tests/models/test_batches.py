"""The order of an array's batches."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.models.batches import EpochsOfBatches
from keras_infovae.utils.randomness import stateless_seed

X = np.arange(10, dtype="float32")[:, None]


def epochs(batches, count=3, seed=0, first_epoch=0):
    """Returns the rows of each batch, one list per epoch."""
    dataset = batches.dataset(stateless_seed(seed), first_epoch)
    rows = [batch[:, 0].astype(int).tolist() for batch in _take(dataset, batches, count)]
    steps = batches.steps_per_epoch
    return [rows[epoch * steps : (epoch + 1) * steps] for epoch in range(count)]


def _take(dataset, batches, count):
    return dataset.take(count * batches.steps_per_epoch).as_numpy_iterator()


def test_every_epoch_has_every_example_once_in_an_order_of_its_own():
    result = epochs(EpochsOfBatches(X, 4))
    for batches in result:
        assert [len(batch) for batch in batches] == [4, 4, 2]
        assert sorted(sum(batches, [])) == list(range(10))
    assert result[0] != result[1] != result[2]


def test_the_order_follows_from_the_seed_and_the_number_of_the_epoch():
    batches = EpochsOfBatches(X, 4)
    assert epochs(batches) == epochs(batches)
    assert epochs(batches, seed=1) != epochs(batches)
    assert epochs(batches, 2, first_epoch=1) == epochs(batches, 3)[1:]


def test_without_shuffle_the_order_is_that_of_the_array():
    expected = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert epochs(EpochsOfBatches(X, 4, shuffle=False), 2) == [expected, expected]


def test_a_last_batch_of_one_is_left_out_where_it_says_nothing():
    result = epochs(EpochsOfBatches(X, 3, keep_single=False), 8)
    assert all([len(batch) for batch in batches] == [3, 3, 3] for batches in result)
    left_out = [set(range(10)) - set(sum(batches, [])) for batches in result]
    assert len(set.union(*left_out)) > 1  # another one each epoch
    assert [len(batch) for batch in epochs(EpochsOfBatches(X, 3), 1)[0]] == [3, 3, 3, 1]
    assert EpochsOfBatches(X[:1], 3, keep_single=False).steps_per_epoch == 1


class Spy(ki.VAE):
    """Remembers the batches that it was trained on."""

    def train_step(self, data):
        tf.py_function(lambda x: self.seen.append(x.numpy().tobytes()), [data], [])
        return super().train_step(data)


@pytest.mark.parametrize("seed", [None, 0])
def test_fit_puts_new_batches_together_each_epoch(seed):
    keras.utils.set_random_seed(0)  # Keras's own order would be the same in every epoch
    model = Spy(2, seed=seed, encoder="mlp", decoder="mlp")
    model.seen = []
    model.compile("adam", jit_compile=False)
    history = model.fit(X / 10, batch_size=4, epochs=3, verbose=0, validation_split=0.2).history
    assert len(history["val_loss"]) == 3
    first, second, third = (model.seen[2 * epoch : 2 * epoch + 2] for epoch in range(3))
    assert sorted(b"".join(first)) == sorted(b"".join(second)) == sorted(b"".join(third))
    assert first != second != third
