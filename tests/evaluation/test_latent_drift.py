"""The permutation test: its statistic, its level and its power."""

import importlib
import itertools

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation import latent_drift


def test_the_statistic_is_that_of_its_definition():
    rng = np.random.default_rng(0)
    r, z = rng.normal(size=(5, 3)), rng.normal(0.5, size=(4, 3))
    pooled = np.concatenate([r, z]).astype("float32")
    squared = np.sum((pooled[:, None] - pooled[None]) ** 2, axis=-1)
    h = np.sort(squared[np.triu_indices(9, 1)])[17] / 2  # the lower median of 36 pairs
    scales = ki.kernels.Gaussian().scales
    k = np.mean([np.exp(-squared / (2 * s * h)) for s in scales], axis=0)
    within = [
        np.mean([k[i, j] for i, j in itertools.permutations(rows, 2)])
        for rows in (range(5), range(5, 9))
    ]
    expected = sum(within) - 2 * k[:5, 5:].mean()
    assert latent_drift(r, z, permutations=19)["mmd"] == pytest.approx(expected, rel=1e-4)


def test_its_level_is_exact():
    # P(p <= 0.1) = 0.1 where nothing has changed: of 200 the number is binomial, and 0.1 +- 0.0636
    # are three standard deviations.
    rng = np.random.default_rng(1)
    p_values = np.array(
        [
            latent_drift(*rng.exponential(size=(2, 12, 2)), permutations=19, seed=seed)["p_value"]
            for seed in range(200)
        ]
    )
    assert np.mean(p_values <= 0.1) == pytest.approx(0.1, abs=0.0636)
    assert np.mean(p_values) == pytest.approx(0.525, abs=3 * 0.288 / np.sqrt(200))


@pytest.mark.parametrize(
    "change", [lambda z: z + 0.5, lambda z: 1.6 * z, lambda z: z[:, :1] + 0 * z]
)
def test_a_change_is_seen(change):
    codes = np.random.default_rng(2).normal(size=(300, 4))
    result = latent_drift(codes[:150], change(codes[150:]), permutations=99)
    assert result["p_value"] == 0.01
    assert result["mmd"] > result["mmd_null_high"]
    assert latent_drift(codes[:150], codes[150:], permutations=99)["p_value"] > 0.05


def test_where_codes_lie_does_not_matter():
    # In steps of 1 / 1024, which float64 moves by 2^30 exactly, and of which float32 keeps nothing.
    codes = np.random.default_rng(2).normal(size=(200, 4))
    codes = np.round(codes * 1024) / 1024
    near = latent_drift(codes[:100], codes[100:] + 0.5, permutations=99)
    far = latent_drift(codes[:100] + 2.0**30, codes[100:] + 0.5 + 2.0**30, permutations=99)
    assert far == pytest.approx(near, rel=1e-4)


def test_large_sets_are_thinned_by_the_seed():
    codes = np.random.default_rng(3).normal(size=(2600, 2))
    first, again = (latent_drift(codes[:1300], codes[1300:], permutations=19) for _ in range(2))
    assert first == again
    assert latent_drift(codes[:1300], codes[1300:], permutations=19, seed=1) != first


def test_parts_of_the_permutations_are_all_of_them(monkeypatch):
    codes = np.random.default_rng(4).normal(size=(30, 2))
    whole = latent_drift(codes[:10], codes[10:], permutations=99)
    monkeypatch.setattr(importlib.import_module(latent_drift.__module__), "_MOST_AT_ONCE", 7)
    assert latent_drift(codes[:10], codes[10:], permutations=99) == whole


def test_what_cannot_be_compared_is_named():
    codes = np.zeros((5, 2))
    for arguments, words in (
        ((codes[:1], codes), "`reference` must be codes"),
        ((codes, codes[0]), "`z` must be codes"),
        ((codes, codes[:, :1]), r"`z` must be \[n, 2\]"),
        ((codes, codes * np.nan), "`z` must be finite"),
    ):
        with pytest.raises(ValueError, match=words):
            latent_drift(*arguments)
    with pytest.raises(ValueError, match="`permutations`"):
        latent_drift(codes, codes, permutations=10)
