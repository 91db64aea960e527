"""What is computed for its value alone."""

import contextlib
import threading

_state = threading.local()  # .is_on; replicas may be threads


@contextlib.contextmanager
def values_only(on=True):
    """A context of values whose gradients are not going to be taken, if `on`.

    What computes its gradient along with its value leaves it out there. The gradient can be taken
    nevertheless: it is TensorFlow's own then, which takes more memory.

    Args:
        on: a boolean. False changes nothing. Default True.
    """
    before = gradients_left_out()
    _state.is_on = before or on
    try:
        yield
    finally:
        _state.is_on = before


def gradients_left_out():
    """Returns whether the present context is one of values only."""
    return getattr(_state, "is_on", False)
