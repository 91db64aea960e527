"""The card of a preset, README.md, where none is given: what `preset.json` says, in words."""

from keras_infovae.typing import Numbers
from keras_infovae.zoo.contents import WEIGHTS


def card_text(manifest: Numbers) -> str:
    """Returns the card of a preset of which no more is known than its manifest says."""
    told = {
        "Data": manifest["data"],
        "License": manifest["license"],
        "Made by": manifest["command"] and f"`{manifest['command']}`",
    }
    lines = [*front_matter(manifest), f"# {manifest['name']}", ""]
    lines += [manifest["about"] or f"A trained {manifest['model']}.", ""]
    lines += [f"- {name}: {value}" for name, value in told.items() if value]
    lines += [*facts(manifest), "", "## Use", "", *use(manifest), ""]
    return "\n".join(lines)


def front_matter(manifest: Numbers) -> list[str]:
    """Returns the lines of the header that hubs read."""
    license = [f"license: {manifest['license']}"] if manifest["license"] else []
    tags = ["tags:", "- keras", f"- {manifest['model']}"]
    return ["---", "library_name: keras-infovae", *license, *tags, "---", ""]


def facts(manifest: Numbers) -> list[str]:
    """Returns lines on the model: class, shape, size, versions, hash."""
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    weights = manifest["files"][WEIGHTS]
    return [
        f"- Model: `{manifest['model']}`; an example has the shape {manifest['event_shape']}",
        f"- Weights: {manifest['values']:,} numbers, {weights['bytes']:,} bytes",
        f"- Made with {versions}",
        f"- SHA-256 of {WEIGHTS}: `{weights['sha256']}`",
    ]


def use(manifest: Numbers, address: str | None = None) -> list[str]:
    """Returns a block of code of three lines.

    Args:
        manifest: what `preset.json` says.
        address: the name or the path that the preset is loaded by. Default: the folder's path.
    """
    last = next(
        (line for can, line in _LINES.items() if can in manifest["capabilities"]), "model.summary()"
    )
    address = address or f"./{manifest['name']}"
    load = f'model = ki.{manifest["model"]}.from_preset("{address}")'
    return ["```python", "import keras_infovae as ki", "", load, last, "```"]


_LINES = {"generate": "new = model.generate(16)", "encode": "z = model.encode(x)"}
