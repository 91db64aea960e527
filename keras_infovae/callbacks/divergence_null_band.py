"""The divergence beside what a perfect match would score."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.callbacks.examples import as_examples
from keras_infovae.divergences.null import compiled_null, null_band, null_values
from keras_infovae.evaluation.examples import check_examples
from keras_infovae.typing import Condition, Logs, Rows, Seed
from keras_infovae.utils.batches import in_batches
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.graphs import one_graph
from keras_infovae.utils.randomness import split_seed, stateless_seed


class DivergenceNullBand(keras.callbacks.Callback):
    """Records the divergence at the end of an epoch, and the band in which it would be chance.

    An estimate of D(q(z), p(z)) from a batch is not 0 where q = p: it has noise, and sometimes a
    bias. The band is the estimator itself, applied to batches of z from the prior: the mean and the
    5 % and 95 % quantiles over `draws` of them. A divergence within it cannot be told from a
    perfect match at this batch size; one above it can.

    It adds to the epoch's logs, and so to the history and all that reads it, all in the
    divergence's own unit and at batches of `batch_size`:

    | name | is |
    |---|---|
    | `divergence_at_batch` | the mean of D(q(z), p(z)) over the batches of `x` |
    | `divergence_null_mean` | the mean of D over batches of z from the prior |
    | `divergence_null_low`, `divergence_null_high` | its 5 % and 95 % quantiles |

    The z of the band are points: an estimator that integrates z out (the default of
    `MaximumMeanDiscrepancy`) scores more narrowly where q(z|x) is wide. The band is computed once,
    unless the prior or the divergence has weights: then anew each time.

    Args:
        x: examples to look at, in the form that `fit` takes, such as those held out for validation;
            two at least.
        batch_size: examples in a batch, by preference that of the training. Default 128; all of
            `x` where that holds fewer. A rest of `x` that is no full batch is left out.
        draws: batches of z from the prior, at least 2. Default 20.
        seed: integer; the same draws at each epoch. Default 0.
        condition: one row (or label) per example, for models that take a condition. Default None.

    Raises:
        ValueError, TypeError: naming the argument; when the training begins, for a model without
            a divergence, and for a divergence that does not take points (`TotalCorrelation`, which
            needs the density of q(z|x)).

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> from keras_infovae.callbacks import DivergenceNullBand
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.InfoVAE(latent_dim=2, seed=0)
    >>> model.compile("adam")
    >>> band = DivergenceNullBand(x, batch_size=32)
    >>> history = model.fit(x, epochs=1, verbose=0, callbacks=[band]).history
    >>> history["divergence_null_low"] < history["divergence_null_high"]
    True
    """

    def __init__(
        self,
        x: Rows,
        batch_size: int = 128,
        draws: int = 20,
        seed: Seed = 0,
        condition: Condition = None,
    ) -> None:
        super().__init__()
        self._given = as_examples(x, condition)
        self._examples: Any = None
        self.batch_size = check_integer("batch_size", batch_size, minimum=2)
        self.draws = check_integer("draws", draws, minimum=2)
        self.seed = check_integer("seed", seed, minimum=0)
        self._observed: Any = None
        self._null: Any = None
        self._band: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        model = self.model
        if getattr(model, "divergence", None) is None:
            raise ValueError(
                "DivergenceNullBand needs a model with a divergence. "
                f"Received: {type(model).__name__}"
            )
        check_examples(model, *self._given)
        self._examples = model.example_spec.arrays(*self._given)

        @one_graph
        def observed(seed, x, condition):
            z_seed, divergence_seed = split_seed(seed)
            posterior = model.posterior_distribution(x, condition)
            z = tf.cast(posterior.sample(seed=z_seed), tf.float32)
            return model.divergence(z, model.prior_distribution(), posterior, seed=divergence_seed)

        self._observed, self._band = observed, None
        self._null = compiled_null(model.divergence, model.prior_distribution, self._rows)
        try:  # now, and not when the first epoch is over
            self._null.get_concrete_function(stateless_seed(0))
        except ValueError as error:
            raise ValueError(
                "DivergenceNullBand needs a divergence that takes points, z from the prior without "
                f"q(z|x). Received: divergence {type(model.divergence).__name__}"
            ) from error

    @property
    def _rows(self):
        return min(self.batch_size, len(self._examples[0]))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        values = []
        for index, (x, condition) in enumerate(in_batches(self._examples, self._rows)):
            if len(x) == self._rows:
                given = tf.constant(x), None if condition is None else tf.constant(condition)
                values.append(float(self._observed(stateless_seed(self.seed, index), *given)))
        logs["divergence_at_batch"] = float(np.mean(values))
        if self._band is None or self._null_changes():
            self._band = self._null_band()
        logs.update(self._band)

    def _null_band(self):
        values = null_values(self._null, self.draws, stateless_seed(self.seed, 1))
        low, high = null_band(values)
        return {
            "divergence_null_mean": float(values.mean()),
            "divergence_null_low": low,
            "divergence_null_high": high,
        }

    def _null_changes(self):
        """Returns whether the band depends on weights: those of a prior or of the divergence."""
        return bool(self._null.get_concrete_function(stateless_seed(0)).variables)
