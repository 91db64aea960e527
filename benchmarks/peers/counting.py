"""The operations and bytes of a training step, from its layers, and what they cost at least."""

import math
from typing import NamedTuple

_WORDS_OF_ADAM = 6  # a weight and its two averages, each read and written
_BYTES = 4


class Count(NamedTuple):
    """Of one step.

    Args:
        operations: multiplications and additions of matrix products and convolutions.
        bytes: what Adam has to read and write; a gradient may still be in a cache.
    """

    operations: int
    bytes: int

    def seconds(self, operations_per_second, bytes_per_second):
        """Returns the least time of the step: first it computes, then it updates the weights."""
        return self.operations / operations_per_second + self.bytes / bytes_per_second


def multiplications(layer):
    """Returns the multiplications of a Keras layer for one example, forward."""
    kind = type(layer).__name__
    if kind == "Dense":
        return math.prod(layer.kernel.shape)
    if kind in ("Conv2D", "Conv2DTranspose"):
        # Each place of the coarser side meets the whole kernel.
        places = layer.output if kind == "Conv2D" else layer.input
        return math.prod(places.shape[1:3]) * math.prod(layer.kernel.shape)
    return 0


def count(encoder, decoder, batch):
    """Returns the `Count` of a step of `batch` examples through two Keras models and back.

    Backward there are two products for each one forward, that of the gradient of the kernel and
    that of the gradient of what came in, which the first layer does not need.
    """
    products = [multiplications(layer) for layer in (*encoder.layers, *decoder.layers)]
    products = [number for number in products if number]
    weights = encoder.count_params() + decoder.count_params()
    return Count(2 * batch * (3 * sum(products) - products[0]), weights * _WORDS_OF_ADAM * _BYTES)
