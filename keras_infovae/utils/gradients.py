"""An optimizer's step on several replicas that is the step of one device."""

import tensorflow as tf

from keras_infovae.utils import reductions
from keras_infovae.utils.fused_adam import fused_updates


def apply_gradients(optimizer, gradients, variables):
    """Has `optimizer` take its step on the sum over replicas of `gradients`.

    Keras sums gradients over replicas last: it clips those of each replica first, which is not
    clipping the sum, and looks for overflow in those of the first replica alone. Where an optimizer
    does either, the gradients are summed and clipped here, once more than Keras does it, and each
    replica hands an equal part of the result to Keras, whose clipping that part cannot reach. So
    they are where an optimizer accumulates gradients, see `_accumulate`.

    Args:
        optimizer: a Keras optimizer, or a `LossScaleOptimizer` around one.
        gradients: those of this replica, of the scaled loss: a list of tensors, None for a variable
            that the loss does not depend on.
        variables: a list of variables, one for each of `gradients`.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    clips = any((inner.clipnorm, inner.global_clipnorm, inner.clipvalue))
    accumulates = optimizer.gradient_accumulation_steps
    replicas = reductions.num_replicas()
    if replicas > 1 and (clips or accumulates or inner is not optimizer):
        pairs = [pair for pair in zip(gradients, variables, strict=True) if pair[0] is not None]
        gradients, variables = map(list, zip(*pairs, strict=True))
        gradients = tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.SUM, [tf.convert_to_tensor(g) for g in gradients]
        )
        if accumulates:
            gradients = [g / optimizer.scale_loss(1.0) for g in gradients]
            arguments = (optimizer, gradients, variables)
            tf.distribute.get_replica_context().merge_call(_accumulate, args=arguments)
            return
        gradients = _clip(gradients, inner, optimizer.scale_loss(1.0))
        gradients = [gradient / replicas for gradient in gradients]
    with fused_updates(inner):
        optimizer.apply(gradients, variables)


def _accumulate(strategy, optimizer, gradients, variables):
    """Adds gradients up and, every `gradient_accumulation_steps` steps, takes one with their mean.

    The condition stands outside of the replicas. Keras asks within each one, in a branch where they
    cannot wait for each other, and its sums are those of each replica alone.

    Args:
        strategy: a `tf.distribute.Strategy`, in whose cross-replica context this runs.
        gradients: summed over replicas, on each of them.
        optimizer, variables: as for `apply_gradients`.
    """
    steps = optimizer.gradient_accumulation_steps
    sums = [
        optimizer._accumulated_gradients[optimizer._get_variable_index(variable)]
        for variable in variables
    ]

    def on_each(variable, function, *arguments):
        strategy.extended.update(variable.value, function, args=arguments, group=False)

    def step_on_replica(gradients):
        # What `apply` does on one device, but for its condition.
        means = [(g + total) / steps for g, total in zip(gradients, sums, strict=True)]
        parts = [g / reductions.num_replicas() for g in _clip(means, optimizer, 1.0)]
        optimizer._apply_weight_decay(variables)
        optimizer._backend_update_step(parts, variables, optimizer.learning_rate)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))

    def take_step():
        strategy.extended.call_for_each_replica(step_on_replica, args=(gradients,))
        for total in sums:
            on_each(total, lambda value: value.assign(tf.zeros_like(value)))

    def keep():
        for total, gradient in zip(sums, gradients, strict=True):
            on_each(total, lambda value, g: value.assign_add(tf.cast(g, value.dtype)), gradient)

    # Of all steps; the public `iterations` counts those that were taken.
    last = tf.equal((optimizer._iterations + 1) % steps, 0)
    tf.cond(last, take_step, keep)
    on_each(optimizer._iterations, lambda value: value.assign_add(1))


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
