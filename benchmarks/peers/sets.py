"""The images that all ways train on: 28x28, drawn at random or read from a file."""

import numpy as np

SIDE = 28
_KINDS, _CORNERS, _DOTS = 10, 5, 40  # kinds of figures, corners of a line, dots that draw it
_BLOCK = 500  # images drawn at once


def images(path, count, seed=0):
    """Returns images [count, 28, 28, 1] in [0, 1], float32.

    Args:
        path: an .npz file with an array [n, 28, 28] or [n, 784] of its own name "x", "x_train" or
            "images", in [0, 1] or of 8 bits; None draws figures that look like digits.
        count: the number of images.
        seed: of what is drawn.
    """
    return drawn(count, seed) if path is None else read(path, count)


def read(path, count):
    """Returns the first `count` images of an .npz file, as `images` does."""
    with np.load(path, allow_pickle=False) as file:
        names = [name for name in ("x", "x_train", "images") if name in file]
        if not names:
            raise ValueError(
                f"--data must hold an array named x, x_train or images. {path} has: "
                f"{', '.join(file.files)}"
            )
        x = file[names[0]]
    if len(x) < count or x[0].size != SIDE * SIDE:
        raise ValueError(
            f"--data must hold at least {count} images of {SIDE}x{SIDE}. {path} has {x.shape}"
        )
    scale = 255.0 if x.dtype == np.uint8 else 1.0
    return (x[:count] / scale).astype("float32").reshape(count, SIDE, SIDE, 1)


def drawn(count, seed):
    """Returns `count` figures: ten kinds of bent lines, each bent anew, with soft edges."""
    random = np.random.default_rng(seed)
    kinds = random.uniform(6, SIDE - 6, (_KINDS, _CORNERS, 2))
    chosen = kinds[random.integers(_KINDS, size=count)]
    corners = chosen + random.normal(0, 1.2, chosen.shape)
    place = np.linspace(0, _CORNERS - 1.001, _DOTS)
    before, share = place.astype(int), (place % 1)[:, None]
    dots = corners[:, before] * (1 - share) + corners[:, before + 1] * share
    squares = (dots[..., None] - np.arange(SIDE)) ** 2  # [count, dots, 2, side]
    x = np.empty((count, SIDE, SIDE, 1), "float32")
    for start in range(0, count, _BLOCK):
        part = np.exp(-squares[start : start + _BLOCK] / 2.0)
        x[start : start + _BLOCK, ..., 0] = np.max(
            part[:, :, 0, :, None] * part[:, :, 1, None, :], axis=1
        )
    return x
