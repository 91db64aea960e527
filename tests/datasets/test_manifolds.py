"""Data of known shape: clean points have no residual, cells are equally likely, bounds hold."""

import numpy as np
import pytest

import keras_infovae as ki

SETS = ("circle", "sphere", "torus", "rotated_arrow", "periodic_blob", "turned_arrow")


@pytest.fixture(scope="module", params=SETS)
def manifold(request):
    return getattr(ki.datasets, request.param)()


def test_clean_points_have_no_residual_and_cells_are_equally_likely(manifold):
    n = 20 * manifold.num_cells if len(manifold.event_shape) == 1 else 3 * manifold.num_cells
    x = manifold.sample(n, seed=1, noise=0.0)
    assert x.shape == (n, *manifold.event_shape) and x.dtype == np.float32
    assert manifold.residual(x).max() < 1e-6
    counts = np.bincount(manifold.cells(x), minlength=manifold.num_cells)
    assert len(counts) == manifold.num_cells
    expected = n / manifold.num_cells  # a chi-square statistic of num_cells - 1 degrees
    statistic = np.sum(np.square(counts - expected)) / expected
    freedom = manifold.num_cells - 1
    assert abs(statistic - freedom) < 5 * np.sqrt(2 * freedom)


def test_what_is_off_has_its_distance(manifold):
    x = manifold.sample(20, seed=1, noise=0.0)
    off = x + 0.01 * np.random.default_rng(0).normal(size=x.shape)
    distance = np.linalg.norm((off - x).reshape(20, -1), axis=1)
    norm = 1.0 if len(manifold.event_shape) == 1 else np.linalg.norm(x.reshape(20, -1), axis=1)
    residual = manifold.residual(off)
    # The nearest point is no farther than the point itself, and the noise is in other directions.
    assert np.all(residual <= distance / norm * 1.01 + 1e-6)
    assert residual.mean() > 0.3 * np.mean(distance / norm)


def test_samples_follow_from_the_seed_with_noise(manifold):
    np.testing.assert_array_equal(manifold.sample(5, seed=3), manifold.sample(5, seed=3))
    assert np.abs(manifold.sample(5, seed=3) - manifold.sample(5, seed=4)).max() > 0
    noisy, clean = manifold.sample(50, seed=3, noise=0.5), manifold.sample(50, seed=3, noise=0.0)
    assert np.std(noisy - clean) == pytest.approx(0.5, rel=0.3)
    assert manifold.betti[0] == 1 and manifold.intrinsic_dim in (1, 2)
    euler = 1 - manifold.betti[1] + manifold.betti[2]
    assert euler == {"circle": 0, "rotated_arrow": 0, "sphere": 2, "turned_arrow": 2}.get(
        manifold.name, 0
    )


def test_opposite_points_are_as_far_apart_as_the_bound_says(manifold):
    latent_dim = manifold.intrinsic_dim
    bound = manifold.reconstruction_bound(latent_dim)
    assert manifold.reconstruction_bound(latent_dim + 1) is None
    assert (bound is None) == (manifold.name in ("torus", "periodic_blob"))
    if manifold.name in ("circle", "sphere"):
        assert bound == 1.0
    elif bound is not None:
        assert 0.5 < bound < 2.0


def test_the_torus_is_even_in_area():
    # Of the tube's area, the share that is farther out than the circle is 1/2 + r / (pi R).
    x = ki.datasets.torus(noise=0.0).sample(20_000, seed=0)
    outside = np.mean(np.hypot(x[:, 0], x[:, 1]) > 1.0)
    assert outside == pytest.approx(0.5 + 0.4 / np.pi, abs=4 * np.sqrt(0.25 / 20_000))


def test_more_dimensions_hold_noise_alone():
    sphere = ki.datasets.sphere(size=6, noise=0.02)
    x = sphere.sample(2000, seed=0)
    assert x.shape == (2000, 6) and x[:, 3:].std() == pytest.approx(0.02, rel=0.05)
    assert sphere.residual(x).mean() == pytest.approx(0.02 * np.sqrt(4), rel=0.1)


@pytest.mark.parametrize("name", ["torus", "periodic_blob"])
def test_they_are_loaded_by_name_with_their_shape(name):
    data = ki.datasets.load(name, limit=200)
    assert (data.name, len(data.train)) == (name, 160)
    assert data.manifold.betti == (1, 2, 1)
    assert data.manifold.residual(data.test).max() < 0.1
    assert ki.datasets.load("blobs").manifold is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ki.datasets.sphere(size=2), "`size` must be an integer of at least 3"),
        (lambda: ki.datasets.circle(noise=-1.0), "`noise` must be at least 0"),
        (lambda: ki.datasets.circle().sample(0), "`n` must be an integer of at least 1"),
        (lambda: ki.datasets.circle().residual(np.zeros([2, 4])), r"`x` must be of shape \[n, "),
    ],
)
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
