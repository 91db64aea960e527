"""Which trainings XLA is worth its compile time for, on CPUs."""

_STEPS = 5000


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
