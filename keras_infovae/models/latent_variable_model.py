"""Models with latents: p(x|z) p(z), and a way to find z for x."""

import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_infovae import conditions, inference, networks
from keras_infovae.distributions import draw_rows, likelihoods, piecewise_affine, priors
from keras_infovae.distributions.exact_or_drawn_kl import exact_or_drawn_kl
from keras_infovae.models import compatibility
from keras_infovae.models.capabilities import Capabilities
from keras_infovae.models.example_spec import check_shape
from keras_infovae.models.imputation import impute_rows
from keras_infovae.models.joint import Joint
from keras_infovae.models.penalty import number, penalty
from keras_infovae.models.raw_data import check_preprocessor
from keras_infovae.models.registry import register_model
from keras_infovae.models.row_functions import BATCH_SIZE
from keras_infovae.models.step_model import BatchLoss
from keras_infovae.models.two_stage_model import TwoStageModel
from keras_infovae.parameters.kinds import LATENT_DIM, NETWORK_BY_SHAPE, Integer, Member
from keras_infovae.preprocessors import Preprocessor
from keras_infovae.typing import (
    Batches,
    Condition,
    Config,
    Distribution,
    Rows,
    Seed,
    Shape,
    Tensor,
)
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.player import Player
from keras_infovae.utils.row_random import fold_in, row_seeds


class Pass(NamedTuple):
    """One pass over a batch: what the terms of the loss are computed from.

    Args:
        joint: the `Joint` of this replica's examples.
        codes: the `inference.Codes`.
        log_likelihood: log p(x|z), [draws, local_batch].
        prior: p(z).
        seed: int32 [2], for what is random besides z.
    """

    joint: Any
    codes: Any
    log_likelihood: Any
    prior: Any
    seed: Any


@register_model("latent_variable_model")
class LatentVariableModel(TwoStageModel):
    """A model p(x|z) p(z) with a way to find z for x, trained to minimize, in nats per example,

        loss = reconstruction_loss + kl_weight * kl_divergence

        reconstruction_loss = E_data E_q(z|x) [-log p(x|z)]        (over num_samples draws of z)
        kl_divergence       = E_data KL(q(z|x) || p(z))            (exact where TFP knows it)

    summed over the axes of x and averaged over the global batch. The KL term is there where both
    have a density; else the decoder descends -log p(x|z) at the z that inference finds. `fit`
    records the terms and `evaluate` returns them, in training and validation alike. Beside them
    stand `adversary_loss` where a part of the model is a `Player` (it trains itself after each step
    of the model), `regularization` where own networks add to the loss, and weights that follow a
    schedule.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        inference: an `Inference`. Default None: `Amortized()`.
        prior: a `Prior` or its name. Default "standard_normal".
        likelihood: a `Likelihood` or its name. Default "auto": "bernoulli" for arrays, and for a
            DataFrame what its columns are (`tables.Schema.likelihood`).
        decoder: a Keras model from z [n, latent_dim] to [n, *likelihood.parameter_shape(x)], the
            numbers that the likelihood documents, without an output activation; a network setting
            or its name; or None (default) for one that suits the shape of x.
        condition: `conditions.Classes(n)`, `conditions.Features(n)` or a list of columns of the
            training table, what encoder and decoder are told of each example besides. Own networks
            get it appended to the last axis of what they are given. Default None.
        num_samples: how many draws of z for each example a step takes. Default 1.
        seed: an integer for repeatable draws of z, or None. Weights follow
            `keras.utils.set_random_seed`.
        scaling: how raw numbers became x (a `preprocessors.Scaling`), kept with the model.
            Default None.
        preprocessor: the way from raw data to x and back, such as the `tables.Schema` of a table.
            Default None: that of the first raw data that the model is trained on.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> model = ki.LatentVariableModel(latent_dim=2, likelihood="normal", seed=0)
    >>> history = model.fit(np.zeros([8, 3], "float32"), epochs=1, verbose=0)
    >>> sorted(history.history)
    ['kl_divergence', 'loss', 'reconstruction_loss']
    """

    def __init__(
        self,
        latent_dim: LATENT_DIM,
        *,
        inference: Member("How z is found for x.", inference, shown="amortized") = None,
        prior: Member("p(z).", priors) = "standard_normal",
        likelihood: Member(
            "p(x|z), by the values of x: docs/choosing.md says which is for what.",
            likelihoods,
            words=("auto",),
        ) = "auto",
        decoder: Member("The network from z to x.", networks, shown=NETWORK_BY_SHAPE) = None,
        condition: Any = None,
        num_samples: Integer("Draws of z per example and step.", unit="DRAWS") = 1,
        seed: Seed = None,
        scaling: Any = None,
        preprocessor: Any = None,
    ) -> None:
        self._likelihood_of_data = isinstance(likelihood, str) and likelihood == "auto"
        if self._likelihood_of_data:
            check_preprocessor(preprocessor)
            likelihood = "bernoulli" if preprocessor is None else preprocessor.likelihood()
        likelihood = likelihoods.get(likelihood)
        super().__init__(
            values=likelihood,
            condition=condition,
            seed=seed,
            scaling=scaling,
            preprocessor=preprocessor,
        )
        self.latent_dim = latent_dim
        self.inference = _inference_or_default(inference)
        self.prior = priors.get(prior)
        self.likelihood = likelihood
        self.decoder = networks.check_network("decoder", decoder)
        self.num_samples = num_samples
        compatibility.check_prior(self.prior, self.inference)

    @property
    def term_names(self) -> tuple[str, ...]:
        """The names of the terms of the loss."""
        kl = ("kl_divergence",) if self._has_kl else ()
        return ("reconstruction_loss", *kl)

    @property
    def _has_kl(self):
        return self._has_kl_to(self.prior)

    def _has_kl_to(self, prior):
        return self.inference.has_density and prior.has_density

    # === Parts ===

    def parts(self) -> list:
        """Returns the layers that the model is made of, in the order that its weights have."""
        decoder = [] if isinstance(self.decoder, (networks.Network, type(None))) else [self.decoder]
        return [self.inference, *decoder, self.prior, self.likelihood]

    def build_parts(self, event_shape: Shape) -> None:
        """Makes the networks for x of `event_shape` and checks that they fit together."""
        self.likelihood.check_event_shape(event_shape)
        compatibility.check_features(self.likelihood, self.prior)
        size = self.condition.size
        features = self.likelihood.feature_shape(event_shape)
        self.decoder = networks.suited(self.decoder, self.likelihood)
        if not self.inference.built:
            self.inference.suit(self.likelihood)
            self.inference.build(features, size, self.latent_dim)
        self.decoder = networks.fitting_decoder(
            self.decoder,
            self.latent_dim + size,
            self.likelihood.parameter_shape(event_shape),
            event_shape,
        )
        seen = networks.conditioned_shape(features, size)
        for layer, *shapes in ((self.prior, self.latent_dim, seen), (self.likelihood, event_shape)):
            if not layer.built:  # a saved one is built when it is restored
                layer.build(*shapes)

    def describe(self, preprocessor: Preprocessor | None, data: Any, plain: bool = False) -> None:
        """Makes the preprocessor of raw data, and their likelihood where none was chosen."""
        plain = plain or not self._likelihood_of_data  # one of choice is of numbers as they are
        super().describe(preprocessor, data, plain)
        if not plain:
            self._tracker.untrack(self.likelihood)
            self.likelihood = likelihoods.get(self.example_spec.preprocessor.likelihood())
            self.example_spec.values = self.likelihood

    def get_config(self) -> Config:
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        likelihood = {"likelihood": "auto"} if self._likelihood_of_data else {}
        return super().get_config() | likelihood

    def adapt(self, x: np.ndarray | None, count: int) -> None:
        """Tells the likelihood what it needs to know of the training data."""
        if x is not None:
            self.likelihood.adapt(x)

    # === The loss ===

    def weights_at(self, step: Tensor) -> dict[str, Any]:
        """Returns {"kl_weight": weight} at `step`, and what inference has on a schedule.

        They are numbers, or tensors on a schedule.
        """
        scheduled = self.inference.scheduled().items()
        return {"kl_weight": 1.0} | {n: self.progress.value_of(w, step) for n, w in scheduled}

    def _schedulable(self):
        return [*super()._schedulable(), *self.inference.scheduled().values()]

    @property
    def kl_weight(self) -> float:
        """The weight of KL(q(z|x) || p(z)) in the loss: at the present step, on a schedule."""
        return number(self.weights_at(self.progress.step)["kl_weight"])

    def objective(self) -> str:
        """Returns the loss as one line of text, with the weights as numbers."""
        return f"{self.name}: loss = {' + '.join(self._objective_terms())}"

    def _objective_terms(self):
        kl = [f"{self._weight_text('kl_weight')} * kl_divergence"] if self._has_kl else []
        return ["reconstruction_loss", *kl]

    def _weight_text(self, name):
        return name if name in self.scheduled_weights else f"{getattr(self, name):g}"

    def batch_loss(
        self, x: Tensor, condition: Tensor, seed: Tensor, training: bool = False
    ) -> BatchLoss:
        """Returns the `BatchLoss` of one batch: of its terms and how they are weighed."""
        with reductions.replicas_apart(not self._synchronize_divergence, tf.shape(x)[0]):
            z_seed, other_seed = tf.unstack(
                tf.random.experimental.stateless_split(reductions.own_seed(seed))
            )
            # First what a prior asks of the encoder, then x: a network keeps the losses of its last
            # call, and those of x are meant.
            prior = self._distribution_of(self.prior)
            joint = Joint(self, x, condition, prior, training)
            codes = self.inference.draw_codes(joint, z_seed, self.num_samples)
            log_likelihood = joint.log_likelihood(codes.z)
            one = Pass(joint, codes, log_likelihood, prior, other_seed)
            terms = self.loss_terms(one)
            loss = self.weighed(terms, one) + self._likelihood_of_codes(one)
            return BatchLoss(loss, terms, (codes.gathered[0], prior))

    def _likelihood_of_codes(self, one):
        """Returns 0 whose gradient is that of -E log p(z), by which a prior learns without a KL.

        z is constant: the gradient of log p(x) is E [grad log p(x, z)] over p(z|x), and no term of
        the loss has log p(z). A prior that learns by itself, or a divergence by which it does, is
        left to that.
        """
        weights = self.prior.trainable_variables
        by_chain = not (self.inference.is_amortized or self.inference.has_density)
        alone = self.term_names == ("reconstruction_loss",)
        if not (by_chain and alone and weights) or isinstance(self.prior, Player):
            return 0.0
        rows = -tf.reduce_mean(one.prior.log_prob(tf.stop_gradient(one.codes.z)), axis=0)
        share = reductions.share_of_global_mean(rows)
        return share - tf.stop_gradient(share)

    def loss_terms(self, one: Pass) -> dict[str, Tensor]:
        """Returns {name: share of the global batch's value} of a `Pass`."""
        mean = -tf.reduce_mean(one.log_likelihood, axis=0)
        terms = {"reconstruction_loss": reductions.share_of_global_mean(mean)}
        if "kl_divergence" in self.term_names:
            z, posterior = one.codes.gathered, one.codes.posterior
            rows = tf.zeros(tf.shape(z)[1:2])
            if self._has_kl:
                rows = self.kl_rows(posterior, one.prior, z)
            terms["kl_divergence"] = reductions.share_of_mean_of_rows(rows)
        return terms

    def weighed(self, terms: dict[str, Tensor], one: Pass) -> Tensor:
        """Returns the loss that `terms` of a `Pass` come to, a share."""
        loss = terms["reconstruction_loss"]
        if "kl_divergence" in terms:
            weight = self.weights_at(self.progress.step)["kl_weight"]
            loss += self.kl_penalty(weight, terms["kl_divergence"])
        return loss

    def kl_penalty(self, weight: Tensor, kl_divergence: Tensor) -> Tensor:
        """Returns what the KL term adds to the loss, a share."""
        return penalty(weight, kl_divergence)

    def kl_rows(self, posterior: Distribution, prior: Distribution, z: Tensor) -> Tensor:
        """Returns KL(q(z|x) || p(z)) [n]: exact if it is known, else the mean over draws of z."""
        return exact_or_drawn_kl(posterior, prior, z)

    def traced_settings(self) -> tuple:
        """Returns the settings of inference and priors that may be set after a call, as texts."""
        parts = (self.inference, self.prior, self.learned_prior)
        return tuple(
            repr(getattr(part, name))
            for part in parts
            if part is not None
            for name in part.settable
        )

    # === Distributions, on tensors ===

    @property
    def model_prior(self) -> Any:
        """The `Prior` that p(z) is: the learned one if there is one, else that of the training."""
        return self.prior if self.learned_prior is None else self.learned_prior

    def prior_distribution(self) -> Distribution:
        """Returns p(z), with event shape [latent_dim]: that of `learned_prior` if there is one."""
        return self._distribution_of(self.model_prior)

    def _distribution_of(self, prior):
        return prior.distribution(self.latent_dim, self.inference.posterior_of)

    def _of_codes(self, joint):
        """Returns the `Joint` that codes go by, whose p(z) is that of the training."""
        if self.model_prior is self.prior or self.inference.is_amortized:
            return joint
        return joint.with_prior(self._distribution_of(self.prior))

    def joint(
        self,
        x: Tensor,
        condition: Tensor | None = None,
        prior: Distribution | None = None,
        knows_x: bool = True,
    ) -> Joint:
        """Returns the `Joint` of tensors: log p(x, z) of a batch of x as a function of z.

        What takes a tensor x takes its `Joint` too, and then x is encoded once for all of it.
        """
        if isinstance(x, Joint):
            return x
        x, condition = self.example_spec.tensor(x), self.condition.tensor(condition)
        return Joint(self, x, condition, prior, knows_x=knows_x)

    def posterior_distribution(self, x: Tensor, condition: Tensor | None = None) -> Distribution:
        """Returns q(z|x), a TFP distribution with batch shape [n], for a tensor x [n, ...].

        Args:
            x: [n, *event_shape].
            condition: labels [n] or features [n, condition.size] where the model takes a condition.
                Default None.

        Where inference draws z and knows no q(z|x), it is the distribution of a few draws, which
        has moments and no density.
        """
        return self._of_codes(self.joint(x, condition)).posterior(self.inference)

    def likelihood_distribution(
        self, z: Tensor, condition: Tensor | None = None, context: Tensor | None = None
    ) -> Distribution:
        """Returns p(x|z), batch shape [n] and event shape that of x, for z [n, latent_dim].

        Args:
            z: [n, latent_dim].
            condition: labels [n] or features [n, condition.size] where the model takes a condition.
                Default None.
            context: what the likelihood knows of x besides, `likelihood.context(x)` (the library
                size of counts). Default None: what is typical.
        """
        self.example_spec.require_known()
        z = tf.cast(z, tf.float32)
        check_shape(z.shape, (self.latent_dim,), "z")
        return self.likelihood_of(z, self.condition.tensor(condition), context)

    def likelihood_of(
        self,
        z: Tensor,
        condition: Tensor | None = None,
        context: Tensor | None = None,
        training: bool = False,
        read: Any = None,
    ) -> Distribution:
        """Returns p(x|z) for tensors that were checked; as `likelihood_distribution`.

        `read` is what a decoder that reads x made of the x whose density is asked for, if it did.
        """
        z = conditions.append(z, condition)
        if isinstance(self.decoder, networks.AutoregressiveDecoder):
            return self.decoder.distribution(z, self.likelihood, context, training, read)
        return self.likelihood.distribution(self.decoder(z, training=training), context)

    @property
    def latent_support(self) -> str:
        """Where z lies: "euclidean" for all of space, "sphere" for the unit sphere."""
        return self.model_prior.support

    def log_prob(
        self, x: Rows | Batches, batch_size: int = BATCH_SIZE, condition: Condition = None
    ) -> np.ndarray:
        """Returns log p(x) of each example, as `GenerativeModel.log_prob`."""
        if "log_prob_in_graph" in self.capabilities:
            return super().log_prob(x, batch_size, condition)
        check_integer("batch_size", batch_size)
        generator, pieces, found = piecewise_affine.read_generator(self), None, []
        for examples, _ in self.example_spec.batches(x, condition):
            pieces = generator.pieces() if pieces is None else pieces
            posterior = piecewise_affine.PiecewiseAffinePosterior(generator, examples, pieces)
            found.append(posterior.log_marginal())
        return np.concatenate(found).astype("float32")

    # === Functions of rows ===

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do: an ELBO where q(z|x) and p(z) have densities, and so on."""
        reason, name = piecewise_affine.why_not_exact(self), type(self).__name__
        missing = {
            "log_prob_in_graph": f"is no function of rows for {name}: its regions follow from the "
            "weights, and `log_prob` looks for them at each call"
        }
        if reason is not None:
            estimated = "evaluation.marginal_log_likelihood estimates it"
            unknown = f"is not known for a {name} with {reason}; {estimated}"
            missing |= {"log_prob": unknown, "log_prob_in_graph": unknown}
        if self.likelihood.likeliest() is not None:
            missing["impute"] = "is not defined for tokens, which have no mean"
        for part, names in (
            (self.inference, ("elbo", "posterior", "impute")),
            (self.model_prior, ("elbo", "joint", "impute")),
        ):
            if not part.has_density:
                missing |= dict.fromkeys(names, compatibility.without_density(part))
        if not self.model_prior.is_normalized:
            missing = dict.fromkeys(("elbo", "joint"), compatibility.UNNORMALIZED) | missing
        if "elbo" in missing and "joint" not in missing:
            missing["elbo"] += (
                ". evaluation.marginal_log_likelihood(model, x, 'annealed_importance') estimates "
                "log p(x) without it"
            )
        return Capabilities(missing)

    @property
    def samples_by_default(self) -> bool:
        """Whether `generate` draws x where nothing is said: autoregressive decoders, and tables."""
        drawn = isinstance(self.decoder, networks.AutoregressiveDecoder)
        return drawn or self.example_spec.samples_by_default

    def encode_rows(
        self, x: Tensor, seed: Tensor | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Returns a code of each row, [n, latent_dim]: that which stands for x, or one draw.

        Args:
            x: [n, *event_shape].
            seed: int64 [n] of at least 0 for draws; None for the code that stands for x.
            condition: [n, ...] where the model takes one. Default None.
        """
        joint = self._of_codes(self.joint(x, condition))
        if seed is None:
            return self.inference.point(joint)
        return self.inference.draw_rows(joint, row_seeds(seed))[0]

    def decode_rows(
        self, z: Tensor, condition: Tensor | None = None, context: Tensor | None = None
    ) -> Tensor:
        """Returns the mean of p(x|z), [n, *event_shape], for z [n, latent_dim]."""
        return self.likelihood_distribution(z, condition, context).mean()

    def reconstruct_rows(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns the mean of p(x|z) at the code that stands for x, [n, *event_shape]."""
        joint = self.joint(x, condition)
        code = self.inference.point(self._of_codes(joint))
        return self.decode_rows(code, condition, joint.context)

    def generate_rows(
        self, seed: Tensor, condition: Tensor | None = None, sample: bool | None = None
    ) -> Tensor:
        """Returns a new example for each seed, [n, *event_shape]; `sample` as for `generate`."""
        seeds = row_seeds(seed)
        z = tf.cast(draw_rows(self.prior_distribution(), fold_in(seeds, 0)), tf.float32)
        p = self.likelihood_distribution(z, condition)
        sample = self.samples_by_default if sample is None else sample
        return tf.cast(draw_rows(p, fold_in(seeds, 1)) if sample else p.mean(), tf.float32)

    def elbo_rows(self, x: Tensor, seed: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns the evidence lower bound of each row, float32 [n], in nats."""
        log_likelihood, kl_divergence = self.elbo_terms(x, seed, condition)
        return log_likelihood - kl_divergence

    def mean_elbo_rows(
        self, x: Tensor, seed: Tensor, num_samples: int, condition: Tensor | None = None
    ) -> Tensor:
        """Returns the mean over `num_samples` draws of log p(x, z) - log q(z|x), [n], in nats."""
        log_likelihood, kl_divergence = self.elbo_terms(x, seed, condition, num_samples)
        return log_likelihood - kl_divergence

    def mean_log_likelihood_rows(
        self, x: Tensor, seed: Tensor, num_samples: int, condition: Tensor | None = None
    ) -> Tensor:
        """Returns the mean of log p(x|z) over `num_samples` draws of z of each row, [n], nats."""
        return self.elbo_terms(x, seed, condition, num_samples)[0]

    def mean_value_terms(
        self, x: Tensor, seed: Tensor, num_samples: int, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Returns the terms of `elbo_terms` with log p(x|z) by value, [n, *event_shape] and [n]."""
        joint = self.joint(x, condition)
        z = self.inference.draw_rows(self._of_codes(joint), row_seeds(seed), num_samples)
        return joint.mean_log_likelihood_of_values(z), self._mean_log_ratio(joint, z)

    def elbo_terms(
        self,
        x: Tensor,
        seed: Tensor,
        condition: Tensor | None = None,
        num_samples: int | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Returns (log p(x|z), KL(q(z|x) || p(z))), two float32 [n] in nats; elbo = first - second.

        With `num_samples` both are means over as many draws, the KL of log q(z|x) - log p(z): then
        the difference does not depend on the draws where q(z|x) is the decoder's own posterior,
        and varies little near it. Without, they are of one draw, and the KL is exact where it is
        known. The first draw is the z that `encode_rows(x, seed)` gives. The KL is 0 for a
        posterior or a prior without a density, where it is not defined.

        Draws are decoded by `Joint.over_draws`: the memory is that of a batch.
        """
        joint, draws = self.joint(x, condition), num_samples or 1
        z = self.inference.draw_rows(self._of_codes(joint), row_seeds(seed), draws)
        log_likelihood = tf.reduce_mean(joint.over_draws(joint.log_likelihood, z), axis=0)
        if num_samples is None and self._has_kl_to(self.model_prior):
            posterior = self._of_codes(joint).posterior(self.inference)
            return log_likelihood, self.kl_rows(posterior, joint.prior, z)
        return log_likelihood, self._mean_log_ratio(joint, z)

    def _mean_log_ratio(self, joint, z):
        """Returns the mean over the draws z [draws, n, latent_dim] of log q(z|x) - log p(z), [n].

        0 for a posterior or a prior without a density.
        """
        if not self._has_kl_to(self.model_prior):
            return tf.zeros([tf.shape(z)[1]])
        prior, posterior = joint.prior, self._of_codes(joint).posterior(self.inference)
        log_ratio = joint.over_draws(lambda z: posterior.log_prob(z) - prior.log_prob(z), z)
        return tf.reduce_mean(log_ratio, axis=0)

    def impute_rows(
        self,
        x: Tensor,
        seed: Tensor,
        condition: Tensor | None = None,
        sample: bool = False,
        steps: int = 100,
    ) -> Tensor:
        """Returns x with what is missing (NaN) filled in, [n, *event_shape]: its mean, or a draw.

        Args:
            x: [n, *event_shape].
            seed: int64 [n] of at least 0.
            condition: [n, ...] where the model takes one. Default None.
            sample: whether to draw what is missing instead of taking its mean. Default False.
            steps: of the Markov chain. Default 100.
        """
        x, condition = self.example_spec.tensor(x), self.condition.tensor(condition)
        told = tf.constant(self.likelihood.tells_missing(self.example_spec.event_shape))

        def seen(completed, missing):
            known = self.example_spec.without_unknown(completed)
            return tf.where(missing & told, float("nan"), completed) if known is None else known

        return impute_rows(self, x, seed, condition, steps, sample, seen)

    def log_weights(
        self, x: Tensor, seed: Tensor, num_samples: int, condition: Tensor | None = None
    ) -> Tensor:
        """Returns log p(x|z_k) + log p(z_k) - log q(z_k|x), float32 [num_samples, n], in nats.

        Draws are decoded by `Joint.over_draws`: the memory is that of a batch.
        """
        joint = self.joint(x, condition)
        q = joint.posterior(self.inference)
        weights = functools.partial(joint.log_weights, posterior=q)
        z = self.inference.draw_rows(joint, row_seeds(seed), num_samples)
        joint.prior.batch_shape  # noqa: B018, made here once, not within the loop
        return joint.over_draws(weights, z)


def _inference_or_default(given):
    return inference.Amortized() if given is None else inference.get(given)
