"""The training of all models: `compile`, `fit`, `evaluate` and `predict`."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_infovae import schedules
from keras_infovae.models import data_kinds
from keras_infovae.models.batches import source_errors
from keras_infovae.models.compilation import (
    hears_batches,
    is_worth_xla,
    steps_at_once,
    taking_at_once,
)
from keras_infovae.models.epoch_lines import EpochLines
from keras_infovae.models.fit_data import (
    FitData,
    check_counts,
    check_least,
    check_replicas,
    first,
    in_batches,
    refuse_targets,
)
from keras_infovae.models.nonfinite import StopOnNonFinite
from keras_infovae.models.progress import EpochCounter, PlayersAtEpochEnd
from keras_infovae.models.raw_data import condition_beside, opened, preprocessor_of
from keras_infovae.models.step_model import StepModel
from keras_infovae.typing import Condition, Numbers, Optimizer, Result
from keras_infovae.utils import terminal
from keras_infovae.utils.checks import argument_error, check_boolean, check_integer
from keras_infovae.utils.constructors import constructor_parameters


class TrainableModel(StepModel):
    """What all models train by: data is checked before any weight changes, then steps are taken."""

    least_batch = 1  # examples, fewer than which no step can be taken with
    _chooses_steps = False  # before `compile`

    # === What a model may define ===

    def describe(self, preprocessor: Any, data: Any, plain: bool = False) -> None:
        """Makes the preprocessor of the first raw data, and takes what it says of a condition.

        Args:
            preprocessor: its class.
            data: the raw data.
            plain: whether a likelihood was chosen for them, as for `Preprocessor.infer_plain`.
        """
        infer = preprocessor.infer_plain if plain else preprocessor.infer
        found = infer(data, condition=self.condition.names)
        self.condition = condition_beside(found, self.condition)
        self.example_spec.preprocessor, self.example_spec.condition = found, self.condition

    def adapt(self, x: Any, count: Any) -> None:
        """Tells the parts what they need to know of the data, before any step.

        Args:
            x: examples that were looked at, NumPy, or None: all of an array, the first batch of a
                dataset.
            count: the number of examples, or None where that is not known.
        """

    def objective(self) -> str:
        """Returns the loss as one line of text."""
        return f"{self.name}: loss = {' + '.join(self.term_names) or 'its own'}"

    def preflight(self, rows: Any) -> None:
        """Prints what is about to be minimized, for batches of `rows` (None: unknown)."""
        print(self.objective())

    def forget(self) -> None:
        """Drops what was derived from the weights, which are about to change."""

    def compile(
        self, optimizer: Optimizer = "auto", *, synchronize_divergence: bool = True, **options: Any
    ) -> None:
        """Configures training.

        Args:
            optimizer: a Keras optimizer or its name. Default "auto": "adam"; for a model that does
                not train by gradients, which takes no other, none.
            synchronize_divergence: whether several replicas take the divergence of the codes of the
                whole batch, as one device would (default). With False each takes that of its own
                examples, and the mean over replicas counts: nothing is gathered, but a divergence
                of fewer codes is noisier, and the numbers are not those of one device
                (docs/distributed.md). On one device both are the same.
            **options: `run_eagerly`, `auto_scale_loss`, as for `keras.Model.compile`;
                `jit_compile`, where "auto" (default) compiles by XLA what is long enough to earn
                the compile time: a `fit` of 5,000 steps or more, on one device, without
                convolutions of images (docs/performance.md). That follows from the settings alone
                and not from measured times, so that a training can be repeated. (The same seed
                gives other draws under XLA than without it.) And `steps_per_execution`, how many
                steps are taken before Python, its callbacks and the progress bar have a turn:
                "auto" (default) takes 10 in a `fit` where steps are short and many, on one device,
                without callbacks that listen to batches and without numbers of steps that 10 does
                not divide, and else 1. The steps are the same.

        Raises:
            ValueError: for `loss` or `metrics`, since the model has its own objective; for an
                optimizer that the model has no use for, or None where it needs one; for fewer than
                1 step at once.
            TypeError: for a `synchronize_divergence` that is no boolean, and for a
                `steps_per_execution` that is neither "auto" nor an integer.
        """
        check_boolean("synchronize_divergence", synchronize_divergence)
        for name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
            if options.get(name) is not None:
                raise argument_error(
                    name,
                    "left out: the objective is the model's own, set by its constructor",
                    options[name],
                )
        at_once = options.get("steps_per_execution", "auto")
        chooses_steps = isinstance(at_once, str) and at_once == "auto"
        at_once = 1 if chooses_steps else _checked_steps(at_once)
        given = options | {"steps_per_execution": at_once}
        super().compile(optimizer=self._optimizer_of(optimizer), **given)
        self._chooses_steps, self._compiled_functions = chooses_steps, {}
        self._setting_names = list(constructor_parameters(type(self)))
        self._settings_traced = self._settings_of_steps()
        self._synchronize_divergence = synchronize_divergence
        self._compile_options = {"synchronize_divergence": synchronize_divergence} | options
        self._chooses_jit = options.get("jit_compile", "auto") == "auto" and not self.run_eagerly

    def _optimizer_of(self, optimizer):
        automatic = isinstance(optimizer, str) and optimizer == "auto"
        if self.trains_by_gradients:
            if optimizer is None:
                raise argument_error("optimizer", "a Keras optimizer or its name", optimizer)
            return "adam" if automatic else optimizer
        if optimizer is not None and not automatic:
            expected = f"left out: {type(self).__name__} does not train by gradients"
            raise argument_error("optimizer", expected, optimizer)
        return None

    @source_errors()
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *,
        condition: Condition = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        callbacks: Sequence[Any] | None = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """Trains on x alone; the arguments are those of `keras.Model.fit`, without targets.

        Args:
            x: array [examples, ...] in the range of the likelihood, or a `tf.data.Dataset` or
                `PyDataset` of batches x or (x,). Arrays are checked whole, datasets by
                their first batch. A generator of (x,) is not checked; the model has to be built.
                Or raw data: a pandas DataFrame, the path of a `.csv`, `.tsv` or `.parquet` file;
                strings, a `tf.data.Dataset` of them, single or in batches, or the path of a `.txt`
                file, a text in each line; or uint8 images [n, height, width(, channels)]. The first
                make the model's `preprocessor`, which says what they are, and leads to x and back;
                of a dataset of strings that takes a pass of its own.
            y: not taken; there are no targets.
            condition: one row per example, for a model that takes a condition; a dataset gives
                batches of (x, condition) instead, and so does `validation_data`. Default None.
            batch_size: examples per step, for arrays. Default 32. At least 2 where the divergence
                counts: the aggregated posterior cannot be seen in one example. There, an example
                that would be a last batch of its own sits the epoch out (another one each epoch).
            verbose: 0 for silence, else the objective with its weights, a warning where the
                divergence could not see a wrong variance in batches of this size, and 1: Keras's
                progress bar; 2: one line per epoch. "auto" (default): the bar on a terminal or in a
                notebook, lines where stdout is a file or a pipe.
            callbacks: Keras callbacks.
            **options: `epochs`, `validation_data=(x_valid,)`, `validation_split`,
                `shuffle`, `steps_per_epoch`, and so on. `initial_epoch` goes on where a saved model
                stopped after as many epochs of the same `fit`: with the same draws, and with the
                order of the examples that it would have had.

        Returns:
            A Keras `History` of the loss and its terms; of `adversary_loss` where there is an
            adversary, `regularization` where own networks add to the loss, and of weights on a
            schedule.

        Raises:
            ValueError, TypeError: for data that cannot be trained on, and for counts of epochs,
                steps or examples that are not such integers, before any weight changes.
            FloatingPointError: when a term stops being finite during training.
        """
        if not self.compiled:
            self.compile()
        check_counts(options)
        strategy = self.distribute_strategy
        x = self._described(x)
        data = FitData(self.example_spec, strategy, self.build, self.least_batch)
        options["y"] = y
        data.read(x, condition, batch_size, options)
        if self.example_spec.preprocessor is not None and data.examples is not None:
            self.example_spec.preprocessor.check_training(first(data.examples))
        batch_size = data.make_batches(batch_size, options, self.progress.order_seed)
        steps = data.steps(options)
        self._limit_batches(data.largest)
        is_dataset = isinstance(data.x, tf.data.Dataset)
        if is_dataset:
            self._choose_jit(steps, **options)
        at_once = self._steps_at_once(
            steps if is_dataset else None, data.largest, callbacks, **options
        )
        check_replicas(data.rows, self.optimizer, strategy)
        self._begin(data, steps)
        if verbose != 0:
            self.preflight(data.rows)
        # First, so that no other callback saves a model that is broken.
        own = [
            StopOnNonFinite(self._nonfinite),
            EpochCounter(self.progress),
            PlayersAtEpochEnd(),
        ]
        callbacks = own + keras.tree.flatten(callbacks or []) + data.callbacks
        if verbose == "auto":
            verbose = 1 if terminal.redraws_lines() else 2
        if verbose == 2:  # Keras would write two lines, and the terms before the loss
            verbose, callbacks = 0, [*callbacks, EpochLines()]
        with self._taking_at_once(at_once):
            return super().fit(
                data.x, batch_size=batch_size, verbose=verbose, callbacks=callbacks, **options
            )

    def _described(self, x):
        """Returns x, raw data of a file where it is a path; the first make the preprocessor."""
        x, spec = opened(x), self.example_spec
        x = x[0] if isinstance(x, tuple) and len(x) == 1 else x  # as Keras takes it
        if spec.preprocessor is None and spec.event_shape is None:
            seen = data_kinds.spec_of_batches(x) if data_kinds.is_dataset(x) else x
            preprocessor = preprocessor_of(seen)
            if preprocessor is not None and not spec.takes(seen):
                self.describe(preprocessor, x)
        return x

    def _begin(self, data, steps):
        """Tells the parts of the model what they need to know of the data, before any step."""
        if steps is not None:
            self.progress.steps_per_epoch.assign(steps)
        else:
            self._require_steps_per_epoch()
        x = None if data.examples is None else first(data.examples)
        count = _num_examples(data, steps)
        self.adapt(x, count)
        self.example_spec.see(x if count is not None and len(x) > count - data.rows else None)
        self.forget()

    def _require_steps_per_epoch(self):
        """Raises ValueError where a weight needs the number of steps that nothing tells."""
        values = self._schedulable()
        if any(isinstance(v, schedules.Schedule) and v.unit == "epochs" for v in values):
            raise ValueError(
                "Argument `steps_per_epoch` must be given to `fit` where a weight follows a "
                "schedule in epochs and the data do not tell their length, as single batches do "
                "not. Received: steps_per_epoch=None"
            )

    def _schedulable(self):
        """Returns the values of the settings, those that may follow a schedule among them."""
        return [getattr(self, name, None) for name in self.get_config()]

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Keras would look at the mean of the replicas' first batches, which fails where these are
        # of unequal size. The model is built by then; only the optimizer may still be without its
        # variables.
        if self.built and self.optimizer is not None and not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    def _choose_jit(self, steps, epochs=1, **_):
        """Turns XLA on for a training that it makes shorter, if the choice was left to the model.

        Keras's own choice is never on a CPU.
        """
        # Counted from the first epoch: a training that is taken up again computes as it began.
        total = None if steps is None else steps * epochs
        worth = is_worth_xla(total, self.trainable_variables)
        one_device = self.distribute_strategy.num_replicas_in_sync == 1
        if self._chooses_jit and not self.jit_compile and worth and one_device:
            self.jit_compile = True
            self._trace_anew()

    def _steps_at_once(self, steps, rows, callbacks, epochs=1, **options):
        """Returns how many steps `fit` takes at once."""
        if not self._chooses_steps or self.run_eagerly:
            return self.steps_per_execution
        hear = any(map(hears_batches, keras.tree.flatten(callbacks or [])))
        if hear or self.distribute_strategy.num_replicas_in_sync > 1:
            return 1
        told = [options.get(name) or 0 for name in ("steps_per_epoch", "validation_steps")]
        return steps_at_once(steps, epochs, rows, self.weights, told)

    def _taking_at_once(self, steps):
        return taking_at_once(self, steps, self._compiled_functions)

    def _taking_as_told(self):
        """Has Keras take as many steps as it is told, and not the next multiple of several."""
        if not self._chooses_steps:
            return contextlib.nullcontext()
        return self._taking_at_once(1)

    def traced_settings(self) -> tuple:
        """Returns the settings that may be set after a call, by which functions are kept."""
        return ()

    def make_train_function(self, force: bool = False) -> Any:
        """Has Keras make the function of a step, anew where settings of parts have changed."""
        self._trace_anew_where_set()
        return super().make_train_function(force)

    def make_test_function(self, force: bool = False) -> Any:
        """As `make_train_function`, of a step of an evaluation."""
        self._trace_anew_where_set()
        return super().make_test_function(force)

    def _settings_of_steps(self):
        """Returns the settings that a step goes by: `traced_settings`, and weights of the loss."""
        own = [getattr(self, name, None) for name in self._setting_names]
        weights = [repr(v) for v in own if isinstance(v, (str, int, float, schedules.Schedule))]
        return self.traced_settings(), weights

    def _trace_anew_where_set(self):
        settings = self._settings_of_steps()
        if settings != self._settings_traced:
            self._settings_traced = settings
            self._trace_anew()

    def _trace_anew(self):
        self.train_function = self.test_function = None  # made anew by Keras
        self._compiled_functions.clear()

    def _limit_batches(self, rows):
        """Has steps traced for batches of at most `rows` examples, or None for batches of any size.

        What was traced for another size is traced anew.
        """
        if rows != self._most_in_batch:
            self._most_in_batch = rows
            self.train_function = None  # made anew by Keras
            self._compiled_functions.clear()

    @source_errors()
    def evaluate(self, x: Any = None, *, condition: Condition = None, **options: Any) -> Any:
        """Returns the loss and its terms on x, as a dictionary.

        Args:
            x: as for `fit`.
            condition: as for `fit`.
            **options: `batch_size`, `verbose`, `steps`, `callbacks`, and `return_dict=False` for a
                list of the values.

        Returns:
            `{"loss": ..., "reconstruction_loss": ..., ...}`, means over x, of what `fit` records.
            The draws of z are the same each time.
        """
        if not self.compiled:
            self.compile()
        options = {"return_dict": True} | options
        if options.get("_use_cached_eval_dataset"):  # within fit, which has checked it
            return super().evaluate(x, **options)
        refuse_targets(options)
        x = self._in_batches(x, condition, options)
        with self._taking_as_told():
            return super().evaluate(x, **options)

    @source_errors()
    def predict(self, x: Any, *, condition: Condition = None, **options: Any) -> Result:
        """Returns x reconstructed from its own code: NumPy, or in the raw form for raw data.

        Args:
            x: as for `fit`.
            condition: as for `fit`.
            **options: `batch_size`, `verbose`, `steps`, `callbacks`.
        """
        self.example_spec.require_known()
        batches = self._in_batches(x, condition, options)
        with self._taking_as_told():
            found = super().predict(batches, **options)
        return self.example_spec.like(x, found)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        *,
        condition: Condition = None,
        return_dict: bool = True,
    ) -> Any:
        """Takes one step on the batch `x`, as `keras.Model.train_on_batch` does.

        Args:
            x: as for `fit`, one batch.
            y, sample_weight, class_weight: not taken; there are no targets.
            condition: as for `fit`.
            return_dict: False for a list of the values. Default True.

        Returns:
            {name: value} of what `fit` records.

        Raises:
            ValueError: for fewer examples than the divergence needs; for a weight that follows a
                schedule in epochs before a `fit` has told how many steps an epoch has.
        """
        batch = self._one_batch(x, condition, y, sample_weight, class_weight)
        rows = len(first(batch))
        check_least(self.least_batch, rows, rows)
        if not int(self.progress.steps_per_epoch):
            self._require_steps_per_epoch()
        if not int(self.progress.step):  # as `fit` does, of the examples that it looks at
            self.adapt(first(batch), None)
        self.forget()
        self._limit_batches(None)
        return super().train_on_batch(batch, return_dict=return_dict)

    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        *,
        condition: Condition = None,
        return_dict: bool = True,
    ) -> Any:
        """Evaluates the batch `x`, as `keras.Model.test_on_batch` does.

        Args:
            x, y, sample_weight, class_weight, condition, return_dict: as for `train_on_batch`.

        Returns:
            {name: value} of what `evaluate` returns.
        """
        batch = self._one_batch(x, condition, y, sample_weight, class_weight)
        return super().test_on_batch(batch, return_dict=return_dict)

    def predict_on_batch(self, x: Any, *, condition: Condition = None) -> Result:
        """Returns the batch `x` reconstructed, as `predict` does: NumPy, or in the raw form.

        Args:
            x, condition: as for `train_on_batch`.
        """
        self.example_spec.require_known()
        found = super().predict_on_batch(self._one_batch(x, condition))
        return self.example_spec.like(x, found)

    def _one_batch(self, x, condition, y=None, sample_weight=None, class_weight=None):
        refuse_targets({"y": y, "sample_weight": sample_weight, "class_weight": class_weight})
        if data_kinds.is_dataset(x):
            raise argument_error("x", "one batch (`fit` takes datasets)", x, TypeError)
        if not self.compiled:
            self.compile()
        return self._prepared(x, condition)

    def _in_batches(self, x, condition, options):
        if options.get("steps") is not None:
            check_integer("steps", options["steps"])
        return in_batches(self._prepared(x, condition, options.get("batch_size")), options)

    def _prepared(self, x, condition, batch_size=None):
        with self.distribute_strategy.scope():
            return self.example_spec.prepare(x, "x", condition, self.build, batch_size)[0]

    # === Saving ===

    def get_compile_config(self) -> Any:
        """Returns the optimizer as a config, for saving."""
        if not self.compiled:
            return {}
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "options": self._compile_options,
        }

    def compile_from_config(self, config: Numbers) -> None:
        """Compiles as the saved model was, and makes the optimizer's variables."""
        optimizer = keras.saving.deserialize_keras_object(config["optimizer"])
        self.compile(optimizer, **config["options"])
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)


def _num_examples(data, steps):
    """Returns how many examples there are to train on, or None where that is not known.

    Args:
        data: a `FitData`.
        steps: of an epoch, or None.
    """
    length = data.steps({})  # of the data, whatever `steps_per_epoch` is
    if data.rows is None or steps is None:
        return None
    if length is None and steps == 1:  # one batch, of a dataset that may go on with others
        return None
    return data.rows * (length or steps)


def _checked_steps(at_once):
    try:
        return check_integer("steps_per_execution", at_once)
    except (TypeError, ValueError) as error:
        expected = "'auto' or an integer of at least 1"
        raise argument_error("steps_per_execution", expected, at_once, type(error)) from None
