"""Where XLA is chosen, and what of a training is counted: traces, and copies to the host."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

import keras_infovae as ki
from keras_infovae.models import compilation
from keras_infovae.models.compilation import hears_batches, is_worth_xla, steps_at_once
from keras_infovae.models.step_model import StepModel

DENSE = [tf.zeros([784, 16]), tf.zeros([16]), tf.zeros([3, 16, 16])]
CONVOLUTIONS = [*DENSE, tf.zeros([4, 4, 1, 32])]


@pytest.mark.parametrize(
    ("steps", "weights", "worth"),
    [
        (5000, DENSE, True),
        (4999, DENSE, False),
        (None, DENSE, False),
        (5000, CONVOLUTIONS, False),
    ],
)
def test_xla_is_chosen_by_the_number_of_steps_and_not_with_convolutions(steps, weights, worth):
    assert is_worth_xla(steps, weights) is worth


@pytest.mark.parametrize(
    ("steps", "epochs", "rows", "weights", "at_once"),
    [
        (10, 100, 128, DENSE, 10),
        (9, 1000, 128, DENSE, 1),  # an epoch is shorter
        (10, 99, 128, DENSE, 1),  # fewer than 1,000 in all
        (None, 100, 128, DENSE, 1),
        (100, 100, None, DENSE, 1),
        (100, 100, 128, CONVOLUTIONS, 1),
        (100, 100, 2**15, DENSE, 1),  # long steps
    ],
)
def test_many_short_steps_are_taken_at_once(steps, epochs, rows, weights, at_once):
    assert steps_at_once(steps, epochs, rows, weights) == at_once


def test_numbers_of_steps_that_ten_does_not_divide_are_taken_singly():
    found = [steps_at_once(100, 100, 128, DENSE, told) for told in ([20, 0], [20, 3], [15, 10])]
    assert found == [10, 1, 1]


def test_callbacks_that_listen_to_batches_are_told_of_each():
    callbacks = keras.callbacks
    deaf = [
        callbacks.EarlyStopping(),
        callbacks.ModelCheckpoint("x.keras"),
        callbacks.LambdaCallback(on_epoch_end=print),
    ]
    tested, predicted = callbacks.Callback(), callbacks.Callback()
    tested.on_test_batch_end = predicted.on_predict_batch_begin = lambda batch, logs=None: None
    hearing = [
        tested,
        predicted,
        callbacks.ModelCheckpoint("x.keras", save_freq=3),
        callbacks.LambdaCallback(on_train_batch_end=print),
        callbacks.TerminateOnNaN(),
    ]
    assert not any(map(hears_batches, deaf)) and all(map(hears_batches, hearing))


def test_steps_that_are_taken_at_once_are_the_same(monkeypatch):
    """The last four of an epoch's fourteen steps too, the last of which has fewer examples."""
    monkeypatch.setattr(compilation, "_MANY", 28)
    x = np.random.default_rng(0).random((55, 4)).astype("float32")
    network, found = ki.networks.MLP((4,)), []
    heard = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    for heard_of, at_once in (([heard], 1), ([], 10)):
        keras.utils.set_random_seed(0)
        model = ki.InfoVAE(2, divergence="covariance", encoder=network, decoder=network, seed=0)
        options = {"validation_data": (x[:10],), "validation_batch_size": 3, "verbose": 0}
        callbacks = [*heard_of, keras.callbacks.LambdaCallback(on_epoch_end=check(model, at_once))]
        history = model.fit(x, batch_size=4, epochs=2, callbacks=callbacks, **options).history
        assert model.steps_per_execution == 1 and int(model.progress.step) == 28
        found.append((history, model.get_weights()))
    for a, b in zip(*(weights for _, weights in found), strict=True):
        np.testing.assert_array_equal(a, b)
    for term, values in found[0][0].items():  # whose running means may be summed otherwise
        np.testing.assert_allclose(values, found[1][0][term], rtol=1e-5)


def check(model, at_once):
    def taken(epoch, logs):
        assert model.steps_per_execution == at_once

    return taken


def test_as_many_steps_are_taken_as_are_told_after_a_fit_that_took_ten_at_once(monkeypatch):
    monkeypatch.setattr(compilation, "_MANY", 10)
    x = np.random.default_rng(0).random((40, 4)).astype("float32")
    network = ki.networks.MLP((4,))
    model = ki.VAE(2, encoder=network, decoder=network, seed=0)
    endless = tf.data.Dataset.from_tensor_slices(x).repeat().batch(4)
    within = []

    def predict(epoch, logs):
        check(model, 10)(epoch, logs)
        within.append(len(model.predict(endless, steps=3, verbose=0)))
        check(model, 10)(epoch, logs)

    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=predict)]
    model.fit(x, batch_size=4, epochs=2, verbose=0, callbacks=callbacks)
    assert within == [12, 12]
    assert len(model.predict(endless, steps=5, verbose=0)) == 20
    validation = {"validation_data": endless, "validation_steps": 3}
    history = model.fit(x, batch_size=4, verbose=0, **validation).history
    expected = model.evaluate(endless.take(3), verbose=0)["loss"]
    assert history["val_loss"] == [pytest.approx(expected, rel=1e-5)]
    model.fit(endless, steps_per_epoch=15, verbose=0)
    assert int(model.progress.step) == 30 + 15
    assert model.evaluate(endless, steps=3, verbose=0) == model.evaluate(endless.take(3), verbose=0)


def counted(monkeypatch, owner, name, calls):
    """Counts the calls of a method."""
    method = getattr(owner, name)

    def counting(self, *arguments, **options):
        calls[name] = calls.get(name, 0) + 1
        return method(self, *arguments, **options)

    monkeypatch.setattr(owner, name, counting)


def test_each_function_is_traced_once_and_no_step_copies_to_the_host(monkeypatch):
    calls = {}
    counted(monkeypatch, StepModel, "train_step", calls)
    counted(monkeypatch, StepModel, "test_step", calls)
    counted(monkeypatch, ops._EagerTensorBase, "_numpy", calls)
    x = np.random.default_rng(0).random((60, 4)).astype("float32")
    network = ki.networks.MLP((4,))
    model = ki.InfoVAE(2, divergence="covariance", encoder=network, decoder=network, seed=0)

    def copies(rows, batch_size=4):
        before = calls.get("_numpy", 0)
        options = {"validation_data": (x[:10],), "validation_batch_size": 6}
        model.fit(x[:rows], batch_size=batch_size, epochs=1, verbose=0, **options)
        return calls["_numpy"] - before

    copies(8)  # which makes the functions
    few, many = copies(40), copies(60)  # of 10 and 15 steps
    assert many - few == 15 - 10  # Keras asks, on the host, whether there was another batch
    model.evaluate(x[:7], verbose=0, batch_size=3)
    assert calls["train_step"] == 1 and calls["test_step"] == 1
    copies(60, batch_size=30)  # more than the steps are traced for
    assert calls["train_step"] == 2 and calls["test_step"] == 1


def test_the_graph_of_a_step_stays_small():
    network = ki.networks.MLP((4,))
    model = ki.InfoVAE(2, encoder=network, decoder=network, seed=0)
    model.build((None, 4))
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)
    step = tf.function(model.train_step).get_concrete_function(tf.TensorSpec([128, 4]))
    called = step.graph.as_graph_def().library.function
    operations = len(step.graph.get_operations()) + sum(len(f.node_def) for f in called)
    assert (
        operations < 1300
    )  # 1,101; each costs the trace, and a step without XLA, some microseconds


def test_autograph_rewrites_no_code(rewritten):
    """Rewriting takes longer than tracing, in each process anew."""
    x = np.random.default_rng(0).random((12, 4)).astype("float32")
    network = ki.networks.MLP((4,))
    options = {"batch_size": 5, "verbose": 0}
    model = ki.VAE(2, prior="vamp", encoder=network, decoder=network)
    model.fit(x, validation_data=(x,), **options)
    model.fit(tf.data.Dataset.from_tensor_slices(x).batch(4), epochs=1, verbose=0)
    model.fit_prior(x, "gaussian_mixture", epochs=1, batch_size=5)
    for method in (model.encode, model.reconstruct, model.score):
        method(x)
    model.generate(2)
    texts = ki.VAE(2, encoder=ki.networks.Recurrent(4, 4), decoder=ki.networks.Recurrent(4, 4))
    lines = tf.data.Dataset.from_tensor_slices((["a b", "b", "a"], [0, 1, 2]))
    texts.fit(lines.map(lambda line, _: line), epochs=1, **options)
    assert [name for name in rewritten if name.startswith("keras_infovae")] == []
