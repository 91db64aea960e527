"""The rows of a file in their order, for the model of a run; and tables written to files."""

import dataclasses

import numpy as np

from keras_infovae import datasets
from keras_infovae.cli.actions import data as run_data
from keras_infovae.datasets.csv_values import guarded
from keras_infovae.datasets.reading import import_optional
from keras_infovae.datasets.splitting import split_indices


def in_order(source, config, model, given):
    """Returns a `Dataset` whose training split has all examples of `source`, in their order.

    Args:
        source, config, model, given: as for `data.load_other`.
    """
    fractions = {"validation_fraction": 0.0, "test_fraction": 0.0}
    config = config | {"data": config["data"] | fractions | {"seed": 0}}
    data = run_data.load_other(source, config, model, given)
    count = len(data.train)
    order = np.argsort(split_indices(count, (0.0, 0.0), 0)[0])
    labels = None if data.train_labels is None else data.train_labels[order]
    return dataclasses.replace(data, train=data.train[order], train_labels=labels)


def frame_of(source, given):
    """Returns the DataFrame of a file.

    Args:
        source: its path.
        given: what `data_flags.table_settings` returned.
    """
    form = {name: value for name, value in given.items() if name != "label_column"}
    return datasets.read_frame(source, **form)


def write_frame(path, frame):
    """Writes a DataFrame to a .csv or .parquet file, without its index."""
    if path.lower().endswith(".parquet"):
        import_optional("pyarrow.parquet", "pyarrow", "Writing a Parquet file")
        frame.to_parquet(path, index=False)
    else:
        named = frame.rename(columns=lambda name: guarded(str(name)))
        named.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
