"""An autoregressive decoder for images."""

from keras_infovae.networks.base import Network
from keras_infovae.networks.conv import Conv
from keras_infovae.networks.image_shapes import check_image
from keras_infovae.networks.pixel_cnn_decoder import PixelCNNDecoder
from keras_infovae.typing import KerasModel, Shape
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.serialization import register

_MAP_UNITS = 64  # of the dense layer between z and its map


@register
class PixelCNN(Network):
    """A gated PixelCNN as the decoder, for images [height, width] or [height, width, channels]:

        p(x|z) = prod_i p(x_i | x_1, ..., x_{i-1}, z),      i = 1, 2, ... row by row

    The parameters of a pixel depend on z and on the pixels above it, and to its left in its row, as
    far as the layers reach: 10 rows and columns with the defaults. Such a decoder can describe
    images without z, which a VAE (alpha = 0, lambda_ = 1) may then leave unused; a larger alpha
    rewards its use.

    Only space is masked: given the earlier pixels, the channels of one pixel depend on each other
    as far as the likelihood makes them, which most do not.

    Every layer is told z in a bias, and in a map of the image's size that transposed convolutions
    make of z. The encoder is that of `Conv`. Draws from the Bernoulli likelihood are black and
    white, so the data should be too.

    Args:
        filters: number of channels of each of the two stacks. Default 32.
        num_layers: number of gated layers. Default 4.
        kernel_size: side of the (unmasked) convolution kernels in pixels, odd and at least 3.
            Default 5: a layer sees 2 rows up, and 2 columns to the left and, above, to the right.
        first_kernel_size: the same of the first layer. Default 7.
        spatial_filters: number of channels of the map of z. Default 16.

    Raises:
        ValueError, TypeError: for anything but positive integers, an even kernel, or x that is not
            an image.

    Example:

    >>> import keras_infovae as ki
    >>> import tensorflow as tf
    >>> network = ki.networks.PixelCNN(filters=4, num_layers=2)
    >>> decoder = network.decoder(latent_dim=2, output_shape=(8, 8, 1))
    >>> decoder([tf.zeros([3, 2]), tf.zeros([3, 8, 8, 1])]).shape
    TensorShape([3, 8, 8, 1])

    References:
        van den Oord et al., Conditional Image Generation with PixelCNN Decoders, arXiv:1606.05328,
        section 2.
    """

    def __init__(
        self,
        filters: int = 32,
        num_layers: int = 4,
        kernel_size: int = 5,
        first_kernel_size: int = 7,
        spatial_filters: int = 16,
    ) -> None:
        self.filters = check_integer("filters", filters)
        self.num_layers = check_integer("num_layers", num_layers)
        self.kernel_size = _check_kernel("kernel_size", kernel_size)
        self.first_kernel_size = _check_kernel("first_kernel_size", first_kernel_size)
        self.spatial_filters = check_integer("spatial_filters", spatial_filters)

    def encoder(self, event_shape: Shape, output_size: int) -> KerasModel:
        check_image("encoder", "pixel_cnn", event_shape)
        return Conv().encoder(event_shape, output_size)

    def decoder(
        self, latent_dim: int, output_shape: Shape, event_shape: Shape | None = None
    ) -> KerasModel:
        event_shape = tuple(output_shape if event_shape is None else event_shape)
        check_image("decoder", "pixel_cnn", event_shape)
        map_shape = (*event_shape[:2], self.spatial_filters)
        decoder = PixelCNNDecoder(
            latent_dim,
            output_shape,
            event_shape,
            spatial_map=Conv(dense_units=_MAP_UNITS).decoder(latent_dim, map_shape),
            filters=self.filters,
            num_layers=self.num_layers,
            kernel_size=self.kernel_size,
            first_kernel_size=self.first_kernel_size,
        )
        decoder.build()
        return decoder


def _check_kernel(name, size):
    size = check_integer(name, size, minimum=3)
    if size % 2 == 0:
        raise argument_error(name, "an odd integer of at least 3", size)
    return size
