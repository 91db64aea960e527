"""placeholder"""

import tensorflow as tf


def draw_rows(distribution, seeds, num_samples=None):
    def one(args):
        i, seed = args
        if distribution.batch_shape.rank == 0:
            return tf.cast(distribution.sample(num_samples or (), seed=seed), tf.float32)
        return tf.cast(
            distribution[i : i + 1].sample(num_samples or (), seed=seed)[..., 0, :]
            if num_samples
            else distribution[i : i + 1].sample(seed=seed)[0],
            tf.float32,
        )

    out = tf.map_fn(one, (tf.range(tf.shape(seeds)[0]), seeds), fn_output_signature=tf.float32)
    if num_samples:
        perm = [1, 0, *range(2, out.shape.rank)]
        out = tf.transpose(out, perm)
    return out
