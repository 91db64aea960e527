"""Followers: weights that follow the gradient of the loss by a rule of their own."""

from collections.abc import Sequence

import tensorflow as tf

from keras_infovae.typing import Tensor
from keras_infovae.utils import reductions


class Follower:
    """A part of a model with weights that have their optimum in closed form, given the rest.

    An optimizer would crawl to it by about its learning rate a step. The model's `train_step` takes
    the gradient of the loss to `followed_variables` along with that to all other weights, and hands
    it to `follow`; the optimizer does not touch them. They are made with `trainable=False` and
    `aggregation="only_first_replica"`, and are saved with the model.
    """

    @property
    def followed_variables(self) -> list:
        """The weights that `follow` changes, a list."""
        return []

    def follow(self, gradients: Sequence[Tensor]) -> None:
        """Moves the weights, after the optimizer's step.

        Args:
            gradients: d loss / d variable for each of `followed_variables`, of the loss of the
                global batch, before the step; tensors, or None where the loss does not depend on a
                variable. They may not be finite, where a loss that is scaled up overflowed.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `follow`")


def followers_of(parts):
    """Returns a `Follower` that is all of those among `parts`, one after another."""
    followers = [part for part in parts if isinstance(part, Follower)]
    # What is frozen (`layer.trainable = False`) stays as it is.
    return _Several([part for part in followers if getattr(part, "trainable", True)])


class _Several(Follower):
    def __init__(self, followers):
        self._followers = followers

    @property
    def followed_variables(self):
        return [v for follower in self._followers for v in follower.followed_variables]

    def follow(self, gradients):
        gradients = iter(gradients)
        for follower in self._followers:
            follower.follow([next(gradients) for _ in follower.followed_variables])


def of_global_batch(gradients, loss_scale):
    """Returns the gradients that `follow` takes, tensors or None.

    Args:
        gradients: those of this replica, of the loss times `loss_scale`; None stays None.
        loss_scale: a positive number.
    """
    return [None if g is None else _total(g) / loss_scale for g in gradients]


def _total(gradient):
    gradient = tf.convert_to_tensor(gradient)
    if reductions.num_replicas() == 1:
        return gradient
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, gradient)
