"""A file of a table as a `Dataset`, with what its columns are."""

import os
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from keras_infovae.datasets import Dataset
from keras_infovae.datasets.splitting import split_rows
from keras_infovae.datasets.table_labels import without_label
from keras_infovae.datasets.tables import TableSettings, frame_and_notes
from keras_infovae.tables.schema import Schema
from keras_infovae.typing import Path


def load(
    source: Path,
    *,
    kinds: Mapping[str, str] | None = None,
    unknown: Literal["error", "missing"] = "missing",
    condition: Sequence[str] = (),
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
    label_column: str | None = None,
    header: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
) -> Dataset:
    """Returns a table of any columns as a `Dataset`, shuffled and split by `seed`.

    The schema is that of the training split, so that nothing of the other splits reaches the model.
    Its arrays are what a model with `preprocessor=data.preprocessor` sees: NaN where a value is
    missing.

    Args:
        source: the path of a `.csv`, `.tsv` or `.parquet` file.
        kinds, unknown: as for `Schema.infer`; a category that the training split does not have is
            by default taken for missing in the others.
        condition: the names of columns that are to be the model's condition and no part of x, as
            for `Schema.infer`. Default: none.
        validation_fraction, test_fraction, seed, limit, label_column, header, separator, decimal:
            as for `ki.datasets.load`.

    Returns:
        A `Dataset`, whose `preprocessor` is the `Schema`.

    Raises:
        ValueError, TypeError: as `Schema.infer`, `ki.datasets.read_frame` and `ki.datasets.load`.

    Example:

    >>> import pathlib, tempfile
    >>> import keras_infovae as ki
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "people.csv"
    >>> rows = "".join(f"{20 + i % 7},{'ab'[i % 2]},{i % 3}\\n" for i in range(40))
    >>> _ = path.write_text("age,group,class\\n" + rows)
    >>> data = ki.tables.load(path, label_column="class")
    >>> data.train.shape, data.num_classes, data.feature_names
    ((32, 2), 3, ['age', 'group=b'])
    """
    settings = TableSettings(label_column, header, separator, decimal)
    frame, notes = frame_and_notes(source, settings)
    fractions = validation_fraction, test_fraction
    how = {"kinds": kinds, "unknown": unknown, "condition": condition}
    return of_frame(frame, source, label_column, fractions, seed, limit, notes=notes, **how)


def of_frame(
    frame,
    source,
    label_column,
    fractions,
    seed,
    limit=None,
    *,
    notes=(),
    kinds=None,
    unknown="missing",
    condition=(),
    schema=None,
):
    """Returns the `Dataset` of a DataFrame, split as `load` does.

    Args:
        frame: the rows; its label column is taken out.
        source: where it is from, for its name and for errors.
        label_column, seed, limit, kinds, unknown, condition: as for `load`.
        fractions: (validation_fraction, test_fraction).
        notes: sentences on how it was read. Default: none.
        schema: the `Schema` to go by, such as that of a trained model. Default None: made of the
            training split.
    """
    labels, frame = without_label(os.fspath(source), frame, label_column)
    numbers = split_rows(len(frame), fractions, seed, limit, source)
    rows = {split: frame.iloc[chosen] for split, chosen in numbers.items()}
    schema = schema or Schema.infer(rows["train"], kinds, unknown, condition=condition)
    empty = np.zeros([0, schema.width], "float32")
    arrays = {split: schema.numbers(part) if len(part) else empty for split, part in rows.items()}
    if labels is not None:
        arrays |= {f"{split}_labels": labels[chosen] for split, chosen in numbers.items()}
    name = os.path.basename(os.fspath(source))
    return Dataset(
        name=name,
        notes=tuple(notes),
        feature_names=schema.number_names(),
        preprocessor=schema,
        conditions=_conditions(schema, rows),
        **arrays,
    )


def _conditions(schema, rows):
    """Returns {split: the numbers of its condition} of {split: DataFrame}, or None."""
    if not schema.condition_names:
        return None
    empty = np.zeros([0, schema.condition_size], "float32")
    return {k: schema.condition_numbers(part) if len(part) else empty for k, part in rows.items()}
