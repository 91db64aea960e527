"""The data of a run: from flags, and again from its config.json."""

import os
import warnings

import numpy as np

from keras_infovae import datasets, tables, text
from keras_infovae.cli import data_flags
from keras_infovae.cli.actions import run_config, streamed_data
from keras_infovae.cli.actions.conditions import CLASSES
from keras_infovae.datasets import loading, tfds
from keras_infovae.distributions import likelihoods
from keras_infovae.models import registry
from keras_infovae.text import loading as text_loading
from keras_infovae.text.splitting import KINDS
from keras_infovae.utils import arrays
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.constructors import constructor_parameters
from keras_infovae.utils.splits import SPLITS

_SETTINGS = ("label_column", "limit", "standardize", "validation_fraction", "test_fraction", "seed")


def load(flags):
    """Returns the data to train on and what was settled on the way.

    Returns:
        (`Dataset`, the arguments of `read` that give it again, the likelihood's name, why that
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
        data = read(settings)
        return data, settings | {"source": lasting_source(flags.data)}, None, None
    if _is_taken_as_it_is(flags):
        settings["kinds"] = data_flags.kinds(flags)
        settings["condition"] = data_flags.condition_columns(flags)
        data = read(settings)
        return data, settings | {"source": lasting_source(flags.data)}, None, None
    data = read(settings | {"standardize": bool(settings["standardize"])})
    is_table = len(data.event_shape) == 1
    if settings["standardize"] is None:
        bounded = likelihood is not None and likelihoods.get(likelihood).minimum is not None
        settings["standardize"] = is_table and not bounded
        if settings["standardize"]:  # from the source again: it may be more exact than float32
            data = read(settings)
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


def read(settings):
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


def load_of_run(config):
    """Returns the `Dataset` that a run was trained on, split as it was.

    Args:
        config: the run's config.

    Raises:
        ValueError: when the data is not what it was, and for a preset; else as `datasets.load`.
    """
    if run_config.of_preset(config):
        raise ValueError(
            "Argument `run` must be a run for this: a preset comes without its data. Where there "
            "is a flag --data, give that. Received: a preset"
        )
    data = read(config["data"])
    if fingerprint(data, labels=CLASSES in config) != config["data_fingerprint"]:
        raise ValueError(
            "Argument `run` must be of data that is as it was: now the splits may have examples in "
            f"common that they had not. Received: a run on {config['data']['source']}, which has "
            "changed since; name data by --data"
        )
    return data
