"""Data of known shape: manifolds in R^n, and manifolds of images."""

from keras_infovae.datasets.manifolds.base import Manifold
from keras_infovae.datasets.manifolds.images import periodic_blob, rotated_arrow, turned_arrow
from keras_infovae.datasets.manifolds.vectors import circle, sphere, torus
from keras_infovae.datasets.raw import RawData
from keras_infovae.preprocessors.scaling import Scaling

_SAMPLE = 5000  # examples of `load`
_SETS = (circle, sphere, torus, rotated_arrow, periodic_blob, turned_arrow)


def _reader(make):
    def read():
        manifold = make()
        x = manifold.sample(_SAMPLE)
        return RawData(manifold.name, x, scaling=Scaling(), manifold=manifold)

    return read


SOURCES = {make.__name__: _reader(make) for make in _SETS}

__all__ = [
    "SOURCES",
    "Manifold",
    "circle",
    "periodic_blob",
    "rotated_arrow",
    "sphere",
    "torus",
    "turned_arrow",
]
