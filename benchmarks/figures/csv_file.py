"""The .csv of a benchmark: what the table on its page has to agree with."""

import csv
import os
import pathlib
import sys

from absl import flags

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "csv", None, "The file of figures; what else it has stays. Default: the script's name and .csv."
)


def update(columns, rows, settings):
    """Writes rows to the file of `--csv`: in the place of those of the same settings, or last.

    Args:
        columns: the names of all columns, the settings first.
        rows: of as many values; of a float, six digits are kept, and None is an empty cell.
        settings: how many columns tell what was measured.
    """
    path = FLAGS.csv or str(pathlib.Path(sys.argv[0]).resolve().with_suffix(".csv"))
    columns, known = list(columns), {}
    if os.path.exists(path):
        with open(path, newline="", encoding="utf-8") as file:
            head, *before = csv.reader(file)
        if head != columns:
            sys.exit(f"--csv must be a file of the columns {columns}. Received: {path}")
        known = {tuple(row[:settings]): row for row in before}
    for row in rows:
        texts = [_text(value) for value in row]
        known[tuple(texts[:settings])] = texts
    temporary = f"{path}.partial"
    with open(temporary, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *known.values()])
    os.replace(temporary, path)


def _text(value):
    if value is None:
        return ""
    return format(value, ".6g") if isinstance(value, float) else str(value)
