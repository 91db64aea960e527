"""The base of divergences D(q(z), p(z)) between the aggregated posterior and the prior."""

from keras_infovae.utils.serialization import Setting


class Divergence(Setting):
    """A divergence D(q(z), p(z)) >= 0 that is zero only where the two are equal."""

    def __call__(self, z, prior, posterior=None, seed=None):
        """Returns an estimate of D(q(z), p(z)), a float32 scalar.

        Args:
            z: [n, latent_dim], samples of q(z): one per example of the batch.
            prior: p(z), a TFP distribution with event shape [latent_dim].
            posterior: the batch of q(z|x), a TFP distribution with batch shape [n], for estimators
                that integrate z out or draw several z per example. Default None.
            seed: int32 tensor [2], a stateless seed; for estimators that draw samples.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `__call__`")
