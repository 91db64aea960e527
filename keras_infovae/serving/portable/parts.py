"""The parts of a model that compute without random numbers, as functions of named tensors."""

import tensorflow as tf

from keras_infovae.serving.signatures import Signature, has_log_variance

# {part: (the signature with the same outputs, what it gives)}
PARTS = {
    "encoder": ("encode", "the mode of q(z|x) (its mean, but on a sphere) and its log-variance"),
    "decoder": ("decode", "the mean of p(x|z)"),
    "autoencoder": ("serving_default", "the mean of p(x|z) at the mode of q(z|x)"),
}


def make(part, inputs):
    """Returns the part's `Signature`: {input: TensorSpec} and a function to {output: tensor}.

    Values are raw, as in the signatures of a server, but nothing is refused: neither format has
    errors of its own. x beyond the likelihood's range is taken for the end of the range.

    Args:
        part: one of PARTS.
        inputs: the model's `ServingInputs`.
    """
    model, condition = inputs.model, inputs.condition_spec

    def read(x):
        x = tf.cast(inputs.scaled(x), tf.float32)
        low, high = model.likelihood.minimum, model.likelihood.maximum
        x = x if low is None else tf.maximum(x, low)
        return x if high is None else tf.minimum(x, high)

    def encoder(x, **given):
        outputs = {"mean": model.encode_rows(read(x), **given)}
        if has_log_variance(model):
            q = model.posterior_distribution(read(x), **given)
            outputs["log_variance"] = tf.math.log(tf.cast(q.variance(), tf.float32))
        return outputs

    def decoder(z, **given):
        return {"x": inputs.to_raw(model.decode_rows(z, **given))}

    def autoencoder(x, **given):
        return {"reconstruction": inputs.to_raw(model.reconstruct_rows(read(x), **given))}

    z = tf.TensorSpec([None, model.latent_dim], tf.float32, name="z")
    specs, function = {
        "encoder": ({"x": inputs.x_spec}, encoder),
        "decoder": ({"z": z}, decoder),
        "autoencoder": ({"x": inputs.x_spec}, autoencoder),
    }[part]
    return Signature(specs | condition, lambda **given: function(**given))  # all by name
