"""Where presets are: in the package, in a checkout, in folders, and on hubs."""

import os
import re

from keras_infovae.typing import Path
from keras_infovae.utils.checks import argument_error, check_choice
from keras_infovae.zoo import hubs
from keras_infovae.zoo.contents import is_preset

_HERE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(os.path.dirname(_HERE))
NAME = re.compile("[a-z][a-z0-9_]*")


def places() -> dict[str, str]:
    """Returns {word: folder} of the folders whose folders are presets, the package's first."""
    found = {"package": os.path.join(_HERE, "presets")}
    if os.path.isfile(os.path.join(_ROOT, "setup.py")):  # what an installed package lacks
        found["checkout"] = os.path.join(_ROOT, "presets")
    return found


def named() -> dict[str, tuple[str, str]]:
    """Returns {name: (word for the place, folder)} of presets that go by a name."""
    found = {}
    for place, folder in reversed(places().items()):
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            path = os.path.join(folder, name)
            if NAME.fullmatch(name) and is_preset(path):
                found[name] = (place, path)
    return dict(sorted(found.items()))


def folder_of(preset: Path) -> str:
    """Returns the folder of a preset, downloaded where it is on a hub.

    Args:
        preset: a name of `presets()`; the path of a folder, with a separator in it, such as
            "./mine"; "hf://user/name"; or "kaggle://owner/model/framework/variation".

    Raises:
        ValueError, TypeError: naming the argument, for what is none of these.
        FileNotFoundError: for a folder without `preset.json`.
        ImportError: where a hub's client is not installed.
        ConnectionError: where a hub could not be reached.
    """
    if not isinstance(preset, str | os.PathLike):
        raise argument_error("preset", "a name, a path or the address of a hub", preset, TypeError)
    preset = os.fspath(preset)
    scheme, colon, handle = preset.partition("://")
    if colon:
        folder = hubs.get(scheme, handle)
    elif NAME.fullmatch(preset):
        return _of_name(preset)
    else:
        folder = preset
    if not is_preset(folder):
        raise FileNotFoundError(f"There is no preset in {folder}: it has no preset.json")
    return folder


def _of_name(name):
    known = named()
    if name not in known and is_preset(name):
        expected = f'a name of presets(), or "./{name}" for the folder here'
        raise argument_error("preset", expected, name)
    return known[check_choice("preset", name, known)][1]
