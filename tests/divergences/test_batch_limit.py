"""Batches of an open size, of which the largest is known: one way to compute, and no choice."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences.draws import PAIRED_ROWS
from keras_infovae.utils.batch_limit import batches_of_at_most, most_in_batch

Z = np.random.default_rng(0).normal(size=[20, 3]).astype("float32")
CHOICES = {"If", "StatelessIf", "While", "StatelessWhile"}


def small(divergence="mmd"):
    networks = {name: ki.networks.MLP([4]) for name in ("encoder", "decoder")}
    return ki.InfoVAE(2, divergence=divergence, lambda_=10.0, seed=0, **networks)


def measured(divergence, z, limit, rows=None):
    """Returns (the value of z in a graph in which its size is open, the operations in it)."""

    @tf.function(input_signature=[tf.TensorSpec([rows, 3])])
    def value(z):
        with batches_of_at_most(limit):
            posterior = ki.posteriors.DiagonalNormal().distribution(
                tf.concat([z, tf.zeros_like(z)], axis=-1)
            )
            return divergence(z, ki.priors.StandardNormal().distribution(3), posterior, seed=[1, 2])

    graph = value.get_concrete_function().graph
    return float(value(z)), {operation.type for operation in graph.get_operations()}


@pytest.mark.parametrize("name", ["mmd", "stein"])
def test_the_largest_batch_decides_how_all_are_measured(name):
    divergence = ki.divergences.get(name)
    exact, _ = measured(divergence, Z, None, rows=20)
    few, operations = measured(divergence, Z, PAIRED_ROWS)
    assert few == pytest.approx(exact, rel=1e-5, abs=1e-6)
    assert not operations & CHOICES
    many, operations = measured(divergence, Z, PAIRED_ROWS + 1)
    assert many != few  # the same expectation, by random features
    assert not operations & CHOICES
    _, operations = measured(divergence, Z, None)
    assert operations & CHOICES


def test_nothing_is_known_outside():
    with batches_of_at_most(8):
        with batches_of_at_most(None):
            assert most_in_batch() is None
        assert most_in_batch() == 8
    assert most_in_batch() is None


def test_a_training_is_traced_anew_for_larger_batches_alone():
    x = np.random.default_rng(0).random([30, 3]).astype("float32")
    model = small()
    model.fit(x, batch_size=8, verbose=0)
    first = model.train_function
    model.fit(x, batch_size=8, epochs=2, verbose=0)
    assert model.train_function is first
    model.fit(x, batch_size=9, verbose=0)
    second = model.train_function
    assert second is not first
    model.fit(tf.data.Dataset.from_tensor_slices(x).batch(8), verbose=0)  # others may follow
    assert model.train_function is not second
    loss = model.train_on_batch(np.tile(x, [3, 1]))["loss"]
    assert np.isfinite(loss)
