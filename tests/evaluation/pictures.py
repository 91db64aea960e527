"""Checks of pictures, and pictures that are made and not rendered, for tests of what is drawn."""

import numpy as np
from matplotlib import image as matplotlib_image


def not_rendered(figure, path):
    """Stands for `plots.style.write`: writes a header alone."""
    with open(path, "wb") as file:
        file.write(b"PNG".ljust(32))
    return path


def check_picture(path):
    """Asserts that a PNG file is a picture with a header and room around it."""
    pixels = matplotlib_image.imread(path)
    height, width = pixels.shape[:2]
    assert 300 <= height <= 3000 and 700 <= width <= 2500
    assert pixels[..., :3].std() > 0.02  # not one color
    assert np.all(pixels[:3, :, :3] == 1.0)  # nothing runs over the upper edge
