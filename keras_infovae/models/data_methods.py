"""What a model is given, x and conditions: checked whole, before anything is done with it."""

import types

import keras
import tensorflow as tf

from keras_infovae.models import input_checks
from keras_infovae.models.conditions import as_condition_array
from keras_infovae.utils.checks import argument_error


class DataMethods:
    """The methods of a model that check what it is given; `LatentVariableModel` extends it."""

    def check_data(self, x, condition=None):
        """Returns x [n, *event_shape] and the condition, NumPy float32, labels as one-hot rows.

        Args:
            x: array [n, ...] as the model was trained on.
            condition: one row per example, where the model takes a condition. Default None.

        Raises:
            ValueError, TypeError: for data that the model cannot have been trained on.
        """
        self._require_built()
        x = input_checks.as_example_array(x, integers=self.likelihood.accepts_integers)
        input_checks.check_event_shape(x.shape, self.event_shape)
        input_checks.check_values(x, self.likelihood)
        return x, self.check_condition(condition, len(x))

    def check_condition(self, condition, count):
        """Returns `condition` as NumPy float32 [count, condition_size], or None if there is none.

        Raises:
            ValueError, TypeError: for one that the model does not take, or the lack of one that it
                does.
        """
        self._require_built()
        return self._condition_array(condition, count)

    def _checked(self, x, name, condition=None):
        """Checks `x`, and builds the model if that is still to do.

        Returns:
            (x ready for Keras, the examples that were checked: all of an array, a dataset's first
            batch, None of a generator). With a condition, both are pairs.
        """
        if x is None:
            raise argument_error(name, "an array or a dataset", x)
        is_dataset = isinstance(x, (tf.data.Dataset, keras.utils.PyDataset))
        if isinstance(x, types.GeneratorType):  # cannot be looked into without losing a batch
            self._require_built()
            return x, None
        if is_dataset and condition is not None:
            raise ValueError(
                "Argument `condition` must be left out with a dataset, which gives batches of (x, "
                f"condition). Received: {type(condition).__name__}"
            )
        conditional = self.condition_size > 0
        given = input_checks.first_batch(x, conditional, name) if is_dataset else x
        if condition is None and (isinstance(given, tuple) or (is_dataset and conditional)):
            given, condition = input_checks.unpack_inputs(given, conditional, name)
        if not is_dataset and not hasattr(given, "__array__") and not isinstance(given, list):
            raise argument_error(name, "an array or a dataset", type(given), TypeError)
        examples = input_checks.as_example_array(given, name, self.likelihood.accepts_integers)
        if self.event_shape is None:
            self.likelihood.check_event_shape(examples.shape[1:])
        else:
            input_checks.check_event_shape(examples.shape, self.event_shape, name)
        input_checks.check_values(examples, self.likelihood, name)
        condition = self._condition_array(condition, len(examples))
        with self.distribute_strategy.scope():
            self.build(examples.shape)
        if condition is not None:
            examples = (examples, condition)
            if isinstance(x, tf.data.Dataset):  # Keras would take the condition for a target
                x = x.map(lambda *batch: (input_checks.unpack_inputs(batch, True),))
        return (x if is_dataset else examples), examples

    def _require_built(self):
        if self.event_shape is None:
            raise ValueError(
                "The model does not know the shape of x yet. Call fit(x), or build((None, ...)) "
                "with the shape of x, first."
            )

    # === What a conditional model defines ===

    def _unpack(self, inputs):
        """Returns (x, condition) tensors of what a step or `call` is given."""
        return inputs if isinstance(inputs, (tuple, list)) else (inputs, None)

    def _condition_tensor(self, condition):
        """Returns `condition` as a tensor [n, condition_size], or None."""
        return condition

    def _condition_array(self, condition, count, repeat=False):
        """Returns `condition` as NumPy [count, condition_size], or None."""
        return as_condition_array(condition, self.condition_size, count, repeat=repeat)
