"""`compile`, `fit` and `evaluate`: what goes in is checked before any weight changes."""

import math
import types

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.models import input_checks
from keras_infovae.models.batches import EpochsOfBatches
from keras_infovae.models.nonfinite import StopOnNonFinite
from keras_infovae.utils.checks import argument_error, check_integer, check_number
from keras_infovae.utils.randomness import stateless_seed

_DEFAULT_BATCH_SIZE = 32  # Keras's
_STEPS_WORTH_XLA = 5000
_TARGETS = ("sample_weight", "class_weight")


class FitMethods:
    """The methods of a model that train and evaluate it; `LatentVariableModel` extends it."""

    def compile(self, optimizer="adam", **options):
        """Configures training.

        Args:
            optimizer: a Keras optimizer or its name. Default "adam".
            **options: `steps_per_execution`, `run_eagerly`, `auto_scale_loss`, as for
                `keras.Model.compile`; and `jit_compile`, where "auto" (default) compiles by XLA
                what is long enough to earn the compile time: a `fit` of 5,000 steps or more, on
                one device. (The same seed gives other draws under XLA than without it.)

        Raises:
            ValueError: for `loss` or `metrics`; the model has its own objective.
        """
        for name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
            if options.get(name) is not None:
                raise argument_error(
                    name,
                    "left out: the objective is the model's own, set by its constructor",
                    options[name],
                )
        super().compile(optimizer=optimizer, **options)
        self._compile_options = options
        self._chooses_jit = options.get("jit_compile", "auto") == "auto" and not self.run_eagerly

    def fit(self, x=None, y=None, *, batch_size=None, verbose="auto", callbacks=None, **options):
        """Trains on x alone; the arguments are those of `keras.Model.fit`, without targets.

        Args:
            x: array [examples, ...] in the range of the likelihood, or a `tf.data.Dataset` or
                `PyDataset` of batches x or (x,). Arrays are checked whole, datasets by
                their first batch. A generator of (x,) is not checked; the model has to be built.
            y: not taken; there are no targets.
            batch_size: examples per step, for arrays. Default 32. At least 2 where the divergence
                counts: the aggregated posterior cannot be seen in one example. There, an example
                that would be a last batch of its own sits the epoch out (another one each epoch).
            verbose: 0 for silence, else the objective with its weights and a progress bar.
            callbacks: Keras callbacks.
            **options: `epochs`, `validation_data=(x_valid,)`, `validation_split`,
                `shuffle`, `steps_per_epoch`, and so on.

        Returns:
            A Keras `History` of `loss, reconstruction_loss, kl_divergence, divergence`.

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
        x, examples = self._checked(x, "x")
        if self.divergence_weight != 0:
            _check_batch(batch_size, examples)
        if options.get("validation_data") is not None:
            options["validation_data"], _ = self._checked(
                options["validation_data"], "validation_data"
            )
        if verbose != 0:
            print(self.objective())
        # First, so that no other callback saves a model that is broken.
        callbacks = [StopOnNonFinite(self._nonfinite), *keras.tree.flatten(callbacks or [])]
        if isinstance(x, np.ndarray):
            batches = self._batches(x, batch_size or _DEFAULT_BATCH_SIZE, options)
            x, batch_size = batches.dataset(), None
            callbacks.append(batches)
        if isinstance(x, tf.data.Dataset):
            options["shuffle"] = False  # Keras cannot, and would warn
            self._choose_jit(x, **options)
        return super().fit(
            x, batch_size=batch_size, verbose=verbose, callbacks=callbacks, **options
        )

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Keras would look at the mean of the replicas' first batches, which fails where these are
        # of unequal size. The model is built by then; only the optimizer may still be without its
        # variables.
        if self.built and self.optimizer is not None and not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    def _choose_jit(self, dataset, epochs=1, initial_epoch=0, steps_per_epoch=None, **_):
        """Turns XLA on for a long training, if the choice was left to the model.

        Keras's own choice is never on a CPU, where XLA trains 1.1 to 1.7 times as fast, at the cost
        of some ten seconds for each shape of batch. XLA draws other numbers from the same seed.
        """
        steps = steps_per_epoch or max(int(dataset.cardinality()), 0)
        long = steps * (epochs - initial_epoch) >= _STEPS_WORTH_XLA
        one_device = self.distribute_strategy.num_replicas_in_sync == 1
        if self._chooses_jit and not self.jit_compile and long and one_device:
            self.jit_compile = True
            self.train_function = self.test_function = None  # made anew by Keras

    def _batches(self, x, batch_size, options):
        """Returns the `EpochsOfBatches` of an array; takes what it settles out of `options`."""
        split = check_number("validation_split", options.pop("validation_split", 0), 0, 1)
        if split and options.get("validation_data") is None:
            x, options["validation_data"] = _split_off(x, split)
            if self.divergence_weight != 0:
                _check_batch(batch_size, x)
        options.setdefault("validation_batch_size", batch_size)
        return EpochsOfBatches(
            x,
            batch_size,
            seed=stateless_seed(self._order_seeds.next()),
            keep_single=self.divergence_weight == 0,
            shuffle=options.pop("shuffle", True),
        )

    def objective(self):
        """Returns the loss as one line of text, with the weights as numbers."""
        return (
            f"{self.name}: loss = reconstruction_loss + {self.kl_weight:g} * kl_divergence "
            f"+ {self.divergence_weight:g} * divergence"
        )

    def evaluate(self, x=None, **options):
        """Returns `loss, reconstruction_loss, kl_divergence, divergence` on x, as a dictionary.

        Args:
            x: as for `fit`.
            **options: `batch_size`, `verbose`, `steps`, `callbacks`, and
                `return_dict`, which is True here unless it is given.
        """
        if not self.compiled:
            self.compile()
        if not options.get("_use_cached_eval_dataset"):  # within fit, which has checked it
            x, _ = self._checked(x, "x")
        return super().evaluate(x, **({"return_dict": True} | options))

    def predict(self, x, **options):
        """Returns the mean of p(x|z) at the posterior mean of z, NumPy of the shape of x.

        Args:
            x: as for `fit`.
            **options: `batch_size`, `verbose`, `steps`, `callbacks`.
        """
        self._require_built()
        x, _ = self._checked(x, "x")
        return super().predict(x, **options)

    def _checked(self, x, name):
        """Checks `x`, and builds the model if that is still to do.

        Returns:
            (x ready for Keras, the examples that were checked: all of an array, a dataset's first
            batch, None of a generator).
        """
        if x is None:
            raise argument_error(name, "an array or a dataset", x)
        is_dataset = isinstance(x, (tf.data.Dataset, keras.utils.PyDataset))
        if isinstance(x, types.GeneratorType):  # cannot be looked into without losing a batch
            self._require_built()
            return x, None
        if isinstance(x, tuple):
            x = input_checks.unpack_x(x, name)
        if not is_dataset and not hasattr(x, "__array__") and not isinstance(x, list):
            raise argument_error(name, "an array or a dataset", type(x), TypeError)
        examples = input_checks.first_batch(x, name) if is_dataset else x
        examples = input_checks.as_example_array(examples, name)
        if self.event_shape is not None:
            input_checks.check_event_shape(examples.shape, self.event_shape, name)
        input_checks.check_values(examples, self.likelihood, name)
        with self.distribute_strategy.scope():
            self.build(examples.shape)
        return (x if is_dataset else examples), examples


def _split_off(x, fraction):
    """Returns `x` without its last `fraction`, and that."""
    train = math.ceil(len(x) * (1 - fraction))
    if not 0 < train < len(x):
        raise argument_error(
            "validation_split", "a fraction that leaves examples on both sides", fraction
        )
    return x[:train], x[train:]


def _check_batch(batch_size, examples):
    received = None if examples is None else len(examples)
    if batch_size == 1 or received == 1:
        raise ValueError(
            "Argument `batch_size` must be at least 2, with as many examples: the divergence "
            "compares the aggregated posterior of a batch with the prior. Received: "
            f"batch_size={batch_size}, examples={'unknown' if received is None else received}"
        )
