"""The path of densities from a distribution that can be drawn from to p(x, z)."""

import functools

import tensorflow as tf

from keras_infovae.distributions import draw_rows
from keras_infovae.samplers import AnnealedPath
from keras_infovae.utils.checks import check_choice

STARTS = ("prior", "posterior")


def joint_path(model, prior, x, condition, draws, start, knows_x=True):
    """Returns the `AnnealedPath` between a start s(z) and p(x, z), for a batch of x:

        log f_b(z) = log s(z) + b log r(z),        r(z) = p(x, z) / s(z),        0 <= b <= 1

    f_1 is p(x, z), whose integral is p(x). With the prior as the start, r(z) = p(x|z); an
    energy-based one has its base for a start, which can be drawn from exactly. With q(z|x), r(z) is
    the importance weight of z. Its z are [draws, n, latent_dim], drawn by seeds of
    the rows, int32 [n, 2].

    Args:
        model: a model.
        prior: its p(z). What it is made of is then computed once, where that is outside a loop.
        x: float32 [n, ...].
        condition: [n, ...] or None.
        draws: how many z of each example there are at a time.
        start: "prior" or "posterior".
        knows_x: whether the likelihood is told its context of x (the library size of counts), as
            for data; or, as for x that the model draws, what is typical. Default True.
    """
    joint = model.joint(x, condition, prior, knows_x=knows_x)
    if start == "prior":
        s, log_ratio = joint.start, joint.log_likelihood
        if s is not prior:
            log_ratio = functools.partial(joint.log_weights, posterior=s)
    else:
        s = model.posterior_distribution(x, condition)
        log_ratio = functools.partial(joint.log_weights, posterior=s)

    def sample(seeds):
        return tf.cast(draw_rows(s, seeds, draws), tf.float32)

    return AnnealedPath(sample, s.log_prob, log_ratio)


def check_start(start, model, what):
    """Returns `start`; raises where p(z), or q(z|x) as the start, has no density.

    Args:
        start: "prior" or "posterior".
        model: the model.
        what: the name of what needs the densities, for the error.
    """
    check_choice("start", start, STARTS)
    model.capabilities.require("joint", what)
    if start == "posterior":
        model.capabilities.require("posterior", what)
    return start
