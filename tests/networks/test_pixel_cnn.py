"""The gated PixelCNN: what each pixel depends on."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

HEIGHT, WIDTH = 7, 8


def dependence(decoder, z, x):
    """Returns (of x, of z): absolute derivatives of the parameters of pixels, summed over the rest.

    Shapes [pixels, pixels of x] and [pixels, latent_dim].
    """
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([z, x])
        parameters = decoder([z, x])
        pixels = tf.reduce_sum(
            tf.reshape(parameters, [len(x), HEIGHT * WIDTH, -1])
            * tf.constant([1.0, 0.7, 1.3])[: parameters.shape[-1]],
            axis=[0, 2],
        )
    of_x = tape.jacobian(pixels, x, experimental_use_pfor=True)
    of_z = tape.jacobian(pixels, z, experimental_use_pfor=True)
    of_x = np.abs(of_x).reshape(HEIGHT * WIDTH, len(x), HEIGHT * WIDTH, -1).sum(axis=(1, 3))
    return of_x, np.abs(of_z).sum(axis=1)


def field(reach):
    """Returns which pixels may and do count for which: bool [pixels, pixels of x].

    Through vertical and horizontal stack together these are the pixels before in the same row, down
    to 1 + reach of them, and those up to 1 + reach rows above and `reach` columns aside.
    """
    row, column = (axis.ravel() for axis in np.indices((HEIGHT, WIDTH)))
    up, right = row[:, None] - row, column - column[:, None]
    left = (up == 0) & (right < 0) & (right >= -1 - reach)
    above = (up > 0) & (up <= 1 + reach) & (np.abs(right) <= reach)
    return left | above


@pytest.mark.parametrize(
    ("arguments", "channels", "reach"),
    [((6, 1, 3, 3), 1, 1), ((6, 2, 3, 5), 3, 3), ((6, 3, 5, 7), 1, 7)],
    ids=str,
)
def test_a_pixel_depends_on_all_earlier_ones_in_reach_and_on_no_other(arguments, channels, reach):
    keras.utils.set_random_seed(1)
    shape = (HEIGHT, WIDTH, channels)
    decoder = ki.networks.PixelCNN(*arguments).decoder(3, shape, shape)
    z = tf.random.stateless_normal([4, 3], seed=[1, 2])
    x = tf.random.stateless_normal([4, *shape], seed=[3, 4])
    of_x, of_z = dependence(decoder, z, x)
    np.testing.assert_array_equal(of_x > 0, field(reach))
    assert np.all(of_z > 0)


def test_z_reaches_every_layer_by_its_bias_and_by_its_map():
    decoder = ki.networks.PixelCNN(4, 3, 3, 3, 5).decoder(2, (6, 6), (6, 6))
    assert decoder.spatial_map.output_shape == (None, 6, 6, 5)
    shapes = [
        (layer.of_z.kernel.shape, layer.of_place.kernel.shape) for layer in decoder.gated_layers
    ]
    assert shapes == [((2, 16), (1, 1, 5, 16))] * 3


@pytest.mark.parametrize(
    ("event_shape", "parameters"),
    [
        ((28, 28), (28, 28)),
        ((28, 28, 1), (28, 28, 1)),
        ((32, 32, 3), (32, 32, 3, 2)),
        ((32, 32, 3), (32, 32, 100)),
        ((3, 13), (3, 13, 2)),
    ],
    ids=str,
)
def test_encoder_and_decoder_have_the_exact_shape(event_shape, parameters):
    network = ki.networks.PixelCNN(4, 2)
    decoder = network.decoder(3, parameters, event_shape)
    assert decoder([keras.Input((3,)), keras.Input(event_shape)]).shape == (None, *parameters)
    assert network.encoder(event_shape, 6).output_shape == (None, 6)


def test_the_number_of_weights():
    filters, reach, first_reach, channels, latent_dim, map_filters = 4, 1, 2, 2, 3, 5
    decoder = ki.networks.PixelCNN(4, 3, 3, 5, 5).decoder(3, (8, 8, 2), (8, 8, 2))

    def layer(reach, inputs):
        stacks = inputs * 2 * filters * ((reach + 1) * (2 * reach + 1) + (reach + 1))
        between = 2 * filters * 2 * filters + filters * filters
        condition = (latent_dim + 1 + map_filters) * 4 * filters
        return stacks + between + condition

    expected = layer(first_reach, channels + 1) + 2 * layer(reach, filters)
    expected += filters * filters + filters + filters * channels + channels
    assert decoder.count_params() - decoder.spatial_map.count_params() == expected


@pytest.mark.parametrize("shape", [(30,), (2, 8, 8, 1)], ids=str)
def test_what_is_not_an_image_is_refused(shape):
    network = ki.networks.PixelCNN()
    with pytest.raises(ValueError, match="`encoder`='pixel_cnn' needs images"):
        network.encoder(shape, 4)
    with pytest.raises(ValueError, match="`decoder`='pixel_cnn' needs images"):
        network.decoder(2, shape, shape)
