"""Whether synthetic rows repeat the rows that a model was trained on, or stay close to them."""

import numpy as np

from keras_infovae.evaluation.sample_metrics import memorization, nearest_neighbors
from keras_infovae.evaluation.synthetic_tables.values import as_matrix
from keras_infovae.utils.randomness import some_rows

_FEWEST = 20  # rows, of which the comparison makes sense
_MOST_ROWS = 5000  # of synthetic and held-out rows, whose closest record is looked for


def closest_records(schema, real, synthetic, held_out, seed):
    """Returns how far rows are from the closest row that the model was trained on.

    The distance is Euclidean, in the numbers of the schema: numbers and dates by quantiles, so
    that each column is standard normal. Two categories are 1 apart, a value and a missing one at
    least.

    Args:
        schema: the `tables.Schema` of the tables, for which what it does not know is missing.
        real, synthetic: DataFrames of its columns.
        held_out: a DataFrame, or None.
        seed: integer, for the rows that are looked at, at most 5,000 of each table.

    Returns:
        {"closest_record": the median over synthetic rows, "closest_record_of_held_out": over
        held-out rows, "closer_than_held_out", "closer_than_held_out_z_score": as `memorization` has
        it}; None where there are fewer than 20 rows to compare.
    """
    known = _points(schema, real)
    points = [
        None if table is None else _points(schema, table)[some_rows(len(table), _MOST_ROWS, seed)]
        for table in (synthetic, held_out)
    ]
    medians = [
        None if part is None else float(np.median(nearest_neighbors(part, known)[1]))
        for part in points
    ]
    found = {"closest_record": medians[0], "closest_record_of_held_out": medians[1]}
    compared = {"probability": None, "z_score": None}
    if points[1] is not None and min(map(len, points)) >= _FEWEST:
        compared = memorization(points[0], known, points[1])
    found["closer_than_held_out"] = compared["probability"]
    return found | {"closer_than_held_out_z_score": compared["z_score"]}


def exact_copies(real, synthetic, held_out):
    """Returns the share of rows that are, value by value, among those a model was trained on.

    Args:
        real, synthetic: {column: `Values`}.
        held_out: {column: `Values`}, or None.

    Returns:
        {"exact_copies": of synthetic rows, "exact_copies_of_held_out": of held-out rows or None}.
    """
    known = set(_keys(real))
    shares = [
        None if table is None else float(np.mean([key in known for key in _keys(table)]))
        for table in (synthetic, held_out)
    ]
    return {"exact_copies": shares[0], "exact_copies_of_held_out": shares[1]}


def _keys(columns):
    matrix = as_matrix(columns)
    matrix[np.isnan(matrix)] = np.nan  # of the many that there are, one
    return [row.tobytes() for row in matrix]


def _points(schema, table):
    x = np.nan_to_num(schema.numbers(table))
    one_hot = sum(column.width for column in schema.columns if column.family is None)
    x[:, x.shape[1] - one_hot :] *= np.sqrt(0.5)  # so that two categories are 1 apart
    return x
