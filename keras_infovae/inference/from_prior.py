"""Codes that tell nothing of x."""

import tensorflow as tf

from keras_infovae.distributions import draw_rows
from keras_infovae.distributions.for_each_row import for_each_row
from keras_infovae.inference.base import Codes, Inference
from keras_infovae.typing import Config, Distribution, Joint, Tensor
from keras_infovae.utils.serialization import deserialize_values, register


@register
class FromPrior(Inference):
    """z as a draw from the prior, whatever x is: q(z|x) = p(z), without weights and without a KL.

    The decoder then has to describe x without z. With one that reads x as it describes it
    (`networks.Recurrent`, `networks.PixelCNN`) this is a language model, or an autoregressive model
    of images: the baseline that a model with latents has to beat. With one latent that it learns to
    pass over, log p(x) is the ELBO to a few hundredths of a nat. The code of any x is the prior's
    mean, or that of 16 draws where the prior does not know it ("maf", "hierarchical",
    "energy_based").

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.LatentVariableModel(latent_dim=1, inference="from_prior")
    >>> "elbo" in model.capabilities
    True
    """

    has_density = True

    def __init__(self) -> None:
        super().__init__(dtype="float32")

    def distribution(self, joint: Joint) -> Distribution:
        return for_each_row(joint.prior, joint.size)

    def point(self, joint: Joint) -> Tensor:
        try:
            return super().point(joint)
        except NotImplementedError:  # where TFP does not know the mean
            return tf.reduce_mean(self._repeated(joint, self.posterior_draws), axis=0)

    def draw_rows(self, joint: Joint, seeds: Tensor, num_samples: int = 1) -> Tensor:
        return tf.cast(draw_rows(joint.prior, seeds, num_samples), tf.float32)

    def draw_codes(self, joint: Joint, seed: Tensor, num_samples: int = 1) -> Codes:
        codes = super().draw_codes(joint, seed, num_samples)
        rows = tf.shape(codes.gathered)[1]
        return Codes(*codes[:2], for_each_row(joint.prior, rows))

    @classmethod
    def from_config(cls, config: Config) -> "FromPrior":
        """Returns the inference that `get_config` described."""
        return cls(**deserialize_values(config))
