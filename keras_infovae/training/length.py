"""How long to train where nothing is said: rules for any number of examples."""

import math

_STEPS = 20_000
_EPOCHS = 50, 400
_PATIENCE_EPOCHS, _PATIENCE_STEPS = 20, 500
# The rules in words, for help pages.
EPOCHS_IN_WORDS = "those of 20,000 steps, from 50 to 400"
PATIENCE_IN_WORDS = "20, and as many as 500 steps take"


def default_epochs(steps_per_epoch: int) -> int:
    """Returns the most epochs that a training takes: those of 20,000 steps, from 50 to 400.

    It is meant to be ended sooner by early stopping: few examples are learned by heart long before
    20,000 steps, and need hundreds of epochs for the first thousand.

    Args:
        steps_per_epoch: at least 1.

    Example:

    >>> import keras_infovae as ki
    >>> [ki.training.default_epochs(steps) for steps in (3, 100, 1000)]
    [400, 200, 50]
    """
    least, most = _EPOCHS
    return min(max(math.ceil(_STEPS / steps_per_epoch), least), most)


def default_patience(steps_per_epoch: int) -> int:
    """Returns after how many epochs without a lower validation loss a training ends.

    That is 20, and as many as 500 steps take: of a few hundred examples an epoch is a few steps,
    in 20 of which a loss may not change by more than its noise.

    Args:
        steps_per_epoch: at least 1.

    Example:

    >>> import keras_infovae as ki
    >>> [ki.training.default_patience(steps) for steps in (3, 100)]
    [167, 20]
    """
    return max(_PATIENCE_EPOCHS, math.ceil(_PATIENCE_STEPS / steps_per_epoch))
