"""Other examples than those of a run, read and made to numbers as these were."""

import dataclasses
import os

from keras_infovae import datasets, text
from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.actions.run_config import of_preset
from keras_infovae.datasets.tables import SUFFIXES, TEXT_SUFFIXES, TableSettings, frame_and_notes
from keras_infovae.tables.loading import of_frame
from keras_infovae.tables.schema import schema_of
from keras_infovae.text import loading as text_loading
from keras_infovae.utils.splits import SPLITS


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
        data = run_data.read(settings)
    except ValueError:
        if "label_column" in given or settings["label_column"] is None:
            raise
        settings["label_column"] = None  # new examples may have no labels
        try:
            data = run_data.read(settings)
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
    if config["data"].get("standardize"):  # read again: a source may be more exact than float32
        return run_data.read(settings | {"standardize": scaling})
    scaled = {s: scaling.apply(data.scaling.invert(getattr(data, s))) for s in SPLITS}
    return dataclasses.replace(data, **scaled, scaling=scaling)


def other_texts(source, config, given):
    """Returns (texts, labels or None, sentences on them) of other data than the run's.

    Args:
        source, config, given: as for `load_other`.
    """
    if source in text_loading.NAMED or datasets.is_text_path(source):
        return text_loading.read(source, None, TableSettings(**given))
    frame, notes, label = other_frame(source, config, given)
    return text_loading.of_column(frame, source, config["data"].get("text_column"), label, notes)


def other_frame(source, config, given):
    """Returns (the DataFrame of another table, sentences on it, its label column or None).

    Args:
        source, config, given: as for `load_other`.
    """
    told = {name: config["data"].get(name) for name in ("label_column", "text_column")} | given
    frame, notes = frame_and_notes(source, TableSettings(**told))
    label = told["label_column"]
    if "label_column" not in given and label not in frame:
        label = None  # new examples may have no labels
    return frame, notes, label


def _other_table(source, config, model, given):
    """Returns the `Dataset` of another table with the columns of the model's."""
    frame, notes, label = other_frame(source, config, given)
    fractions = config["data"]["validation_fraction"], config["data"]["test_fraction"]
    return of_frame(
        *(frame, source, label, fractions, config["data"]["seed"]),
        notes=notes,
        schema=model.preprocessor,
    )
