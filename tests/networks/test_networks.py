"""Networks: the output has exactly the shape asked for, for any shape of x."""

import math

import keras
import pytest

import keras_infovae as ki

IMAGES = [
    (8, 8, 1), (8, 9, 2), (13, 8, 3), (28, 28, 1), (27, 31, 4), (32, 32, 3), (45, 64, 1),
    (65, 63, 3), (128, 127, 3), (128, 8, 1), (28, 28),
]  # fmt: skip


@pytest.mark.parametrize("event_shape", IMAGES, ids=str)
@pytest.mark.parametrize("per_value", [(), (2,)], ids=["", "two parameters per value"])
def test_conv_reconstructs_the_exact_shape(event_shape, per_value):
    network = ki.networks.Conv(dense_units=4)
    encoder = network.encoder(event_shape, 6)
    decoder = network.decoder(3, event_shape + per_value)
    assert encoder.input_shape == (None, *event_shape)
    assert encoder.output_shape == (None, 6)
    assert decoder.output_shape == (None, *event_shape, *per_value)


@pytest.mark.parametrize("shape", [(1,), (30,), (7, 3), (2, 3, 4, 5), (28, 28, 1)], ids=str)
def test_mlp_reconstructs_the_exact_shape(shape):
    network = ki.networks.MLP((8, 4))
    encoder, decoder = network.encoder(shape, 6), network.decoder(3, shape)
    assert encoder.output_shape == (None, 6)
    assert decoder.output_shape == (None, *shape)
    size = math.prod(shape)
    assert encoder.count_params() == (size * 8 + 8) + (8 * 4 + 4) + (4 * 6 + 6)
    assert decoder.count_params() == (3 * 4 + 4) + (4 * 8 + 8) + (8 * size + size)


@pytest.mark.parametrize(
    ("event_shape", "kind"),
    [
        ((28, 28, 1), ki.networks.Conv),
        ((28, 28), ki.networks.Conv),
        ((8, 8, 4), ki.networks.Conv),
        ((7, 28, 1), ki.networks.MLP),
        ((28, 28, 5), ki.networks.MLP),
        ((30,), ki.networks.MLP),
        ((16, 16, 16, 1), ki.networks.MLP),
    ],
    ids=str,
)
def test_default_network(event_shape, kind):
    assert type(ki.networks.default_for(event_shape)) is kind


def test_conv_halves_a_28_pixel_image_twice():
    layers = ki.networks.Conv().encoder((28, 28, 1), 4).layers
    convolutions = [layer for layer in layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [32, 64]


@pytest.mark.parametrize("shape", [(30,), (2, 8, 8, 1)], ids=str)
def test_conv_refuses_what_is_not_an_image(shape):
    with pytest.raises(ValueError, match="needs images"):
        ki.networks.Conv().encoder(shape, 4)
