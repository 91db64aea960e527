"""Quantiles of the standard normal below its median, compiled by XLA and not."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from keras_infovae.utils import row_random
from keras_infovae.utils.normal_quantile import normal_quantile


@pytest.mark.parametrize("jit_compile", [False, True])
def test_quantiles_are_those_of_scipy_however_small_the_probability(jit_compile):
    # From the smallest that a draw of 32 bits makes to the median, and where two formulas meet.
    p = np.exp(np.linspace(np.log(2.0**-33), np.log(0.5), 100_001)).astype("float32")
    p = np.concatenate([p, np.nextafter(np.float32(0.075), np.float32([0.0, 1.0]))])
    found = tf.function(normal_quantile, jit_compile=jit_compile)(tf.constant(p)).numpy()
    # float32's rounding of p alone moves x by 1e-7 / x; that of q near the median by 1e-7.
    np.testing.assert_allclose(found, special.ndtri(p.astype("float64")), rtol=1e-6, atol=3e-7)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_no_draw_is_infinite(monkeypatch, jit_compile):
    words = np.concatenate([np.arange(64), 2 ** np.arange(32), 2**32 - 1 - 2 ** np.arange(32)])
    monkeypatch.setattr(row_random, "_draws", lambda *_: tf.constant(words, tf.uint32))

    @tf.function(jit_compile=jit_compile)
    def draws():
        return row_random.normal(None, [])

    size = special.ndtri((words // 2 + 0.5) * 2.0**-32)
    np.testing.assert_allclose(draws(), np.where(words % 2, size, -size), rtol=1e-6, atol=3e-7)
