"""What an example of a model must be: shape, values, condition."""

import warnings

import numpy as np
import tensorflow as tf

from keras_infovae.models import data_kinds
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.pipelines import without_autograph

_MOST = 8  # parts of the data that a warning names


class ExampleSpec:
    """What an example must be, and the checks that it is, before anything is computed.

    Args:
        values: a `Likelihood`, which says what shapes and values it can describe.
        condition: a `Condition`.
        preprocessor: the `preprocessors.Preprocessor` by which raw data become x, or None.

    Attributes:
        event_shape: the shape of one x, a tuple; None before the model is built.
        seen: what the preprocessor remembers of the training data, or None.
    """

    def __init__(self, values, condition, preprocessor=None):
        self.values = values
        self.condition = condition
        self.preprocessor = preprocessor
        self.event_shape = None
        self.seen = None

    def require_known(self):
        """Raises ValueError where the shape of x is not known yet."""
        if self.event_shape is None:
            raise ValueError(
                "The model does not know the shape of x yet. Call fit(x), or build((None, ...)) "
                "with the shape of x, first."
            )

    # === Arrays and datasets, checked whole ===

    def arrays(self, x, condition=None, missing=False):
        """Returns x [n, *event_shape] and the condition, NumPy float32, labels as one-hot rows.

        Args:
            x: array [n, ...] as the model was trained on.
            condition: one row per example, where the model takes a condition. Default None.
            missing: as for `array`. Default False.

        Raises:
            ValueError, TypeError: for data that the model cannot have been trained on.
        """
        self.require_known()
        condition = self._condition_of(x, condition)
        x = self.array(x, "x", missing)
        return x, self.condition_array(condition, len(x))

    def batches(self, x, condition=None):
        """Gives (x, condition) as `arrays` does: once for an array, for each batch of a dataset.

        A generator of raw examples comes in batches too.
        """
        if data_kinds.is_generator(x) and self.preprocessor is not None:
            self._refuse_beside_dataset(condition)
            parts = data_kinds.lists_of_generator(
                x, data_kinds.DEFAULT_BATCH_SIZE, self.condition.size > 0
            )
            for examples, told in parts:
                yield self.arrays(examples, told)
            return
        if not data_kinds.is_dataset(x):
            yield self.arrays(x, condition)
            return
        self._refuse_beside_dataset(condition)
        x = data_kinds.with_batches(x, data_kinds.DEFAULT_BATCH_SIZE)
        data_kinds.check_batched(x, "x")
        for batch in data_kinds.iterate(x):
            yield self.arrays(*data_kinds.unpack(batch, self.condition.size > 0, "x"))

    def condition_array(self, condition, count, repeat=False):
        """Returns `condition` as NumPy float32 [count, condition.size], or None if there is none.

        Args:
            condition: what a user gives.
            count: the number of examples.
            repeat: whether a single one stands for all examples. Default False.
        """
        self.require_known()
        return self.condition.array(self._numbers_of_condition(condition), count, repeat)

    def _condition_of(self, x, condition):
        """Returns `condition`, or that which raw examples `x` have beside their values."""
        if condition is None and self._is_raw(x):
            return self.preprocessor.condition_numbers(x)
        return condition

    def divided(self, given, condition):
        """Returns (condition, the rest of `given`), what of {column: value} is the condition.

        Args:
            given: {column: value} of the examples to be, or None.
            condition: what a user gives besides, or None.
        """
        names = self.condition.names
        if not names or condition is not None or not isinstance(given, dict):
            return condition, given
        rest = {name: value for name, value in given.items() if name not in names}
        return {name: given[name] for name in names if name in given}, rest or None

    def _numbers_of_condition(self, condition):
        """Returns the numbers of a condition that is given by names; else `condition` itself."""
        named = isinstance(condition, dict) or self._is_raw(condition)
        if self.preprocessor is None or not (named and self.preprocessor.condition_names):
            return condition
        numbers = self.preprocessor.condition_numbers(condition)
        return numbers[0] if isinstance(condition, dict) else numbers

    def prepare(self, x, name, condition, build, batch_size=None):
        """Checks `x`, and builds the model by `build(shape)` if that is still to do.

        Args:
            x, condition: what a user gives.
            name: the argument's name, for errors.
            build: a function of the shape of x.
            batch_size: how many single texts of a dataset become a batch. Default None: 32.

        Returns:
            (x ready for Keras, the examples that were checked: all of an array, a dataset's first
            batch, None of a generator). With a condition, both are pairs.
        """
        if x is None:
            raise argument_error(name, "an array or a dataset", x)
        if data_kinds.is_generator(x):  # cannot be looked into without losing a batch
            if self.event_shape is None or self.preprocessor is not None:
                raise ValueError(
                    f"Argument `{name}` must be an array or a dataset of raw data, and while the "
                    "model is not built, since a generator cannot be looked into without losing a "
                    "batch. Call build((None, ...)) with the shape of x first; of raw data take "
                    "tf.data.Dataset.from_generator, with a function that makes the generator. "
                    "Received: a generator"
                )
            return x, None
        dataset, conditional = data_kinds.is_dataset(x), self.condition.size > 0
        given = x
        if dataset:
            self._refuse_beside_dataset(condition)
            x = data_kinds.with_batches(x, batch_size or data_kinds.DEFAULT_BATCH_SIZE)
            data_kinds.check_batched(x, name)
            given = data_kinds.first_batch(x, conditional, name)
            if self._is_raw(x):
                x = data_kinds.with_x(x, self.preprocessor.tensor)
            elif self._is_raw(given):
                allowed = (
                    f"a tf.data.Dataset, or of numbers, for batches of {self.preprocessor.form}"
                )
                raise argument_error(name, allowed, type(x), TypeError)
        if isinstance(given, tuple) and len(given) == 1 and self._is_raw(given[0]):
            given = given[0]
        if condition is None and (isinstance(given, tuple) or (dataset and conditional)):
            given, condition = data_kinds.unpack(given, conditional, name)
        condition = self._condition_of(given, condition)
        examples = self.array(given, name)
        condition = self.condition.array(self._numbers_of_condition(condition), len(examples))
        build(examples.shape)
        if condition is not None:
            examples = (examples, condition)
            if isinstance(x, tf.data.Dataset):  # Keras would take the condition for a target
                x = x.map(without_autograph(lambda *batch: (data_kinds.unpack(batch, True),)))
        return (x if dataset else examples), examples

    def takes(self, x):
        """Returns whether an array of integers is x as it is: counts, for a likelihood of such."""
        return self.values.accepts_integers and hasattr(x, "dtype")

    def array(self, x, name, missing=False):
        """Returns x [n, *event_shape], NumPy float32, of an array or of raw data.

        Args:
            x: what a user gives.
            name: the argument's name, for errors.
            missing: whether values may be missing (NaN) whatever the likelihood. Default False.
        """
        if self._is_raw(x):
            x = self.preprocessor.numbers(x)
        x = data_kinds.as_example_array(x, name, self.values.accepts_integers)
        if self.event_shape is None:
            self.values.check_event_shape(x.shape[1:])
        else:
            self.check_shape(x.shape, name)
        given = x
        if missing:
            x = self.values.filled(x).numpy()
        # Missing values are NaN, where the likelihood knows of them.
        check_finite(name, np.where(np.isnan(x), 0.0, x) if self.values.accepts_missing else x)
        self.values.check_range(name, x)
        self.values.check_values(name, x)
        return given

    # === Drift ===

    def see(self, x):
        """Remembers of x, all examples of the training or None, what drift is known by."""
        known = x is not None and self.preprocessor is not None
        self.seen = self.preprocessor.profile(x) if known else None

    def warn_of_drift(self, given, x):
        """Warns where raw data, of which x are the numbers, are far from those of the training."""
        if self.seen is None or not self._is_raw(given):
            return
        found = self.preprocessor.drift(given, x, self.seen)
        if found:
            listed = [f"{name!r}: {what}" for name, what in found.items()]
            more = "" if len(listed) <= _MOST else f"; and {len(listed) - _MOST} more"
            warnings.warn(
                "These data are unlike those of the training, so that scores tell them as a whole "
                f"from these, and not one from another: {'; '.join(listed[:_MOST])}{more}."
            )

    # === Results, in the form that data came in ===

    def like(self, given, x):
        """Returns examples `x` [n, *event_shape], in the raw form where `given` is."""
        return self.preprocessor.raw_like(given, x) if self._is_raw(given) else x

    def completed(self, given, x):
        """Returns `given` with examples `x` in the place of what is missing, in its form."""
        return self.preprocessor.completed(given, x) if self._is_raw(given) else x

    def as_raw(self, x, index=None, condition=None):
        """Returns examples `x` [n, *event_shape], in the raw form where the model has one."""
        return x if self.preprocessor is None else self.preprocessor.raw(x, index, condition)

    def to_average(self, mean, drawn):
        """Returns what of x is averaged over draws (`Preprocessor.to_average`)."""
        return mean if self.preprocessor is None else self.preprocessor.to_average(mean, drawn)

    def of_average(self, average):
        """Returns the x of means of what `to_average` gave."""
        return average if self.preprocessor is None else self.preprocessor.of_average(average)

    def sums_of_parts(self, given, values):
        """Returns sums of values [n, *event_shape] over the parts of raw examples, or None."""
        return self.preprocessor.sums_of_parts(given, values) if self._is_raw(given) else None

    def partial_array(self, given, count):
        """Returns x [count, *event_shape] of raw examples of which `given` alone is known."""
        if self.preprocessor is None:
            raise argument_error("given", "left out for a model of arrays, not of a table", given)
        return self.preprocessor.partial_numbers(given, count)

    def without_unknown(self, x):
        """Returns the tensor `x`, NaN where the raw form says that a value is unknown, or None."""
        return None if self.preprocessor is None else self.preprocessor.without_unknown(x)

    @property
    def samples_by_default(self):
        """Whether new examples are draws where nothing is said, as their raw form asks."""
        return self.preprocessor is not None and self.preprocessor.samples_by_default

    def _is_raw(self, x):
        if self.preprocessor is None:
            return False
        if data_kinds.is_dataset(x):
            x = data_kinds.spec_of_batches(x)
        return self.preprocessor.accepts(x)

    def _refuse_beside_dataset(self, condition):
        if condition is not None:
            raise ValueError(
                "Argument `condition` must be left out with a dataset, which gives batches of (x, "
                f"condition). Received: {type(condition).__name__}"
            )

    # === Tensors, as far as a graph can tell ===

    def check_shape(self, shape, name="x"):
        """Raises ValueError unless `shape` is [n, *event_shape], as far as it is known."""
        check_shape(shape, self.event_shape, name)

    def tensor(self, x):
        """Returns the tensor `x` with the shape [n, *event_shape]."""
        self.require_known()
        self.check_shape(x.shape)
        return tf.ensure_shape(x, [None, *self.event_shape])

    def unpack(self, data):
        """Returns (x, condition) tensors of what Keras hands to a step."""
        x, condition = data_kinds.unpack(data, self.condition.size > 0)
        return tf.ensure_shape(x, [None, *self.event_shape]), self.condition.tensor(condition)

    def unpack_inputs(self, inputs):
        """Returns (x, condition) tensors of what a model is called with: x, or (x, condition)."""
        pair = isinstance(inputs, (tuple, list))
        if pair != (self.condition.size > 0) or (pair and len(inputs) != 2):
            expected = "(x, condition)" if self.condition.size else "x"
            raise argument_error("inputs", expected, type(inputs), TypeError)
        x, condition = inputs if pair else (inputs, None)
        return x, self.condition.tensor(condition)


def check_shape(shape, event_shape, name):
    """Raises ValueError unless `shape` is [n, *event_shape], as far as it is known."""
    if getattr(shape, "rank", 0) is None:
        return  # an unknown shape, which can only be checked when there are numbers
    received = tuple(shape)[1:]
    same = [side is None or side == expected for side, expected in zip(received, event_shape)]
    if len(received) != len(event_shape) or not all(same):
        raise ValueError(
            f"Argument `{name}` must have shape [examples, {', '.join(map(str, event_shape))}], as "
            f"the model was built for. Received: shape={tuple(shape)}"
        )
