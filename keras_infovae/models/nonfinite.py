"""Stops a training whose loss is no longer a number, and says what went first."""

import keras
import tensorflow as tf

from keras_infovae.utils.reductions import step_variable


class NonFiniteRecorder:
    """Remembers, inside the compiled step, the first step at which a loss term was not finite.

    Reading it costs a transfer from the device, so it is written at every step and read now and
    then by `StopOnNonFinite`.
    """

    def __init__(self, terms):
        self.terms = [*terms, "loss"]
        self._first = step_variable([-1, -1], "first_nonfinite")

    def update(self, step, terms, loss):
        """Records `step` if it is the first at which a term, or the loss itself, is not finite.

        Args:
            step: the number of the step.
            terms: {name: scalar}.
            loss: a scalar, looked at last: its terms say more.
        """
        values = [terms[name] for name in self.terms[:-1]] + [loss]
        bad = tf.logical_not(tf.math.is_finite(tf.stack(values)))
        is_first = tf.reduce_any(bad) & (self._first[0] < 0)
        now = tf.stack([tf.cast(step, tf.int64), tf.argmax(bad, output_type=tf.int64)])
        self._first.assign(tf.where(is_first, now, self._first))

    def reset(self):
        """Forgets what was recorded."""
        self._first.assign([-1, -1])

    def first(self):
        """Returns (step, name of the term) of the first failure, or None."""
        step, term = (int(value) for value in self._first.numpy())
        return None if step < 0 else (step, self.terms[term])


class StopOnNonFinite(keras.callbacks.Callback):
    """Raises `FloatingPointError` soon after a loss term has become NaN or infinite.

    Every `fit` of this package's models has one. It looks at the end of every epoch, and every
    `every` batches within one.
    """

    def __init__(self, recorder, every=100):
        super().__init__()
        self.recorder = recorder
        self.every = every
        self.next = every

    def on_train_begin(self, logs=None):
        self.recorder.reset()

    def on_epoch_begin(self, epoch, logs=None):
        self.next = self.every

    def on_train_batch_begin(self, batch, logs=None):
        # Not at a batch's end: with a hook there, Keras would fetch the losses at every step.
        if batch >= self.next:
            self.next = batch + self.every
            self._check()

    def on_epoch_end(self, epoch, logs=None):
        self._check()

    def _check(self):
        first = self.recorder.first()
        if first is not None:
            step, term = first
            raise FloatingPointError(
                f"Training stopped: `{term}` was the first term that was not finite, at step "
                f"{step}. The weights are no longer usable; load the last saved model. Try a lower "
                "learning rate, compile(..., optimizer with clipnorm=1.0), data standardized or "
                "scaled to [0, 1], or, under mixed_float16, the policy 'mixed_bfloat16'."
            )
