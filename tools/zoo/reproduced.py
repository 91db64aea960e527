"""The table of docs/presets.md: which numbers of another seed lie within the spread of the card.

    python -m tools.zoo.reproduced

prints it, of the rows that `python -m tools.make_preset NAME --check --seeds=3` wrote.
"""

import csv
import pathlib

PATH = pathlib.Path(__file__).with_name("reproduced.csv")


def read_rows(path=PATH):
    """Returns the rows of the .csv file, dictionaries of text."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def table_text(rows):
    """Returns lines of Markdown, one for each preset and seed, and one for all."""
    lines = ["| preset | seed | within the card's spread | outside |", "|---|---|---|---|"]
    for name, seed in sorted({(row["preset"], row["seed"]) for row in rows}):
        found = [row for row in rows if (row["preset"], row["seed"]) == (name, seed)]
        lines.append(f"| `{name}` | {seed} | {_share(found)} |{_outside(found)} |")
    return [*lines, f"| all | | {_share(rows)} | |"]


def _share(rows):
    return f"{sum(row['within'] == 'True' for row in rows)} of {len(rows)}"


def _outside(rows):
    """Returns the cell of what is not within, after a blank where there is something."""
    return ";".join(
        f" {row['number']} {float(row['value']):.4g}, not {float(row['mean']):.4g} +- "
        f"{float(row['half_width']):.2g}"
        for row in rows
        if row["within"] != "True"
    )


if __name__ == "__main__":
    print("\n".join(table_text(read_rows())))
