"""Watches for a collapse of the latents."""

import warnings
from typing import Any

import keras
import numpy as np

from keras_infovae.callbacks.examples import as_examples
from keras_infovae.evaluation.examples import check_examples
from keras_infovae.evaluation.latent_information import kl_of_dimensions
from keras_infovae.evaluation.measured import Measured
from keras_infovae.typing import Condition, Logs, Rows
from keras_infovae.utils.checks import argument_error, check_choice, check_integer, check_number

ACTIONS = ("warn", "stop")


class CollapseMonitor(keras.callbacks.Callback):
    """Records what the latents say about x at the end of an epoch, and acts when it is nothing.

    It adds to the epoch's logs, and so to the history and all that reads it:

    | name | is | unit |
    |---|---|---|
    | `active_units` | dimensions with Var_x(E[z_d given x]) > `threshold` | count |
    | `kl_per_dimension_min`, `_max` | smallest, largest E_x KL(q(z_d given x), p(z_d)) | nats |
    | `aggregated_mean_max` | largest absolute mean of q(z) in a dimension | that of z |
    | `aggregated_variance_min`, `_max` | smallest, largest variance of q(z) in a dimension | z^2 |

    all over the examples `x`. The KL is that of diagonal normals, and is left out for other priors
    and posteriors. A model that does not know the moments of q(z|x) is judged by 16 draws per
    example, and `active_units` corrected for their noise.

    The latents have collapsed when `active_units` is at most `limit`. Put the callback before those
    that use its numbers (`EarlyStopping`, a table of the history).

    Args:
        x: examples to look at, in the form that `fit` takes, such as some hundreds that are held
            out for validation; two at least.
        every: epochs from one look to the next. Default 1.
        threshold: of the variance over x, in the squared unit of z. Default 0.01, as in the
            reference.
        limit: active units up to which the latents count as collapsed. Default 0.
        patience: how many looks in a row may find a collapse before the next one acts. Default
            None: 0, the first acts.
        action: what is done once per collapse. `"warn"` (default): a warning of one sentence.
            `"stop"`: the warning, and the training stops. A function: it is called with
            (the sentence, the epoch's logs) instead.
        condition: one row (or label) per example, for models that take a condition. Default None.
        batch_size: examples computed at a time; it does not change the numbers. Default 256.

    Raises:
        ValueError, TypeError: naming the argument; when the training begins, for a model without
            codes.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> from keras_infovae.callbacks import CollapseMonitor
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> model.compile("adam")
    >>> monitor = CollapseMonitor(x, action=lambda message, logs: None)
    >>> history = model.fit(x, epochs=1, verbose=0, callbacks=[monitor]).history
    >>> 0 <= history["active_units"][0] <= 2
    True

    References:
        Burda, Grosse, Salakhutdinov, arXiv:1509.00519, section 5.2 (active units).
    """

    def __init__(
        self,
        x: Rows,
        every: int = 1,
        threshold: float = 0.01,
        limit: int = 0,
        patience: int | None = None,
        action: str = "warn",
        condition: Condition = None,
        batch_size: int = 256,
    ) -> None:
        super().__init__()
        self._given = as_examples(x, condition)
        self._examples: Any = None
        self.every = check_integer("every", every)
        self.threshold = check_number("threshold", threshold, minimum=0)
        self.limit = check_integer("limit", limit, minimum=0)
        if patience is not None:
            patience = check_integer("patience", patience, minimum=0)
        self.patience = patience
        if isinstance(action, str):
            check_choice("action", action, ACTIONS)
        elif not callable(action):
            raise argument_error("action", "'warn', 'stop' or a function", action, TypeError)
        self.action = action
        self.batch_size = check_integer("batch_size", batch_size)
        self._collapses = 0  # looks in a row that found a collapse

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._collapses = 0
        self.model.capabilities.require("encode", type(self).__name__)
        # Those that the model does not take show now.
        self._examples = check_examples(self.model, *self._given)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if (epoch + 1) % self.every:
            return
        logs = {} if logs is None else logs
        measured = self._measured()
        moments, kl = measured.moments, kl_of_dimensions(measured)
        active, variances = int(moments.active(self.threshold).sum()), np.diag(moments.covariance)
        logs["active_units"] = float(active)
        logs["aggregated_mean_max"] = float(np.abs(moments.mean).max())
        logs["aggregated_variance_min"] = float(variances.min())
        logs["aggregated_variance_max"] = float(variances.max())
        if kl is not None:
            logs["kl_per_dimension_min"] = float(kl.min())
            logs["kl_per_dimension_max"] = float(kl.max())
        self._collapses = self._collapses + 1 if active <= self.limit else 0
        if self._collapses == (self.patience or 0) + 1:
            self._act(self._sentence(epoch, active, len(variances)), logs)

    def _measured(self):
        return Measured(self.model, *self._examples, batch_size=self.batch_size)

    def get_state(self) -> dict[str, Any]:
        """Returns {name: number}, what a training that is taken up again needs to know."""
        return {"collapses": self._collapses}

    def set_state(self, state: dict) -> None:
        """Takes what `get_state` returned, once the training has begun again."""
        self._collapses = state["collapses"]

    def _sentence(self, epoch, active, latent_dim):
        return (
            f"The latents have collapsed: after epoch {epoch + 1}, {active} of {latent_dim} "
            f"dimensions of z are active (Var_x(E[z|x]) > {self.threshold:g}), and "
            f"{self.limit} or fewer count as a collapse; lower `lambda_`, take a divergence in "
            "closed form over z (the default of MaximumMeanDiscrepancy) instead of one sampled z, "
            "or raise `alpha`."
        )

    def _act(self, sentence, logs):
        if callable(self.action):
            self.action(sentence, logs)
            return
        warnings.warn(sentence, stacklevel=2)
        if self.action == "stop":
            self.model.stop_training = True
