"""Markov chains on any log density, as pure functions: a step gives (point, info).

>>> import tensorflow as tf
>>> import keras_infovae as ki
>>> density = ki.samplers.with_gradient(lambda z: -0.5 * tf.reduce_sum(z**2, axis=-1))
>>> start = density(tf.zeros([100, 2]))
>>> noise = ki.samplers.seeded_noise(tf.constant([0, 1]))
>>> end, info = ki.samplers.run_chain(
...     ki.samplers.mala_step, density, start, 50, step_size=1.0, noise=noise)
>>> end.z.shape, info.acceptance.shape
(TensorShape([100, 2]), TensorShape([50, 100]))
"""

from keras_infovae.samplers.annealing import annealed_log_weights
from keras_infovae.samplers.chain import run_chain, scan
from keras_infovae.samplers.hamiltonian import hamiltonian_step
from keras_infovae.samplers.langevin import langevin_step
from keras_infovae.samplers.mala import mala_step
from keras_infovae.samplers.noise import row_noise, seeded_noise
from keras_infovae.samplers.path import AnnealedPath, AnnealedPoint
from keras_infovae.samplers.pilot import AnnealingPlan, Pilot, make_annealing_plan, run_pilot
from keras_infovae.samplers.point import Point, with_gradient
from keras_infovae.samplers.proposal import Info
from keras_infovae.samplers.step_size import adapt_step_size

__all__ = [
    "AnnealedPath",
    "AnnealedPoint",
    "AnnealingPlan",
    "Info",
    "Pilot",
    "Point",
    "adapt_step_size",
    "annealed_log_weights",
    "hamiltonian_step",
    "langevin_step",
    "make_annealing_plan",
    "mala_step",
    "row_noise",
    "run_chain",
    "run_pilot",
    "scan",
    "seeded_noise",
    "with_gradient",
]
