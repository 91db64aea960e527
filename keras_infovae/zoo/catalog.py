"""`presets()`: the presets that go by a name, as a table."""

from keras_infovae.typing import Frame, Numbers
from keras_infovae.zoo.contents import read_manifest
from keras_infovae.zoo.places import named

COLUMNS = ("name", "model", "data", "shape", "weights", "kilobytes", "license", "place", "about")


def rows() -> list[Numbers]:
    """Returns a dictionary of `COLUMNS` for each preset that goes by a name, in their order."""
    found = []
    for name, (place, folder) in named().items():
        manifest = read_manifest(folder)
        size = sum(about["bytes"] for about in manifest["files"].values())
        values = {
            **{key: manifest[key] for key in ("model", "data", "license", "about")},
            "name": name,
            "shape": "x".join(map(str, manifest["event_shape"])),
            "weights": manifest["values"],
            "kilobytes": round(size / 1000),
            "place": place,
        }
        found.append({column: values[column] for column in COLUMNS})
    return found


def presets() -> Frame:
    """Returns the presets that `from_preset` knows by name: in the package, and in a checkout.

    Returns:
        A DataFrame with a row for each, its index the name. Columns: the class of the model, data,
        shape of an example, number of weights, kilobytes of the folder, license, place ("package"
        or "checkout"), and what it is.

    Example:

    >>> import keras_infovae as ki
    >>> table = ki.presets()
    >>> list(table.columns[:3])
    ['model', 'data', 'shape']
    """
    import pandas

    return pandas.DataFrame(rows(), columns=COLUMNS).set_index("name")
