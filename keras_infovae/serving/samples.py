"""Requests to try an exported model with, and what the Keras model answers to each row of them."""

import numpy as np
import tensorflow as tf

from keras_infovae.serving import signatures
from keras_infovae.utils.checks import argument_error

_ROWS = 8  # different ones


class Samples:
    """Up to 8 rows of every input of the signatures.

    Args:
        inputs: the model's `ServingInputs`.
        warmup: raw examples [n, ...], or (examples, condition) where the model takes a condition.
            None: examples drawn from the model.

    Raises:
        ValueError, TypeError: naming `warmup`, for examples that the model cannot be given.
    """

    def __init__(self, inputs, warmup=None):
        model = inputs.model
        self._inputs = inputs
        raw, condition = _split(warmup, model)
        if raw is None and inputs.preprocessing is not None:
            raise argument_error("warmup", "given where `preprocessing` is", warmup)
        if raw is None:
            condition = _made_condition(model)
            given = {} if condition is None else {"condition": condition}
            x = model.generate(_ROWS, seed=0, sample=True, verbose=0, **given)
            raw = inputs.to_raw(x).numpy()
        raw = np.asarray(raw)[:_ROWS]
        self.x = inputs.apply(raw)
        self.condition = None if condition is None else np.asarray(condition)[: len(raw)]
        self._given = {} if condition is None else {"condition": self.condition}
        try:
            self.z = model.encode(self.x, **self._given)  # with the model's checks of its data
        except (ValueError, TypeError) as error:
            raise type(error)(f"Argument `warmup` cannot be used. {error}") from error
        self.raw = raw.astype(inputs.x_spec.dtype.as_numpy_dtype)

    def __len__(self):
        return len(self.raw)

    def requests(self, name):
        """Returns {input: array, or list of bytes} of the signature `name`, one row per sample."""
        condition = {}
        for key, spec in self._inputs.condition_spec.items():
            condition[key] = self.condition.astype(spec.dtype.as_numpy_dtype)
        seed = {"seed": np.arange(len(self), dtype="int64")}
        if name == "regress":
            return {"inputs": [self._example(row, condition) for row in range(len(self))]}
        if name in signatures.IMAGE_SIGNATURES:
            images = {"image_bytes": [tf.io.encode_png(image).numpy() for image in self._images()]}
            return images | condition | (seed if name.startswith("encode") else {})
        values = {
            "serving_default": {"x": self.raw},
            "encode": {"x": self.raw} | seed,
            "decode": {"z": self.z},
            "generate": seed,
            "score": {"x": self.raw},
        }
        return values[name] | condition

    def answers(self, name):
        """Returns {output: (array, unit)}: the model's own methods, row by row, and what is large.

        The unit of an output is the size from which on differences count relative to its values.
        """
        x = self.x
        if name == "regress" and self.raw.dtype == np.float64:
            x = self._inputs.apply(self.raw.astype("float32"))  # what an example holds
        if name in signatures.IMAGE_SIGNATURES:
            name = name.removesuffix("_image_bytes")
            x = self._inputs.apply(self._inputs.raw_levels(self._images()))
        return {
            "serving_default": self._reconstruction,
            "encode": self._codes,
            "decode": self._decoded,
            "generate": self._generated,
            "score": self._verdicts,
            "regress": self._regressed,
        }[name](x)

    def _rows(self, function, *arrays):
        """Returns `function` of each row alone, joined, given the row's number and condition."""
        rows = []
        for row in range(len(self)):
            given = {} if self.condition is None else {"condition": self.condition[row : row + 1]}
            rows.append(function(row, *(a[row : row + 1] for a in arrays), **given))
        return np.concatenate(rows)

    def _in_raw_units(self, name, x):
        scaling = self._inputs.scaling
        unit = 1.0 if scaling is None else np.asarray(scaling.scale)
        return {name: (x if scaling is None else scaling.invert(x), unit)}

    def _reconstruction(self, x):
        model = self._inputs.model

        @tf.function
        def reconstruct(x, condition=None):
            return model(x if condition is None else (x, condition))

        def predict(_, x, **given):
            return reconstruct(*map(tf.constant, (x, *given.values()))).numpy()

        return self._in_raw_units("reconstruction", self._rows(predict, x))

    def _codes(self, x):
        model = self._inputs.model
        answers = {
            "mean": (model.encode(x, **self._given), 1.0),
            "z": (
                self._rows(
                    lambda seed, x, **given: model.encode(x, sample=True, seed=seed, **given), x
                ),
                1.0,
            ),
        }
        if signatures.has_log_variance(model):
            q = model.posterior_distribution(tf.constant(x), **self._given)
            answers["log_variance"] = (np.log(q.variance().numpy()), 1.0)
        return answers

    def _decoded(self, x):
        decode = self._inputs.model.decode
        return self._in_raw_units("x", self._rows(lambda _, z, **given: decode(z, **given), self.z))

    def _generated(self, x):
        generate = self._inputs.model.generate
        return self._in_raw_units(
            "x", self._rows(lambda seed, **given: generate(1, seed=seed, verbose=0, **given))
        )

    def _scores(self, x):
        model = self._inputs.model
        seed = tf.fill([len(x)], tf.constant(signatures.SCORE_SEED, tf.int64))
        log_likelihood, kl = model.elbo_terms(tf.constant(x), seed, **self._given)
        answers = {"reconstruction_loss": (-log_likelihood.numpy(), 1.0)}
        if "elbo" in model.capabilities:
            answers["kl_divergence"] = (kl.numpy(), 1.0)

            def negative_elbo(_, x, **given):
                return -model.elbo(x, seed=signatures.SCORE_SEED, **given)

            # A difference of the two, and as exact as the larger of them.
            unit = np.maximum(1.0, np.abs(log_likelihood.numpy()))
            answers["negative_elbo"] = (self._rows(negative_elbo, x), unit)
        return answers

    def _verdicts(self, x):
        answers = self._scores(x)
        threshold = self._inputs.model.anomaly_threshold
        if threshold is None:
            return answers
        score = self._inputs.model.score(x, **self._given)
        size = np.maximum(1.0, np.abs(score))
        answers.setdefault(threshold.score.output, (score, size))
        # What rounding puts on either side of the threshold may be called either way.
        near = np.abs(score - threshold.value) < 1e-3 * size
        answers["anomaly"] = (score > threshold.value, np.where(near, np.inf, 1.0))
        return answers

    def _regressed(self, x):
        answers = self._scores(x)
        value, unit = signatures.main_score(answers)
        return {"outputs": (value[:, None], np.reshape(unit, [-1, 1]))}

    def _images(self):
        scaled = self._inputs.scaling is None and self._inputs.preprocessing is None
        levels = 255.0 * self.x if scaled else self.raw
        return np.clip(np.rint(levels), 0, 255).astype("uint8")

    def _example(self, row, condition):
        values, dtype = self.raw[row].ravel(), self._inputs.x_spec.dtype
        features = {"x": _feature(values, dtype.is_floating)}
        for key, array in condition.items():
            features[key] = _feature(np.atleast_1d(array[row]), array.dtype.kind == "f")
        return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(
            deterministic=True
        )


def _feature(values, floating):
    if floating:
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def _split(warmup, model):
    """Returns (raw examples, condition) of `warmup`."""
    if warmup is None or not model.condition.size:
        return warmup, None
    if not isinstance(warmup, (tuple, list)) or len(warmup) != 2:
        raise argument_error("warmup", "(examples, condition)", type(warmup), TypeError)
    if len(warmup[0]) != len(warmup[1]):
        raise argument_error(
            "warmup", "as many conditions as examples", (len(warmup[0]), len(warmup[1]))
        )
    return tuple(warmup)


def _made_condition(model):
    if not model.condition.size:
        return None
    if model.condition.num_classes:
        return np.arange(_ROWS) % model.condition.num_classes
    return np.random.default_rng(0).normal(size=(_ROWS, model.condition.size)).astype("float32")
