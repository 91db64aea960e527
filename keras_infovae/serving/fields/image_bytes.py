"""Files of images, of any size, as x."""

import math

import numpy as np
import tensorflow as tf

from keras_infovae.serving.fields.base import Field


class ImageBytes(Field):
    """PNG or JPEG files, strings [n].

    An image of another size is resized (bilinear, antialiased, to whole levels). Gray levels from 0
    to 255 are the raw values; a model that has no scaling sees them divided by 255.
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

    def read(self, served, tensor):
        height, width, channels = served.model.event_shape

        def decode(content):
            image = tf.cast(tf.io.decode_png(content, channels=channels), tf.float32)  # JPEG too
            return tf.round(tf.image.resize(image, [height, width], antialias=True))

        levels = tf.map_fn(decode, tensor, fn_output_signature=tf.float32)
        return {"x": served.from_raw(tf.cast(_raw(levels, served), served.x_spec.dtype))}

    def sample(self, samples):
        return [tf.io.encode_png(image).numpy() for image in _levels(samples)]

    def x(self, samples):
        return samples.served.apply(_raw(_levels(samples), samples.served))


def _divides(served):
    return served.scaling is None and served.preprocessing is None


def _raw(levels, served):
    """Returns the raw values that 8-bit gray levels stand for; NumPy or tensor."""
    return levels / 255 if _divides(served) else levels


def _levels(samples):
    """Returns the levels nearest to the samples, uint8."""
    levels = 255.0 * samples.x if _divides(samples.served) else samples.raw
    return np.clip(np.rint(levels), 0, 255).astype("uint8")


def _takes_gray_levels(served):
    shape = served.model.event_shape
    if len(shape) != 3 or shape[-1] not in (1, 3):
        return False
    if served.preprocessing is not None:
        return True
    images = np.resize(np.arange(256, dtype="uint8"), [-(-256 // math.prod(shape)), *shape])
    low = -np.inf if served.values.minimum is None else served.values.minimum
    high = np.inf if served.values.maximum is None else served.values.maximum
    try:
        x = np.clip(served.apply(_raw(images, served)), low, high)
        served.values.check_values("x", x)
    except ValueError:  # levels of another number, one-hot categories
        return False
    return True
