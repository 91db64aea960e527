"""The base of scores that are means over draws of z."""

import tensorflow as tf

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.typing import Model, Tensor
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.row_seeds import packed


class DrawnScore(AnomalyScore):
    """A score of K draws of z for each example, that repeats.

    The noise of the K draws is that of the row seeds `seed`, whichever row it is: an example has
    the same score in any batch. The first j of K draws are those of K = j.

    Args:
        num_samples: K, at least 1. Default 64.
        seed: integer of at least 0, of the noise. Default 0.
    """

    def __init__(self, num_samples: int = 64, seed: int = 0) -> None:
        self.num_samples = check_integer("num_samples", num_samples)
        self.seed = check_integer("seed", seed, minimum=0)

    def check_contributions(self, model: Model) -> None:
        """Raises ValueError for a model without codes or without p(x|z)."""
        for capability in ("encode", "likelihood"):
            model.capabilities.require(capability, "`contributions`")

    def part_rows(
        self, model: Model, x: Tensor, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Returns the mean over the draws of -log p_i(x_i|z) of each value, and what is left."""
        values = -model.mean_value_terms(x, self.seeds(x), self.num_samples, condition)[0]
        total = tf.reduce_sum(values, axis=tf.range(1, tf.rank(values)))
        return values, self.rows(model, x, condition) - total

    def seeds(self, x: Tensor) -> Tensor:
        """Returns the seed of each row of `x`, int64 [n]: the same one."""
        return tf.fill([tf.shape(x)[0]], tf.constant(packed(self.seed, 0, 1)[0]))
