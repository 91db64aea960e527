"""Parquet files, read by row groups."""

import functools

from keras_infovae.datasets.memory import check_fits
from keras_infovae.datasets.reading import import_optional, reading, source_error
from keras_infovae.datasets.table_numbers import to_numbers
from keras_infovae.datasets.tables import check_names, frame_of
from keras_infovae.utils.checks import argument_error, check_choice

_HELD_BYTES = 2**28  # of row groups, as float64
_REMEDY = "leave them out of `columns`"


class RowGroup:
    """A row group of a Parquet file: float32 or float64 [count, num_columns], read as a whole.

    Args:
        path: the file.
        number: of the row group.
        count: its rows.
        names: of the columns.
        dtype: of the values.
        load: function of (file, number) that returns all values.
    """

    scaling = None

    def __init__(self, path, number, count, names, dtype, load):
        self.path = _name(path, number)
        self.count = count
        self.event_shape = (len(names),)
        self.feature_names = names
        self.dtype = dtype
        self._load = functools.partial(load, path, number)

    def read(self, rows):
        """Returns the values of `rows`, an array of integers [k]: [k, num_columns]."""
        return self._load()[rows]


def row_groups(paths, columns=None):
    """Returns the `RowGroup`s of Parquet files, and how many of them are in memory at once.

    These are as many as take 256 MB, and at least one.

    Args:
        paths: the files, in their order.
        columns: names, in the order that x has them. Default: None, all columns of a file.

    Raises:
        ValueError: when a file is damaged, empty or lacks a column, and for columns of text.
        ImportError: when pyarrow or pandas is not installed.
    """
    parquet = import_optional("pyarrow.parquet", "pyarrow", "Reading a Parquet file")
    import_optional("pandas", "pandas", "Reading a Parquet file")
    if columns is not None:
        columns = _check_columns(columns)
    footers, names, dtypes = {}, {}, {}
    for path in paths:
        with reading(path, "a Parquet file"), parquet.ParquetFile(path) as file:
            footers[path] = file.metadata
            empty, _ = frame_of(file.schema_arrow.empty_table())
        check_names(path, empty)
        for column in columns or ():
            check_choice("columns", column, empty.columns)
        names[path] = columns or list(empty.columns)
        dtypes[path] = to_numbers(path, empty[names[path]], _REMEDY).dtype
    counts = {
        (path, number): footer.row_group(number).num_rows
        for path, footer in footers.items()
        for number in range(footer.num_row_groups)
    }
    largest = max(counts.values(), default=0)
    if not largest or not names[paths[0]]:
        raise source_error(paths[0], "have at least one row and one column of values")
    check_fits(paths[0], (largest, len(names[paths[0]])), 8, "write smaller row groups")
    window = max(1, _HELD_BYTES // (largest * 8 * len(names[paths[0]])))

    @functools.lru_cache(window)
    def load(path, number):
        with (
            reading(path, "a Parquet file"),
            parquet.ParquetFile(path, metadata=footers[path]) as file,
        ):
            table, _ = frame_of(file.read_row_group(number, columns=columns))
        return to_numbers(_name(path, number), table[names[path]])

    groups = [
        RowGroup(path, number, count, names[path], dtypes[path], load)
        for (path, number), count in counts.items()
    ]
    return groups, window


def _name(path, number):
    return f"{path}, row group {number}"


def _check_columns(columns):
    """Returns `columns`, a list of different names."""
    if isinstance(columns, str) or not hasattr(columns, "__iter__"):
        raise argument_error("columns", "a list of the names of columns", columns, TypeError)
    names = list(columns)
    if not names or not all(isinstance(name, str) for name in names):
        raise argument_error("columns", "a list of the names of columns", columns, TypeError)
    if len(set(names)) < len(names):
        raise argument_error("columns", "a list of names that differ", columns)
    return names
