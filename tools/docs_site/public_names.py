"""The public names and the pages of the reference, from the sources: nothing is imported."""

import functools
import json
import pathlib

import griffe

from tools.docs_site import docstrings

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = "keras_infovae"
# Made by each family's registry, so that they have no docstring of their own.
LOOKUPS = {
    "get": "`get(identifier)` returns a member by its name, a config or itself.",
    "serialize": "`serialize(member)` returns the config of a member.",
    "deserialize": "`deserialize(config)` returns the member that a config describes.",
}


@functools.cache
def names():
    """Returns {public name: names of its members} without `ki.`, from tests/public_api.txt."""
    lines = (ROOT / "tests" / "public_api.txt").read_text(encoding="utf-8").splitlines()
    found = {}
    for name in (line.partition("(")[0].removeprefix("ki.") for line in lines):
        owner, _, member = name.rpartition(".")
        if owner in found:
            found[owner].append(member)
        else:
            found[name] = []
    return found


@functools.cache
def package():
    """Returns the package as griffe reads it."""
    loader = griffe.GriffeLoader(search_paths=[ROOT])
    module = loader.load(PACKAGE)
    loader.resolve_aliases(implicit=True)
    return module


@functools.cache
def path(name):
    """Returns the dotted path at which griffe has a public name.

    Raises:
        LookupError: for a name that the sources do not have.
    """
    module, _, last = name.rpartition(".")
    places = [module, *([] if module else ["models", "distributions", "utils.player"])]
    for place in places:
        found = _member(f"{place}.{last}".removeprefix("."))
        if found is not None:
            return found.path if module else found.canonical_path
    for part in package()[module].modules.values():  # imported when first asked for
        if last in part.classes:
            return f"{part.path}.{last}"
    raise LookupError(f"tests/public_api.txt has {name}, which the sources do not have")


def _member(dotted):
    try:
        return package()[dotted]
    except KeyError:
        return None


def modules():
    """Returns the names of the public modules, in the order of the alphabet."""
    return sorted({name.rpartition(".")[0] for name in names()} - {""})


def module_page(module):
    """Returns the Markdown of the page of a public module.

    Args:
        module: its name without `ki.`, such as "kernels".
    """
    members = [name for name in names() if name.rpartition(".")[0] == module]
    lines = [f"# ki.{module}", "", _said_of(module), "", *_registry(module), ""]
    has_registry = _member(f"{module}.registry") is not None
    for name in members:
        if not has_registry or name.rpartition(".")[2] not in LOOKUPS:
            lines += [entry(name), ""]
    return "\n".join(lines)


def _said_of(module):
    return docstrings.markdown(package()[module].docstring.value)


def _registry(module):
    """Returns the names of a family's members, and the functions that look them up."""
    registry = _member(f"{module}.registry")
    if registry is None:
        return []
    aliases = {}
    for alias, cls in zip(registry.value.arguments[2].keys, registry.value.arguments[2].values):
        aliases.setdefault(str(cls), []).append(str(alias).strip("'\""))
    lines = ["| class | names |", "|---|---|"]
    for cls, texts in aliases.items():
        lines.append(f"| `ki.{module}.{cls}` | {', '.join(f'`{text}`' for text in texts)} |")
    for function, text in LOOKUPS.items():
        if f"{module}.{function}" in names():
            lines += ["", f"{text}\n{{ #{path(f'{module}.{function}')} }}"]
    return lines


def entry(name, level=2, heading=None):
    """Returns what has mkdocstrings write of a public name, with its public members.

    Args:
        name: without `ki.`.
        level: of the heading. Default 2.
        heading: Default None: the name with `ki.`.
    """
    owner = package()[path(name).removeprefix(f"{PACKAGE}.")]
    # Of a method that does what its class's parent says, the parent's page has the words.
    members = [member for member in names()[name] if owner.all_members[member].has_docstring]
    lines = [
        f"::: {path(name)}",
        "    options:",
        f"      heading: {heading or 'ki.' + name}",
        f"      toc_label: {name.rpartition('.')[2]}",
        f"      heading_level: {level}",
        f"      members: {json.dumps(members) if members else 'false'}",
        f"      inherited_members: {json.dumps(bool(members))}",
    ]
    return "\n".join(lines)
