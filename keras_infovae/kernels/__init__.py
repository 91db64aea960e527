"""Kernels on the latent space: serializable settings over `tfp.math.psd_kernels`."""

from keras_infovae.kernels.base import Kernel
from keras_infovae.kernels.gaussian import Gaussian
from keras_infovae.kernels.inverse_multiquadratic import InverseMultiquadratic
from keras_infovae.kernels.rational_quadratic import RationalQuadratic
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "kernel",
    Kernel,
    {
        "gaussian": Gaussian,
        "rbf": Gaussian,
        "inverse_multiquadratic": InverseMultiquadratic,
        "imq": InverseMultiquadratic,
        "rational_quadratic": RationalQuadratic,
        "rq": RationalQuadratic,
    },
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = [
    "Gaussian",
    "InverseMultiquadratic",
    "Kernel",
    "RationalQuadratic",
    "deserialize",
    "get",
    "serialize",
]
