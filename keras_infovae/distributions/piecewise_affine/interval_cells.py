"""Regions of one whitened latent: intervals, under N(0, 1)."""

import tensorflow as tf

from keras_infovae.distributions.piecewise_affine import normal_masses


def distance(cells, shift):
    """Returns how far intervals [R, 2] are from the points `shift` [n, R, 1], [n, R]."""
    point = shift[..., 0]
    return tf.maximum(tf.maximum(cells[:, 0] - point, point - cells[:, 1]), 0.0)


def log_mass(cells):
    """Returns log P of intervals [P, 2], [P]."""
    return normal_masses.log_mass(cells[:, 0], cells[:, 1])


def moments(cells):
    """Returns (log P [P], E[y] [P, 1], E[y y'] [P, 1, 1]) within intervals [P, 2]."""
    log_p, mean, square = normal_masses.truncated_moments(cells[:, 0], cells[:, 1])
    return log_p, mean[:, None], square[:, None, None]


def draw(cells, uniform):
    """Returns a draw within each of the intervals [P, 2], [P, 1], by uniform numbers [P, 2]."""
    return normal_masses.draw_truncated(cells[:, 0], cells[:, 1], uniform[:, 0])[:, None]


def nearest(cells):
    """Returns the point nearest to 0 of each of the intervals [P, 2], [P, 1]."""
    return tf.clip_by_value(tf.zeros_like(cells[:, :1]), cells[:, :1], cells[:, 1:])
