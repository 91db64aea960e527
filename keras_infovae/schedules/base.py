"""The base of schedules: a weight as a function of how far the training has come."""

from keras_infovae.utils.serialization import Setting

UNITS = ("steps", "epochs")


class Schedule(Setting):
    """A number that changes in the course of a training, a function of the position in it.

    Attributes:
        unit: what positions count, `"steps"` (one batch each; the default of the class) or
            `"epochs"` (1.5 is halfway through the second epoch, however many steps it has).
        minimum, maximum: the bounds of the values over all positions, floats. Arguments that a
            model holds to limits (alpha <= 1) are held to them by these.
        final: the value that is kept in the end, a float.
    """

    unit = "steps"

    @property
    def minimum(self) -> float:
        """The smallest value over all positions, a float."""
        raise NotImplementedError(f"{type(self).__name__} does not define `minimum`")

    @property
    def maximum(self) -> float:
        """The largest value over all positions, a float."""
        raise NotImplementedError(f"{type(self).__name__} does not define `maximum`")

    @property
    def final(self) -> float:
        """The value at the end, a float."""
        raise NotImplementedError(f"{type(self).__name__} does not define `final`")

    def __call__(self, position):
        """Returns the value at `position`, a float32 tensor of its shape.

        Args:
            position: a number or tensor of any shape and numeric type, in `unit`, from 0.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `__call__`")
