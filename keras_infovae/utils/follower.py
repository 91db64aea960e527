"""Followers: weights that follow the gradient of the loss by a rule of their own."""

import tensorflow as tf

from keras_infovae.utils import reductions


class Follower:
    """A part of a model with weights that have their optimum in closed form, given the rest.

    An optimizer would crawl to it by about its learning rate a step. The model's `train_step` takes
    the gradient of the loss to `followed_variables` along with that to all other weights, and hands
    it to `follow`; the optimizer does not touch them. They are made with `trainable=False` and
    `aggregation="only_first_replica"`, and are saved with the model.
    """

    @property
    def followed_variables(self):
        """The weights that `follow` changes, a list."""
        return []

    def follow(self, gradients):
        """Moves the weights, after the optimizer's step.

        Args:
            gradients: d loss / d variable for each of `followed_variables`, of the loss of the
                global batch, before the step; tensors, or None where the loss does not depend on a
                variable. They may not be finite, where a loss that is scaled up overflowed.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `follow`")


def follow_all(followers, gradients, loss_scale):
    """Has each follower move along its part of `gradients`.

    Args:
        followers: `Follower`s, in any order.
        gradients: those of this replica, of the loss times `loss_scale`: a list, one after another
            as the `followed_variables` of the followers are.
        loss_scale: a positive number.
    """
    gradients = list(gradients)
    for follower in followers:
        count = len(follower.followed_variables)
        mine, gradients = gradients[:count], gradients[count:]
        follower.follow([None if g is None else _total(g) / loss_scale for g in mine])


def _total(gradient):
    gradient = tf.convert_to_tensor(gradient)
    if reductions.num_replicas() == 1:
        return gradient
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, gradient)
