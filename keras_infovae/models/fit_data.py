"""What `fit` is given, made ready: checked before any weight changes, put into batches."""

import math

import tensorflow as tf

from keras_infovae.models import data_kinds
from keras_infovae.models.batches import EpochsOfBatches, StreamedEpochs, batches_in_order
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import (
    argument_error,
    check_integer,
    check_integers,
    check_number,
)
from keras_infovae.utils.pipelines import by_examples, untuned

_TARGETS = ("y", "sample_weight", "class_weight")


class FitData:
    """The data of one `fit`, and what it tells of batches and steps.

    Args:
        spec: the model's `ExampleSpec`.
        strategy: the model's `tf.distribute.Strategy`.
        build: function of the shape of x that builds the model.
        least: the fewest examples that a batch may have.

    Attributes:
        x: for Keras, an array or a dataset; a dataset once `make_batches` was called on an array.
        examples: the examples that were looked at, or None.
        rows: the number of examples in a batch, or None.
        largest: the most examples that a batch can have, or None where batches come as they are.
        callbacks: those that have to hear of the epochs.
    """

    def __init__(self, spec, strategy, build, least):
        self._spec, self._strategy, self._build, self._least = spec, strategy, build, least
        self.x, self.examples, self.rows, self.largest, self.callbacks = None, None, None, None, []
        self._pass = None  # the number of batches of an array

    def read(self, x, condition, batch_size, options):
        """Checks `x` and the options that say more of the data, and builds the model.

        Targets are taken out of `options`, and `validation_data` is made ready in them.
        """
        refuse_targets(options)
        if batch_size is not None:
            check_integer("batch_size", batch_size)
        build = self._in_scope
        self.x, self.examples = self._spec.prepare(x, "x", condition, build, batch_size)
        self._check_batch(batch_size, self.examples)
        if options.get("validation_data") is not None:
            options["validation_data"], _ = self._spec.prepare(
                options["validation_data"], "validation_data", None, build, batch_size
            )
        self.rows = None if self.examples is None else len(first(self.examples))

    def make_batches(self, batch_size, options, order_seed):
        """Makes a dataset of an array; takes what it settles out of `options`.

        Args:
            batch_size: examples per step, or None for Keras's default.
            options: those of `fit`.
            order_seed: function of the initial epoch that gives the seed of the order.

        Returns:
            The batch size that is left for Keras: None where x comes in batches now.
        """
        if data_kinds.is_arrays(self.x):
            batches = self._epochs_of_batches(
                batch_size or data_kinds.DEFAULT_BATCH_SIZE, options, order_seed
            )
            epochs = options.get("steps_per_epoch"), options.get("initial_epoch", 0)
            self.x, batch_size, self._pass = batches.dataset(*epochs), None, batches.steps
            self.rows = self.largest = min(batches.batch_size, batches.examples)
            self.callbacks.append(batches)
        held_out = options.get("validation_data")
        if data_kinds.is_arrays(held_out):
            size = options.pop("validation_batch_size", None) or batch_size
            options["validation_data"] = batches_in_order(
                held_out, size or data_kinds.DEFAULT_BATCH_SIZE
            )
        else:
            options["validation_data"] = untuned(held_out)
        self.x = untuned(self.x)
        if hasattr(self.x, "begin_epoch"):
            self.callbacks.append(StreamedEpochs(self.x.begin_epoch))
        if reductions.has_workers(self._strategy):
            self.x = by_examples(self.x)
            options["validation_data"] = by_examples(options.get("validation_data"))
        if isinstance(self.x, tf.data.Dataset):
            options["shuffle"] = False  # Keras cannot, and would warn
        return batch_size

    def steps(self, options):
        """Returns the number of steps in an epoch, or None where the data do not tell."""
        if self._pass is not None:
            return options.get("steps_per_epoch") or self._pass
        if isinstance(self.x, tf.data.Dataset):
            length = max(int(self.x.cardinality()), 0)
        else:
            length = getattr(self.x, "num_batches", None)
        return min(filter(None, (options.get("steps_per_epoch"), length)), default=None)

    def _in_scope(self, shape):
        with self._strategy.scope():
            self._build(shape)

    def _epochs_of_batches(self, batch_size, options, order_seed):
        x = self.x
        split = check_number("validation_split", options.pop("validation_split", 0), 0, 1)
        if split and options.get("validation_data") is None:
            x, options["validation_data"] = _split_off(x, split)
            self._check_batch(batch_size, x)
        options.setdefault("validation_batch_size", batch_size)
        return EpochsOfBatches(
            x,
            batch_size,
            seed=order_seed(options.get("initial_epoch", 0)),
            keep_single=self._least == 1,
            shuffle=options.pop("shuffle", True),
        )

    def _check_batch(self, batch_size, examples):
        received = None if examples is None else len(first(examples))
        check_least(self._least, batch_size, received)


def check_counts(options):
    """Raises ValueError or TypeError for an option of `fit` that counts and is no such integer."""
    for name in ("steps_per_epoch", "validation_steps", "validation_batch_size"):
        if options.get(name) is not None:
            check_integer(name, options[name])
    for name in ("epochs", "initial_epoch"):
        check_integer(name, options.get(name, 0), minimum=0)
    frequency = options.get("validation_freq", 1)
    if isinstance(frequency, list):  # of the epochs after which there is an evaluation
        check_integers("validation_freq", frequency)
    else:
        check_integer("validation_freq", frequency)


def check_least(least, batch_size, examples):
    """Raises ValueError for batches of one example, which show no aggregated posterior.

    Args:
        least: the fewest examples that a batch may have.
        batch_size: examples per batch, or None.
        examples: how many there are, or None.
    """
    if least > 1 and 1 in (batch_size, examples):
        raise ValueError(
            f"Argument `batch_size` must be at least {least}, with as many examples: the "
            "divergence compares the aggregated posterior of a batch with the prior. Received: "
            f"batch_size={batch_size}, examples={'unknown' if examples is None else examples}"
        )


def in_batches(x, options):
    """Returns x for `evaluate` and `predict` of Keras: arrays as a dataset of batches.

    Args:
        x: arrays, or a dataset.
        options: those of the method, from which a batch size for arrays is taken out.
    """
    if not data_kinds.is_arrays(x):
        return untuned(x)
    size = options.pop("batch_size", None)
    size = data_kinds.DEFAULT_BATCH_SIZE if size is None else check_integer("batch_size", size)
    return batches_in_order(x, size)


def refuse_targets(options):
    """Takes the targets and weights of examples out of `options`; raises where one is given."""
    for name in _TARGETS:
        value = options.pop(name, None)
        if value is not None:
            raise argument_error(name, "left out: there is nothing but x to learn", type(value))


def first(examples):
    """Returns the array of `examples`, which with a condition are a pair."""
    return examples[0] if isinstance(examples, tuple) else examples


def check_replicas(rows, optimizer, strategy):
    """Raises ValueError where batches of `rows` cannot be shared by the replicas of `strategy`."""
    replicas = strategy.num_replicas_in_sync
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    accumulated = getattr(inner, "gradient_accumulation_steps", None)
    if replicas > 1 and accumulated and (inner.use_ema or inner is not optimizer):
        # Keras does both within each replica, under its own condition.
        raise ValueError(
            "Argument `gradient_accumulation_steps` of the optimizer must be left out on "
            f"{replicas} replicas with `use_ema`, and with the scaled losses of mixed_float16. "
            f"Received: gradient_accumulation_steps={accumulated}"
        )
    if rows is not None and rows < replicas:
        raise ValueError(
            f"Argument `batch_size` must give each of the {replicas} replicas an example of every "
            f"batch, which is that of all of them. Received: batches of {rows}"
        )


def _split_off(x, fraction):
    """Returns `x`, an array or a pair of arrays, without its last `fraction`, and that."""
    count = len(first(x))
    train = math.ceil(count * (1 - fraction))
    if not 0 < train < count:
        raise argument_error(
            "validation_split", "a fraction that leaves examples on both sides", fraction
        )
    return tuple(
        tf.nest.map_structure(lambda a, rows=rows: a[rows], x)
        for rows in (slice(train), slice(train, None))
    )
