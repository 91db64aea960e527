"""The data of a run: from flags, and again from its config.json."""

import dataclasses
import json
import os
import warnings

import numpy as np

from keras_infovae import datasets, tables, text
from keras_infovae.cli import data_flags
from keras_infovae.cli.actions import streamed_data
from keras_infovae.cli.actions.conditions import CLASSES
from keras_infovae.datasets import loading, tfds
from keras_infovae.datasets.tables import (
    SUFFIXES,
    TEXT_SUFFIXES,
    TableSettings,
    frame_and_note,
)
from keras_infovae.distributions import likelihoods
from keras_infovae.models import registry
from keras_infovae.tables.loading import of_frame
from keras_infovae.tables.schema import schema_of
from keras_infovae.text import loading as text_loading
from keras_infovae.text.splitting import KINDS
from keras_infovae.utils import arrays
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.constructors import constructor_parameters
from keras_infovae.utils.splits import SPLITS

_SETTINGS = ("label_column", "limit", "standardize", "validation_fraction", "test_fraction", "seed")
_OBJECTS = ("data", "model", "training")  # of these
CONFIG_KEYS = ("data", "data_fingerprint", "feature_names", "model", "training")


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
        settings = {
            name: settings[name] for name in settings if name not in data_flags.NOT_STREAMED
        }
        settings["batch_size"] = flags.batch_size
        if flags.condition is not None:
            settings["condition"] = flags.condition
    settings |= data_flags.table_settings(flags)
    likelihood = flags.likelihood
    settings = {"source": flags.data} | settings
    if _is_text(flags):
        settings |= {"tokens": KINDS[0]} | data_flags.text_settings(flags)
        data = _load(settings)
        return data, settings | {"source": lasting_source(flags.data)}, None, None
    if _is_taken_as_it_is(flags):
        settings["kinds"] = data_flags.kinds(flags)
        settings["condition"] = data_flags.condition_columns(flags)
        data = _load(settings)
        return data, settings | {"source": lasting_source(flags.data)}, None, None
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


def _is_text(flags):
    """Returns whether the data is texts; raises ValueError for flags that do not go with that."""
    given = data_flags.text_settings(flags)
    named = flags.data in text_loading.NAMED or datasets.is_text_path(flags.data)
    if not (named or "text_column" in given):
        for name, value in given.items():
            raise argument_error(name, "left out but for texts: .txt, or --text_column", value)
        return False
    refused = {name: getattr(flags, name) for name in ("kinds", "standardize", "likelihood")}
    if getattr(flags, "stream", False) and not datasets.is_text_path(flags.data):
        raise argument_error("data", "a .txt file, for texts with --stream", flags.data)
    if data_flags.condition_columns(flags) or getattr(flags, "stream", False):
        refused["condition"] = flags.condition
    for name, value in refused.items():
        if value:
            raise argument_error(name, "left out for texts", value)
    if "preprocessor" not in constructor_parameters(registry.get(flags.model)):
        raise argument_error("model", "one that takes texts", flags.model)
    return True


def _is_taken_as_it_is(flags):
    """Returns whether the data is a table whose columns the model is to know."""
    reasons = {
        "a .csv, .tsv or .parquet file": os.path.isfile(os.path.expanduser(flags.data))
        and datasets.is_table_path(flags.data),
        "no --stream": not getattr(flags, "stream", False),
        "no --likelihood": flags.likelihood is None,
        "no --standardize": flags.standardize is None,
        "a model that takes tables": "preprocessor"
        in constructor_parameters(registry.get(flags.model)),
    }
    needed = next((reason for reason, holds in reasons.items() if not holds), None)
    if needed and flags.kinds:
        raise ValueError(f"Argument `kinds` needs {needed}. Received: kinds={flags.kinds!r}")
    if needed and data_flags.condition_columns(flags):
        raise ValueError(
            f"Argument `condition` must be {data_flags.LABELS}, or columns of a table, which need "
            f"{needed}. Received: condition={flags.condition!r}"
        )
    return needed is None


def lasting_source(source):
    """Returns `source` so that it means the same in every working directory."""
    if source in (*loading.NAMED, *text_loading.NAMED) or source.startswith(tfds.PREFIX):
        return source
    return os.path.abspath(os.path.expanduser(source))


def _load(settings):
    """Returns the `Dataset` of the arguments of `datasets.load`, or of those of another reader.

    What is among them tells which: a batch_size, of a stream; tokens, of texts; kinds, of a table.
    """
    with warnings.catch_warnings():  # the data's summary has them
        warnings.simplefilter("ignore", datasets.DataWarning)
        if "tokens" in settings or "kinds" in settings:
            settings = {k: v for k, v in settings.items() if k != "standardize"}
        if "batch_size" in settings:
            return streamed_data.load(**settings)
        if "tokens" in settings:
            return text.load(**settings)
        if "kinds" in settings:
            return tables.load(**settings)
        return datasets.load(**settings)


def stream_of(data):
    """Returns the `Stream` to train on, or None where the `Dataset` has all of the data."""
    return getattr(data, "stream", None)


def num_training_examples(data):
    """Returns how many examples there are to train on."""
    stream = stream_of(data)
    return len(data.train) if stream is None else stream.sizes["train"]


def other_texts(source, config, given):
    """Returns (texts, labels or None, sentences on them) of other data than the run's.

    Args:
        source, config, given: as for `load_other`.
    """
    settings = {"label_column": None, "text_column": None}
    settings |= {name: config["data"].get(name) for name in settings} | given
    column = settings.pop("text_column")
    if source in text_loading.NAMED or datasets.is_text_path(source):
        return text_loading.read(source, None, TableSettings(**given))
    return text_loading.read(source, column, TableSettings(**settings))


def _other_table(source, config, model, given):
    """Returns the `Dataset` of another table with the columns of the model's."""
    frame, note, label = other_frame(source, config, given)
    fractions = config["data"]["validation_fraction"], config["data"]["test_fraction"]
    return of_frame(
        *(frame, source, label, fractions, config["data"]["seed"]),
        note=note,
        schema=model.preprocessor,
    )


def other_frame(source, config, given):
    """Returns (the DataFrame of another table, a sentence on it, its label column or None).

    Args:
        source, config, given: as for `load_other`.
    """
    label = given.get("label_column", config["data"].get("label_column"))
    frame, note = frame_and_note(source, TableSettings(**given))
    if "label_column" not in given and label not in frame:
        label = None  # new examples may have no labels
    return frame, note, label


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
    if data.conditions is not None:
        parts |= {f"{split}_condition": rows for split, rows in data.conditions.items()}
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


def of_preset(config):
    """Returns whether a config is that of a preset, whose data is not known."""
    return config["data"]["source"] is None


def load_of_run(config):
    """Returns the `Dataset` that a run was trained on, split as it was.

    Args:
        config: the run's config.

    Raises:
        ValueError: when the data is not what it was, and for a preset; else as `datasets.load`.
    """
    if of_preset(config):
        raise ValueError(
            "Argument `run` must be a run for this: a preset comes without its data. Where there "
            "is a flag --data, give that. Received: a preset"
        )
    data = _load(config["data"])
    if fingerprint(data, labels=CLASSES in config) != config["data_fingerprint"]:
        raise ValueError(
            "Argument `run` must be of data that is as it was: now the splits may have examples in "
            f"common that they had not. Received: a run on {config['data']['source']}, which has "
            "changed since; name data by --data"
        )
    return data


def load_other(source, config, model, given=None):
    """Returns a `Dataset` of other examples, made to numbers as those that a run was trained on.

    Args:
        source: a name or a path.
        config: the run's config.
        model: the run's.
        given: what `table_settings` returned. Default: none; the label column is then that of the
            run, where there is such a column.

    Raises:
        ValueError: when the columns are not those of the run; else as `datasets.load`.
    """
    given = given or {}
    if isinstance(model.preprocessor, text.Text):
        texts, labels, notes = other_texts(source, config, given)
        fractions = config["data"]["validation_fraction"], config["data"]["test_fraction"]
        seed, of_model = config["data"]["seed"], {"text": model.preprocessor, "notes": notes}
        return text_loading.of_texts(texts, source, labels, fractions, seed, **of_model)
    if schema_of(model) is not None:
        return _other_table(source, config, model, given)
    scaling = model.scaling
    settings = {"label_column": None} | config["data"]
    settings |= {"source": source, "limit": None, "standardize": False}
    settings.pop("batch_size", None)  # of a stream; other examples are read into memory
    for name in ("separator", "decimal"):  # of that file
        settings.pop(name, None)
    if settings.get("header") == "none" or not source.lower().endswith(TEXT_SUFFIXES):
        settings.pop("header", None)  # what `generate` writes has one
    if not source.lower().endswith(SUFFIXES) and not os.path.isdir(os.path.expanduser(source)):
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
    if scaling == data.scaling or of_preset(config):  # which takes what `datasets.load` gives
        return data
    scaled = {s: scaling.apply(data.scaling.invert(getattr(data, s))) for s in SPLITS}
    return dataclasses.replace(data, **scaled, scaling=scaling)
