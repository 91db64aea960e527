"""A model on a server, with the methods of the model."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

import numpy as np

from keras_infovae.serving.client.retries import Deadline
from keras_infovae.serving.client.signature_client import SignatureClient
from keras_infovae.typing import Array, Condition, Result, Rows, Seed
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.row_seeds import packed


class Client(SignatureClient):
    """A model that TensorFlow Serving, or `keras-infovae serve`, serves.

    Its methods are those of the Keras model: NumPy arrays of raw values in and out, float32; of a
    model of tables DataFrames, with the names, dtypes and categories of the model's own; of a model
    of texts strings. What a signature takes is learned once from the server, and arguments are
    checked before they are sent. Batches are sent in parts, several at a time, all to one version;
    results are in the order of the rows. Where the version is unloaded meanwhile, or has other
    outputs, the signatures are learned again and the call begins once more, once. A client may be
    used by several threads.

    A part is sent again, after a growing random pause, where that is safe and may help: without a
    connection, and after UNAVAILABLE, RESOURCE_EXHAUSTED, or HTTP 429, 502, 503, 504. Signatures
    change nothing on the server.

    Args:
        address: "host:port" for gRPC (needs the extra "serving" and TensorFlow), or "http://..." or
            "https://..." for REST (needs requests).
        model_name: of the model on the server.
        version: a number from 1 to 2**63 - 1, or the label of one. Default None: the newest.
        timeout: seconds for a call of a method, all parts and attempts together. Default 60.
        retries: how often a part may be sent again. Default 4.
        max_rows: rows of a part. Default 128; a server that batches takes at most its
            `max_batch_size`.
        max_bytes: size of a part's tensors, in and out. Default 4,000,000, just below what
            gRPC servers take where they are not told otherwise.
        concurrency: parts of one client that are under way at a time. Default 4.
        headers: {name: value} sent with each request, such as "Authorization". Default None.
        credentials: for gRPC, `grpc.ChannelCredentials` (default None: no encryption); for
            "https", the path of a file of trusted certificates, which must be there (default None:
            those of requests).

    Raises:
        ValueError, TypeError: for arguments that cannot be used. Methods raise them too, before
            anything is sent.
        ImportError: without what the protocol needs.
        ServingError: by methods, when the server does not answer; it has the server's words.

    Example:

    >>> import keras_infovae as ki
    >>> with ki.serving.Client("localhost:8500", model_name="digits") as client:  # doctest: +SKIP
    ...     z = client.encode(x)
    ...     images = client.generate(16, seed=0)
    """

    def encode(
        self, x: Rows, sample: bool = False, seed: Seed = None, condition: Condition = None
    ) -> Result:
        """Returns the latent code of each example, [n, latent_dim].

        Args:
            x: raw values [n, ...]; a DataFrame for a model of tables, strings for one of texts.
            sample: False (default) for the mode of q(z|x), True for one draw from it.
            seed: an integer of at least 0, for `sample=True`: the draws are those of
                `model.encode(x, sample=True, seed=seed)`. Default None: new ones each time.
            condition: one row per example, where the model takes one. Default None.

        Returns:
            NumPy float32; for a DataFrame one of z0, z1, ... with its index.
        """
        seeds = _row_seeds(seed if sample else 0, _count(x))
        output = "z" if sample else "mean"
        codes = self._ask("encode", output, condition, x, seed=seeds)
        return codes if self._preprocessor is None else self._preprocessor.codes_like(x, codes)

    def encode_image_bytes(
        self,
        image_bytes: Sequence[bytes],
        sample: bool = False,
        seed: Seed = None,
        condition: Condition = None,
    ) -> np.ndarray:
        """Returns what `encode` does, for a list of the contents of PNG or JPEG files."""
        seeds = _row_seeds(seed if sample else 0, _count(image_bytes))
        inputs = {"image_bytes": image_bytes, "seed": seeds}
        return self._ask("encode_image_bytes", "z" if sample else "mean", condition, **inputs)

    def decode(self, z: Array, condition: Condition = None) -> Result:
        """Returns the mean of p(x|z) in raw units, [n, ...], for z [n, latent_dim]."""
        outputs = self._ask("decode", None, condition, z=np.asarray(z))
        return self._examples(outputs, condition=condition)

    def reconstruct(self, x: Rows, condition: Condition = None) -> Result:
        """Returns the reconstruction of each example in raw units, [n, ...]."""
        outputs = self._ask("reconstruct", None, condition, x)
        return self._examples(outputs, like=x)

    def generate(self, n: int, seed: Seed = None, condition: Condition = None) -> Result:
        """Returns n new examples in raw units, [n, ...].

        Args:
            n: how many, at least 1.
            seed: an integer of at least 0, for the examples of `model.generate(n, seed=seed)`.
                Default None: new ones each time.
            condition: one row per example, or a single one for all of them, where the model takes
                one; of columns a DataFrame, or {column: value} for all. Default None.
        """
        n = check_integer("n", n)
        specs = self._signature("generate", Deadline(self.timeout))["inputs"]
        if condition is not None and "condition" in specs:
            condition = np.asarray(condition)
            if condition.ndim == len(specs["condition"].shape) - 1:
                condition = np.repeat(condition[None], n, axis=0)
        outputs = self._ask("generate", None, condition, seed=_row_seeds(seed, n))
        return self._examples(outputs, condition=condition)

    def elbo(self, x: Rows, seed: Seed = 0, condition: Condition = None) -> np.ndarray:
        """Returns the evidence lower bound of each example, [n] in nats, where the model has one.

        Args:
            x, condition: as for `encode`.
            seed: an integer of at least 0: the draws of z are those of `model.elbo(x, seed=seed)`.
                Default 0. None: new ones each time.
        """
        seeds = _row_seeds(seed, _count(x))
        return self._ask("elbo", "elbo", condition, x, seed=seeds)

    def log_prob(self, x: Rows, condition: Condition = None) -> np.ndarray:
        """Returns log p(x) of each example, [n] in nats, of a model that knows it."""
        return self._ask("log_prob", "log_prob", condition, x)

    def score(self, x: Rows, condition: Condition = None) -> np.ndarray:
        """Returns how unusual each example is, [n], as `model.score(x)` does: larger is more so."""
        return self._ask("score", "score", condition, x)

    def score_image_bytes(
        self, image_bytes: Sequence[bytes], condition: Condition = None
    ) -> np.ndarray:
        """Returns what `score` does, for a list of the contents of PNG or JPEG files."""
        return self._ask("score_image_bytes", "score", condition, image_bytes=image_bytes)

    def all_scores(self, x: Rows, condition: Condition = None) -> Mapping[str, np.ndarray]:
        """Returns {name: array [n]} of all that the signature `score` gives, in nats.

        These are "score", and what it is made of: "negative_elbo", "reconstruction_loss" and
        "kl_divergence", all of the same draws of z, where the model has latents;
        "negative_log_prob" where it knows log p(x).
        A model with an `anomaly_threshold` also gives "anomaly", bool, and the score it goes by.
        """
        return self._ask("score", None, condition, x)

    def is_anomaly(self, x: Rows, condition: Condition = None) -> np.ndarray:
        """Returns whether each example scores above the model's `anomaly_threshold`, bool [n].

        Raises:
            ValueError: where the model was exported without a threshold.
        """
        outputs = self.all_scores(x, condition)
        if "anomaly" not in outputs:
            raise ValueError(
                "The model on the server has no anomaly_threshold. Calibrate one and export again: "
                "ki.evaluation.calibrate_anomaly_threshold, or keras-infovae calibrate."
            )
        return outputs["anomaly"]

    def _parts(self, x, condition, count):
        """Returns {input: array} of raw examples and a condition, as the preprocessor has them.

        Args:
            x: `count` raw examples, or None.
            condition: what a user gives, or None: a part of x, or none.
        """
        preprocessor = self._preprocessor
        parts = {} if x is None else {"x": x}
        if preprocessor is not None and x is not None:
            parts = preprocessor.as_arrays(x)
        told = x if condition is None else condition
        if preprocessor is not None and preprocessor.condition_names and told is not None:
            for name, array in preprocessor.condition_arrays(told).items():
                parts[name] = np.repeat(array, count) if len(array) == 1 else array
        elif condition is not None:
            parts["condition"] = condition
        return parts

    def _examples(self, outputs, like=None, condition=None):
        """Returns raw examples of what a signature answers, their rows named as those of `like`."""
        if self._preprocessor is None:
            (examples,) = outputs.values()
            return examples
        if condition is not None and self._preprocessor.condition_names:
            count = len(next(iter(outputs.values())))
            condition = self._preprocessor.condition_numbers(condition)
            condition = np.broadcast_to(condition, [count, condition.shape[1]])
        return self._preprocessor.of_arrays(outputs, like, condition)

    def _ask(self, signature, output, condition, x=None, **inputs):
        """Returns one output, or all of them by name for None; x are raw examples."""
        deadline = Deadline(self.timeout)
        count = _count(x if x is not None else next(iter(inputs.values())))

        def given():
            self._learned(deadline)
            return self._parts(x, condition, count) | inputs

        outputs = self._call(signature, given, deadline)
        return outputs if output is None else outputs[output]


def _row_seeds(seed, n):
    """Returns the seed of each of n rows of a call, as the model's methods have them."""
    return packed(secrets.randbelow(2**31) if seed is None else seed, 0, n)


def _count(examples):
    return len(examples) if hasattr(examples, "__len__") else 0  # 0 is refused by `run`
