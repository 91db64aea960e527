"""The table of a study: rows that are there already are not made again."""

import csv
import os


def read_rows(path):
    """Returns the rows of the .csv file at `path`, dictionaries; none where it is not there."""
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def cases_of(path, settings):
    """Returns the set of the cases that are in the file: of each row the `settings`, as text."""
    return {tuple(row[name] for name in settings) for row in read_rows(path)}


def add_rows(path, columns, rows):
    """Adds `rows`, sequences in the order of `columns`, to the file, which is made if need be."""
    new = not os.path.exists(path)
    with open(path, "a", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(([columns] if new else []) + list(rows))
