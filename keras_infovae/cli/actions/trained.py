"""What --run names: a run that `keras-infovae train` wrote, or a preset."""

import dataclasses
import difflib
import os
from typing import Any

from keras_infovae import conditions
from keras_infovae.cli.actions import run_config
from keras_infovae.cli.actions.conditions import CLASSES
from keras_infovae.models import GenerativeModel
from keras_infovae.training import RunDirectory
from keras_infovae.utils.checks import argument_error
from keras_infovae.zoo import contents, places

# Of a preset's data nothing is known but this, by which other data are split.
_OF_PRESETS = {
    "data": {"source": None, "validation_fraction": 0.1, "test_fraction": 0.1, "seed": 0},
    "feature_names": None,
    "training": {"seed": 0},
}


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained model, and what is known of its training.

    Attributes:
        path: of the run's directory, or how the preset was named.
        model: not compiled where it is a preset's.
        config: the run's config; that of a preset says how other data are split, and its classes,
            which are the numbers from 0.
        run: the `RunDirectory`, or None for a preset.
    """

    path: str
    model: Any
    config: dict
    run: RunDirectory | None


def load(given):
    """Returns the `Trained` of --run. A run of that path comes before a preset of that name.

    Args:
        given: a run's directory; or a name of `presets()`, the path of a preset's folder, or its
            address on a hub.

    Raises:
        ValueError: about `run`, for a directory of neither, and for a model that cannot be read.
        OSError, ImportError: as `GenerativeModel.from_preset`, for presets.
    """
    if not _is_preset(given):
        run = RunDirectory(given)
        config = run_config.config_of(run)
        return Trained(run.path, run.load_model(), config, run)
    model = GenerativeModel.from_preset(given)
    config = dict(_OF_PRESETS)
    if isinstance(model.condition, conditions.Classes):
        config[CLASSES] = list(range(model.condition.num_classes))
    return Trained(given, model, config, None)


def _is_preset(given):
    """Returns whether `given` is a preset; raises ValueError for a name that is not there."""
    if "://" in given or contents.is_preset(given):
        return True
    if os.path.exists(given) or not places.NAME.fullmatch(given):
        return False
    known = places.named()
    if given not in known:
        near = difflib.get_close_matches(given, known, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise argument_error(
            "run", f"a directory with a run's config.json, or a preset{hint}", given
        )
    return True
