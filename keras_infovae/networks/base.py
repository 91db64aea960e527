"""The base of network builders."""

from keras_infovae.typing import KerasModel, Likelihood, Shape
from keras_infovae.utils.serialization import Setting


class Network(Setting):
    """Builds an encoder and a decoder that fit a given shape of x.

    Both are plain Keras models without an output activation: the encoder's output goes to the
    posterior, the decoder's to the likelihood, and these apply what they need (a sigmoid, an exp).
    """

    def for_likelihood(self, likelihood: Likelihood) -> "Network":
        """Returns the setting for x as a likelihood describes it; most go by its shape alone."""
        return self

    def encoder(self, event_shape: Shape, output_size: int) -> KerasModel:
        """Returns a Keras model from x [n, *event_shape] to [n, output_size]."""
        raise NotImplementedError(f"{type(self).__name__} does not define `encoder`")

    def decoder(
        self, latent_dim: int, output_shape: Shape, event_shape: Shape | None = None
    ) -> KerasModel:
        """Returns a Keras model from z [n, latent_dim] to [n, *output_shape].

        `event_shape` is the shape of x, which an `AutoregressiveDecoder` reads as well as z and
        others have no use for.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `decoder`")
