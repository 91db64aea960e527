"""The report on data of known shape, by models that are known too."""

import sys
import types

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation.reporting import writing
from keras_infovae.evaluation.topology import holes, manifold_report

CIRCLE = ki.datasets.load("circle", limit=200)


class Angle:
    """Encodes a point of the circle by its angle, which is cut at half a turn; decodes exactly."""

    name, latent_support, code_dim = "angle", "euclidean", 1
    condition = types.SimpleNamespace(size=0)
    capabilities = ("generate", "reconstruct", "encode", "decode")

    def generate(self, n, seed, batch_size):
        x = CIRCLE.manifold.sample(n, seed + 7, noise=0.0)
        return x * np.where(np.arange(n) < n // 4, 1.5, 1.0)[:, None].astype("float32")

    def encode(self, x, batch_size):
        return np.arctan2(x[:, 1], x[:, 0])[:, None]

    def encode_beside(self, x, z, batch_size):
        return self.encode(x, batch_size)

    def decode(self, z, batch_size):
        return np.concatenate([np.cos(z), np.sin(z), 0 * z], axis=1)

    def reconstruct(self, x, batch_size):
        return self.decode(self.encode(x, batch_size), batch_size)


class Line(Angle):
    """The same by one continuous number, the first coordinate: two points have each code."""

    def encode(self, x, batch_size):
        return x[:, :1]

    def decode(self, z, batch_size):
        inside = np.clip(z, -1, 1)
        return np.concatenate([inside, np.sqrt(1 - inside**2), 0 * z], axis=1)


def test_what_is_off_the_manifold_counts_as_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "gudhi", None)
    monkeypatch.setattr(holes.importlib.util, "find_spec", lambda name: None)
    found = manifold_report(Angle(), CIRCLE, count=8000)
    samples = found["samples"]
    assert samples["on_share"] == pytest.approx(0.75) and samples["coverage"] == 1.0
    assert samples["residual"] == pytest.approx(0.125, abs=1e-6)
    # A quarter is missing from every cell: half of it, and what chance adds.
    assert 0.125 <= samples["total_variation"] < 0.2
    assert samples["total_variation_of_true_draws"] < 0.06
    assert found["betti"] is None
    tables = writing._tables(dict.fromkeys(TABLES) | {"manifold": found})
    assert tables["Distance of reconstructions"]["lower_bound"] == 1.0


TABLES = (
    *("latents", "held_out", "train", "aggregated_posterior", "label_use", "samples"),
    *("anomaly_threshold", "anomalies", "model", "data", "new_rows", "predictive_checks"),
)


def test_no_continuous_code_of_one_number_beats_the_bound():
    line, angle = (manifold_report(model, CIRCLE, count=100) for model in (Line(), Angle()))
    assert line["reconstruction"]["lower_bound"] == 1.0
    assert line["reconstruction"]["worst"] > 1.9
    # The angle is not continuous: it reconstructs, and between neighbors at the cut it does not
    # leave the circle either, since the middle of -pi and pi is decoded to a point of it.
    assert angle["reconstruction"]["worst"] < 0.06
    assert angle["between_codes"]["seam"] < 1e-6


def test_a_model_without_latents_has_samples_alone():
    class Sampler(Angle):
        capabilities = ("generate",)

    found = manifold_report(Sampler(), CIRCLE, count=100)
    assert found["reconstruction"] is None and found["between_codes"] is None


def test_standardized_columns_are_measured_as_they_were():
    data = ki.datasets.load("circle", limit=200, standardize=True)

    class Standardized(Angle):
        def generate(self, n, seed, batch_size):
            return data.scaling.apply(super().generate(n, seed, batch_size))

    found = manifold_report(Standardized(), data, count=400)["samples"]
    assert found["on_share"] == pytest.approx(0.75)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match="`data` must be a data set of known shape"):
        manifold_report(Angle(), ki.datasets.load("blobs"))
    with pytest.raises(TypeError, match="`data` must be a data set of known shape.*ndarray"):
        manifold_report(Angle(), CIRCLE.train)
    model = ki.VAE(2, condition=ki.conditions.Classes(2))
    with pytest.raises(ValueError, match="`model` must be one without a condition"):
        manifold_report(model, CIRCLE)
    with pytest.raises(ValueError, match="`count` must be an integer of at least 100"):
        manifold_report(Angle(), CIRCLE, count=9)
    with pytest.raises(ValueError, match="`seed` must be an integer of at least 0"):
        manifold_report(Angle(), CIRCLE, seed=-1)


def test_samples_that_are_not_finite_are_refused():
    class Broken(Angle):
        def generate(self, n, seed, batch_size):
            return np.where(
                np.arange(n)[:, None] == 7, np.nan, super().generate(n, seed, batch_size)
            )

    with pytest.raises(ValueError, match="`model` must be one that generates finite numbers"):
        manifold_report(Broken(), CIRCLE, count=100)


# === Holes ===


class Complex:
    """Stands in for gudhi: a bar as long as the largest coordinate, and short ones."""

    def __init__(self, points):
        self.length = float(np.abs(points).max())

    def create_simplex_tree(self, max_dimension=None):
        return self

    def compute_persistence(self):
        return None

    def persistence_intervals_in_dimension(self, dimension):
        longest = [[0.0, self.length**2]] if dimension == 1 else []
        return np.array([*longest, [0.0, 0.01], [0.0, np.inf]])


def test_bars_of_at_least_half_the_length_of_the_datas_count(monkeypatch):
    stand_in = types.SimpleNamespace(AlphaComplex=Complex, RipsComplex=Complex)
    monkeypatch.setitem(sys.modules, "gudhi", stand_in)
    monkeypatch.setattr(holes.importlib.util, "find_spec", lambda name: stand_in)
    manifold = CIRCLE.manifold
    x = manifold.sample(300, seed=0)
    same = holes.compared(manifold, x, x)
    assert same == {"true": [1, 0], "data": [1, 0], "samples": [1, 0]}
    assert holes.compared(manifold, x, 0.4 * x)["samples"] == [0, 0]
    images = ki.datasets.rotated_arrow()
    few = images.sample(50, seed=0)
    assert holes.compared(images, few, few)["samples"] == [1]


def test_the_holes_of_a_circle_and_a_sphere():
    pytest.importorskip("gudhi", reason="gudhi is not installed (the extra `topology`)")
    for manifold in (ki.datasets.circle(), ki.datasets.sphere()):
        true, ball = manifold.sample(1000), np.random.default_rng(0).normal(size=(1000, 3))
        assert holes.compared(manifold, true, true)["samples"] == list(manifold.betti[1:])
        assert holes.compared(manifold, true, ball)["samples"] == [0, 0]
