"""8-bit images, as numbers from 0 to 1 and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae.preprocessors.base import Preprocessor
from keras_infovae.preprocessors.scaling import Scaling
from keras_infovae.typing import Shape, Tensor
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.serialization import register

_LEVELS = 255.0


@register
class Images(Preprocessor):
    """8-bit images: x = image / 255, in the size of your choice, and image = round(255 x).

    `fit(images)` makes one of uint8 images [n, height, width] or [n, height, width, channels]. What
    is made of new images then is uint8 too: of `generate` and `decode`, and of `reconstruct`,
    `impute` and `predict` where they are given uint8. Floats are taken for x, as they are.

    Args:
        size: [height, width] that images are brought to, smoothed where they become smaller
            (`tf.image.resize`, bilinear, with antialiasing). New images have this size too. Default
            None: images are as they are, all of one size.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> images = np.arange(0, 256, dtype="uint8").reshape(4, 8, 8)
    >>> float(ki.preprocessors.Images().numbers(images).max())
    1.0
    >>> ki.preprocessors.Images(size=[4, 4]).numbers(images).shape
    (4, 4, 4)
    >>> model = ki.VAE(latent_dim=2)
    >>> _ = model.fit(images, verbose=0)
    >>> model.generate(2).dtype, model.generate(2).shape
    (dtype('uint8'), (2, 8, 8))
    """

    form = "8-bit images"
    scaling = Scaling(0.0, _LEVELS)

    def __init__(self, size: Sequence[int] | None = None) -> None:
        if size is not None and (not isinstance(size, (list, tuple)) or len(size) != 2):
            raise argument_error("size", "[height, width] or None", size)
        self.size = None if size is None else [check_integer("size", side) for side in size]

    @staticmethod
    def accepts(data: Any) -> bool:
        """Returns whether `data` is an array of 8-bit images."""
        rank = len(getattr(data, "shape", None) or ())
        return rank in (3, 4) and getattr(data, "dtype", None) in (np.uint8, tf.uint8)

    @classmethod
    def infer(cls, data: Any, condition: Sequence[str] = ()) -> "Images":
        """Returns the preprocessor of training images: they stay in their size.

        Raises:
            ValueError: for an array of 0 and 1, which divided by 255 would be all but black.
        """
        if condition:
            raise argument_error("condition", "no names of columns, for images", list(condition))
        images = cls()
        if isinstance(data, np.ndarray) and data.size and data.max() == 1:
            images.check_training(data / _LEVELS)
        return images

    def check_training(self, x: np.ndarray) -> None:
        """Raises ValueError for images of 0 and 1, which divided by 255 would be all but black."""
        if len(x) and 0.0 < x.max() < 1.5 / _LEVELS:
            expected = 'images from 0 to 255; for those of 0 and 1, x.astype("float32")'
            raise argument_error("x", expected, f"uint8, shape {x.shape}, none above 1")

    def likelihood(self) -> str:
        """Returns "bernoulli", which takes gray for a probability of white."""
        return "bernoulli"

    def numbers(self, data: Any) -> np.ndarray:
        """Returns x, float32 from 0 to 1, of uint8 images [n, height, width(, channels)]."""
        return self.tensor(self.as_arrays(data)["x"]).numpy()

    def tensor(self, data: Any) -> Tensor:
        """Returns `numbers` of a tensor of uint8 images, as a tensor."""
        x = tf.cast(data, tf.float32) / _LEVELS
        return x if self.size is None else _resized(x, self.size)

    def raw_specs(self, event_shape: Shape | None = None) -> dict[str, Any]:
        """Returns {"x": uint8 images}, of any size where `size` brings them to one."""
        if event_shape is None:
            shape = None
        elif self.size is None:
            shape = [None, *event_shape]
        else:
            shape = [None, None, None, *event_shape[2:]]
        return {"x": tf.TensorSpec(shape, tf.uint8, name="x")}

    def numbers_in_graph(self, tensors: dict[str, Tensor]) -> Tensor:
        """Returns `numbers` of {"x": a tensor of uint8 images}, as a tensor."""
        return self.tensor(tensors["x"])

    def raw_in_graph(self, x: Tensor) -> dict[str, Tensor]:
        """Returns {"x": uint8 images} of a tensor x."""
        levels = tf.round(tf.clip_by_value(x * _LEVELS, 0.0, _LEVELS))
        return {"x": tf.cast(levels, tf.uint8)}

    def as_arrays(self, data: Any) -> dict[str, np.ndarray]:
        """Returns {"x": images}, NumPy uint8."""
        data = np.asarray(data)
        if not self.accepts(data):
            raise argument_error(
                "x",
                "8-bit images [n, height, width(, channels)]",
                f"{data.dtype}, shape {data.shape}",
            )
        return {"x": data}

    def of_arrays(
        self, arrays: dict[str, np.ndarray], like: Any = None, condition: np.ndarray | None = None
    ) -> np.ndarray:
        """Returns the images of {"x": images}."""
        return arrays["x"]

    def raw(
        self, x: np.ndarray, index: Any = None, condition: np.ndarray | None = None
    ) -> np.ndarray:
        """Returns uint8 images of x [n, height, width(, channels)]."""
        return np.rint(np.clip(self.scaling.invert(x), 0.0, _LEVELS)).astype("uint8")


def _resized(x, size):
    channels = x if x.shape.rank == 4 else x[..., None]
    small = tf.image.resize(channels, size, antialias=True)
    return small if x.shape.rank == 4 else small[..., 0]
