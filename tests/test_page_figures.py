"""Tables of docs/ that come from a CSV of the repository agree with it.

A comment above a table names the file, the columns that tell its settings apart, and under each
column of the table the columns of the file whose numbers stand there:

    <!-- figures: benchmarks/studies/name.csv by data method | | | train | mean worst -->

Where settings stand side by side, the column that tells them apart comes after "across", and each
number has its setting in brackets: `by table across method | | error[the mean] | error[ours] |`.
Each row of the table has to be the means of one setting, as they are when they are rounded to the
digits that stand there, and no two rows those of the same.
"""

import csv
import pathlib
import re

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[1]
MARK = re.compile(
    r"^<!-- figures: (\S+) by ([\w ]+?)(?: across (\w+))? (\|.*) -->\n\n?((?:\|.*\n)+)",
    re.MULTILINE,
)
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,]*)?(?:\.\d+|(?<=\d))")
COLUMN = re.compile(r"[^\s\[]+(?:\[[^\]]*\])?")
TABLES = [
    (page.relative_to(ROOT).as_posix(), *found)
    for page in sorted((ROOT / "docs").rglob("*.md"))
    for found in MARK.findall(page.read_text(encoding="utf-8"))
]


def means(file, keys, across):
    """Returns {setting: {column: mean over the rows of that setting that have a number}}."""
    groups = {}
    with open(ROOT / file, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found = groups.setdefault(tuple(row[key] for key in keys), {})
            for column, text in row.items():
                name = f"{column}[{row[across]}]" if across else column
                found.setdefault(name, []).append(text)
    return {
        setting: {column: mean(texts) for column, texts in found.items()}
        for setting, found in groups.items()
    }


def mean(texts):
    try:
        numbers = [float(text) for text in texts if text]
    except ValueError:
        return None
    return float(np.mean(numbers)) if numbers else None


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def stands_for(text, value):
    """Returns whether a printed number is `value`, rounded to its digits."""
    text = text.replace(",", "")
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    return value is not None and abs(float(text) - value) <= half * (1 + 1e-6) + 1e-12


def problems(file, keys, across, under, table):
    """Returns the rows of a table that are not those of a setting of their own."""
    wanted = [COLUMN.findall(cell) for cell in cells(under)]
    known, taken, wrong = means(file, keys.split(), across), set(), []
    for line in table.splitlines()[2:]:
        pairs = []
        for cell, columns in zip(cells(line), wanted, strict=True):
            pairs += zip(columns, NUMBER.findall(cell)) if columns else []
        fits = [
            setting
            for setting, values in known.items()
            if setting not in taken and all(stands_for(text, values.get(c)) for c, text in pairs)
        ]
        taken |= set(fits[:1])
        if not pairs or not fits:
            wrong.append(line)
    return wrong


@pytest.mark.parametrize("table", TABLES, ids=[f"{page}: {file}" for page, file, *_ in TABLES])
def test_a_table_says_what_its_file_says(table):
    page, *rest = table
    assert problems(*rest) == [], page


def test_a_number_that_the_file_does_not_give_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_page_figures.ROOT", tmp_path)
    rows = "way,seed,loss,error\na,0,1.0,0.25\na,1,2.0,0.35\nb,0,1.5,0.3\nb,1,3.5,0.1\n"
    (tmp_path / "x.csv").write_text(rows)
    head = "| way | loss (error) |\n|---|---|\n"
    held = ("x.csv", "way", "", "| | loss error |")
    assert problems(*held, head + "| A | 1.50 (0.3) |\n| B | 2.5 (0.2) |\n") == []
    assert problems(*held, head + "| A | 1.6 (0.3) |\n") == ["| A | 1.6 (0.3) |"]
    assert problems(*held, head + "| A | 1.5 (0.2) |\n") == ["| A | 1.5 (0.2) |"]
    twice = "| A | 1.5 (0.3) |\n"
    assert problems(*held, head + twice + twice) == [twice.strip()]
    wide = ("x.csv", "seed", "way", "| | loss[a] | error[b] |")
    head = "| seed | loss of a | error of b |\n|---|---|---|\n"
    assert problems(*wide, head + "| 0 | 1.0 | .3 |\n| 1 | 2 | 0.1 |\n") == []
    assert problems(*wide, head + "| 0 | 1.0 | .1 |\n") == ["| 0 | 1.0 | .1 |"]


def test_tables_are_held():
    assert {page for page, *_ in TABLES} >= HELD


NAMES = (
    "auto_lambda",
    "choosing",
    "evaluation",
    "exact_em",
    "performance",
    "tables",
    "topology",
    "tuning",
)
HELD = {f"docs/{name}.md" for name in NAMES}
