"""The config.json of a run."""

import json

from keras_infovae.models import registry

_KEYS = ("data", "data_fingerprint", "feature_names", "model", "training")
_OBJECTS = ("data", "model", "training")  # of these


def config_of(run):
    """Returns the config of a `RunDirectory` that `keras-infovae train` wrote.

    Raises:
        ValueError: when it is not one.
    """
    config = run.config()
    missing = [key for key in _KEYS if key not in config]
    if missing:
        raise ValueError(
            "Argument `run` must be a run that `keras-infovae train` wrote. "
            f"Received: {run.path}, whose config.json has no {missing[0]!r}"
        )
    for key in _OBJECTS:
        if not isinstance(config[key], dict):
            raise ValueError(
                "Argument `run` must be a run whose config.json is as `keras-infovae train` wrote "
                f"it, with an object {key!r}. Received: {run.path}, where that is "
                f"{json.dumps(config[key])[:40]}"
            )
    model = config["model"].get("name")
    if model not in registry.members:
        raise ValueError(
            f"Argument `import` must name the module that registers the model of the run, {model}. "
            f"Received: {run.path}"
        )
    return config


def of_preset(config):
    """Returns whether a config is that of a preset, whose data is not known."""
    return config["data"]["source"] is None
