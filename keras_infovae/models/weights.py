"""The two weights of the objective, as numbers or on a schedule."""

import tensorflow as tf

from keras_infovae import schedules
from keras_infovae.utils import reductions


class ScheduledWeights:
    """The weights of a model at its present step; `LatentVariableModel` extends it.

    A model counts the steps and the epochs that it was trained for, and the steps of an epoch, and
    keeps them when it is saved, so that its schedules go on where they were.
    """

    def _make_schedule_variables(self):
        self._step = reductions.step_variable(0, "step")
        self._steps_per_epoch = reductions.step_variable(1, "steps_per_epoch")
        self._epochs = reductions.step_variable(0, "epochs")

    @property
    def epochs_trained(self):
        """The whole epochs that this model was trained for, in all fits together, an int."""
        return int(self._epochs.read_value())

    def weights_at(self, step):
        """Returns (kl_weight, divergence_weight) at `step`: numbers, or tensors on a schedule."""
        raise NotImplementedError(f"{type(self).__name__} does not define `weights_at`")

    @property
    def kl_weight(self):
        """The weight of KL(q(z|x) || p(z)) in the loss: at the present step, on a schedule."""
        return _number(self.weights_at(self._step)[0])

    @property
    def divergence_weight(self):
        """The weight of D(q(z), p(z)) in the loss: at the present step, on a schedule."""
        return _number(self.weights_at(self._step)[1])

    def weights_in_force(self):
        """Returns {name: weight} of the weights that follow a schedule, at the present step."""
        names = ("kl_weight", "divergence_weight")
        weights = dict(zip(names, self.weights_at(self._step)))
        return {name: weights[name] for name in self.scheduled_weights}

    @property
    def scheduled_weights(self):
        """The names of the weights that follow a schedule."""
        weights = zip(("kl_weight", "divergence_weight"), self.weights_at(0))
        return [name for name, weight in weights if tf.is_tensor(weight)]

    @property
    def divergence_counts(self):
        """Whether the divergence has any part in the loss, now or later."""
        weight = self.weights_at(0)[1]
        return tf.is_tensor(weight) or weight != 0

    def value_at(self, weight, step):
        """Returns `weight`, a number or a schedule, at `step` of this model's training."""
        return schedules.value_at(weight, step, self._steps_per_epoch)

    def counts_epochs(self):
        """Returns whether a schedule of this model is in epochs."""
        values = [getattr(self, name, None) for name in self.get_config()]
        return any(isinstance(v, schedules.Schedule) and v.unit == "epochs" for v in values)


def penalty(weight, term):
    """Returns weight * term, where a term of weight 0 is left out: 0 * inf would be NaN."""
    if tf.is_tensor(weight):
        return tf.math.multiply_no_nan(term, weight)
    return weight * term if weight != 0 else 0.0


def _number(weight):
    return float(weight) if tf.is_tensor(weight) and tf.executing_eagerly() else weight
