"""Training without `fit`: what its convenience is compared with."""


def bare_step(model, jit_compile):
    """Returns a `tf.function` of a batch and a seed, int32 [2], that trains `model` by one step.

    Networks, loss and optimizer are those of `fit`, but for `fit`'s own way to apply Adam.

    Args:
        model: compiled and built.
        jit_compile: whether XLA compiles it.
    """
    import tensorflow as tf

    model.optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=jit_compile)
    def step(batch, seed):
        with tf.GradientTape() as tape:
            loss = model.batch_loss(batch, None, seed, training=True).loss
        variables = model.trainable_variables
        model.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    return step
