"""The base of all models: what is done with arrays, whatever a model is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_infovae import anomaly_scores
from keras_infovae.anomaly_scores import AnomalyScore, AnomalyThreshold
from keras_infovae.models.capabilities import NAMES, Capabilities
from keras_infovae.models.data_kinds import as_example_array
from keras_infovae.models.example_spec import check_shape
from keras_infovae.models.row_functions import BATCH_SIZE, RowFunctions
from keras_infovae.models.trainable_model import TrainableModel
from keras_infovae.tables.frames import beside, codes_frame, is_frame
from keras_infovae.typing import (
    Array,
    Batches,
    Condition,
    Numbers,
    Result,
    Rows,
    Seed,
    Shape,
    Tensor,
)
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.randomness import check_seed
from keras_infovae.utils.row_random import seeds_of_draws
from keras_infovae.utils.row_seeds import packed

# A capability, and the method that gives it.
_METHODS = {
    "reconstruct": "reconstruct_rows",
    "encode": "encode_rows",
    "decode": "decode_rows",
    "generate": "generate_rows",
    "elbo": "elbo_rows",
    "log_prob": "log_prob_rows",
    "log_prob_in_graph": "log_prob_rows",
    "impute": "impute_rows",
    "prior": "prior_distribution",
    "likelihood": "joint",
}


class Contributions(NamedTuple):
    """What a score is made of.

    Args:
        values: what each value of x adds, [n, *event_shape], nats.
        code: what the code adds, [n], nats.
    """

    values: Any
    code: Any


class GenerativeModel(TrainableModel):
    """A model of x: what it can do on arrays, from functions of rows that a member defines.

    A member defines those of the following that it can; row i of the result follows from row i of
    the arguments alone, and they run inside `tf.function` without AutoGraph, as a training step
    does. x is [n, *event_shape], z [n, latent_dim], seed int64 [n] (at least 0), condition
    [n, condition.size] or None.

        reconstruct_rows(x, condition)            x from its own code, [n, *event_shape]
        encode_rows(x, seed, condition)           a code [n, latent_dim]; seed None: the one that
                                                  stands for x, else a draw
        decode_rows(z, condition)                 x for a code
        generate_rows(seed, condition, sample)    a new x for each seed
        elbo_rows(x, seed, condition)             a lower bound of log p(x), [n], nats
        log_prob_rows(x, condition)               log p(x), [n], nats
        impute_rows(x, seed, condition, sample)   x with what is missing (NaN) filled in: by its
                                                  mean given the rest, or by a draw

    and, on tensors, `prior_distribution()`, p(z) as a TFP distribution, and `joint(x, condition)`,
    a `Joint`.

    `capabilities` follow from them, and so do the methods on arrays, which take arrays of any
    length, compute in batches in a compiled function, and return NumPy arrays. A model with codes
    has `latent_dim` and `latent_support` too. Row i of a call with seed s has the seed
    `s * 2**32 + i`, so that results do not depend on `batch_size`, and a server that is given that
    seed gives that row. Measurements (`elbo`, `score`) repeat by default; new codes and examples
    are new.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._rows = RowFunctions(self)
        self._anomaly_threshold = None

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do, a `Capabilities`: `"encode" in model.capabilities`."""
        reason = f"is not defined for {type(self).__name__}"
        has = {name for name, method in _METHODS.items() if hasattr(self, method)}
        if has & {"elbo", "log_prob"}:
            has.add("score")
        return Capabilities({name: reason for name in NAMES if name not in has})

    def call(self, inputs: Tensor) -> Tensor:
        """Returns x reconstructed from its own code, a tensor of the shape of x.

        Args:
            inputs: a tensor x, or (x, condition) where the model takes a condition.
        """
        x, condition = self.example_spec.unpack_inputs(inputs)
        self.capabilities.require("reconstruct")
        return self.reconstruct_rows(x, condition)

    # === Means over draws, of functions of rows ===

    def mean_elbo_rows(
        self, x: Tensor, seed: Tensor, num_samples: int, condition: Tensor = None
    ) -> Tensor:
        """Returns the mean of `elbo_rows` over `num_samples` seeds of each row, [n], in nats."""

        def of_draw(seed):
            return self.elbo_rows(x, seed, condition)

        return _mean_over_draws(of_draw, seed, num_samples)

    def mean_log_likelihood_rows(
        self, x: Tensor, seed: Tensor, num_samples: int, condition: Tensor = None
    ) -> Tensor:
        """Returns the mean of log p(x|z) over `num_samples` codes of each row, [n], in nats."""
        joint = self.joint(x, condition)

        def of_draw(seed):
            return joint.log_likelihood(self.encode_rows(x, seed, condition)[None])[0]

        return _mean_over_draws(of_draw, seed, num_samples)

    # === Methods on arrays ===

    def encode(
        self,
        x: Rows | Batches,
        sample: bool = False,
        seed: Seed = None,
        batch_size: int = BATCH_SIZE,
        condition: Condition = None,
    ) -> Result:
        """Returns the latent code of each example.

        Args:
            x: array [n, ...] as the model was trained on, or a dataset of batches.
            sample: False (default) for the code that stands for x: the mode of q(z|x), which is its
                mean where z is not on a sphere; True for one draw of z.
            seed: integer, for `sample=True`. Default None: new draws each time.
            batch_size: examples computed at a time; it does not change the result. Default 256.
            condition: one row per example, where the model takes a condition. Default None.

        Returns:
            NumPy float32 [n, latent_dim]; for a DataFrame one of z0, z1, ... with its index.
        """
        self.capabilities.require("encode")

        def rows(x, seed, condition=None):
            return self.encode_rows(x, seed if sample else None, condition)

        name = f"encode, sample={bool(sample)}"
        seed = seed if sample else 0  # a code that stands for x uses up no random numbers
        codes = self._over_rows(name, rows, x, condition, seed, batch_size)
        return codes_frame(codes, x.index) if is_frame(x) else codes

    def encode_beside(
        self, x: Rows | Batches, z: Array, batch_size: int = BATCH_SIZE, condition: Condition = None
    ) -> Result:
        """Returns codes of x that lie with the codes z where codes can be interpolated.

        They are those of `encode`, but for models whose codes lie in several charts.

        Args:
            x: array [n, ...].
            z: codes [n, k], as `encode` gives them.
            batch_size: examples computed at a time. Default 256.
            condition: one row per example, where the model takes a condition. Default None.
        """
        return self.encode(x, batch_size=batch_size, condition=condition)

    @property
    def code_dim(self) -> int | None:
        """How many numbers a code has; None where codes are no continuous function of x."""
        return self.latent_dim

    def decode(
        self,
        z: Rows,
        batch_size: int = BATCH_SIZE,
        condition: Condition = None,
        prepared: bool = False,
    ) -> Result:
        """Returns the mean of p(x|z) for z [n, latent_dim].

        Args:
            z: codes, an array or a DataFrame.
            batch_size, condition: as for `encode`.
            prepared: for a model of raw data, whether to return x as networks see it instead.
                Default False.

        Returns:
            NumPy [n, *shape of x], or its raw form: of a table a DataFrame, numbers at their mean
            (taken before the transform is undone, so near the median), the likeliest categories.
        """
        self.capabilities.require("decode")
        self.example_spec.require_known()
        index = z.index if is_frame(z) else None
        z = as_example_array(z, "z")
        check_shape(z.shape, (self.latent_dim,), "z")
        check_finite("z", z)
        condition = self.example_spec.condition_array(condition, len(z))
        arrays = {"z": z, "condition": condition}
        x = self._rows.run("decode", self.decode_rows, arrays, batch_size)
        return x if prepared else self.example_spec.as_raw(x, index, condition)

    def reconstruct(
        self, x: Rows | Batches, batch_size: int = BATCH_SIZE, condition: Condition = None
    ) -> Result:
        """Returns x from its own code: the mean of p(x|z) at `encode(x)`, in the form of x.

        Args:
            x, batch_size, condition: as for `encode`.
        """
        self.capabilities.require("reconstruct")

        def rows(x, seed, condition=None):
            return self.reconstruct_rows(x, condition)

        reconstructed = self._over_rows("reconstruct", rows, x, condition, 0, batch_size)
        return self.example_spec.like(x, reconstructed)

    def generate(
        self,
        n: int,
        seed: Seed = None,
        sample: bool | None = None,
        batch_size: int = BATCH_SIZE,
        condition: Condition = None,
        verbose: int | str = "auto",
        prepared: bool = False,
        given: Mapping[str, Any] | None = None,
    ) -> Result:
        """Returns `n` new examples.

        Args:
            n: how many, at least 1.
            seed: integer. Default None: new ones each time.
            sample: True draws x from p(x|z) instead of taking its mean, which adds the noise that
                the likelihood models. Default None: False, but True for tables, and for an
                autoregressive decoder, whose values follow from one another.
            batch_size: examples computed at a time; it does not change the result. Default 256.
            condition: one row per example, or a single one for all of them, where the model takes a
                condition. Default None.
            verbose: 1 for a progress bar over the batches, 0 for none. Default "auto": for a model
                that draws in many steps (an autoregressive decoder, a diffusion), if there is more
                than one batch.
            prepared: for a model of raw data, whether to return x as networks see it instead.
                Default False.
            given: for a model of tables, {column: value} that all rows are to have. Columns of the
                condition are told the model; the rest is drawn given the other ones by the chain of
                `impute`, whatever the model was trained for. Default None.

        Returns:
            NumPy float32 [n, *shape of x], or its raw form: of a table a DataFrame with the names,
            dtypes and categories of the one that the model was trained on; of images uint8.
        """
        n = check_integer("n", n)
        self.capabilities.require("generate")
        self.example_spec.require_known()
        condition, given = self.example_spec.divided(given, condition)
        condition = self.example_spec.condition_array(condition, n, repeat=True)
        sample = self.samples_by_default if sample is None else bool(sample)
        if verbose == "auto":
            verbose = self.draws_in_steps and n > batch_size

        if given is not None:
            x = self._generate_given(n, seed, batch_size, condition, given)
            return x if prepared else self.example_spec.as_raw(x, condition=condition)

        def rows(seed, condition=None):
            return self.generate_rows(seed, condition, sample)

        arrays = {"seed": packed(self._seed_of_call(seed), 0, n), "condition": condition}
        x = self._rows.run(f"generate, sample={sample}", rows, arrays, batch_size, verbose)
        return x if prepared else self.example_spec.as_raw(x, condition=condition)

    def _generate_given(self, n, seed, batch_size, condition, given):
        self.capabilities.require("impute", "`given`")
        partial = self.example_spec.partial_array(given, n)
        seeds = packed(self._seed_of_call(seed), 0, n)
        return self._filled(partial, seeds, condition, True, batch_size)

    samples_by_default = False  # whether `generate` draws x where nothing is said

    @property
    def draws_in_steps(self) -> bool:
        """Whether a draw takes so many passes that a progress bar is worth it."""
        return self.samples_by_default

    def elbo(
        self,
        x: Rows | Batches,
        seed: Seed = 0,
        batch_size: int = BATCH_SIZE,
        condition: Condition = None,
    ) -> np.ndarray:
        """Returns the evidence lower bound of each example, whatever weights were trained with:

            elbo(x) = log p(x|z) - KL(q(z|x) || p(z)),      z ~ q(z|x), one draw

        It is an unbiased estimate of a lower bound of log p(x).

        Args:
            x: array [n, ...], or a dataset of batches.
            seed: integer, or None for new draws each time. Default 0.
            batch_size: examples computed at a time; it does not change the result. Default 256.
            condition: one row per example, where the model takes a condition. Default None.

        Returns:
            NumPy float32 [n], in nats.

        Raises:
            ValueError: for a posterior ("deterministic") or prior without a density.
        """
        self.capabilities.require("elbo", "The ELBO")
        return self._over_rows("elbo", self.elbo_rows, x, condition, seed, batch_size)

    def log_prob(
        self, x: Rows | Batches, batch_size: int = BATCH_SIZE, condition: Condition = None
    ) -> np.ndarray:
        """Returns log p(x) of each example, NumPy float32 [n] in nats, where a model knows it.

        One with latents does where p(x) has a closed form (`evaluation.Exact`): a standard normal
        p(z) of one or two dimensions, normal noise with a scale that examples share, no condition,
        and a decoder of Dense and (leaky) ReLU layers. It is computed from the weights as they are
        at each call, in float64.

        Args:
            x, batch_size, condition: as for `elbo`.

        Raises:
            ValueError: for a model that does not, saying what it has, and for a decoder whose
                weights make more than 10,000 regions; `evaluation.marginal_log_likelihood`
                estimates it where there are latents.

        Example:

        >>> import numpy as np
        >>> import keras_infovae as ki
        >>> model = ki.VAE(latent_dim=1, likelihood="normal", decoder=ki.networks.MLP([8]))
        >>> model.build((None, 3))
        >>> model.log_prob(np.zeros([4, 3], "float32")).shape
        (4,)
        """
        self.capabilities.require("log_prob", "The exact log p(x)")

        def rows(x, seed, condition=None):
            return self.log_prob_rows(x, condition)

        return self._over_rows("log_prob", rows, x, condition, 0, batch_size)

    def impute(
        self,
        x: Rows,
        num_samples: int | None = None,
        seed: Seed = 0,
        batch_size: int = BATCH_SIZE,
        condition: Condition = None,
    ) -> Any:
        """Returns x with its missing values filled in, from what the model knows given the others.

        A Markov chain of 100 steps (`models.imputation`) draws from p(missing values | observed
        values) of the model, where the encoder alone would only guess. The model may have been
        trained on complete data, or on data with missing values (a table, or
        `ki.likelihoods.PartlyObserved`).

        Args:
            x: a DataFrame or an array [n, ...], NaN where a value is missing.
            num_samples: None (default) for the mean of what is missing (of a table in the units of
                its columns; of categories the likeliest); an integer of at least 1 for as many
                draws, which also say how sure a value is.
            seed: integer, or None for new draws each time. Default 0.
            batch_size: examples computed at a time; it does not change the result. Default 256.
            condition: one row per example, where the model takes a condition. Default None.

        Returns:
            A DataFrame or NumPy float32 as x, without missing values but for columns that the model
            does not know, which stay as they are; for `num_samples` a list of as many.

        Raises:
            ValueError: for a posterior or prior without a density.

        References:
            Mattei and Frellsen, Leveraging the Exact Likelihood of Deep Latent Variable Models,
            arXiv:1802.04826, algorithm 1.
        """
        self.capabilities.require("impute")
        if num_samples is not None:
            check_integer("num_samples", num_samples)
        values, condition = self.example_spec.arrays(x, condition, missing=True)
        seeds = packed(self._seed_of_call(seed), 0, len(values))
        if num_samples is None:
            filled = self._filled(values, seeds, condition, False, batch_size)
            return self.example_spec.completed(x, filled)
        return [
            self.example_spec.completed(
                x, self._filled(values, of_draw, condition, True, batch_size)
            )
            for of_draw in seeds_of_draws(seeds, num_samples).numpy()
        ]

    def _filled(self, x, seeds, condition, sample, batch_size):
        """Returns x with what is missing filled in: by its mean, or with `sample` by a draw."""

        def rows(x, seed, condition=None):
            return self.impute_rows(x, seed, condition, sample)

        arrays = {"x": x, "seed": seeds, "condition": condition}
        return self._rows.run(f"impute, sample={sample}", rows, arrays, batch_size)

    # === Anomalies ===

    @property
    def anomaly_threshold(self) -> AnomalyThreshold | None:
        """The `AnomalyThreshold` that `is_anomaly` and servers go by, or None.

        It is saved with the model. `keras_infovae.evaluation.calibrate_anomaly_threshold` sets it;
        `fit` takes it away, since scores change with the weights.
        """
        return self._anomaly_threshold

    @anomaly_threshold.setter
    def anomaly_threshold(self, threshold: AnomalyThreshold | None) -> None:
        if threshold is not None:
            if not isinstance(threshold, anomaly_scores.AnomalyThreshold):
                raise argument_error(
                    "anomaly_threshold", "an AnomalyThreshold or None", threshold, TypeError
                )
            threshold.score.check(self)
        self._anomaly_threshold = threshold

    def score(
        self,
        x: Rows | Batches,
        score: AnomalyScore | str | None = None,
        batch_size: int = BATCH_SIZE,
        condition: Condition = None,
    ) -> np.ndarray:
        """Returns how unusual each example is; the larger, the more unusual.

        The score of an example depends on it alone and is the same at every call: the noise of its
        64 draws of z is fixed. The encoder runs once and the decoder 64 times, which takes 12 to 17
        times as long as one draw for multilayer perceptrons; 16 draws, `ki.anomaly_scores.
        NegativeElbo(num_samples=16)`, take 3 times as long, and 8 for a convolutional network.

        Args:
            x: array [n, ...], or a dataset of batches. A DataFrame of which columns are far from
                those of the training (other units, more missing) gets a warning that names them.
            score: an `AnomalyScore` or its name: "negative_elbo", "negative_log_prob",
                "reconstruction_loss" or "importance_weighted" (nats), or a `Mahalanobis` or
                `ExemplarLikelihood` (nats) that knows usual codes
                (`evaluation.fit_anomaly_score`). Default None: that of
                `anomaly_threshold`, and without one the first that is defined for the model of
                -log p(x), the negative ELBO and the reconstruction loss.
            batch_size: examples computed at a time; it does not change the result. Default 256.
            condition: one row per example, where the model takes a condition. Default None.

        Returns:
            NumPy float32 [n].

        Raises:
            ValueError, TypeError: for data that does not fit the model, or a score that is not
                defined for it.

        Example:

        >>> import numpy as np
        >>> import keras_infovae as ki
        >>> model = ki.VAE(latent_dim=2)
        >>> model.build((None, 4))
        >>> model.score(np.zeros([3, 4], "float32")).shape
        (3,)
        """
        self.capabilities.require("score")
        self.example_spec.require_known()
        score = anomaly_scores.chosen_score(self, score)
        score.check(self)

        def rows(x, seed, condition=None):
            return score.rows(self, x, condition)

        name = f"score by {score!r}"
        return self._over_rows(name, rows, x, condition, 0, batch_size, watch=True)

    def contributions(
        self,
        x: Rows | Batches,
        score: AnomalyScore | str | None = None,
        batch_size: int = BATCH_SIZE,
        condition: Condition = None,
    ) -> Contributions:
        """Returns what each value or column of x adds to its score.

            score(x) = sum_i -E log p_i(x_i|z)  +  code,        z ~ q(z|x)

        `code` is what the code costs, the KL part of the negative ELBO, and 0 for the
        reconstruction loss. A value that is missing adds 0.

        Args:
            x: a DataFrame or an array [n, ...].
            score: "negative_elbo" or "reconstruction_loss", or such an object. Default None: that
                which `score` takes by default.
            batch_size, condition: as for `score`.

        Returns:
            For a DataFrame one with its index, a column for each of the table's (with what tells
            whether it is known) and "code" ("code_" where the table has a column of that name);
            they add up to the score. For an array
            `Contributions(values, code)`, NumPy float32 [n, ...] and [n]. In nats.

        Raises:
            ValueError: for a score that is no sum over values, or a likelihood whose values are not
                independent given z.

        Example:

        >>> import numpy as np
        >>> import keras_infovae as ki
        >>> model = ki.VAE(latent_dim=2)
        >>> model.build((None, 4))
        >>> values, code = model.contributions(np.zeros([3, 4], "float32"))
        >>> values.shape, code.shape
        ((3, 4), (3,))
        """
        self.capabilities.require("score")
        self.example_spec.require_known()
        score = anomaly_scores.chosen_score(self, score)
        score.check(self)
        score.check_contributions(self)

        def rows(x, seed, condition=None):
            values, code = score.part_rows(self, x, condition)
            return tf.concat([tf.reshape(values, [tf.shape(x)[0], -1]), code[:, None]], axis=1)

        name = f"contributions by {score!r}"
        parts = self._over_rows(name, rows, x, condition, 0, batch_size, watch=True)
        shape: Shape = self.example_spec.event_shape
        values, code = parts[:, :-1].reshape(-1, *shape), parts[:, -1]
        sums = self.example_spec.sums_of_parts(x, values)
        return Contributions(values, code) if sums is None else beside(sums, "code", code)

    def is_anomaly(
        self, x: Rows | Batches, batch_size: int = BATCH_SIZE, condition: Condition = None
    ) -> np.ndarray:
        """Returns whether each example scores above `anomaly_threshold`, NumPy bool [n].

        Args:
            x, batch_size, condition: as for `score`.

        Raises:
            ValueError: where no threshold has been calibrated.
        """
        if self._anomaly_threshold is None:
            raise ValueError(
                "The model has no anomaly_threshold. Call keras_infovae.evaluation."
                "calibrate_anomaly_threshold(model, x) with usual examples first."
            )
        scores = self.score(x, batch_size=batch_size, condition=condition)
        return scores > self._anomaly_threshold.value

    # === Shared by the methods ===

    def prepare_rows(self) -> None:
        """Makes ready what functions of rows read besides weights, before they run on arrays."""

    def _over_rows(self, name, function, x, condition, seed, batch_size, watch=False):
        """Returns `function(x, seed, condition)` of the rows of an array, or of a dataset.

        With `watch`, a warning says where raw data are unlike those of the training.
        """
        seed = self._seed_of_call(seed)
        self.prepare_rows()
        results, start = [], 0
        for examples, given in self.example_spec.batches(x, condition):
            if watch:
                self.example_spec.warn_of_drift(x, examples)
            seeds = packed(seed, start, len(examples))
            arrays = {"x": examples, "seed": seeds, "condition": given}
            results.append(self._rows.run(name, function, arrays, batch_size))
            start += len(examples)
        return np.concatenate(results)

    def _seed_of_call(self, seed):
        return self.progress.new_seed() if check_seed(seed) is None else seed

    # === The threshold is neither an argument nor a weight ===

    def forget(self) -> None:
        """Drops the threshold: scores change with the weights."""
        self.anomaly_threshold = None

    def get_build_config(self) -> Numbers:
        """Returns the shape that the model was built for, and what was calibrated since."""
        config = super().get_build_config()
        if config is not None and self.anomaly_threshold is not None:
            threshold = keras.saving.serialize_keras_object(self.anomaly_threshold)
            config["anomaly_threshold"] = threshold
        if config is not None and self.example_spec.seen is not None:
            config["seen"] = self.example_spec.seen
        return config

    def build_from_config(self, config: Numbers) -> None:
        """Builds the model for the shape that it was saved with."""
        super().build_from_config(config)
        self.example_spec.seen = (config or {}).get("seen")
        if config is not None and "anomaly_threshold" in config:
            self.anomaly_threshold = keras.saving.deserialize_keras_object(
                config["anomaly_threshold"]
            )


def _mean_over_draws(function, seed, num_samples):
    """Returns the mean of `function(seeds)` over draws, of which the first has `seed` itself."""
    if num_samples == 1:
        return function(seed)
    seeds = seeds_of_draws(seed, num_samples)
    return tf.reduce_mean(tf.map_fn(function, seeds, fn_output_signature=tf.float32), axis=0)
