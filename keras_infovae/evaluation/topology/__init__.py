"""Whether a model has the shape of data whose shape is known."""

from keras_infovae.evaluation.topology.report import manifold_report

__all__ = ["manifold_report"]
