"""Files of images, of any size, as x."""

import math

import numpy as np
import tensorflow as tf

from keras_infovae.serving.fields.base import Field
from keras_infovae.serving.served_model import ROUNDING


class ImageBytes(Field):
    """PNG or JPEG files, strings [n].

    An image of another size is resized (bilinear, antialiased, to whole levels). Gray levels from 0
    to 255 stand for the range of raw values from its lowest to its highest, where the likelihood
    has such a range: 0 to 16 for a model of `Scaling(0.0, 16.0)` whose x is from 0 to 1. Otherwise
    they are the raw values, divided by 255 where the model has no scaling.
    """

    name = "image_bytes"

    def check(self, signature, served):
        if not _takes_gray_levels(served):
            raise ValueError(
                f"Signature `{signature}` needs a model of images with 1 or 3 channels, whose "
                f"likelihood describes 8-bit gray levels. Received: examples of shape "
                f"{tuple(served.model.event_shape)}, {type(served.values).__name__}"
            )

    def spec(self, served):
        return tf.TensorSpec([None], tf.string, name=self.name)

    def read(self, served, image_bytes):
        height, width, channels = served.model.event_shape

        def decode(content):
            image = tf.cast(tf.io.decode_png(content, channels=channels), tf.float32)  # JPEG too
            return tf.round(tf.image.resize(image, [height, width], antialias=True))

        levels = tf.map_fn(decode, image_bytes, fn_output_signature=tf.float32)
        return {"x": served.from_raw(tf.cast(_raw(levels, served), served.x_spec.dtype))}

    def sample(self, samples):
        return [tf.io.encode_png(image).numpy() for image in _levels(samples)]

    def x(self, samples):
        return samples.served.apply(_raw(_levels(samples), samples.served))


def _raw_range(served):
    """Returns the raw values that the levels 0 and 255 stand for."""
    if served.preprocessing is not None:
        return 0.0, 255.0
    low, high = served.values.minimum, served.values.maximum
    if low is None or high is None:
        return 0.0, (1.0 if served.scaling is None else 255.0)
    if served.scaling is None:
        return low, high
    offset, scale = (
        np.asarray(v, "float64") for v in (served.scaling.offset, served.scaling.scale)
    )
    return low * scale + offset, high * scale + offset


def _raw(levels, served):
    """Returns the raw values that 8-bit gray levels stand for; NumPy or tensor."""
    low, high = _raw_range(served)
    if np.all(low == 0) and np.all(high == 255):
        return levels  # to the last digit
    if isinstance(levels, tf.Tensor):
        low, high = (tf.constant(value, levels.dtype) for value in (low, high))
    return low + levels * ((high - low) / 255)


def _levels(samples):
    """Returns the levels nearest to the samples, uint8."""
    served = samples.served
    low, high = _raw_range(served)
    raw = samples.raw if served.preprocessor is None else served.to_raw(samples.x).numpy()
    return np.clip(np.rint(255.0 * (raw - low) / (high - low)), 0, 255).astype("uint8")


def _takes_gray_levels(served):
    shape = served.model.event_shape
    if len(shape) != 3 or shape[-1] not in (1, 3):
        return False
    if served.preprocessing is not None:
        return True
    images = np.resize(np.arange(256, dtype="uint8"), [-(-256 // math.prod(shape)), *shape])
    low = -np.inf if served.values.minimum is None else served.values.minimum
    high = np.inf if served.values.maximum is None else served.values.maximum
    x = served.apply(_raw(images, served))
    if np.min(x) < low - ROUNDING or np.max(x) > high + ROUNDING:
        return False
    try:
        served.values.check_values("x", np.clip(x, low, high))
    except ValueError:  # levels of another number, one-hot categories
        return False
    return True
