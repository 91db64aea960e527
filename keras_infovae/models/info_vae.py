"""InfoVAE."""

from keras_infovae import divergences
from keras_infovae.models.auto_lambda import auto_lambda
from keras_infovae.models.latent_variable_model import LatentVariableModel
from keras_infovae.utils.checks import argument_error, check_number
from keras_infovae.utils.serialization import register


@register
class InfoVAE(LatentVariableModel):
    """InfoVAE: a VAE whose weights on two parts of the KL divergence are free.

        loss = E_data E_q(z|x) [-log p(x|z)]
             + (1 - alpha) E_data KL(q(z|x) || p(z))
             + (alpha + lambda_ - 1) D(q(z), p(z))

    in nats per example. Up to a constant this is the negative of

        -lambda_ D(q(z), p(z)) - E_q(z) KL(q(x|z) || p(x|z)) + alpha I_q(x; z)

    so alpha rewards information about x in z, and lambda_ makes the codes as a whole look like the
    prior, which is what samples need.

    | alpha | lambda_ | divergence | is |
    |---|---|---|---|
    | 0 | 1 | any | `VAE` |
    | 1 - beta | beta | any | `BetaVAE` |
    | 1 | > 0 | "mmd" | `MMDVAE` |

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        alpha: at most 1. 0 (default) keeps the whole KL term; 0.5 keeps half of it; 1 drops it, for
            the most information in z at some cost in likelihood.
        lambda_: greater than 0 with alpha + lambda_ >= 1 (a negative weight would reward
            mismatch). Default "auto": 300 at alpha = 0 to 1,000 at alpha = 1 (docs/auto_lambda.md);
            the number is in `lambda_value`.
        divergence: a `Divergence` or its name. Default "mmd", in closed form over z.
        prior: default "standard_normal".
        posterior: default "diagonal_normal". "deterministic" needs alpha = 1.
        likelihood: "bernoulli" (default) for x in [0, 1], "normal" for real x.
        encoder, decoder: network settings or their names ("mlp", "conv"); None (default) for
            networks that suit the shape of x, "conv" for images, else "mlp"; or Keras models of
            your own, without an output activation. For the default posterior the encoder gives
            `concat([mean, log_variance])`, [n, 2 * latent_dim]; for "bernoulli" the decoder gives
            logits, for "normal" means, of the shape of x.
        seed: integer for repeatable draws of z. Default None.
        scaling: the `datasets.Scaling` that made x from raw data, kept with the model.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.InfoVAE(latent_dim=2, seed=0)
    >>> model.compile("adam")
    >>> history = model.fit(x, epochs=1, verbose=0)
    >>> model.encode(x).shape, model.generate(3, seed=0).shape
    ((64, 2), (3, 12))

    References:
        Zhao, Song, Ermon, InfoVAE: Balancing Learning and Inference in Variational Autoencoders,
        AAAI 2019, arXiv:1706.02262, equation 6.
    """

    def __init__(
        self,
        latent_dim,
        *,
        alpha=0.0,
        lambda_="auto",
        divergence="mmd",
        prior="standard_normal",
        posterior="diagonal_normal",
        likelihood="bernoulli",
        encoder=None,
        decoder=None,
        seed=None,
        scaling=None,
    ):
        super().__init__(latent_dim, prior, posterior, likelihood, encoder, decoder, seed, scaling)
        self.alpha = check_number("alpha", alpha, maximum=1)
        if isinstance(lambda_, str) and lambda_ != "auto":
            raise argument_error("lambda_", "a number or 'auto'", lambda_)
        if lambda_ != "auto":
            lambda_ = check_number("lambda_", lambda_, exclusive_minimum=0)
        self.lambda_ = lambda_
        if self.divergence_weight < 0:
            raise ValueError(
                "Arguments `alpha` and `lambda_` must add up to at least 1, because the "
                "divergence has the weight alpha + lambda_ - 1 and a negative one rewards "
                f"mismatch with the prior. Received: alpha={self.alpha:g}, "
                f"lambda_={self.lambda_value:g}, a weight of {self.divergence_weight:g}"
            )
        self.divergence = divergences.get(divergence)
        if not self.posterior.has_density and self.kl_weight != 0:
            raise argument_error(
                "alpha", "1 for a posterior without a density, whose KL is not defined", self.alpha
            )

    @property
    def lambda_value(self):
        """The number that `lambda_` stands for."""
        return auto_lambda(self.alpha) if self.lambda_ == "auto" else self.lambda_

    @property
    def kl_weight(self):
        """1 - alpha."""
        return 1.0 - self.alpha

    @property
    def divergence_weight(self):
        """alpha + lambda_ - 1."""
        return _divergence_weight(self.alpha, self.lambda_value)


def _divergence_weight(alpha, lambda_):
    """Returns alpha + lambda_ - 1, exactly 0 where only rounding is left of alpha = 1 - lambda_."""
    weight = alpha + lambda_ - 1.0
    return 0.0 if abs(weight) < 1e-12 * max(1.0, lambda_) else weight
