"""Schedules of weights over a training: warm-up, annealing and cycles."""

from keras_infovae.schedules.base import Schedule
from keras_infovae.schedules.constant import Constant
from keras_infovae.schedules.cosine import Cosine
from keras_infovae.schedules.cyclical import Cyclical
from keras_infovae.schedules.linear import Linear
from keras_infovae.schedules.ramp import Ramp
from keras_infovae.schedules.sigmoid import Sigmoid
from keras_infovae.schedules.weights import bounds, check_weight, value_at
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "schedule",
    Schedule,
    {
        "constant": Constant,
        "linear": Linear,
        "cosine": Cosine,
        "cyclical": Cyclical,
        "sigmoid": Sigmoid,
    },
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = [
    "Constant",
    "Cosine",
    "Cyclical",
    "Linear",
    "Ramp",
    "Schedule",
    "Sigmoid",
    "bounds",
    "check_weight",
    "deserialize",
    "get",
    "serialize",
    "value_at",
]
