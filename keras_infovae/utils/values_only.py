"""What is computed for its value alone."""

from keras_infovae.utils.thread_value import ThreadValue

_is_on = ThreadValue(False)


def values_only(on=True):
    """A context of values whose gradients are not going to be taken, if `on`.

    What computes its gradient along with its value leaves it out there. The gradient can be taken
    nevertheless: it is TensorFlow's own then, which takes more memory.

    Args:
        on: a boolean. False changes nothing. Default True.
    """
    return _is_on.held(_is_on.value or on)


def gradients_left_out():
    """Returns whether the present context is one of values only."""
    return _is_on.value
