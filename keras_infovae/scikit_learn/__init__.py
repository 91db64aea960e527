"""Models in scikit-learn's form: an outlier detector, a transformer and a density estimator."""

__all__ = ["DensityEstimator", "LatentTransformer", "OutlierDetector"]


def __getattr__(name):
    """Imports the estimators, and with them scikit-learn, when one is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from keras_infovae.scikit_learn.density_estimator import DensityEstimator
    from keras_infovae.scikit_learn.latent_transformer import LatentTransformer
    from keras_infovae.scikit_learn.outlier_detector import OutlierDetector

    found = (DensityEstimator, LatentTransformer, OutlierDetector)
    globals().update(zip(__all__, found, strict=True))
    return globals()[name]
