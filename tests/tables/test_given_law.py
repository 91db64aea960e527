"""Rows with given values have the conditional distribution of the data, where it is known."""

import keras
import numpy as np
import pandas
import pytest

import keras_infovae as ki


@pytest.mark.slow
def test_given_values_shift_the_others_as_in_the_data():
    """b = 0.8 a + 0.6 e and P(s = hi) = 1 / (1 + exp(-3 a)), with b missing in 30 % of the rows.

    Tolerances are what a model of 30 epochs misses by: a tenth of the spread of b given a.
    """
    rng = np.random.default_rng(0)
    a = rng.normal(size=4000)
    b = np.where(rng.random(4000) < 0.3, np.nan, 0.8 * a + 0.6 * rng.normal(size=4000))
    s = np.where(rng.random(4000) < 1 / (1 + np.exp(-3 * a)), "hi", "lo")
    keras.utils.set_random_seed(0)
    model = ki.VAE(2, seed=0)
    model.fit(pandas.DataFrame({"a": a, "b": b, "s": s}), epochs=30, batch_size=128, verbose=0)
    for value in (-1.5, 0.0, 1.5):
        rows = model.generate(2000, seed=0, given={"a": value})
        assert abs((rows["s"] == "hi").mean() - 1 / (1 + np.exp(-3 * value))) < 0.06
        assert abs(rows["b"].mean() - 0.8 * value) < 0.15
        assert abs(rows["b"].std() - 0.6) < 0.06
        assert abs(rows["b"].isna().mean() - 0.3) < 0.05
