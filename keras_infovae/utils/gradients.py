"""An optimizer's step on several replicas that is the step of one device."""

import tensorflow as tf

from keras_infovae.utils import reductions


def apply_gradients(optimizer, gradients, variables):
    """Has `optimizer` take its step on the sum over replicas of `gradients`.

    Keras sums gradients over replicas last: it clips those of each replica first, which is not
    clipping the sum, and looks for overflow in those of the first replica alone. Where an optimizer
    does either, the gradients are summed and clipped here, once more than Keras does it, and each
    replica hands an equal part of the result to Keras, whose clipping that part cannot reach.

    Args:
        optimizer: a Keras optimizer, or a `LossScaleOptimizer` around one.
        gradients: those of this replica, of the scaled loss: a list of tensors, None for a variable
            that the loss does not depend on.
        variables: a list of variables, one for each of `gradients`.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    clips = any((inner.clipnorm, inner.global_clipnorm, inner.clipvalue))
    replicas = reductions.num_replicas()
    if replicas > 1 and (clips or inner is not optimizer):
        pairs = [pair for pair in zip(gradients, variables, strict=True) if pair[0] is not None]
        gradients, variables = map(list, zip(*pairs, strict=True))
        gradients = tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.SUM, [tf.convert_to_tensor(g) for g in gradients]
        )
        gradients = _clip(gradients, inner, optimizer.scale_loss(1.0))
        gradients = [gradient / replicas for gradient in gradients]
    optimizer.apply(gradients, variables)


def _clip(gradients, optimizer, scale):
    """Returns gradients of a loss times `scale`, clipped as `optimizer` says of the loss itself."""
    if optimizer.clipnorm:
        return [tf.clip_by_norm(gradient, optimizer.clipnorm * scale) for gradient in gradients]
    if optimizer.global_clipnorm:
        return tf.clip_by_global_norm(gradients, optimizer.global_clipnorm * scale)[0]
    if optimizer.clipvalue:
        limit = optimizer.clipvalue * scale
        # What overflowed has to remain to be seen.
        return [
            tf.where(tf.math.is_finite(g), tf.clip_by_value(g, -limit, limit), g) for g in gradients
        ]
    return gradients
