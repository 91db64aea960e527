"""The sources that can be explained."""

from typing import Any

from keras_infovae.migration.authors import explain_authors
from keras_infovae.migration.explanation import Explanation
from keras_infovae.migration.pythae import explain_pythae
from keras_infovae.migration.pytorch_vae import explain_pytorch_vae
from keras_infovae.utils.checks import check_choice

SOURCES = {
    "pythae": explain_pythae,
    "pytorch_vae": explain_pytorch_vae,
    "authors": explain_authors,
}


def explain(source: str, settings: Any = None) -> Explanation:
    """Returns what a training elsewhere really minimizes, on the scale of this package.

    Every library has weights called alpha, lambda or beta, and none are on the same scale: losses
    are summed or averaged over pixels, kernels summed or averaged over scales, and divided by the
    batch once or twice. `docs/migration.md` has the table.

    Args:
        source: `"pythae"`, `"pytorch_vae"` (AntixK) or `"authors"` (the InfoVAE authors' scripts).
        settings: a dictionary of that source's own settings, by its own names; a whole config file
            of theirs will do. None (default), and what is missing: their defaults.

    Returns:
        An `Explanation`; print it.

    Raises:
        ValueError, TypeError: for an unknown source, key or value, or one that their code refuses.

    Example:

    >>> import keras_infovae as ki
    >>> from keras_infovae import migration
    >>> mnist = migration.explain("pythae", {"latent_dim": 16, "alpha": 0, "lbd": 1000})
    >>> mnist.alpha, mnist.lambda_
    (0.0, 6994.0)
    >>> migration.explain("pythae").refused[:48]  # their defaults
    'The divergence has the weight -6.993: the traini'
    >>> print(migration.explain("authors", {"script": "tutorial", "z_dim": 2}))
    The authors' MMD-Variational-Autoencoder, mmd_vae.py
      they minimize   mean (x - m)^2 + MMD
      times 392, in nats per example, that is
        reconstruction_loss + 0 * kl_divergence + 392 * divergence
      so that         alpha = 1, lambda_ = 392
      likelihood      ki.likelihoods.Normal(scale=1.0)
      kernel          ki.kernels.Gaussian(bandwidth=1.414213562373095, scales=[1.0])
      the same objective here:
        ki.InfoVAE(
            latent_dim=2,
            alpha=1.0,
            lambda_=392.0,
            divergence=ki.divergences.MaximumMeanDiscrepancy(kernel=ki.kernels.Gaussian(...
            posterior='deterministic',
            likelihood=ki.likelihoods.Normal(scale=1.0),
        )
    """
    return SOURCES[check_choice("source", source, SOURCES)](settings)
