"""Where XLA is chosen, and what of a training is counted: traces, and copies to the host."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

import keras_infovae as ki
from keras_infovae.models.compilation import is_worth_xla
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
