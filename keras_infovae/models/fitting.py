"""`compile`, `fit` and `evaluate`: what goes in is checked before any weight changes."""

import math
import warnings

import keras
import tensorflow as tf

from keras_infovae import divergences
from keras_infovae.models import input_checks
from keras_infovae.models.batches import (
    EpochsOfBatches,
    StreamedEpochs,
    by_examples,
    source_errors,
)
from keras_infovae.models.epoch_counter import EpochCounter
from keras_infovae.models.fit_checks import check_batch, check_replicas, first
from keras_infovae.models.nonfinite import StopOnNonFinite
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error, check_integer, check_number
from keras_infovae.utils.randomness import stateless_seed

_DEFAULT_BATCH_SIZE = 32  # Keras's
_STEPS_WORTH_XLA = 5000
_TARGETS = ("sample_weight", "class_weight")


class FitMethods:
    """The methods of a model that train and evaluate it; `LatentVariableModel` extends it."""

    _synchronize_divergence = True

    def compile(self, optimizer="adam", *, synchronize_divergence=True, **options):
        """Configures training.

        Args:
            optimizer: a Keras optimizer or its name. Default "adam".
            synchronize_divergence: whether several replicas take the divergence of the codes of the
                whole batch, as one device would (default). With False each takes that of its own
                examples, and the mean over replicas counts: nothing is gathered, but a divergence
                of fewer codes is noisier, and the numbers are not those of one device
                (docs/distributed.md). On one device both are the same.
            **options: `steps_per_execution`, `run_eagerly`, `auto_scale_loss`, as for
                `keras.Model.compile`; and `jit_compile`, where "auto" (default) compiles by XLA
                what is long enough to earn the compile time: a `fit` of 5,000 steps or more, on
                one device. (The same seed gives other draws under XLA than without it.)

        Raises:
            ValueError: for `loss` or `metrics`; the model has its own objective.
            TypeError: for a `synchronize_divergence` that is no boolean.
        """
        if not isinstance(synchronize_divergence, bool):
            raise argument_error(
                "synchronize_divergence", "True or False", synchronize_divergence, TypeError
            )
        for name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
            if options.get(name) is not None:
                raise argument_error(
                    name,
                    "left out: the objective is the model's own, set by its constructor",
                    options[name],
                )
        super().compile(optimizer=optimizer, **options)
        self._synchronize_divergence = synchronize_divergence
        self._compile_options = {"synchronize_divergence": synchronize_divergence} | options
        self._chooses_jit = options.get("jit_compile", "auto") == "auto" and not self.run_eagerly

    @source_errors()
    def fit(
        self,
        x=None,
        y=None,
        *,
        condition=None,
        batch_size=None,
        verbose="auto",
        callbacks=None,
        **options,
    ):
        """Trains on x alone; the arguments are those of `keras.Model.fit`, without targets.

        Args:
            x: array [examples, ...] in the range of the likelihood, or a `tf.data.Dataset` or
                `PyDataset` of batches x or (x,). Arrays are checked whole, datasets by
                their first batch. A generator of (x,) is not checked; the model has to be built.
            y: not taken; there are no targets.
            condition: one row per example, for a model that takes a condition; a dataset gives
                batches of (x, condition) instead, and so does `validation_data`. Default None.
            batch_size: examples per step, for arrays. Default 32. At least 2 where the divergence
                counts: the aggregated posterior cannot be seen in one example. There, an example
                that would be a last batch of its own sits the epoch out (another one each epoch).
            verbose: 0 for silence, else the objective with its weights, a warning where the
                divergence could not see a wrong variance in batches of this size, and a progress
                bar.
            callbacks: Keras callbacks.
            **options: `epochs`, `validation_data=(x_valid,)`, `validation_split`,
                `shuffle`, `steps_per_epoch`, and so on. `initial_epoch` goes on where a saved model
                stopped after as many epochs of the same `fit`: with the same draws, and with the
                order of the examples that it would have had.

        Returns:
            A Keras `History` of `loss, reconstruction_loss, kl_divergence, divergence`, of
            `adversary_loss` where there is an adversary, and of weights on a schedule.

        Raises:
            ValueError, TypeError: for data that cannot be trained on, before any weight changes.
            FloatingPointError: when a term stops being finite during training.
        """
        if not self.compiled:
            self.compile()
        targets = {"y": y} | {name: options.pop(name, None) for name in _TARGETS}
        for name, value in targets.items():
            if value is not None:
                raise argument_error(name, "left out: there is nothing but x to learn", type(value))
        if batch_size is not None:
            check_integer("batch_size", batch_size)
        x, examples = self._checked(x, "x", condition)
        if self.divergence_counts:
            check_batch(batch_size, examples)
        if options.get("validation_data") is not None:
            options["validation_data"], _ = self._checked(
                options["validation_data"], "validation_data"
            )
        # First, so that no other callback saves a model that is broken.
        own = [StopOnNonFinite(self._nonfinite), EpochCounter(self._epochs)]
        callbacks = own + keras.tree.flatten(callbacks or [])
        rows = None if examples is None else len(first(examples))
        if input_checks.is_arrays(x):
            batches = self._batches(x, batch_size or _DEFAULT_BATCH_SIZE, options)
            x, batch_size = batches.dataset(), None
            rows = min(batches.batch_size, batches.examples)
            callbacks.append(batches)
        if hasattr(x, "begin_epoch"):
            callbacks.append(StreamedEpochs(x.begin_epoch))
        if reductions.has_workers(self.distribute_strategy):
            x, options["validation_data"] = map(by_examples, (x, options.get("validation_data")))
        if isinstance(x, tf.data.Dataset):
            options["shuffle"] = False  # Keras cannot, and would warn
            self._choose_jit(x, **options)
        steps = options.get("steps_per_epoch") or _length(x)
        check_replicas(rows, self.optimizer, self.distribute_strategy)
        self._prepare(examples, rows, steps)
        self.anomaly_threshold = None  # scores change with the weights
        if verbose != 0:
            self._preflight(rows)
        return super().fit(
            x, batch_size=batch_size, verbose=verbose, callbacks=callbacks, **options
        )

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Keras would look at the mean of the replicas' first batches, which fails where these are
        # of unequal size. The model is built by then; only the optimizer may still be without its
        # variables.
        if self.built and self.optimizer is not None and not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.objective_variables)

    def _choose_jit(self, dataset, epochs=1, steps_per_epoch=None, **_):
        """Turns XLA on for a long training, if the choice was left to the model.

        Keras's own choice is never on a CPU, where XLA trains 1.1 to 1.7 times as fast, at the cost
        of some ten seconds for each shape of batch. XLA draws other numbers from the same seed.
        """
        steps = steps_per_epoch or max(int(dataset.cardinality()), 0)
        # Counted from the first epoch: a training that is taken up again computes as it began.
        long = steps * epochs >= _STEPS_WORTH_XLA
        one_device = self.distribute_strategy.num_replicas_in_sync == 1
        if self._chooses_jit and not self.jit_compile and long and one_device:
            self.jit_compile = True
            self.train_function = self.test_function = None  # made anew by Keras

    def _batches(self, x, batch_size, options):
        """Returns the `EpochsOfBatches` of an array; takes what it settles out of `options`."""
        split = check_number("validation_split", options.pop("validation_split", 0), 0, 1)
        if split and options.get("validation_data") is None:
            x, options["validation_data"] = _split_off(x, split)
            if self.divergence_counts:
                check_batch(batch_size, x)
        options.setdefault("validation_batch_size", batch_size)
        return EpochsOfBatches(
            x,
            batch_size,
            seed=self._order_seed(options.get("initial_epoch", 0)),
            keep_single=not self.divergence_counts,
            shuffle=options.pop("shuffle", True),
        )

    def _order_seed(self, initial_epoch):
        """Returns the seed of the order of the examples: that of the training that goes on, if any.

        The order of each epoch follows from it and the epoch's number.
        """
        if not initial_epoch:
            self._order.assign(tf.cast(stateless_seed(self._order_seeds.next()), tf.int64))
        return tf.cast(self._order.read_value(), tf.int32)

    def _prepare(self, examples, rows, steps):
        """Tells the parts of the model what they need to know of the data, before any step.

        Args:
            examples: the examples that were looked at, or None.
            rows: the number of examples in a batch, or None.
            steps: the number of steps in an epoch, or None.
        """
        if steps is not None:
            self._steps_per_epoch.assign(steps)
        elif self.counts_epochs():
            raise ValueError(
                "Argument `steps_per_epoch` must be given where a weight follows a schedule in "
                "epochs and the data do not tell their length. Received: steps_per_epoch=None"
            )
        if examples is not None:
            self.likelihood.adapt(first(examples))
        if rows is not None and steps is not None:
            self.divergence.adapt(rows * steps)

    def _preflight(self, rows):
        """Prints the objective, and warns where the divergence is blind at this batch size."""
        print(self.objective())
        if rows is None or not self.divergence_counts:
            return
        message = divergences.kernel_warning(
            self.divergence, self.prior_distribution(), self.latent_dim, rows
        )
        if message is not None:
            warnings.warn(message)

    def objective(self):
        """Returns the loss as one line of text, with the weights as numbers."""
        kl_weight, divergence_weight = (
            name if name in self.scheduled_weights else f"{getattr(self, name):g}"
            for name in ("kl_weight", "divergence_weight")
        )
        return (
            f"{self.name}: loss = reconstruction_loss + {kl_weight} * kl_divergence "
            f"+ {divergence_weight} * divergence"
        )

    @source_errors()
    def evaluate(self, x=None, *, condition=None, **options):
        """Returns the loss and its terms on x, as a dictionary.

        Args:
            x: as for `fit`.
            condition: as for `fit`.
            **options: `batch_size`, `verbose`, `steps`, `callbacks`, and `return_dict=False` for a
                list of the values.

        Returns:
            `{"loss": ..., "reconstruction_loss": ..., "kl_divergence": ..., "divergence": ...}`,
            means over x, and `"adversary_loss"` where there is an adversary. The draws of z are
            the same each time.
        """
        if not self.compiled:
            self.compile()
        if not options.get("_use_cached_eval_dataset"):  # within fit, which has checked it
            x, _ = self._checked(x, "x", condition)
        return super().evaluate(x, **({"return_dict": True} | options))

    @source_errors()
    def predict(self, x, *, condition=None, **options):
        """Returns the mean of p(x|z) at the posterior mean of z, NumPy of the shape of x.

        Args:
            x: as for `fit`.
            condition: as for `fit`.
            **options: `batch_size`, `verbose`, `steps`, `callbacks`.
        """
        self._require_built()
        x, _ = self._checked(x, "x", condition)
        return super().predict(x, **options)


def _length(data):
    """Returns the number of batches of a dataset, or None where it does not know."""
    if isinstance(data, tf.data.Dataset):
        return max(int(data.cardinality()), 0) or None
    return getattr(data, "num_batches", None)


def _split_off(x, fraction):
    """Returns `x`, an array or a pair of arrays, without its last `fraction`, and that."""
    count = len(first(x))
    train = math.ceil(count * (1 - fraction))
    if not 0 < train < count:
        raise argument_error(
            "validation_split", "a fraction that leaves examples on both sides", fraction
        )
    return tuple(
        tf.nest.map_structure(lambda a, rows=rows: a[rows], x)
        for rows in (slice(train), slice(train, None))
    )
