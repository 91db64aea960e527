"""The quantiles of the standard normal distribution below its median."""

import tensorflow as tf

from keras_infovae.typing import Tensor

# PPND7 of AS 241: of q = p - 1/2 in powers of 0.425^2 - q^2, and far out in powers of
# sqrt(-log p) - 1.6, the highest first; each a numerator and a denominator.
_NEAR = (
    (59.109374720, 159.29113202, 50.434271938, 3.3871327179),
    (67.187563600, 78.757757664, 17.895169469, 1.0),
)
_FAR = (
    (0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777),
    (0.12021132975, 0.73700164250, 1.0),
)
_NEAREST = 0.425


def normal_quantile(p: Tensor) -> Tensor:
    """Returns x with P(z <= x) = p, z ~ N(0, 1), float32, to a relative error of 1e-6.

    `tf.math.ndtri` is by Cephes outside of XLA. XLA, on a CPU, has it from erfinv(2 p - 1), where
    the digits of a small p are lost: it is wrong by 0.02 at 1e-7, and infinite below 2**-26.

    Args:
        p: float32, from exp(-25) = 1.4e-11 to 1/2.

    References:
        Wichura, Algorithm AS 241: The Percentage Points of the Normal Distribution, Applied
        Statistics 1988.

    Example:

    >>> import tensorflow as tf
    >>> normal_quantile(tf.constant([0.5, 0.025])).numpy().round(3).tolist()
    [0.0, -1.9600000381469727]
    """
    q = p - 0.5
    near = q * _ratio(_NEAR, _NEAREST**2 - q * q)
    far = -_ratio(_FAR, tf.sqrt(-tf.math.log(p)) - 1.6)
    return tf.where(q >= -_NEAREST, near, far)


def _ratio(coefficients, x):
    numerator, denominator = (_polynomial(of_one, x) for of_one in coefficients)
    return numerator / denominator


def _polynomial(coefficients, x):
    value = coefficients[0] * x + coefficients[1]
    for coefficient in coefficients[2:]:
        value = value * x + coefficient
    return value
