"""Divergences D(q(z), p(z)) between the aggregated posterior and the prior."""

from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.functional import (
    expected_maximum_mean_discrepancy,
    maximum_mean_discrepancy,
)
from keras_infovae.divergences.mmd import MaximumMeanDiscrepancy
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "divergence",
    Divergence,
    {"mmd": MaximumMeanDiscrepancy, "maximum_mean_discrepancy": MaximumMeanDiscrepancy},
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = [
    "Divergence",
    "MaximumMeanDiscrepancy",
    "deserialize",
    "expected_maximum_mean_discrepancy",
    "get",
    "maximum_mean_discrepancy",
    "serialize",
]
