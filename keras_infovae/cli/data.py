"""The data of a run: from flags, and again from its config.json."""

import dataclasses
import json
import os
import warnings

import numpy as np

from keras_infovae import datasets
from keras_infovae.cli import streamed_data
from keras_infovae.cli.conditions import CLASSES
from keras_infovae.cli.errors import CommandLineError
from keras_infovae.datasets import bundled, csv_format, official, tables, tfds
from keras_infovae.distributions import likelihoods
from keras_infovae.models import registry
from keras_infovae.utils import arrays
from keras_infovae.utils.splits import SPLITS

_TABLE = ("label_column", "header", "separator", "decimal")
_SETTINGS = ("label_column", "limit", "standardize", "validation_fraction", "test_fraction", "seed")
_NOT_STREAMED = (*_TABLE, "limit")
_OBJECTS = ("data", "model", "training")  # of these
CONFIG_KEYS = ("data", "data_fingerprint", "feature_names", "model", "training")
NAMES = {"source": "data"}  # what the errors of `datasets.load` call the flag


def define(flag_set, stream=False):
    """Adds the flags that say what to train on to `flag_set`.

    Args:
        flag_set: a `FlagSet`.
        stream: whether the data may be left on disk. Default False.
    """
    flag_set.group("Data")
    flag_set.text(
        "data",
        "NAME|PATH",
        "A name: digits, breast_cancer, wine (they come with scikit-learn), blobs (drawn), mnist, "
        "fashion_mnist, cifar10 (from this machine, else downloaded), tfds:NAME. Or a path: .npy, "
        ".npz (array x, or x_train and x_test), .csv, .parquet, .tfrecord, an idx file, a folder "
        "of images or of such files (docs/data.md).",
        required=True,
    )
    if stream:
        flag_set.boolean(
            "stream",
            "Leave the data on disk and read it batch by batch, in another order each epoch: a "
            ".npy, .parquet or .tfrecord file, or a folder of such files or of images. Final "
            "numbers and pictures are those of a sample of each split.",
        )
    define_table(
        flag_set,
        "For .csv and .parquet: the column that is the label and not data. It colors pictures, "
        "and a model can be told it (train --condition=labels).",
    )
    flag_set.integer(
        "limit", "EXAMPLES", "Use at most this many, of all splits together.", shown="all"
    )
    flag_set.boolean(
        "standardize",
        "Bring each column of a table to mean 0 and standard deviation 1 of the training rows; "
        "what is generated comes in the table's own units again.",
        default=None,
        shown="on for tables, unless --likelihood is one for bounded values",
    )
    flag_set.number(
        "validation_fraction",
        "SHARE",
        "Of the examples, from 0 to 1: held out and watched while training.",
        default=0.1,
        minimum=0,
    )
    flag_set.number(
        "test_fraction",
        "SHARE",
        "Of the examples, from 0 to 1: held out for the final numbers and pictures. Data with a "
        "test split of its own keeps that.",
        default=0.1,
        minimum=0,
    )


def define_table(flag_set, label_column, shown=("none", "as its first rows look")):
    """Adds the flags that say how a table is to be read to `flag_set`.

    Args:
        flag_set: a `FlagSet`.
        label_column: what the help page says of that flag.
        shown: the defaults of that flag and of the others, as the help page says them.
    """
    flag_set.text("label_column", "COLUMN", label_column, shown=shown[0])
    flag_set.choice(
        "header",
        csv_format.HEADERS,
        "For .csv: whether the first row names the columns, or is data as the others.",
        shown=shown[1],
    )
    flag_set.text(
        "separator",
        "CHARACTER",
        "For .csv: what stands between values; tab and space are words, the latter for any run of "
        "blanks.",
        shown=shown[1],
    )
    flag_set.choice("decimal", csv_format.DECIMALS, "For .csv: the decimal mark.", shown=shown[1])


def table_settings(flags):
    """Returns the flags of `define_table` that were given, as arguments of `datasets.load`."""
    given = {name: getattr(flags, name) for name in _TABLE}
    return {name: value for name, value in given.items() if value is not None}


def check(flags):
    """Raises CommandLineError for a flag that does not go with --stream."""
    for name in _NOT_STREAMED:
        value = getattr(flags, name)
        if flags.stream and value is not None:
            raise CommandLineError(
                f"Argument `--{name}` must be left out with --stream. Received: --{name}={value}"
            )


def load(flags):
    """Returns the data to train on and what was settled on the way.

    Returns:
        (`Dataset`, the arguments of `_load` that give it again, the likelihood's name, why that
        one).

    Raises:
        ValueError, TypeError, OSError, ImportError: as `datasets.load`.
    """
    settings = {name: getattr(flags, name) for name in _SETTINGS}
    if getattr(flags, "stream", False):
        settings = {name: settings[name] for name in settings if name not in _NOT_STREAMED}
        settings["batch_size"] = flags.batch_size
    settings |= table_settings(flags)
    likelihood = flags.likelihood
    settings = {"source": flags.data} | settings
    data = _load(settings | {"standardize": bool(settings["standardize"])})
    is_table = len(data.event_shape) == 1
    if settings["standardize"] is None:
        bounded = likelihood is not None and likelihoods.get(likelihood).minimum is not None
        settings["standardize"] = is_table and not bounded
        if settings["standardize"]:  # from the source again: it may be more exact than float32
            data = _load(settings)
    settings["source"] = lasting_source(flags.data)
    low, high = value_range(data)
    if likelihood is not None:
        likelihoods.get(likelihood).check_range("data", [low, high])  # of a stream, no more is seen
        return data, settings, likelihood, "as given"
    if is_table:
        return data, settings, "normal", "the data is a table"
    if low >= 0.0 and high <= 1.0:
        return data, settings, "bernoulli", "all values lie in [0, 1]"
    return data, settings, "normal", f"values go from {low:.4g} to {high:.4g}"


def lasting_source(source):
    """Returns `source` so that it means the same in every working directory."""
    named = source in bundled.SOURCES or source in official.SOURCES
    if named or source.startswith(tfds.PREFIX):
        return source
    return os.path.abspath(os.path.expanduser(source))


def _load(settings):
    """Returns the `Dataset` of the arguments of `datasets.load`, or of `stream` (a batch_size)."""
    with warnings.catch_warnings():  # the data's summary has them
        warnings.simplefilter("ignore", datasets.DataWarning)
        if "batch_size" in settings:
            return streamed_data.load(**settings)
        return datasets.load(**settings)


def stream_of(data):
    """Returns the `Stream` to train on, or None where the `Dataset` has all of the data."""
    return getattr(data, "stream", None)


def num_training_examples(data):
    """Returns how many examples there are to train on."""
    stream = stream_of(data)
    return len(data.train) if stream is None else stream.sizes["train"]


def value_range(data):
    """Returns the smallest and the largest value of all splits, or bounds of them for a stream."""
    if stream_of(data) is not None:
        return stream_of(data).value_bounds()
    splits = [x for x in (getattr(data, split) for split in SPLITS) if len(x)]
    return min(float(x.min()) for x in splits), max(float(x.max()) for x in splits)


def fingerprint(data, labels=False):
    """Returns a hash of all examples, in their order and splits, as text.

    Args:
        data: a `Dataset`.
        labels: whether the labels count too, as they do where a model is told them.
    """
    parts = {split: getattr(data, split) for split in SPLITS}
    if labels:
        names = [f"{split}_labels" for split in SPLITS if len(parts[split])]
        parts |= {name: np.asarray(getattr(data, name)).astype(str) for name in names}
    return arrays.fingerprint(parts)


def config_of(run):
    """Returns the config of a `RunDirectory` that `keras-infovae train` wrote.

    Raises:
        ValueError: when it is not one.
    """
    config = run.config()
    missing = [key for key in CONFIG_KEYS if key not in config]
    if missing:
        raise ValueError(
            "Argument `run` must be a run that `keras-infovae train` wrote. "
            f"Received: {run.path}, whose config.json has no {missing[0]!r}"
        )
    for key in _OBJECTS:
        if not isinstance(config[key], dict):
            raise ValueError(
                "Argument `run` must be a run whose config.json is as `keras-infovae train` wrote "
                f"it, with an object {key!r}. Received: {run.path}, where that is "
                f"{json.dumps(config[key])[:40]}"
            )
    model = config["model"].get("name")
    if model not in registry.members:
        raise ValueError(
            f"Argument `import` must name the module that registers the model of the run, {model}. "
            f"Received: {run.path}"
        )
    return config


def load_of_run(config):
    """Returns the `Dataset` that a run was trained on, split as it was.

    Args:
        config: the run's config.

    Raises:
        ValueError: when the data is not what it was; else as `datasets.load`.
    """
    data = _load(config["data"])
    if fingerprint(data, labels=CLASSES in config) != config["data_fingerprint"]:
        raise ValueError(
            "Argument `run` must be of data that is as it was: now the splits may have examples in "
            f"common that they had not. Received: a run on {config['data']['source']}, which has "
            "changed since; name data by --data"
        )
    return data


def load_other(source, config, scaling, given=None):
    """Returns a `Dataset` of other examples, scaled as those that a run was trained on.

    Args:
        source: a name or a path.
        config: the run's config.
        scaling: the `Scaling` of the run's model.
        given: what `table_settings` returned. Default: none; the label column is then that of the
            run, where there is such a column.

    Raises:
        ValueError: when the columns are not those of the run; else as `datasets.load`.
    """
    given = given or {}
    settings = {"label_column": None} | config["data"]
    settings |= {"source": source, "limit": None, "standardize": False}
    settings.pop("batch_size", None)  # of a stream; other examples are read into memory
    for name in ("separator", "decimal"):  # of that file
        settings.pop(name, None)
    if settings.get("header") == "none" or not source.lower().endswith(tables.TEXT_SUFFIXES):
        settings.pop("header", None)  # what `generate` writes has one
    if not source.lower().endswith(tables.SUFFIXES) and not os.path.isdir(
        os.path.expanduser(source)
    ):
        settings["label_column"] = None
    settings |= given
    try:
        data = _load(settings)
    except ValueError:
        if "label_column" in given or settings["label_column"] is None:
            raise
        try:  # new examples may have no labels
            data = _load(settings | {"label_column": None})
        except ValueError:
            data = None
        if data is None:
            raise
    names, known = data.feature_names, config["feature_names"]
    if names is not None and known is not None and names != known:
        wrong = next((pair for pair in zip(known, names) if pair[0] != pair[1]), None)
        differ = f"{len(names)} columns" if wrong is None else f"{wrong[1]!r} for {wrong[0]!r}"
        raise ValueError(
            f"Argument `source` must have the {len(known)} columns that the run was trained on, in "
            f"their order. Received: source={source!r} with {differ}"
        )
    if scaling == data.scaling:
        return data
    scaled = {s: scaling.apply(data.scaling.invert(getattr(data, s))) for s in SPLITS}
    return dataclasses.replace(data, **scaled, scaling=scaling)
