"""Exact expectation maximization of a generator that is affine on regions."""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import likelihoods, piecewise_affine
from keras_infovae.inference import Inference
from keras_infovae.models import data_kinds
from keras_infovae.models.affine_decoder import RegionTables, decoder_of, write_layers
from keras_infovae.models.capabilities import Capabilities
from keras_infovae.models.exact_training import ExactTraining
from keras_infovae.models.latent_variable_model import LatentVariableModel
from keras_infovae.models.registry import register_model
from keras_infovae.models.row_functions import BATCH_SIZE
from keras_infovae.models.step_model import BatchLoss
from keras_infovae.parameters.kinds import Choice, Integer, Number, Widths
from keras_infovae.typing import Condition, Distribution, Joint, Rows, Seed, Shape, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error, check_integer

_VALIDATION_ROWS = 256


@register_model("exact_em")
class ExactEM(LatentVariableModel):
    """A generator whose likelihood is known and rises with every epoch: no encoder, no gradient.

        z ~ N(0, I),  x = g(z) + s e,  e ~ N(0, I),  g of Dense and leaky ReLU layers
        loss = -log p(x) + penalty,    penalty = sum w^2 / (2 prior_variance n)

    g is affine on regions of z, so that p(x), p(z|x) and its moments are sums over regions, and
    expectation maximization has closed forms. An epoch is one step of it over all n examples: for
    each layer, in a random order, p(z|x) of all examples, then the layer's best weights. The loss
    never rises. With one or two latents it reaches a higher likelihood than a VAE of the same
    generator, whose q(z|x) is an approximation (docs/exact_em.md). Choose it for small data of low
    dimension, where the number counts, or values of x are missing; for images of more than a few
    hundred values and more latents, choose another model.

    `encode` gives the mean of p(z|x), or exact draws; `elbo` and `log_prob` log p(x).

    Args:
        latent_dim: 1 or 2.
        hidden_units: the sizes of the generator's hidden layers, first to last, a sequence of
            integers or text such as "16-8", which it is kept as. Default "8", one layer. The
            number of regions grows with it: to H + 1 for one latent and one layer of H, to
            1 + H + H (H - 1) / 2 for two latents. At most 10,000 are allowed.
        leak: the slope of the hidden layers below 0, at least 0. Default 0.1.
        noise: "global" (default), one s for all values; or "per_column", one for each column (each
            entry of the last axis). As for `likelihoods.Normal`, x is brought to the mean 0 and the
            deviation 1 as a whole, or column by column.
        prior_variance: of every weight and bias, greater than 0. Default 100.
        restarts: how many random starts are made, with 20 steps each, by the first `fit`, which
            goes on with the best of them. Default 3.
        seed: an integer for repeatable starts and draws, or None. Default None.
        scaling: the `preprocessors.Scaling` that made x from raw data, kept with the model.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received: for one
            hidden layer of too many regions here, for several layers, where the number depends on
            the weights, by `fit`.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> angle = np.linspace(0, 6, 50)
    >>> x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> model = ki.ExactEM(latent_dim=1, hidden_units=(4,), seed=0)
    >>> history = model.fit(x, epochs=5, verbose=0).history
    >>> bool(np.all(np.diff(history["loss"]) <= 0))
    True
    >>> model.impute([[np.nan, 1.0]]).shape
    (1, 2)

    References:
        Balestriero, Paris, Baraniuk, Analytical Probability Distributions and EM-Learning for Deep
        Generative Networks, NeurIPS 2020, arXiv:2006.10023.
    """

    trains_by_gradients = False
    training_terms = ("halvings",)

    def __init__(
        self,
        latent_dim: Integer(
            "Dimensions of z, the code: 1 or 2.", suggestion=1, search=[1, 2], unit="DIMENSIONS"
        ),
        hidden_units: Widths(
            "Sizes of the generator's hidden layers, first to last.", search=["8", "16", "8-8"]
        ) = "8",
        leak: Number("The slope of the hidden layers below 0.", minimum=0) = 0.1,
        *,
        noise: Choice("Which values of x share a scale.", ("global", "per_column")) = "global",
        prior_variance: Number("Of every weight and bias.", exclusive_minimum=0) = 100.0,
        restarts: Integer("Random starts, of which the best is trained.", unit="STARTS") = 3,
        seed: Seed = None,
        scaling: Any = None,
    ) -> None:
        if check_integer("latent_dim", latent_dim) > 2:
            raise argument_error(
                "latent_dim", "1 or 2, of which regions have masses in closed form", latent_dim
            )
        likelihood = likelihoods.Normal(scale=noise)
        inference = _ExactInference()
        super().__init__(
            latent_dim, inference=inference, likelihood=likelihood, seed=seed, scaling=scaling
        )
        self.hidden_units = hidden_units
        self.leak, self.noise = leak, noise
        self.prior_variance, self.restarts = prior_variance, restarts
        self._tables = RegionTables()
        self._training = None
        kinks = self.widths if leak != 1.0 else []
        # One layer makes as many as it can, several far fewer: `fit` counts those.
        most = piecewise_affine.most_regions(kinks, latent_dim)
        if len(kinks) == 1 and most > piecewise_affine.MOST_REGIONS:
            raise self._too_many_regions()

    @property
    def term_names(self) -> tuple[str, ...]:
        """The names of the terms of the loss."""
        return ("negative_log_likelihood", "penalty")

    def objective(self) -> str:
        """Returns the loss as one line of text."""
        return f"{self.name}: loss = negative_log_likelihood + penalty, by exact EM over all of x"

    # === Parts ===

    @property
    def widths(self) -> list[int]:
        """The sizes of the generator's hidden layers, a list of integers."""
        return [int(size) for size in self.hidden_units.split("-")]

    def _too_many_regions(self):
        """Returns the error of hidden layers that make too many regions."""
        most = f"{piecewise_affine.MOST_REGIONS:,} regions with latent_dim={self.latent_dim}"
        return argument_error(
            "hidden_units", f"of layers that make at most {most}", self.hidden_units
        )

    @contextlib.contextmanager
    def _few_regions(self):
        """Names `hidden_units` where what is done within finds too many regions."""
        try:
            yield
        except piecewise_affine.TooManyRegions as error:
            raise self._too_many_regions() from error

    def build_parts(self, event_shape: Shape) -> None:
        """Makes the decoder for x of `event_shape`."""
        self.decoder = decoder_of(self.latent_dim, self.widths, self.leak, event_shape)
        super().build_parts(event_shape)
        self.examples = self.add_weight(
            name="examples", shape=(), initializer="zeros", trainable=False
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do: all that there is, log p(x) too, by the p(z) of the training."""
        can = super().capabilities
        if self.learned_prior is not None:
            return can
        return can.with_("log_prob").with_("log_prob_in_graph")

    # === Training ===

    def compile(self, optimizer: None = "auto", **options: Any) -> None:
        """Configures training, as other models' `compile` does; steps run eagerly.

        Raises:
            ValueError: for an optimizer, or `jit_compile=True`.
        """
        if options.get("jit_compile", "auto") not in ("auto", False):
            expected = "left out: steps of expectation maximization are not compiled"
            raise argument_error("jit_compile", expected, options["jit_compile"])
        # A step is no graph: it looks for regions, whose number is not known before.
        super().compile(optimizer, **(options | {"jit_compile": False, "run_eagerly": True}))

    def fit(
        self,
        x: Rows | None = None,
        y: None = None,
        *,
        start: Any = None,
        batch_size: int | None = None,
        **options: Any,
    ) -> Any:
        """Takes one step of expectation maximization over all of x per epoch.

        The first `fit` begins with the best of `restarts` random starts; a later one, and that of a
        loaded model, goes on. `keras.callbacks.EarlyStopping("loss", min_delta=1e-5)` ends it where
        it has settled.

        Args:
            x: array [examples, ...], no dataset: every step needs all of it.
            y: not taken; there are no targets.
            start: a trained model to begin with instead, such as a `VAE`, whose decoder has the
                same layers. Its decoder and scale are copied. Default None.
            batch_size: examples computed at a time, which says how much memory is taken and does
                not change the result. Default None: as suits the number of regions.
            **options: as for other models: `epochs`, `validation_data`, `validation_split`,
                `callbacks`, `verbose`, `initial_epoch`.

        Returns:
            A Keras `History` of `loss`, `negative_log_likelihood`, exact and in nats per example,
            `penalty` and `halvings`, how many steps would have gone too far (to a lower likelihood,
            or to too many regions), each from before the epoch's step.

        Raises:
            ValueError, TypeError: for data that cannot be trained on, several replicas, a start of
                another shape, or hidden layers whose first weights make more than 10,000 regions,
                before any weight changes.
        """
        if self.distribute_strategy.num_replicas_in_sync > 1:
            raise ValueError(
                "ExactEM must be trained by one replica: a step needs all examples at once. "
                f"Received: {self.distribute_strategy.num_replicas_in_sync} replicas"
            )
        if x is None or not data_kinds.is_arrays(x):
            raise argument_error("x", "an array, of which every step takes all", type(x), TypeError)
        if options.get("steps_per_epoch") is not None:
            expected = "left out: an epoch is one step over all examples"
            raise argument_error("steps_per_epoch", expected, options["steps_per_epoch"])
        if batch_size is not None:
            check_integer("batch_size", batch_size)
        options.setdefault("validation_batch_size", batch_size or _VALIDATION_ROWS)
        self._training = ExactTraining(self, batch_size, start)
        try:
            return super().fit(x, y, batch_size=_row_count(x), **options)
        finally:
            self._training = None

    def _begin(self, data, steps):
        super()._begin(data, steps)
        with self._few_regions():
            self._training.begin(np.asarray(data.examples)[: data.rows])

    def update(self, x: Tensor, condition: Tensor, seed: Tensor) -> Any:
        """Takes one step of expectation maximization over x, all examples."""
        training = self._training
        if training is None:  # `train_on_batch`
            training = ExactTraining(self)
            self.examples.assign(float(len(x)))
        with self._few_regions():
            numbers = training.step(x, seed)
        likelihood, penalty, halvings = (tf.constant(number, tf.float32) for number in numbers)
        terms = {"negative_log_likelihood": likelihood, "penalty": penalty, "halvings": halvings}
        return BatchLoss(likelihood + penalty, terms)

    def batch_loss(
        self, x: Tensor, condition: Tensor, seed: Tensor, training: bool = False
    ) -> BatchLoss:
        """Returns the `BatchLoss` of one batch."""
        likelihood = -reductions.share_of_global_mean(self.log_prob_rows(x))
        squares = tf.add_n([tf.reduce_sum(tf.square(v)) for v in self.decoder.trainable_variables])
        penalty = tf.math.divide_no_nan(0.5 * squares / self.prior_variance, self.examples.value)
        penalty = reductions.share_of_global_value(penalty)
        terms = {"negative_log_likelihood": likelihood, "penalty": penalty}
        return BatchLoss(likelihood + penalty, terms)

    def evaluate(self, *arguments: Any, **options: Any) -> Any:
        """Returns the loss and its terms on x, as other models' `evaluate`."""
        self.prepare_rows()
        return super().evaluate(*arguments, **options)

    def predict(self, *arguments: Any, **options: Any) -> Any:
        """Returns x reconstructed from its own code, as other models' `predict`."""
        self.prepare_rows()
        return super().predict(*arguments, **options)

    def test_on_batch(self, *arguments: Any, **options: Any) -> Any:
        """Evaluates one batch, as other models' `test_on_batch`."""
        self.prepare_rows()
        return super().test_on_batch(*arguments, **options)

    # === Functions of rows ===

    def prepare_rows(self) -> None:
        """Finds the regions that the weights make, where these have changed."""
        if self.built:
            with self._few_regions():
                self._tables.refresh(self.decoder)

    def _pieces(self, x):
        """Returns (`Pieces`, x in units of the noise, what log p of that is too large by)."""
        if not self.built:
            self.example_spec.require_known()
        with tf.init_scope():  # where a graph is made of it, too
            self.prepare_rows()
        likelihood, units = self.likelihood, self.likelihood.units
        scale, unit, offset = (
            tf.reshape(tf.cast(value, tf.float64) + tf.zeros(self.event_shape, tf.float64), [-1])
            for value in (likelihood.shared_scale(), units.unit, units.offset)
        )
        size = int(np.prod(self.event_shape))
        x = (tf.reshape(tf.cast(x, tf.float64), [-1, size]) - offset) / unit / scale
        volume = tf.reduce_sum(tf.math.log(unit) + tf.math.log(scale))
        return self._tables.pieces(scale), x, volume

    def log_prob_rows(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns log p(x) of each row, float32 [n], in nats; computed in float64."""
        pieces, x, volume = self._pieces(x)
        return tf.cast(piecewise_affine.log_prob(pieces, x) - volume, tf.float32)

    def elbo_rows(
        self, x: Tensor, seed: Tensor | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Returns log p(x), which the evidence lower bound of the exact p(z|x) is, [n].

        With a learned p(z) it is a bound of one draw, as for other models.
        """
        if self.learned_prior is not None:
            return super().elbo_rows(x, seed, condition)
        return self.log_prob_rows(x)

    def mean_elbo_rows(
        self, x: Tensor, seed: Tensor, num_samples: int, condition: Tensor | None = None
    ) -> Tensor:
        """Returns log p(x) of each row, [n], in nats; with a learned p(z) its bound."""
        if self.learned_prior is not None:
            return super().mean_elbo_rows(x, seed, num_samples, condition)
        return self.log_prob_rows(x)

    def exact_posterior(self, joint: Joint) -> Distribution:
        """Returns p(z|x) of a `Joint` under the p(z) of the training, a TFP distribution."""
        joint = self._of_codes(joint)
        pieces, x, volume = self._pieces(joint.x)

        def log_joint(z):
            z = tf.cast(z, tf.float32)
            return tf.cast(joint.log_likelihood(z) + joint.prior.log_prob(z), tf.float64) + volume

        return piecewise_affine.piecewise_affine_posterior(pieces, x, log_joint, tf.float32)

    # === On arrays ===

    def impute(
        self,
        x: Rows,
        num_samples: int | None = None,
        seed: Seed = 0,
        batch_size: int = BATCH_SIZE,
        condition: Condition = None,
    ) -> Any:
        """Returns x with its missing values filled in, from those of the same example: exactly.

        With a learned p(z) it goes as for other models, by a chain.

        Args:
            x: array [n, ...], NaN where a value is missing: any, or all, of an example.
            num_samples: None (default) for E[x_missing | x_seen]; an integer of at least 1 for as
                many draws.
            seed: integer, or None for new draws each time. Default 0.
            batch_size: an integer of at least 1, as for other models. It changes nothing: as many
                examples are computed at a time as suit the memory. Default 256.
            condition: not taken; the model has none.

        Returns:
            NumPy float32 of the shape of x; for `num_samples` a list of as many. What is not
            missing stays as it is.

        Raises:
            ValueError, TypeError: for x that is empty, infinite, not floating point or of another
                shape than the model's, and for a condition.
        """
        if self.learned_prior is not None:
            return super().impute(x, num_samples, seed, batch_size, condition)
        if num_samples is not None:
            check_integer("num_samples", num_samples)
        check_integer("batch_size", batch_size)
        values, _ = self.example_spec.arrays(x, condition, missing=True)
        seed, seeds = self._seed_of_call(seed), None
        if num_samples is not None:
            seeds = np.random.SeedSequence(seed).generate_state(num_samples).tolist()
        generator = piecewise_affine.read_generator(self)
        flat = values.reshape(len(values), -1).astype("float64")
        filled = piecewise_affine.fill_in(generator, flat, seeds)
        filled = filled.reshape(-1, *values.shape).astype("float32")
        completed = [self.example_spec.completed(x, one) for one in filled]
        return completed[0] if num_samples is None else completed

    def set_generator(self, layers: Sequence, scale: np.ndarray) -> None:
        """Takes the weights of `AffineLayer`s and a scale [D], in units of the data."""
        write_layers(self.decoder, layers)
        log_scale = self.likelihood.log_scale
        shared = np.log(scale.reshape(self.event_shape))
        log_scale.assign(shared.reshape(-1, *log_scale.shape)[0])


def _row_count(x):
    """Returns how many examples an array, or (x,), has; 1 for what is none, which `fit` refuses."""
    array = x[0] if isinstance(x, tuple) and x else x
    return max([1, *np.shape(array)[:1]])


class _ExactInference(Inference):
    """p(z|x) itself, by the model's regions."""

    has_density = True

    def __init__(self):
        super().__init__(dtype="float32")

    def distribution(self, joint):
        return joint.model.exact_posterior(joint)

    def draw_rows(self, joint, seeds, num_samples=1):
        return joint.posterior(self).sample_rows(seeds, num_samples)
