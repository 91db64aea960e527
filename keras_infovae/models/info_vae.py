"""InfoVAE."""

import functools
import inspect

import tensorflow as tf

from keras_infovae import divergences, schedules
from keras_infovae.models.compatibility import check_parts
from keras_infovae.models.latent_variable_model import LatentVariableModel
from keras_infovae.utils.checks import argument_error
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
            the most information in z at some cost in likelihood. A number or a `Schedule`.
        lambda_: greater than 0 with alpha + lambda_ >= 1 (a negative weight would reward
            mismatch), a number or a `Schedule`. Default "auto": what suits the divergence; for
            "mmd", 300 at alpha = 0 to 1,000 at alpha = 1 (docs/auto_lambda.md). The number is in
            `lambda_value`.
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

    fixed_arguments = ()

    def __init_subclass__(cls, **kwargs):
        """Lets the constructor of a member name the arguments that the member fixes."""
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = _refusing_fixed_arguments(cls.__init__)

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
        self.alpha = schedules.check_weight("alpha", alpha, maximum=1)
        self.divergence = divergences.get(divergence)
        if isinstance(lambda_, str) and lambda_ != "auto":
            raise argument_error("lambda_", "a number, a schedule or 'auto'", lambda_)
        if lambda_ != "auto":
            lambda_ = schedules.check_weight("lambda_", lambda_, exclusive_minimum=0)
        self.lambda_ = lambda_
        self._check_weights()
        check_parts(self)

    def _check_weights(self):
        alpha, lambda_ = (schedules.bounds(w)[0] for w in (self.alpha, self._lambda_setting()))
        weight = _divergence_weight(alpha, lambda_)
        if weight < 0:
            raise ValueError(
                "Arguments `alpha` and `lambda_` must add up to at least 1, because the "
                "divergence has the weight alpha + lambda_ - 1 and a negative one rewards "
                f"mismatch with the prior. Received: alpha={alpha:g}, "
                f"lambda_={lambda_:g}, a weight of {weight:g}"
            )

    def _lambda_setting(self):
        if self.lambda_ == "auto":
            return self.divergence.auto_lambda(schedules.bounds(self.alpha)[1])
        return self.lambda_

    @property
    def lambda_value(self):
        """The number that `lambda_` stands for: at the present step, on a schedule."""
        return float(self.value_at(self._lambda_setting(), self._step))

    def weights_at(self, step):
        """Returns (1 - alpha, alpha + lambda_ - 1) at `step`: numbers, or tensors on a schedule."""
        alpha = self.value_at(self.alpha, step)
        lambda_ = self.value_at(self._lambda_setting(), step)
        return 1.0 - alpha, _divergence_weight(alpha, lambda_)


def _refusing_fixed_arguments(constructor):
    @functools.wraps(constructor)
    def checked(self, *arguments, **settings):
        for name in self.fixed_arguments:
            if name in settings and name not in inspect.signature(constructor).parameters:
                raise TypeError(
                    f"Argument `{name}` must be left out: {type(self).__name__} is the InfoVAE "
                    f"that fixes it. Received: {name}={settings[name]!r}"
                )
        constructor(self, *arguments, **settings)

    return checked


def _divergence_weight(alpha, lambda_):
    """Returns alpha + lambda_ - 1, exactly 0 where only rounding is left of alpha = 1 - lambda_."""
    weight = alpha + lambda_ - 1.0
    if tf.is_tensor(weight):
        return weight
    return 0.0 if abs(weight) < 1e-12 * max(1.0, lambda_) else weight
