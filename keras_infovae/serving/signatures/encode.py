"""`encode`: codes of examples."""

import numpy as np

from keras_infovae.serving.signatures.base import Signature


class Encode(Signature):
    """The code that stands for x; with a seed, a draw from q(z|x) too."""

    name = "encode"
    about = "the mode of q(z|x) (its mean, but on a sphere), its log-variance and, by seed, a draw"
    needs = "encode"
    takes = ("x", "seed")
    outputs = ("mean", "log_variance", "z")
    part = "encoder"

    def compute(self, served, x, seed=None, condition=None):
        model = served.model
        if "posterior" in model.capabilities:
            x = model.joint(x, condition)  # which the encoder sees once
        outputs = {"mean": model.encode_rows(x, None, condition)}
        if seed is not None:
            outputs["z"] = model.encode_rows(x, seed, condition)
        if _has_log_variance(model):
            import tensorflow as tf

            variance = model.posterior_distribution(x, condition).variance()
            outputs["log_variance"] = tf.math.log(tf.cast(variance, tf.float32))
        return outputs

    def answers(self, samples, x):
        model, condition = samples.model, samples.condition
        draws = model.encode(x, sample=True, seed=samples.SEED, condition=condition)
        answers = {"mean": (model.encode(x, condition=condition), 1.0), "z": (draws, 1.0)}
        if _has_log_variance(model):
            q = model.posterior_distribution(x, condition)
            answers["log_variance"] = (np.log(q.variance().numpy()), 1.0)
        return answers


class EncodeImageBytes(Encode):
    """`Encode` of files."""

    name = "encode_image_bytes"
    about = "`encode` of PNG or JPEG files"
    takes = ("image_bytes", "seed")
    part = None


def _has_log_variance(model):
    # On a sphere z has no variance per axis.
    return "posterior" in model.capabilities and model.latent_support == "euclidean"
