"""The cards of the presets as pages of the site, and the lists that lead to them."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = {"keras_infovae/zoo/presets": "package", "presets": "checkout"}
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
# By what a config names, the tasks that a preset of such data is a start for.
TASKS = (
    ("keras_infovae>Schema", ("table_odd_rows", "table_new_rows", "table_missing")),
    ("keras_infovae>Text", ("text_new",)),
    ("NegativeBinomial", ("counts_codes",)),
    ("keras_infovae>Poisson", ("counts_codes",)),
)
TASKS_OF_IMAGES = ("images_codes", "images_new", "images_odd")
TASKS_OF_MODELS = ("model_good", "model_server")


def folders():
    """Returns {name: folder} of the presets that the repository has, in the order of names."""
    found = [file.parent for place in PLACES for file in (ROOT / place).glob("*/preset.json")]
    return {folder.name: folder for folder in sorted(found, key=lambda folder: folder.name)}


def facts(folder):
    """Returns what preset.json of a folder says."""
    return json.loads((folder / "preset.json").read_text(encoding="utf-8"))


def place(name):
    """Returns the page of the site that a preset's card is."""
    return f"presets/{name}/card.md"  # an index would be the heading of its section


def page(folder):
    """Returns the Markdown of the card in a folder, and where to go from it."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    model = facts(folder)["model"]
    tasks = ", ".join(f"[{name}.md](../../tasks/{name}.md)" for name in tasks_of(folder))
    links = [
        f"- the model: [{model}](../../{model_page(model)})",
        f"- tasks that it is a start for: {tasks}",
        "- how presets are loaded, shared and made: [presets.md](../../presets.md)",
    ]
    return "\n".join([FRONT_MATTER.sub("", card).rstrip(), "", "## See also", "", *links, ""])


def pictures(folder):
    """Returns the names of the pictures that a card shows."""
    return PICTURE.findall((folder / "README.md").read_text(encoding="utf-8"))


def tasks_of(folder):
    """Returns the names of the pages of tasks that a preset is a start for."""
    config = (folder / "config.json").read_text(encoding="utf-8")
    found = [task for named, tasks in TASKS if named in config for task in tasks]
    if len(facts(folder)["event_shape"]) == 3:
        found += TASKS_OF_IMAGES
    return [*dict.fromkeys(found), *TASKS_OF_MODELS]


def model_page(cls):
    """Returns the page of the site that describes a class of models."""
    for file in sorted((ROOT / "docs" / "models").glob("*.md")):
        if f"<!-- constructor: {cls} -->" in file.read_text(encoding="utf-8"):
            return f"models/{file.name}"
    raise LookupError(f"docs/models has no page of {cls}, of which there is a preset")


def listed(cls):
    """Returns a list of the presets of a class, or that there is none; for a page of a model."""
    rows = [
        f"- [`{name}`](../{place(name)}): {facts(folder)['about']}"
        for name, folder in folders().items()
        if facts(folder)["model"] == cls
    ]
    return "\n".join(rows) or "There is none of this class yet."


def table():
    """Returns a table of all presets, for docs/presets.md."""
    rows = ["| preset | model | where | what it is |", "|---|---|---|---|"]
    for name, folder in folders().items():
        said = facts(folder)
        where = PLACES[folder.parent.relative_to(ROOT).as_posix()]
        model = f"[{said['model']}]({model_page(said['model'])})"
        rows.append(f"| [`{name}`]({place(name)}) | {model} | {where} | {said['about']} |")
    return "\n".join(rows)
