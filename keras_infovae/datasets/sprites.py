"""A set of sprites by the public specification of dSprites, drawn rather than downloaded."""

from __future__ import annotations

import numpy as np

from keras_infovae.datasets.factor_images import FactorImages

SHAPES = ("square", "ellipse", "heart")
_SCALES = np.linspace(0.5, 1.0, 6)
_ORIENTATIONS = np.linspace(0.0, 2 * np.pi, 40)
_POSITIONS = np.linspace(0.0, 1.0, 32)
_SIZE = 64
_RADIUS = 16  # of a sprite in pixels, at most: 31 steps of a pixel and 2 radii and 1 make 64

# Half the side of the square and the half axes of the ellipse, in pixels at scale 1; at no scale
# does an edge go through the middle of a pixel, where rounding would decide. The heart is the curve
# (u^2 + v^2 - 1)^3 = u^2 v^3, whose center of mass is at v = 0.297.
_SQUARE = 10.9
_ELLIPSE = (15.5, 8.5)
_HEART, _HEART_CENTER = 12.0, 0.297


def dsprites_like() -> FactorImages:
    """Returns 737,280 binary images of sprites, drawn to the specification of dSprites.

    64 x 64 pixels that are 0 or 1, all combinations of

    | factor | values |
    |---|---|
    | shape | square, ellipse, heart |
    | scale | 6, from 0.5 to 1 |
    | orientation | 40, from 0 to 2 pi, both ends, so that the last is the first again |
    | position_x, position_y | 32 each, from 0 to 1, a pixel apart; y downwards and fastest |

    It is not dSprites: the factors, their values and their order are those of the specification,
    the outlines of the shapes are our own, so that no pixel need agree. A pixel is 1 where its
    middle is inside of the shape (no anti-aliasing). A square looks the same a quarter turn on, an
    ellipse half a turn on; 28 of the 702 sprites of different factors have the pixels of another.
    Every sprite is inside of the image whole.

    Images are drawn as they are asked for; 720 sprites of 33 x 33 pixels are all that is kept.

    Returns:
        A `FactorImages`.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.dsprites_like()
    >>> len(data), data.factor_names
    (737280, ('shape', 'scale', 'orientation', 'position_x', 'position_y'))
    >>> int(data.image_at([0, 5, 0, 0, 31]).sum())  # a square of 21 x 21 pixels, at the lower left
    441

    References:
        Matthey, Higgins, Hassabis, Lerchner, dSprites: Disentanglement testing Sprites dataset,
        https://github.com/deepmind/dsprites-dataset, 2017.
    """
    values = {
        "shape": SHAPES,
        "scale": _SCALES,
        "orientation": _ORIENTATIONS,
        "position_x": _POSITIONS,
        "position_y": _POSITIONS,
    }
    sprites = {}

    def draw(factors):
        images = np.zeros((len(factors), _SIZE, _SIZE, 1), "float32")
        for image, (shape, scale, orientation, x, y) in zip(images, factors):
            key = shape, scale, orientation
            if key not in sprites:
                sprites[key] = sprite(SHAPES[shape], _SCALES[scale], _ORIENTATIONS[orientation])
            side = 2 * _RADIUS + 1
            image[y : y + side, x : x + side, 0] = sprites[key]
        return images

    return FactorImages("dsprites_like", values, (_SIZE, _SIZE, 1), draw)


def sprite(shape, scale, orientation):
    """Returns a sprite about the middle pixel, bool [33, 33].

    Args:
        shape: "square", "ellipse" or "heart".
        scale: greater than 0, at most 1.
        orientation: the angle that it is turned by, in radians, counter-clockwise.
    """
    across = np.arange(-_RADIUS, _RADIUS + 1)
    x, y = across[None], -across[:, None]  # rows go down, y goes up
    cosine, sine = np.cos(orientation), np.sin(orientation)
    u, v = (cosine * x + sine * y) / scale, (cosine * y - sine * x) / scale
    if shape == "square":
        return np.maximum(np.abs(u), np.abs(v)) <= _SQUARE
    if shape == "ellipse":
        return (u / _ELLIPSE[0]) ** 2 + (v / _ELLIPSE[1]) ** 2 <= 1
    u, v = u / _HEART, v / _HEART + _HEART_CENTER
    return (u**2 + v**2 - 1) ** 3 <= u**2 * v**3
