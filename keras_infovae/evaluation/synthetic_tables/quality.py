"""`table_quality`: how good synthetic rows of a table are, by all that can be asked of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keras_infovae.evaluation.synthetic_tables.learners import USES, detection, usefulness
from keras_infovae.evaluation.synthetic_tables.records import closest_records, exact_copies
from keras_infovae.evaluation.synthetic_tables.result import TableQuality
from keras_infovae.evaluation.synthetic_tables.similarity import (
    pair_similarities,
    shape_similarity,
)
from keras_infovae.evaluation.synthetic_tables.values import values_of_table
from keras_infovae.tables.columns import ConstantColumn
from keras_infovae.tables.frames import check_frame
from keras_infovae.tables.schema import Schema
from keras_infovae.typing import Frame
from keras_infovae.utils.checks import argument_error, check_integer

_FEWEST = 10  # rows of each table


def table_quality(
    real: Frame,
    synthetic: Frame,
    held_out: Frame | None = None,
    target: str | None = None,
    seed: int = 0,
    schema: Any = None,
) -> TableQuality:
    """Returns how good synthetic rows of a table are.

    Columns are matched by name, and are what the rules of docs/tables.md say of `real`: numbers
    (with dates and counts) or categories. Identifiers, free text and columns of one value are not
    looked at. With F and G the distribution functions of a column of numbers in two tables, p and
    q the shares of categories, r and s correlations of two columns:

        column shape = 1 - sup_v |F(v) - G(v)|              of numbers (Kolmogorov-Smirnov)
                       1 - (1/2) sum_c |p(c) - q(c)|        of categories (total variation)
        pair trend   = 1 - |r - s| / 2                      of two numbers (Pearson)
                       1 - (1/2) sum_cd |p(c, d) - q(c, d)| else, a number in ten bins of one width

    Missing values do not count for shapes and correlations, and are a category for other pairs.
    These are the definitions of SDMetrics 0.32 (KSComplement, TVComplement, CorrelationSimilarity,
    ContingencySimilarity with the bins of the real table), to which tests hold them; the report of
    SDMetrics takes bins of each table's own range, so that its pair trends may differ. It is not
    used itself because it needs pandas before 3 and a library (copulas) that is not free.

    Args:
        real: the DataFrame that the model was trained on, at least 10 rows.
        synthetic: a DataFrame of new rows, such as `model.generate(len(real))`, at least 10.
        held_out: a DataFrame of real rows that the model was not trained on, at least 10. Default
            None: what they are needed for is None.
        target: the name of a column that the others are to predict, which takes `held_out`.
            Default None.
        seed: integer, for the rows, folds and trees of what is learned. Default 0.
        schema: a `tables.Schema`, such as `model.preprocessor`, that says what the columns are.
            Default None: inferred from `real`.

    Returns:
        A `TableQuality`. Its `numbers`, and with the ending `_of_held_out` the same of held-out
        rows, which says what as many real rows score:
        - rows, synthetic_rows, held_out_rows.
        - column_shapes, pair_trends: means over columns and pairs. quality: the mean of the two.
        - detection_auc, detection_auc_standard_error: how well a random forest, trained on four
          fifths of real and synthetic rows (at most 5,000 of each), tells the others: mean and
          error over five folds. 0.5 is ideal; below it, rows are copies.
        - target, target_measure, train_on_synthetic, train_on_real, difference,
          difference_standard_error: accuracy, or R2 of a number, on held-out rows of a random
          forest that learned from either table; the error is over the draw of these.
        - closest_record: the median distance to the closest real row, in the numbers of the schema
          (each number standard normal by quantiles, categories 1 apart).
        - closer_than_held_out, closer_than_held_out_z_score: the probability that a synthetic row
          is closer to its closest real row than a held-out row to its own (0.5: neither copied nor
          kept away), and whether that is chance: above 3 it is not.
        - exact_copies: the share of rows that are among the real ones, value by value.

    Raises:
        TypeError: for what is no DataFrame, or values of other types than the real ones.
        ValueError: for too few rows, missing columns, or a `target` that is no column, has no
            known value in one of the tables, is one number in all of `held_out`, or comes without
            it.

    Example:

    >>> import numpy as np
    >>> import pandas
    >>> draws = np.random.default_rng(0).normal(size=(2, 40))
    >>> real, other = (pandas.DataFrame({"a": d, "b": d > 0}) for d in draws)
    >>> table_quality(real, real).numbers["quality"]
    1.0
    >>> table_quality(real, other, held_out=other).numbers["exact_copies"]
    0.0

    References:
        SDMetrics, https://docs.sdv.dev/sdmetrics; Lopez-Paz, Oquab, Revisiting Classifier
        Two-Sample Tests, arXiv:1610.06545; Esteban, Hyland, Raetsch, arXiv:1706.02633 (TSTR);
        Meehan, Chaudhuri, Dasgupta, arXiv:2004.05675.
    """
    seed = check_integer("seed", seed, minimum=0)
    frames = {"real": real, "synthetic": synthetic, "held_out": held_out}
    frames = {name: frame for name, frame in frames.items() if frame is not None}
    for name, frame in frames.items():
        check_frame(frame, name)
        if len(frame) < _FEWEST:
            raise argument_error(name, f"a table of at least {_FEWEST} rows", len(frame))
    schema = _judged(Schema.infer(real) if schema is None else schema)
    values = {name: values_of_table(schema, frame, name) for name, frame in frames.items()}
    frames = {name: frame[list(values[name])] for name, frame in frames.items()}
    known, new, others = (values.get(name) for name in ("real", "synthetic", "held_out"))
    if target is not None:
        _check_target(target, values)
    columns, pairs = _similarities(schema, known, new, others)
    numbers = {
        "rows": len(real),
        "synthetic_rows": len(synthetic),
        "held_out_rows": None if held_out is None else len(held_out),
        **_means(columns, pairs),
        **detection(known, new, seed),
        "target": target,
        **(dict.fromkeys(USES) if target is None else usefulness(known, new, others, target, seed)),
        **closest_records(
            schema, frames["real"], frames["synthetic"], frames.get("held_out"), seed
        ),
        **exact_copies(known, new, others),
    }
    return TableQuality(numbers, columns, pairs)


def _judged(schema):
    """Returns the schema of the columns that are looked at, without those of one value."""
    if not isinstance(schema, Schema):
        raise argument_error("schema", "a tables.Schema or None", type(schema), TypeError)
    varying = [column for column in schema.columns if not isinstance(column, ConstantColumn)]
    if not varying:
        raise argument_error("real", "a table with a column that varies", list(schema.columns))
    return Schema(varying, unknown="missing")


def _check_target(target, values):
    if "held_out" not in values:
        raise argument_error("target", "None without `held_out`", target)
    if target not in values["real"]:
        raise argument_error("target", f"one of the columns {list(values['real'])[:12]}", target)
    if len(values["real"]) < 2:
        raise argument_error("real", "a table with a column besides the target", target)
    for name, table in values.items():
        if table[target].is_known.sum() < 2:
            raise argument_error(
                name, f"a table with values of the target {target!r}", "fewer than two"
            )
    held_out = values["held_out"][target]
    if held_out.is_number and np.ptp(held_out.values[held_out.is_known]) == 0:
        found = f"{held_out.values[held_out.is_known][0]:g} in every row"
        raise argument_error("held_out", f"a table in which the target {target!r} varies", found)


def _similarities(schema, real, synthetic, held_out):
    """Returns two DataFrames, of columns and of pairs; held-out rows may be None."""
    import pandas

    def shares_missing(table):
        return [1.0 - float(column.is_known.mean()) for column in table.values()]

    def shapes(table):
        return [shape_similarity(real[name], table[name]) for name in real]

    found = pair_similarities(real, synthetic)
    columns = {"column": list(real), "kind": [column.kind for column in schema.columns]}
    columns["shape"] = shapes(synthetic)
    pairs = pandas.DataFrame(found, columns=["first", "second", "trend"])
    if held_out is not None:
        columns["shape_of_held_out"] = shapes(held_out)
        pairs["trend_of_held_out"] = [trend for *_, trend in pair_similarities(real, held_out)]
    columns["missing"] = shares_missing(synthetic)
    columns["missing_of_real"] = shares_missing(real)
    return pandas.DataFrame(columns), pairs


def _means(columns, pairs):
    """Returns the means over columns and over pairs, and their mean, of either table."""
    found = {}
    for ending in ("", "_of_held_out"):
        shapes, trends = columns.get(f"shape{ending}"), pairs.get(f"trend{ending}")
        parts = [None if part is None else part.mean() for part in (shapes, trends)]
        known = [part for part in parts if part is not None and not math.isnan(part)]
        found[f"quality{ending}"] = float(sum(known) / len(known)) if known else None
        for name, part in zip(("column_shapes", "pair_trends"), parts):
            found[f"{name}{ending}"] = float(part) if part in known else None
    return found
