"""Which trainings XLA is worth its compile time for, and which take several steps at once."""

import contextlib
import math

import keras

_STEPS = 5000
_AT_ONCE = 10
_MANY = 1000  # steps, from which on what is spared is more than making the longer graph takes
_OPERATIONS = 2e9  # of a short step: some ten milliseconds
_FUNCTIONS = "train_function", "test_function", "predict_function"  # which Keras makes


def is_worth_xla(steps, weights):
    """Returns whether XLA makes a training shorter.

    It spares what TensorFlow takes to start each operation, up to a millisecond of a step, at the
    cost of about three seconds of compile time. With convolutions of images, which take most of a
    step's time, nothing is spared but for small batches (docs/performance.md has the figures).

    The answer follows from the arguments alone. Measured times would decide better at times, but
    two trainings with the same seed could then differ, and one that is taken up again from what it
    was.

    Args:
        steps: of the whole training, or None where they are not known.
        weights: the variables of the model.
    """
    convolves = any(len(weight.shape) == 4 for weight in weights)  # kernels of images
    return (steps or 0) >= _STEPS and not convolves


def steps_at_once(steps, epochs, rows, weights, told=()):
    """Returns how many steps are taken in one call of TensorFlow.

    Between two calls Python has half a millisecond of work, which short steps notice: an MLP's in
    batches of 128 are by a tenth to a quarter faster in tens (docs/performance.md). Long steps do
    not, and a progress bar should move. What is computed is the same.

    Args:
        steps: of an epoch, or None where they are not known.
        epochs: of the training.
        rows: of the largest batch, or None.
        weights: the variables of the model.
        told: the numbers of steps that were asked for, which Keras would round up.
    """
    convolves = any(len(weight.shape) > 3 for weight in weights)
    numbers = sum(math.prod(weight.shape) for weight in weights if len(weight.shape) > 1)
    if steps is None or rows is None or convolves or 6 * rows * numbers > _OPERATIONS:
        return 1
    if any(number % _AT_ONCE for number in told):
        return 1
    return _AT_ONCE if steps >= _AT_ONCE and steps * epochs >= _MANY else 1


def hears_batches(callback):
    """Returns whether a Keras callback is called at batches to some purpose."""
    if getattr(callback, "save_freq", None) == "epoch":  # those of Keras that save
        return False
    base = keras.callbacks.Callback
    kinds = ("batch", "train_batch", "test_batch", "predict_batch")
    names = [f"on_{kind}_{moment}" for kind in kinds for moment in ("begin", "end")]
    return any(
        getattr(getattr(callback, name, None), "__func__", None) is not getattr(base, name)
        for name in names
    )


@contextlib.contextmanager
def taking_at_once(model, steps, compiled):
    """Has a Keras model take `steps` steps in one call of TensorFlow, and then as many as before.

    Args:
        model: the model.
        steps: how many.
        compiled: {number of steps: functions}, where what Keras made for another number is kept.
    """
    before = model.steps_per_execution
    _take_at_once(model, steps, compiled)
    try:
        yield
    finally:
        _take_at_once(model, before, compiled)


def _take_at_once(model, steps, compiled):
    if steps != model.steps_per_execution:
        compiled[model.steps_per_execution] = [getattr(model, name) for name in _FUNCTIONS]
        for name, function in zip(_FUNCTIONS, compiled.pop(steps, [None] * 3), strict=True):
            setattr(model, name, function)
        model.steps_per_execution = steps
