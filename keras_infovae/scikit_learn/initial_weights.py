"""Weights that follow from a seed, without a trace in the process's random state."""

import contextlib
import random


@contextlib.contextmanager
def initial_weights_from(seed):
    """A context in which new weights follow from `seed`.

    Keras draws the seeds of initializers from Python's generator. `keras.utils.set_random_seed`
    would set the generators of the whole process, which scikit-learn's estimators leave alone.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
