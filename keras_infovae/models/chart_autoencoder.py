"""The chart autoencoder."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_infovae import conditions, networks
from keras_infovae.distributions.likelihoods.data_units import DataUnits
from keras_infovae.models.chart_codes import ChartCodes
from keras_infovae.models.chart_start import farthest, take_steps
from keras_infovae.models.data_kinds import as_example_array
from keras_infovae.models.example_spec import check_shape
from keras_infovae.models.generative_model import GenerativeModel
from keras_infovae.models.registry import register_model
from keras_infovae.models.row_functions import BATCH_SIZE
from keras_infovae.models.step_model import BatchLoss
from keras_infovae.networks.stacked import StackedMLP
from keras_infovae.parameters.kinds import NETWORK_BY_SHAPE, Integer, Member
from keras_infovae.typing import Array, Condition, Rows, Seed, Shape, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import check_integers
from keras_infovae.utils.randomness import some_rows
from keras_infovae.utils.row_random import fold_in, row_seeds

_ERROR_WEIGHT, _SMOOTHNESS_WEIGHT, _TEMPERATURE = 100.0, 1e-3, 0.02
_FEATURES, _PREDICTOR_UNITS = 8, 64
_LOOKED_AT = 2000  # examples, of which the farthest are taken
_ROUNDS = 20  # of draws, until the predictor agrees
_FEWEST = 8  # codes that were told the same features, below which near ones are taken too


@register_model("chart_autoencoder")
class ChartAutoencoder(GenerativeModel):
    """An autoencoder with several charts: for data on a manifold that no single map covers.

        loss = 100 min_k e_k - sum_k softmax(-e / 0.02)_k log p_k + 0.001 L

    e_k is the mean squared error of x as chart k encodes and decodes it, in units of the standard
    deviation of all values; p_k the predictor's probability of chart k, whose target takes no
    gradient; L the mean over charts of the sum of log |W|^2 of its decoder's layers, a bound of its
    Lipschitz constant. A code is (chart, coordinates): the number of the chart that the predictor
    names, then `chart_dim` numbers in (0, 1).

    Before the first step chart k learns point k of those that are farthest from each other: in its
    middle, decoded by it, predicted to be in it. Without, few charts take all. Charts that less
    than 1 % of the codes are in (of more than 50 charts, half of an even share) are not used.

    New examples come from codes of the training: the last 8,192 of them are kept with the model,
    each draw takes one, moves it by 0.3 of a kernel, decodes it, and takes another where the
    predictor, asked about what came out, names another chart. (So they are as private as the data.)
    A draw for a class takes a code of that class; one for features a code that was told the same,
    or, where fewer than 8 were, one of the 64 that were told the nearest.

    There is no likelihood, hence no `elbo` and no `score`. docs/topology.md measures it.

    Args:
        chart_dim: the number of coordinates in a chart, at least 1: the dimension of the manifold.
        charts: how many charts there may be, at least 1. Default 8.
        decoder_units: sizes of the hidden layers of each chart's decoder; the first is that of its
            encoder. Default (48, 48).
        encoder: from x to the 8 numbers that charts and predictor see: a network setting or its
            name, a Keras model, or None (default) for "conv" where x is an image, else "mlp".
        start_steps: how many steps the farthest points are learned. Default 500.
        condition: `conditions.Classes(n)` or `conditions.Features(n)`, what encoder and decoders
            are told of each example besides. Default None.
        seed: an integer for repeatable draws. Default None.
        scaling: the `preprocessors.Scaling` that made x from raw data, kept with the model.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.load("circle", limit=200)
    >>> model = ki.ChartAutoencoder(1, charts=4, start_steps=10, seed=0)
    >>> history = model.fit(data.train, epochs=1, verbose=0)
    >>> model.encode(data.test).shape, model.generate(5, seed=0).shape
    ((20, 2), (5, 3))

    References:
        Schonsheck, Chen, Lai, Chart Auto-Encoders for Manifold Structured Data, arXiv:1912.10094,
        sections 3 and 4.
    """

    term_names = ("chart_error", "prediction_loss", "smoothness")
    latent_support = "charts"
    code_dim = None  # a chart's number is no continuous function of x

    def __init__(
        self,
        chart_dim: Integer("Coordinates in a chart.", suggestion=2, search=[1, 2, 3]) = 2,
        *,
        charts: Integer("How many charts there may be.", search=[4, 8]) = 8,
        decoder_units: Sequence[int] = (48, 48),
        encoder: Member("The network from x to z.", networks, shown=NETWORK_BY_SHAPE) = None,
        start_steps: Integer("Steps in which charts begin apart.", minimum=0) = 500,
        condition: Any = None,
        seed: Seed = None,
        scaling: Any = None,
    ) -> None:
        super().__init__(condition=condition, seed=seed, scaling=scaling)
        self.chart_dim, self.charts = chart_dim, charts
        self.decoder_units = check_integers("decoder_units", decoder_units)
        self.start_steps = start_steps
        self.encoder = networks.check_network("encoder", encoder)
        self.units, self.codes = DataUnits(), ChartCodes(charts, chart_dim)
        self.coordinates = StackedMLP(charts, self.decoder_units[:1], chart_dim)
        self.predictor = keras.Sequential(
            [keras.layers.Dense(_PREDICTOR_UNITS, activation="silu"), keras.layers.Dense(charts)]
        )
        self.decoders = None  # as many numbers as x has

    @property
    def latent_dim(self) -> int:
        """How many numbers a code has: that of the chart, and its coordinates."""
        return 1 + self.chart_dim

    # === Parts ===

    def parts(self) -> list:
        """Returns the layers that the model is made of, in the order that its weights have."""
        made = [self.encoder] if isinstance(self.encoder, keras.Model) else []
        decoders = [] if self.decoders is None else [self.decoders]
        return [*made, self.coordinates, self.predictor, *decoders, self.units, self.codes]

    def build_parts(self, event_shape: Shape) -> None:
        """Makes the networks for x of `event_shape` and checks that they fit together."""
        seen = networks.conditioned_shape(event_shape, self.condition.size)
        if not isinstance(self.encoder, keras.Model):
            setting = self.encoder or networks.default_for(event_shape)
            self.encoder = setting.encoder(seen, _FEATURES)
        networks.check_output("encoder", self.encoder, [seen], (_FEATURES,))
        self.decoders = StackedMLP(self.charts, self.decoder_units, math.prod(event_shape))
        self.coordinates.build((None, _FEATURES))
        self.predictor.build((None, _FEATURES))
        self.decoders.build((None, self.charts, self.chart_dim + self.condition.size))
        self.units.build(event_shape)
        self.codes.build((None, self.condition.size))

    # === Charts, in units of the data ===

    def _features(self, x, condition, training=False):
        """Returns what charts and predictor see of standardized x, [n, 8]."""
        seen = conditions.append(x, condition)
        return tf.cast(self.encoder(seen, training=training), tf.float32)

    def _in_charts(self, features):
        """Returns coordinates [n, charts, chart_dim] and log p of the charts, [n, charts]."""
        inside = tf.sigmoid(tf.cast(self.coordinates(features), tf.float32))
        logits = tf.cast(self.predictor(features), tf.float32)
        return inside, tf.nn.log_softmax(logits)

    def _decoded(self, inside, condition):
        """Returns what charts make of coordinates [n, charts, chart_dim], [n, charts, size]."""
        given = 2.0 * inside - 1.0
        if condition is not None:
            told = tf.repeat(tf.cast(condition, tf.float32)[:, None], self.charts, axis=1)
            given = tf.concat([given, told], axis=-1)
        return tf.cast(self.decoders(given), tf.float32)

    def _chosen(self, log_probs):
        """Returns the most probable of the charts that are used, int32 [n]."""
        allowed = tf.where(self.codes.used(), 0.0, -np.inf)
        return tf.argmax(log_probs + allowed, axis=-1, output_type=tf.int32)

    # === The loss ===

    def batch_loss(
        self, x: Tensor, condition: Tensor, seed: Tensor, training: bool = False
    ) -> BatchLoss:
        """Returns the `BatchLoss` of one batch."""
        x = self.units.standardized(x)
        inside, log_probs = self._in_charts(self._features(x, condition, training))
        shape: Shape = self.event_shape
        flat = tf.reshape(x, [-1, 1, math.prod(shape)])
        errors = tf.reduce_mean(tf.square(flat - self._decoded(inside, condition)), axis=-1)
        wanted = tf.stop_gradient(tf.nn.softmax(-errors / _TEMPERATURE))
        prediction = -tf.reduce_sum(wanted * log_probs, axis=-1)
        terms = {
            "chart_error": reductions.share_of_global_mean(tf.reduce_min(errors, axis=-1)),
            "prediction_loss": reductions.share_of_global_mean(prediction),
            "smoothness": reductions.share_of_global_value(self._smoothness()),
        }
        loss = _ERROR_WEIGHT * terms["chart_error"] + terms["prediction_loss"]
        return BatchLoss(loss + _SMOOTHNESS_WEIGHT * terms["smoothness"], terms)

    def _smoothness(self):
        kernels = (tf.cast(kernel, tf.float32) for kernel in self.decoders.kernels)
        squares = [tf.reduce_sum(tf.square(kernel), axis=[1, 2]) for kernel in kernels]
        return tf.reduce_mean(tf.add_n([tf.math.log(s) for s in squares]))

    def objective(self) -> str:
        """Returns the loss as one line of text."""
        terms = f"{_ERROR_WEIGHT:g} * chart_error + prediction_loss"
        return f"{self.name}: loss = {terms} + {_SMOOTHNESS_WEIGHT:g} * smoothness"

    def update(self, x: Tensor, condition: Tensor, seed: Tensor) -> Any:
        """Takes a step, and remembers the codes that the examples had after it."""
        result = super().update(x, condition, seed)
        # By all charts: one that is not used yet may come to be.
        inside, log_probs = self._in_charts(self._seen_rows(x, condition))
        chart = tf.argmax(log_probs, axis=-1, output_type=tf.int32)
        told = None if condition is None else reductions.gather(condition)
        self.codes.remember(reductions.gather(_code(chart, inside)), told)
        return result

    # === The start ===

    def adapt(self, x: np.ndarray | None, count: int) -> None:
        """Learns the unit of the data, and one far point with each chart, before any step."""
        if x is None or float(self.units.is_known.numpy()):
            return
        self.units.learn(x)
        some = x[some_rows(len(x), _LOOKED_AT, seed=0)]
        points = farthest(some.astype("float32"), self.charts)
        points = self.units.standardized(tf.constant(points))
        take_steps(self, lambda: self._start_loss(points), self.start_steps)

    def _start_loss(self, points):
        """Returns how far point k is from the middle of chart k, decoded and predicted."""
        told = tf.zeros([self.charts, self.condition.size]) if self.condition.size else None
        inside, log_probs = self._in_charts(self._features(points, told))
        own = tf.range(self.charts)
        decoded = tf.gather(self._decoded(inside, told), own, axis=1, batch_dims=1)
        flat = tf.reshape(points, [self.charts, -1])
        middle = tf.gather(inside, own, axis=1, batch_dims=1) - 0.5
        return (
            tf.reduce_mean(tf.reduce_sum(tf.square(middle), axis=-1))
            + tf.reduce_mean(tf.square(decoded - flat))
            - tf.reduce_mean(tf.linalg.diag_part(log_probs))
            + 0.0 * self._smoothness()  # so that all weights have a gradient
        )

    # === Functions of rows ===

    def encode_rows(
        self, x: Tensor, seed: Tensor | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Returns (chart, coordinates) of each row, [n, 1 + chart_dim]; nothing in it is random."""
        features = self._seen_rows(x, condition)
        inside, log_probs = self._in_charts(features)
        return _code(self._chosen(log_probs), inside)

    def encode_beside_rows(self, x: Tensor, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns the code of each row of x in the chart of its row of z, [n, 1 + chart_dim]."""
        inside, _ = self._in_charts(self._seen_rows(x, condition))
        return _code(self._charts_of(z), inside)

    def encode_beside(
        self, x: Rows, z: Array, batch_size: int = BATCH_SIZE, condition: Condition = None
    ) -> np.ndarray:
        """Returns the codes of x in the charts of the codes z, NumPy [n, 1 + chart_dim].

        Args:
            x: array [n, ...].
            z: codes [n, 1 + chart_dim].
            batch_size: examples computed at a time. Default 256.
            condition: one row per example, where the model takes a condition. Default None.

        Raises:
            ValueError, TypeError: for x, z or a condition that do not fit the model or each other.
        """
        z = as_example_array(z, "z")
        check_shape(z.shape, (self.latent_dim,), "z")
        check_finite("z", z)
        x, condition = self.example_spec.arrays(x, condition)
        if len(z) != len(x):
            raise ValueError(
                f"Argument `z` must have a row for each of the {len(x)} examples of x. Received: "
                f"{len(z)} rows"
            )
        arrays = {"x": x, "z": z, "condition": condition}
        return self._rows.run("encode beside", self.encode_beside_rows, arrays, batch_size)

    def decode_rows(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns x of codes [n, 1 + chart_dim], [n, *event_shape]; the chart is rounded."""
        condition = self.condition.tensor(condition)
        z = tf.cast(z, tf.float32)
        inside = tf.repeat(z[:, None, 1:], self.charts, axis=1)
        decoded = self._decoded(inside, condition)
        flat = tf.gather(decoded, self._charts_of(z), axis=1, batch_dims=1)
        shape: Shape = self.event_shape
        x = tf.reshape(flat, [-1, *shape])
        return x * self.units.unit + self.units.offset

    def reconstruct_rows(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns x from its own code, [n, *event_shape]."""
        return self.decode_rows(self.encode_rows(x, None, condition), condition)

    def generate_rows(
        self, seed: Tensor, condition: Tensor | None = None, sample: bool | None = None
    ) -> Tensor:
        """Returns a new example for each seed, [n, *event_shape]; `sample` makes no difference."""
        seeds = row_seeds(seed)
        shape: Shape = self.event_shape
        kernels = self._kernels(self.condition.tensor(condition))

        def drawn(round_):
            z = self.codes.draw(fold_in(seeds, round_), kernels)
            x = self.decode_rows(z, condition)
            found = self._charts_of(self.encode_rows(x, None, condition))
            return x, tf.equal(found, self._charts_of(z))

        def again(round_, x, agreed):
            new, agrees = drawn(round_)
            kept = tf.reshape(agreed, [-1] + [1] * len(shape))
            x = tf.ensure_shape(tf.where(kept, x, new), [None, *shape])
            return round_ + 1, x, agreed | agrees

        _, x, _ = tf.while_loop(
            lambda round_, x, agreed: tf.reduce_any(~agreed),
            again,
            (tf.constant(1), *drawn(0)),
            shape_invariants=(
                tf.TensorShape([]),
                tf.TensorShape([None, *shape]),
                tf.TensorShape([None]),
            ),
            maximum_iterations=_ROUNDS,
        )
        return x

    def _kernels(self, condition):
        """Returns what draws go by, for each row of a condition or without one."""
        return self.codes.kernels(condition, 1 if self.condition.num_classes else _FEWEST)

    def _seen_rows(self, x, condition):
        x = self.units.standardized(self.example_spec.tensor(x))
        return self._features(x, self.condition.tensor(condition))

    def _charts_of(self, z):
        return tf.clip_by_value(tf.cast(tf.round(z[:, 0]), tf.int32), 0, self.charts - 1)


def _code(chart, inside):
    """Returns (chart, coordinates in it) [n, 1 + chart_dim]."""
    own = tf.gather(inside, chart, axis=1, batch_dims=1)
    return tf.concat([tf.cast(chart, tf.float32)[:, None], own], axis=1)
