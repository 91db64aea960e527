"""The base of denoisers: networks that find the noise in x_u."""

from keras_infovae.typing import KerasModel, Shape
from keras_infovae.utils.serialization import Setting


class Denoiser(Setting):
    """Builds a network that finds the noise in x_u, for x of a given shape."""

    def network(self, event_shape: Shape, told_size: int = 0) -> KerasModel:
        """Returns a Keras model from [x_u, time] or [x_u, time, told] to noise [n, *event_shape].

        Args:
            event_shape: the shape of one x_u.
            told_size: the size of `told` [n, told_size], the condition; without one (0, the
                default) there is no such input. `time` [n, 1] is from 0 (no noise) to 1 (all).
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `network`")
