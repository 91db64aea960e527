"""The rows of a file in their order, for the model of a run; and tables written to files."""

import numpy as np

from keras_infovae import datasets
from keras_infovae.cli.actions import other_data
from keras_infovae.datasets.csv_values import guarded
from keras_infovae.datasets.reading import import_optional
from keras_infovae.datasets.splitting import split_indices
from keras_infovae.datasets.table_labels import without_label
from keras_infovae.tables.schema import schema_of
from keras_infovae.text import Text
from keras_infovae.utils.splits import SPLITS


def in_order(source, config, model, given):
    """Returns all examples of `source`, in their order; those of ready splits one after another.

    Args:
        source, config, model, given: as for `data.load_other`.

    Returns:
        (a `Dataset` that has them as its training split, the DataFrame of all columns of the file
        or, for a model without a table, None).
    """
    if schema_of(model) is not None:
        frame, notes, label = other_data.other_frame(source, config, given)
        labels, rows = without_label(source, frame.copy(deep=False), label)
        x, condition = model.preprocessor.numbers(rows), model.preprocessor.condition_numbers(rows)
        told = None if condition is None else {"train": condition}
        kept = {"conditions": told, "notes": tuple(notes)}
        return datasets.Dataset(source, x, x[:0], x[:0], labels, **kept), frame
    if isinstance(model.preprocessor, Text):
        texts, labels, notes = other_data.other_texts(source, config, given)
        x = model.preprocessor.numbers(texts)
        return datasets.Dataset(source, x, x[:0], x[:0], labels, notes=tuple(notes)), None
    fractions = {"validation_fraction": 0.0, "test_fraction": 0.0}
    config = config | {"data": config["data"] | fractions | {"seed": 0}}
    data = other_data.load_other(source, config, model, given)
    count = len(data.train)
    order = np.argsort(split_indices(count, (0.0, 0.0), 0)[0])
    splits = [split for split in SPLITS if len(getattr(data, split))]

    def of_all(what):
        first, *rest = (getattr(data, split + what) for split in splits)
        known = all(part is not None for part in (first, *rest))
        return np.concatenate([first[order], *rest]) if known else None

    notes = data.notes
    if len(splits) > 1:
        sizes = ", ".join(f"{len(getattr(data, split)):,} of {split}" for split in splits)
        notes += (f"rows are those of the splits one after another: {sizes}",)
    x = of_all("")
    kept = {"scaling": data.scaling, "feature_names": data.feature_names, "notes": notes}
    return datasets.Dataset(data.name, x, x[:0], x[:0], of_all("_labels"), **kept), None


def print_notes(data):
    """Prints how the examples of a `Dataset` were read, and what of their source was left out."""
    for note in data.notes:
        print(f"note: {note}")


def write_frame(path, frame):
    """Writes a DataFrame to a .csv or .parquet file, without its index."""
    if path.lower().endswith(".parquet"):
        import_optional("pyarrow.parquet", "pyarrow", "Writing a Parquet file")
        frame.to_parquet(path, index=False)
    else:
        named = frame.rename(columns=lambda name: guarded(str(name)))
        named.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
