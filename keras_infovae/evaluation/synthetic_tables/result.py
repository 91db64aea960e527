"""What `table_quality` found, and how a person reads it."""

import dataclasses
from typing import Any

# Of each number its label, and what is good.
_ROWS = (
    ("quality", "quality", "1 is ideal: the mean of the next two"),
    ("column_shapes", "column shapes", "1 is ideal"),
    ("pair_trends", "pair trends", "1 is ideal"),
    ("detection_auc", "ROC-AUC of a detector", "0.5 is ideal: it cannot tell"),
    ("closest_record", "distance to the closest record", "that of real rows is ideal"),
    ("closer_than_held_out", "closer than real rows", "0.5 is ideal; towards 1, copies"),
    ("exact_copies", "exact copies", "no more than among real rows is ideal"),
)


@dataclasses.dataclass(frozen=True, eq=False)
class TableQuality:
    """How good synthetic rows are; `print` shows it as a table.

    Args:
        numbers: {name: a number, or None for what was not measured}, fit for JSON; `table_quality`
            says what they are.
        columns: a DataFrame with a row per column: `column`, `kind`, `shape`, `shape_of_held_out`
            where there are such rows, and the shares of missing values of synthetic rows,
            `missing`, and of real ones, `missing_of_real`.
        pairs: a DataFrame with a row per pair of columns: `first`, `second`, `trend`, and
            `trend_of_held_out` where there are such rows.
    """

    numbers: dict
    columns: Any
    pairs: Any

    def __str__(self):
        found = self.numbers
        lines = [("", "synthetic", "real", "")]
        for name, label, words in _ROWS:
            cells = [_text(found[name]), _text(found.get(f"{name}_of_held_out"))]
            lines += [(label, *cells, words)] if cells[0] else []
        if found["target"] is not None:
            label = f"{found['target_measure']} of {found['target']}, learned from them"
            cells = [_text(found[f"train_on_{rows}"]) for rows in ("synthetic", "real")]
            difference, error = found["difference"], found["difference_standard_error"]
            lines.append((label, *cells, f"difference {difference:+.3f} +- {error:.3f}"))
        widths = [max(len(line[i]) for line in lines) for i in range(3)]
        rows = [
            f"{label:<{widths[0]}}  {one:>{widths[1]}}  {other:>{widths[2]}}  {words}".rstrip()
            for label, one, other, words in lines
        ]
        worst = self.columns.sort_values("shape").head(3)
        least = ", ".join(f"{name} {s:.3f}" for name, s in zip(worst["column"], worst["shape"]))
        return "\n".join([_heading(found), *rows, f"least alike in shape: {least}"])


def _heading(found):
    counts = [found[name] for name in ("synthetic_rows", "rows", "held_out_rows")]
    text = f"{counts[0]:,} synthetic rows against the {counts[1]:,} that were trained on"
    return text if counts[2] is None else f"{text}; real: {counts[2]:,} held-out rows"


def _text(value):
    return "" if value is None else f"{value:.3f}"
