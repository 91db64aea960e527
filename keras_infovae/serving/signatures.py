"""The signatures of an exported model, as functions of named tensors."""

import collections

import tensorflow as tf

from keras_infovae.utils.checks import argument_error, check_choice

# {input: TensorSpec}, and a function from keyword arguments to {output: tensor}.
Signature = collections.namedtuple("Signature", ["inputs", "function"])

IMAGE_SIGNATURES = ("encode_image_bytes", "score_image_bytes")
NAMES = ("serving_default", "encode", "decode", "generate", "score", "regress", *IMAGE_SIGNATURES)
SCORE_SEED = 0  # of the draw of z that a score is computed from


def choose(signatures, inputs):
    """Returns the names of the signatures to export.

    Args:
        signatures: "all", for all that the model can have, or a sequence of names.
        inputs: the model's `ServingInputs`.

    Raises:
        ValueError, TypeError: for an unknown name, or one that the model cannot have.
    """
    if isinstance(signatures, str) and signatures == "all":
        return [
            name
            for name in NAMES
            if (inputs.takes_image_bytes or name not in IMAGE_SIGNATURES)
            and (inputs.takes_examples or name != "regress")
        ]
    if isinstance(signatures, str) or not isinstance(signatures, (list, tuple)) or not signatures:
        raise argument_error("signatures", "'all' or a list of names", signatures, TypeError)
    for index, name in enumerate(signatures):
        check_choice(f"signatures[{index}]", name, NAMES)
        if name in IMAGE_SIGNATURES and not inputs.takes_image_bytes:
            raise ValueError(
                f"Signature `{name}` needs a model of images with 1 or 3 channels, whose "
                f"likelihood describes 8-bit grey levels. Received: examples of shape "
                f"{tuple(inputs.model.event_shape)}, {type(inputs.model.likelihood).__name__}"
            )
        if name == "regress" and not inputs.takes_examples:
            raise ValueError(
                "Signature `regress` reads tf.train.Example, which holds float32. Received: a "
                "model whose raw x needs float64. Take `score`, or subtract a constant from "
                "columns such as time stamps before training."
            )
    return list(dict.fromkeys(signatures))


def make(names, inputs):
    """Returns {name: Signature} for the `names` that `choose` gave."""
    functions = SignatureFunctions(inputs)
    condition = inputs.condition_spec
    x = {"x": inputs.x_spec}
    z = {"z": tf.TensorSpec([None, inputs.model.latent_dim], tf.float32, name="z")}
    seed = {"seed": tf.TensorSpec([None], tf.int64, name="seed")}
    image = {"image_bytes": tf.TensorSpec([None], tf.string, name="image_bytes")}
    examples = {"inputs": tf.TensorSpec([None], tf.string, name="inputs")}
    made = {
        "serving_default": Signature(x | condition, functions.reconstruct),
        "encode": Signature(x | seed | condition, functions.encode),
        "decode": Signature(z | condition, functions.decode),
        "generate": Signature(seed | condition, functions.generate),
        "score": Signature(x | condition, functions.score),
        "regress": Signature(examples, functions.regress),
        "encode_image_bytes": Signature(image | seed | condition, functions.encode),
        "score_image_bytes": Signature(image | condition, functions.score),
    }
    return {name: Signature(made[name].inputs, _finite(made[name].function)) for name in names}


class SignatureFunctions:
    """What each signature computes, from tensors of a request by name to tensors by name."""

    def __init__(self, inputs):
        self._inputs = inputs
        self._model = inputs.model

    def reconstruct(self, **given):
        x, condition = self._read(given)
        return {"reconstruction": self._inputs.to_raw(self._model.reconstruct_rows(x, **condition))}

    def encode(self, seed, **given):
        x, condition = self._read(given)
        outputs = {
            "mean": self._model.encode_rows(x, **condition),
            "z": self._model.encode_rows(x, _checked(seed), **condition),
        }
        if has_log_variance(self._model):
            q = self._model.posterior_distribution(x, **condition)
            outputs["log_variance"] = tf.math.log(tf.cast(q.variance(), tf.float32))
        return outputs

    def decode(self, z, **given):
        z = tf.debugging.assert_all_finite(z, "Input `z` must be finite.")
        condition = self._inputs.check_condition(given)
        return {"x": self._inputs.to_raw(self._model.decode_rows(z, **condition))}

    def generate(self, seed, **given):
        condition = self._inputs.check_condition(given)
        return {"x": self._inputs.to_raw(self._model.generate_rows(_checked(seed), **condition))}

    def score(self, **given):
        x, condition = self._read(given)
        return self._with_anomaly(self._score(x, condition), x, condition)

    def regress(self, inputs):
        return {"outputs": main_score(self._score(*self._inputs.from_examples(inputs)))[:, None]}

    def _score(self, x, condition):
        seed = tf.fill([tf.shape(x)[0]], tf.constant(SCORE_SEED, tf.int64))
        log_likelihood, kl_divergence = self._model.elbo_terms(x, seed, **condition)
        scores = {"reconstruction_loss": -log_likelihood}
        if "elbo" in self._model.capabilities:
            scores["negative_elbo"] = kl_divergence - log_likelihood
            scores["kl_divergence"] = kl_divergence
        return scores

    def _with_anomaly(self, scores, x, condition):
        """Returns `scores` with the one that the model's threshold goes by, and its verdict."""
        threshold = self._model.anomaly_threshold
        if threshold is None:
            return scores
        score = threshold.score
        if score.output not in scores:
            scores[score.output] = score.rows(self._model, x, **condition)
        return scores | {"anomaly": scores[score.output] > threshold.value}

    def _read(self, given):
        """Returns (the model's x, {"condition": ...} or {}) of a request."""
        if "image_bytes" in given:
            x = self._inputs.from_image_bytes(given["image_bytes"])
        else:
            x = self._inputs.from_x(given["x"])
        return x, self._inputs.check_condition(given)


def has_log_variance(model):
    """Returns whether q(z|x) of `model` is a normal: on a sphere, z has no variance per axis."""
    return "posterior" in model.capabilities and model.latent_support == "euclidean"


def main_score(outputs):
    """Returns the number that `regress` gives, [n]: the negative ELBO where it is defined."""
    return outputs.get("negative_elbo", outputs["reconstruction_loss"])


def _checked(seed):
    message = "Input `seed` must be at least 0."
    with tf.control_dependencies([tf.debugging.assert_non_negative(seed, message=message)]):
        return tf.identity(seed)


def _finite(function):
    """Returns `function` with an error, not NaN or Inf, where an output would not be finite."""

    def checked(**given):
        return {
            name: tf.debugging.assert_all_finite(tensor, f"Output `{name}` must be finite.")
            if tensor.dtype.is_floating
            else tensor
            for name, tensor in function(**given).items()
        }

    return checked
