"""Tables of docs/ and benchmarks/ that come from CSV files of the repository agree with them.

A comment above a table names the file, or files with a comma between them, the columns that tell
its settings apart, and under each column of the table the columns whose numbers stand there:

    <!-- figures: benchmarks/studies/name.csv by data method | | | train | mean worst -->

Where settings stand side by side, the columns that tell them apart come after "across", and each
number has its setting in brackets: `by table across method | | error[the mean] | error[ours] |`,
or `across way factor` and `error[ours, 16]`. Without brackets it is of all of them.
Each row of the table has to be what the rows of one setting have, rounded to the digits that stand
there, and no two rows those of the same: the mean of `error`, `sd(error)`, `median(error)`,
`min(error)`, `max(error)`; `100*error` where it stands in percent. A name with blanks is in quotes.
"""

import ast
import csv
import pathlib
import re

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[1]
MARK = re.compile(
    r"^<!-- figures: (\S+(?:, \S+)*) by ([\w ]+?)(?: across ([\w ]+?))? (\|.*) -->\n"
    r"\n?((?:\|.*\n)+)",
    re.MULTILINE,
)
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,]*)?(?:\.\d+|(?<=\d))")
NAME = r'"[^"]*"|[^\s\[\]()*"]+'
COLUMN = re.compile(rf"(?:(\d+)\*)?(?:({NAME})|(\w+)\(({NAME})\))(?:\[([^\]]*)\])?(?!\S)")
KINDS = {
    "mean": np.mean,
    "median": np.median,
    "min": np.min,
    "max": np.max,
    "sd": lambda numbers: np.std(numbers, ddof=1),
}
TABLES = [
    (page.relative_to(ROOT).as_posix(), *found)
    for page in sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")])
    for found in MARK.findall(page.read_text(encoding="utf-8"))
]


def settings(files, keys):
    """Returns {setting: its rows} of all settings in the files."""
    found = {}
    for file in files.split(", "):
        with open(ROOT / file, encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found.setdefault((file, *(row[key] for key in keys)), []).append(row)
    return found


def value(rows, across, column):
    """Returns what a column of a mark stands for in the rows of a setting; None for no number."""
    factor, name, kind, name_of_kind, some = column
    name = (name or name_of_kind).strip('"')
    if some:
        rows = [row for row in rows if ", ".join(row[key] for key in across) == some]
    texts = [row[name] for row in rows if row[name]]
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return None
    return int(factor or 1) * float(KINDS[kind or "mean"](numbers)) if numbers else None


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def stands_for(text, value):
    """Returns whether a printed number is `value`, rounded to its digits."""
    text = text.replace(",", "")
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    return value is not None and abs(float(text) - value) <= half * (1 + 1e-6) + 1e-12


def problems(files, keys, across, under, table):
    """Returns the rows of a table that are not those of a setting of their own."""
    rest = COLUMN.sub("", under).replace("|", "").strip()
    assert not rest, f"a mark has what is no name of columns: {rest}"
    wanted = [COLUMN.findall(cell) for cell in cells(under)]
    known, taken, wrong = settings(files, keys.split()), set(), []
    for line in table.splitlines()[2:]:
        pairs = []
        for cell, columns in zip(cells(line), wanted, strict=True):
            pairs += zip(columns, NUMBER.findall(cell)) if columns else []
        fits = [
            setting
            for setting, rows in known.items()
            if setting not in taken
            and all(stands_for(text, value(rows, across.split(), c)) for c, text in pairs)
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


def test_what_else_a_mark_may_ask_for(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_page_figures.ROOT", tmp_path)
    (tmp_path / "x.csv").write_text("way,n,a seed,loss\na,1,0,0.1\na,1,1,0.5\na,1,2,0.3\n")
    (tmp_path / "y.csv").write_text("way,n,a seed,loss\nb,1,0,2\nb,2,0,-3\n")
    head = "| | loss |\n|---|---|\n"
    for column, right, wrong in (
        ("loss sd(loss)", "0.3 +- 0.2", "0.3 +- 0.16"),
        ("median(loss) max(loss)", "0.3 (0.5)", "0.5 (0.5)"),
        ("min(loss)", "0.1", "0.3"),
        ("100*loss", "30 %", "0.3 %"),
        ('"a seed" max("a seed")', "1.0, 2", "1, 0"),
        ("loss[a, 1]", "0.3", "0.2"),
    ):
        held = ("x.csv", "way", "way n", f"| | {column} |")
        assert problems(*held, head + f"| A | {right} |\n") == [], column
        assert problems(*held, head + f"| A | {wrong} |\n"), column
    several = ("x.csv, y.csv", "way", "n", "| | loss[1] loss[2] |")
    assert problems(*several, head + "| B | 2 / -3 |\n| A | 0.3 |\n") == []
    assert problems(*several, head + "| A | 0.3 / 0.5 |\n")
    for misspelled in ("sd(loss", "loss[1", "loss)"):
        with pytest.raises(AssertionError, match="columns"):
            problems("x.csv", "way", "n", f"| | {misspelled} |", head + "| A | 0.3 |\n")


# What another file of figures is computed from, and the test that says so.
BEHIND_OTHERS = {"benchmarks/growth.csv": "test_growth_benchmark.py"}


def test_every_file_of_figures_stands_behind_a_table():
    files = {
        path.relative_to(ROOT).as_posix()
        for folder in ("benchmarks", "examples/reproduce/results")
        for path in (ROOT / folder).rglob("*.csv")
    }
    assert len(files) > 30
    held = {file for _, files, *_ in TABLES for file in files.split(", ")}
    assert files - held == set(BEHIND_OTHERS), "no mark above a table names these"


# The tables with more than three decimals that no file stands behind: what they are.
WITHOUT_A_FILE = {
    ("docs/anomalies.md", "n | false_positive_rate"): "computed; tests/test_docs.py",
    ("docs/distributed.md", "GPUs | batch"): "computed; tests/test_docs.py",
    ("docs/distributed.md", "GPUs | step, ms"): "computed; tests/test_docs.py",
    ("docs/evaluation.md", "k | weights"): "bounds of the Pareto k",
    ("docs/migration.md", "source | settings"): "other libraries' settings; tests/test_docs.py",
    ("docs/presets.md", "preset | seed"): "tests/zoo/test_presets.py",
    ("docs/reproduction.md", "experiment | the paper says"): "what the paper says",
    ("docs/short_run.md", "setting | is"): "settings",
    ("docs/text.md", "model | as a setting"): "settings",
}


def test_every_table_of_measurements_has_a_file():
    table = re.compile(r"(<!-- figures: [^\n]*-->\n\n?)?^\|([^\n]*)\n\|[-|:]*\n((?:\|.*\n)+)", re.M)
    found = set()
    for page in sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]):
        for mark, head, body in table.findall(page.read_text(encoding="utf-8")):
            if not mark and len(re.findall(r"\d\.\d", body)) > 3:
                found.add((page.relative_to(ROOT).as_posix(), " | ".join(cells(head)[:2])))
    assert found == set(WITHOUT_A_FILE)


def docstrings():
    """Yields (where it is, paragraph) of all docstrings of the package."""
    for path in sorted((ROOT / "keras_infovae").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                where = f"{path.relative_to(ROOT)}, {getattr(node, 'name', 'module')}"
                yield from ((where, p) for p in (ast.get_docstring(node) or "").split("\n\n"))


def test_figures_of_docstrings_stand_on_the_page_that_they_name():
    looked_at = 0
    for where, paragraph in docstrings():
        pages = re.findall(r"(?:docs|benchmarks)/[\w/]+\.md", paragraph)
        figures = re.findall(r"(?<![\w.:])\d*\.\d+(?![\w.])", paragraph)
        text = "".join((ROOT / page).read_text(encoding="utf-8") for page in pages)
        missing = [figure for figure in figures if pages and figure not in text]
        assert not missing, f"{where}: {missing} are not on {pages}"
        looked_at += bool(pages and figures)
    assert looked_at > 3


def test_tables_are_held():
    assert {page for page, *_ in TABLES} >= HELD


NAMES = (
    *("anomalies", "auto_lambda", "choosing", "counts", "diffusion", "energy_priors", "estimators"),
    *("evaluation", "exact_em", "learned_scale", "network_size", "performance", "reproduction"),
    *("tables", "text", "topology", "tuning"),
)
HELD = {f"docs/{name}.md" for name in NAMES} | {"benchmarks/README.md"}
