"""What is unusual about a row: how far its score falls without each of its columns."""

from __future__ import annotations

import numpy as np

from keras_infovae import anomaly_scores
from keras_infovae.anomaly_scores import AnomalyScore
from keras_infovae.tables.frames import is_frame
from keras_infovae.tables.schema import schema_of
from keras_infovae.typing import Condition, Frame, Model, Rows
from keras_infovae.utils.checks import argument_error

_DRAWS = 16  # of z per score, by default: it is taken once for each column


def score_drops(
    model: Model,
    x: Rows,
    score: AnomalyScore | str | None = None,
    batch_size: int = 256,
    condition: Condition = None,
) -> Frame:
    """Returns by how much the score of each row falls when one of its columns is not looked at.

        drop[row, column] = score(row) - score(row with that value missing)

    An unusual value leads to an unusual code, which describes the other columns badly as well, so
    that `model.contributions`, which add up to the score, lie with all of them. The drop is that of
    the score as a whole, and is largest for the column that is the cause.

    Args:
        model: a model of a table (`model.preprocessor`).
        x: a DataFrame, or its numbers (`model.preprocessor.numbers`).
        score: an `AnomalyScore` or its name. Default None: the negative ELBO of 16 draws, or the
            model's own default score where it has no ELBO.
        batch_size: rows computed at a time; it does not change the result. Default 256.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        A DataFrame with the index of x and a column for each of the table's, in nats. It takes one
        score per column.

    Raises:
        ValueError: for a model without a table, or with a likelihood that takes no missing values.
    """
    schema = schema_of(model)
    if schema is None:
        raise argument_error("model", "one of a table, trained on a DataFrame", model)
    if not model.example_spec.values.accepts_missing:
        name = type(model.likelihood).__name__
        allowed = "one whose likelihood takes missing values, as likelihood='auto' does for a table"
        raise argument_error("model", allowed, f"likelihood={name}")
    if score is None and "elbo" in model.capabilities:
        score = anomaly_scores.NegativeElbo(_DRAWS)
    numbers, condition = model.example_spec.arrays(x, condition)
    of_numbers = np.array(schema.columns_of_numbers(), dtype=object)
    are_values = ~schema.known_numbers()
    given = {"score": score, "batch_size": batch_size, "condition": condition}
    whole = model.score(numbers, **given)
    drops = {}
    for column in schema.columns:
        without = numbers.copy()
        without[:, (of_numbers == column.name) & are_values] = np.nan
        same = not column.width or np.array_equal(without, numbers, equal_nan=True)
        drops[column.name] = np.zeros_like(whole) if same else whole - model.score(without, **given)
    import pandas

    return pandas.DataFrame(drops, index=x.index if is_frame(x) else None)
