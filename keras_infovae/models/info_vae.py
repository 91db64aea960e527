"""InfoVAE."""

import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae import divergences, networks, schedules
from keras_infovae.distributions import posteriors
from keras_infovae.distributions.posteriors import Posterior
from keras_infovae.inference import Amortized
from keras_infovae.models.compatibility import check_parts, divergence_is_computed
from keras_infovae.models.free_bits import free_bits_kl
from keras_infovae.models.latent_variable_model import LatentVariableModel, Pass
from keras_infovae.models.penalty import number, penalty
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import NETWORK_BY_SHAPE, Member, Number, Weight
from keras_infovae.typing import KerasModel, Seed, Shape, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.values_only import values_only


@register_model("info_vae")
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
        likelihood: "bernoulli" for x in [0, 1], "normal" for real x. Default "auto": what a table,
            uint8 images or texts say, and "bernoulli" for arrays of floats.
        encoder, decoder: network settings or their names ("mlp", "conv"); None (default) for
            networks that suit the shape of x, "conv" for images, else "mlp"; or Keras models of
            your own, without an output activation. For the default posterior the encoder gives
            `concat([mean, log_variance])`, [n, 2 * latent_dim]; for "bernoulli" the decoder gives
            logits, for "normal" means, of the shape of x.
        condition: what encoder and decoder are told of each example besides x and z:
            `conditions.Classes(n)` for integer labels, `conditions.Features(n)` for real numbers,
            or a list of columns of the table that the model is trained on.
            The model learns p(x|z, c) with q(z|x, c), and `generate(n, condition=c)` makes examples
            to order; what c tells need not be in z, and because the divergence holds q(z) over all
            c to p(z), z and c come out nearly independent. Own networks get c appended to the last
            axis of what they are given: the encoder [n, ..., k + c] (for an image, c more channels
            of constants), the decoder z of [n, latent_dim + c]. Default None.
        free_bits: nats of each dimension of z that cost nothing, at least 0: the KL term of the
            loss is (1 - alpha) sum_d max(E KL(q(z_d|x) || p(z_d)), free_bits), with the mean over
            the batch. So codes do not collapse to tell less than that. `kl_divergence` is reported
            as it is. Default 0.
        num_samples: how many draws of z for each example the reconstruction is averaged over.
            Default 1.
        seed: integer for repeatable draws of z. Default None.
        scaling: the `preprocessors.Scaling` that made x from raw data, kept with the model.
        preprocessor: the way from raw data to x and back, such as the `tables.Schema` of a table.
            Default None: that of the first raw data that the model is trained on.

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
        Kingma et al., Improving Variational Inference with Inverse Autoregressive Flow,
        arXiv:1606.04934, equation 15 (free bits).
        Sohn, Lee, Yan, Learning Structured Output Representation using Deep Conditional Generative
        Models, NeurIPS 2015, equation 4 (the condition).
    """

    fixed_arguments = ()
    divergence_class = divergences.Divergence  # what a member's name stands for

    def __init__(
        self,
        latent_dim,
        *,
        alpha: Weight(
            "The weight of KL(q(z|x) || p(z)) is 1 - alpha: 0 keeps all of it; 1 drops it, for "
            "codes that tell more.",
            maximum=1,
            search=[0.0, 0.25, 0.5, 0.75, 1.0],
        ) = 0.0,
        lambda_: Weight(
            "The weight of the divergence between codes and prior is alpha + lambda_ - 1, which "
            "must not be negative; auto: what suits the divergence.",
            exclusive_minimum=0,
            words=("auto",),
            search=["auto", 100.0, 1000.0],
        ) = "auto",
        divergence: Member("Between codes and prior.", divergences) = "mmd",
        prior="standard_normal",
        posterior: Member("q(z|x).", posteriors) = "diagonal_normal",
        likelihood="auto",
        encoder: Member("The network from x to z.", networks, shown=NETWORK_BY_SHAPE) = None,
        decoder=None,
        condition: Any = None,
        free_bits: Number(
            "Nats of each dimension of z that the KL term leaves free: codes then tell something.",
            minimum=0,
            unit="NATS",
        ) = 0.0,
        num_samples=1,
        seed: Seed = None,
        scaling: Any = None,
        preprocessor: Any = None,
    ) -> None:
        super().__init__(
            latent_dim,
            inference=Amortized(encoder, posterior),
            prior=prior,
            likelihood=likelihood,
            decoder=decoder,
            condition=condition,
            num_samples=num_samples,
            seed=seed,
            scaling=scaling,
            preprocessor=preprocessor,
        )
        self.alpha = alpha
        self.divergence = divergences.get(divergence)
        if not isinstance(self.divergence, self.divergence_class):
            raise argument_error(
                "divergence",
                f"a {self.divergence_class.__name__}, which {type(self).__name__} is named for; "
                "InfoVAE takes any",
                divergence,
            )
        self.lambda_ = lambda_
        self.free_bits = free_bits
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

    # === Parts ===

    @property
    def encoder(self) -> KerasModel:
        """The encoder: a Keras model once the model is built."""
        return self.inference.encoder

    @property
    def posterior(self) -> Posterior:
        """What the encoder's numbers stand for, a `Posterior`."""
        return self.inference.posterior

    def parts(self) -> list:
        """Returns the layers that the model is made of, in the order that its weights have."""
        return [*super().parts(), self.divergence]

    def build_parts(self, event_shape: Shape) -> None:
        """Makes the networks for x of `event_shape` and checks that they fit together."""
        super().build_parts(event_shape)
        if not getattr(self.divergence, "built", False):
            self.divergence.build(self.latent_dim)

    def adapt(self, x: np.ndarray | None, count: int) -> None:
        """Tells likelihood and divergence what they need to know of the training data."""
        super().adapt(x, count)
        if count is not None:
            self.divergence.adapt(count)

    # === The loss ===

    @property
    def term_names(self) -> tuple[str, ...]:
        """The names of the terms; a divergence of weight 0 is left out where draws cost a chain."""
        terms = ("reconstruction_loss", "kl_divergence")
        return (*terms, "divergence") if self._has_divergence else terms

    @property
    def _has_divergence(self):
        return divergence_is_computed(self)

    @property
    def lambda_value(self) -> float:
        """The number that `lambda_` stands for: at the present step, on a schedule."""
        return float(self.progress.value_of(self._lambda_setting()))

    def weights_at(self, step: Tensor) -> dict[str, Any]:
        """Returns the weights of the KL term and of the divergence at `step`.

        {"kl_weight": 1 - alpha, "divergence_weight": alpha + lambda_ - 1}: numbers, or tensors on a
        schedule.
        """
        alpha = self.progress.value_of(self.alpha, step)
        lambda_ = self.progress.value_of(self._lambda_setting(), step)
        return {"kl_weight": 1.0 - alpha, "divergence_weight": _divergence_weight(alpha, lambda_)}

    @property
    def divergence_weight(self) -> float:
        """The weight of D(q(z), p(z)) in the loss: at the present step, on a schedule."""
        return number(self.weights_at(self.progress.step)["divergence_weight"])

    @property
    def least_batch(self) -> int:
        """2 where the divergence counts: one example shows no aggregated posterior; else 1."""
        weight = self.weights_at(0)["divergence_weight"]
        return 2 if tf.is_tensor(weight) or weight != 0 else 1

    def loss_terms(self, one: Pass) -> dict[str, Tensor]:
        """Returns {name: share of the global batch's value} of a `Pass`."""
        if not self._has_divergence:
            return super().loss_terms(one)
        z, posterior = one.codes.gathered[0], one.codes.posterior
        weight = self.weights_at(self.progress.step)["divergence_weight"]
        # A weight of 0 leaves it out of the loss.
        with values_only(not tf.is_tensor(weight) and weight == 0):
            value = self.divergence(z, one.prior, posterior, seed=one.seed)
        return super().loss_terms(one) | {"divergence": reductions.share_of_global_value(value)}

    def weighed(self, terms: dict[str, Tensor], one: Pass) -> Tensor:
        """Returns the loss that `terms` of a `Pass` come to, a share."""
        if self.free_bits:
            held = free_bits_kl(one.codes.posterior, one.prior, self.free_bits)
            terms = terms | {"kl_divergence": held}
        if not self._has_divergence:
            return super().weighed(terms, one)
        weight = self.weights_at(self.progress.step)["divergence_weight"]
        return super().weighed(terms, one) + penalty(weight, terms["divergence"])

    def _objective_terms(self):
        kl = f"{self._weight_text('kl_weight')} * kl_divergence"
        if self.free_bits:
            kl += f" (at least {self.free_bits:g} nats of each dimension)"
        if not self._has_divergence:
            return ["reconstruction_loss", kl]
        divergence = f"{self._weight_text('divergence_weight')} * divergence"
        return ["reconstruction_loss", kl, divergence]

    def preflight(self, rows: int | None) -> None:
        """Prints the objective, and warns where the divergence is blind at this batch size."""
        super().preflight(rows)
        if rows is None or self.least_batch == 1:
            return
        message = divergences.kernel_warning(
            self.divergence, self.prior_distribution(), self.latent_dim, rows
        )
        if message is not None:
            warnings.warn(message)


def _divergence_weight(alpha, lambda_):
    """Returns alpha + lambda_ - 1, exactly 0 where only rounding is left of alpha = 1 - lambda_."""
    weight = alpha + lambda_ - 1.0
    if tf.is_tensor(weight):
        return weight
    return 0.0 if abs(weight) < 1e-12 * max(1.0, lambda_) else weight
