"""Images drawn from factors: the specification of dSprites, and blobs by their formula."""

import numpy as np
import pytest

from keras_infovae.datasets import blobs, dsprites_like, load
from keras_infovae.datasets.sprites import SHAPES, sprite


def test_the_factors_are_those_of_the_specification():
    data = dsprites_like()
    assert data.factor_sizes == (3, 6, 40, 32, 32) and len(data) == 737280
    assert data.factor_values["shape"].tolist() == ["square", "ellipse", "heart"]
    np.testing.assert_allclose(data.factor_values["scale"], [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    orientation = data.factor_values["orientation"]
    np.testing.assert_allclose(np.diff(orientation), 2 * np.pi / 39)
    assert (orientation[0], orientation[-1]) == (0.0, 2 * np.pi)
    for name in ("position_x", "position_y"):
        np.testing.assert_allclose(data.factor_values[name], np.arange(32) / 31)
    # y is fastest, shape slowest
    np.testing.assert_array_equal(
        data.factors_at([0, 1, 32, 737279]),
        [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0], [2, 5, 39, 31, 31]],
    )


def test_sprites_are_binary_move_by_pixels_and_stay_inside():
    data = dsprites_like()
    x, factors = data.sample(300, seed=0)
    assert x.shape == (300, 64, 64, 1) and x.dtype == np.float32
    assert np.all((x == 0) | (x == 1))
    corners = factors.copy()
    corners[:, 3:] = 0
    for image, corner, (across, down) in zip(x, data.image_at(corners), factors[:, 3:]):
        assert image.sum() == corner.sum()  # nothing is cut off
        np.testing.assert_array_equal(np.roll(corner, (down, across), axis=(0, 1)), image)
    # A square of 2 * 10.9 pixels about (16, 16); the ellipse's area is pi a b, of about its edge.
    square = data.image_at([0, 5, 0, 0, 0])[..., 0]
    assert square.sum() == 21**2 and square[6:27, 6:27].all()
    ellipse = data.image_at([1, 5, 7, 3, 9]).sum()
    assert ellipse == pytest.approx(np.pi * 15.5 * 8.5, rel=0.02)


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_symmetries(scale):
    for angle in (0.0, 0.3, 1.1):
        turned = {shape: sprite(shape, scale, angle) for shape in SHAPES}
        for quarters in (1, 2, 3):
            for shape in SHAPES:  # a quarter turn of the sprite is one of the picture
                other = sprite(shape, scale, angle + quarters * np.pi / 2)
                np.testing.assert_array_equal(other, np.rot90(turned[shape], quarters))
                same = np.array_equal(other, turned[shape])
                assert same == (shape == "square" or (shape == "ellipse" and quarters == 2))
    heart = sprite("heart", scale, 0.0)
    np.testing.assert_array_equal(heart, heart[:, ::-1])
    rows = np.argwhere(heart)
    assert rows[:, 0].max() - 16 > 1.2 * (16 - rows[:, 0].min())  # upright: the tip is below
    np.testing.assert_allclose(rows.mean(axis=0), [16, 16], atol=0.1)
    ellipse = np.argwhere(sprite("ellipse", scale, 0.0))
    assert np.ptp(ellipse[:, 1]) > 1.5 * np.ptp(ellipse[:, 0])  # lies along x


def test_the_last_orientation_is_the_first_and_few_others_agree():
    data = dsprites_like()
    factors = np.array([[s, c, o, 0, 0] for s in range(3) for c in range(6) for o in range(40)])
    x = data.image_at(factors).reshape(18, 40, -1).astype(bool)
    np.testing.assert_array_equal(x[:, 0], x[:, -1])
    assert len(np.unique(np.packbits(x[:, :-1].reshape(702, -1), axis=1), axis=0)) == 702 - 28


def test_blobs_follow_their_formula():
    data = blobs()
    x, factors = data.sample(50, seed=3)
    for image, (size, y, x_center) in zip(x[..., 0], data.values_at(factors)):
        rows, columns = np.mgrid[:16, :16]
        squares = (rows - y) ** 2 + (columns - x_center) ** 2
        np.testing.assert_allclose(image, np.exp(-squares / (2 * size**2)), atol=1e-6)


@pytest.mark.parametrize("data", [blobs(), dsprites_like()], ids=lambda data: data.name)
def test_samples_are_uniform_and_follow_the_seed(data):
    x, factors = data.sample(40, seed=1)
    np.testing.assert_array_equal(data.image_at(factors), x)
    np.testing.assert_array_equal(data.image_at(factors[7]), x[7])
    np.testing.assert_array_equal(data.sample(40, seed=1)[1], factors)
    assert np.any(data.sample(40, seed=2)[1] != factors)
    numbers = np.arange(len(data))
    everything = data.factors_at(numbers)
    for i, size in enumerate(data.factor_sizes):
        np.testing.assert_array_equal(
            np.bincount(everything[:, i]), np.full(size, len(data) / size)
        )


def test_blobs_by_name():
    data = load("blobs")
    assert data.event_shape == (16, 16, 1) and data.num_classes == 5
    assert len(data.train) + len(data.validation) + len(data.test) == 720
    assert len(np.unique(data.train.reshape(len(data.train), -1), axis=0)) == len(data.train)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda data: data.image_at([0, 0, 12]), ValueError, "`factors, x,` must be from 0 to 11"),
        (lambda data: data.image_at([0, -1, 0]), ValueError, "`factors, y,`.*-1"),
        (lambda data: data.image_at([0, 0]), ValueError, r"of shape \[3\] or \[n, 3\].*\(2,\)"),
        (lambda data: data.image_at([0.0, 0, 0]), TypeError, "`factors` must be integers"),
        (lambda data: data.factors_at([720]), ValueError, "`index` must be from 0 to 719"),
        (lambda data: data.factors_at(0.5), TypeError, "`index` must be integers"),
        (lambda data: data.sample(0), ValueError, "`n` must be an integer of at least 1"),
        (lambda data: data.sample(1, seed=-1), ValueError, "`seed`"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(blobs())
