"""What the page of a model says that the code or a measurement says already."""

import functools
import json
import pathlib
import re
import subprocess
import sys

from tools.docs_site import docstrings, preset_cards, public_names

ROOT = pathlib.Path(__file__).resolve().parents[2]
MARK = re.compile(
    r"^<!-- (formula|measured|presets|settings|constructor|papers): (\w+) -->$", re.MULTILINE
)
PANELS = 5  # in a row of docs/choosing.png, whose order is that of the table's rows


@functools.cache
def registered():
    """Returns {name: {"class": ..., "settings": rows}} of the registered models."""
    program = [sys.executable, "-m", "tools.docs_site.model_settings"]
    return json.loads(subprocess.run(program, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def settings(cls):
    """Returns a table of the settings of a class's constructor, with their flags and searches."""
    (rows,) = [of["settings"] for of in registered().values() if of["class"] == cls]
    lines = ["| argument | may be | default | a search tries |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | {limits or '-'} | {default} | {search or '-'} |"
        for name, limits, default, search in rows
    ]
    return "\n".join(lines)


def measured(label):
    """Returns the rows of a model in the table of docs/choosing.md, and its part of the picture."""
    text = (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8")
    lines = text.partition("### The same digits")[2].splitlines()
    head, rule, *rows = (line for line in lines if line.startswith("|"))
    places = [place for place, row in enumerate(rows) if re.match(rf"\| {label}[, |]", row)]
    if not places:
        raise LookupError(f"The table of docs/choosing.md has no row of {label}")
    row, column = divmod(places[0], PANELS)
    picture = (
        f'<div class="panel" role="img" aria-label="Codes of digits in two dimensions: {label}" '
        f'style="--row: {row}; --column: {column}"></div>'
    )
    return "\n".join([picture, "", head, rule, *(rows[place] for place in places)])


def formula(cls):
    """Returns what the docstring of a class says up to its arguments' first formula."""
    lines = docstring(cls).partition("\nArgs:")[0].splitlines()
    code = [number for number, line in enumerate(lines) if line.startswith("    ")]
    end = next(number for number in [*code, None] if number is None or number + 1 not in code)
    return "\n".join(lines[: end + 1])


def papers(cls):
    """Returns the list of the papers that the docstring of a class names."""
    found = docstring(cls).partition("\nReferences:")
    return docstrings.markdown("References:" + found[2]).replace("**References**", "").strip()


def presets(cls):
    """Returns a list of the presets of a class; of "all" a table."""
    return preset_cards.table() if cls == "all" else preset_cards.listed(cls)


def docstring(cls):
    """Returns the docstring of a public class as it is written."""
    return public_names.package()[f"models.{cls}"].docstring.value


KINDS = {
    "constructor": public_names.entry,
    "formula": formula,
    "measured": measured,
    "papers": papers,
    "presets": presets,
    "settings": settings,
}


def filled(text):
    """Returns the Markdown of a page with its marks replaced by what they stand for."""
    return MARK.sub(lambda found: KINDS[found[1]](found[2]), text)
