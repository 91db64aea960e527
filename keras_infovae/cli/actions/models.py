"""The model that flags describe, and the data for it."""

from keras_infovae import conditions
from keras_infovae.cli.actions import data as run_data
from keras_infovae.models import registry
from keras_infovae.models.code_model import checked_prior
from keras_infovae.networks import Recurrent
from keras_infovae.text import Text
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.constructors import constructor_parameters


def load_data(flags):
    """Returns the data that the flags name, and the likelihood that follows from it; says both.

    Returns:
        (`Dataset`, the arguments that give it again, {"likelihood": name}, or {} for a model that
        has none or one of its own).

    Raises:
        ValueError, TypeError, OSError, ImportError: as `data.load`.
    """
    data, settings, likelihood, reason = run_data.load(flags)
    print(data.summary())
    if data.preprocessor is not None:
        return data, settings, {}
    taken = registry.settings_of(registry.get(flags.model))
    if flags.likelihood is None and taken.get("likelihood", (None, None))[1] is None:
        return data, settings, {}
    print(f"likelihood: {likelihood} ({reason})")
    return data, settings, {"likelihood": likelihood}


def make_model(settings, scaling=None, classes=None, preprocessor=None):
    """Returns the model that `settings` describes, not built yet.

    Args:
        settings: what the function `settings` returned; "recurrent" may be settings of the
            networks for texts.
        scaling: the `preprocessors.Scaling` of the data. Default None.
        classes: the labels, where `settings` has a condition.
        preprocessor: the `Preprocessor` of the data. Default None.

    Raises:
        ValueError, TypeError: naming the argument at fault.
    """
    arguments = {name: value for name, value in settings.items() if name != "name"}
    if preprocessor is not None:
        arguments["preprocessor"] = preprocessor
    recurrent = arguments.pop("recurrent", None)
    if recurrent is not None:
        taken = constructor_parameters(registry.get(settings["name"]))
        networks = {name: Recurrent(**recurrent) for name in ("encoder", "decoder")}
        arguments |= {name: network for name, network in networks.items() if name in taken}
    told = arguments.pop("condition", None)
    if told is not None and classes is not None:
        arguments["condition"] = conditions.Classes(len(classes))
    model = registry.make(registry.get(settings["name"]), scaling=scaling, **arguments)
    model.name = settings["name"]  # Keras would number a second one
    return model


def check_texts(data, recurrent):
    """Raises ValueError, naming a flag of the networks for texts, for data that are none."""
    if not isinstance(data.preprocessor, Text):
        name, value = next(iter(recurrent.items()))
        raise argument_error(name, "left out but for texts", value)


def check_second_stage(model, prior):
    """Raises ValueError unless the built model can learn the prior of this name afterwards."""
    if not hasattr(model, "fit_prior"):
        raise argument_error("model", "one with codes and a prior, for --second_stage", model.name)
    checked_prior(prior, model)
