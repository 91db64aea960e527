"""The register of models: their names, and what their constructors take."""

import functools
import inspect
from collections.abc import Callable

import keras

from keras_infovae import divergences, kernels
from keras_infovae.models.generative_model import GenerativeModel
from keras_infovae.parameters import settings
from keras_infovae.parameters.kinds import Member, Parameter
from keras_infovae.utils.checks import argument_error, check_choice
from keras_infovae.utils.constructors import constructor_parameters

members = {}  # {name: class}
KERNEL = Member(
    "Of a divergence that has one.",
    kernels,
    search=["gaussian", "inverse_multiquadratic", "rational_quadratic"],
    shown="the divergence's own",
)
_NEEDED = ("seed", "scaling")


def register_model(name: str) -> Callable[[type], type]:
    """Class decorator: makes a model known by `name` to the command line, to searches and to Keras.

    The arguments of the constructor that are annotated as `ki.parameters` are flags of `train` and
    hyperparameters of `tune`, and values outside of their limits are refused before the constructor
    runs. An argument without an annotation of its own has that of the parent's. Arguments that
    `**settings` passes on to the parent are the model's too, but for those named in its attribute
    `fixed_arguments`, which are refused.

    Args:
        name: a new name, in lower case with underscores.

    Raises:
        ValueError: for the name of another model.
        TypeError: for a class that is no model, or does not take `seed` and `scaling`.

    Example:

    >>> import keras_infovae as ki
    >>> @ki.register_model("half_vae")
    ... class HalfVAE(ki.InfoVAE):
    ...     '''InfoVAE whose KL term is weighed by half of `strength`.'''
    ...
    ...     fixed_arguments = ("alpha",)
    ...
    ...     def __init__(
    ...         self,
    ...         latent_dim,
    ...         strength: ki.parameters.Number("The weight.", minimum=0, search=(0.5, 2.0)) = 1.0,
    ...         **settings,
    ...     ):
    ...         self.strength = strength
    ...         super().__init__(latent_dim, alpha=1.0 - strength / 2, **settings)
    >>> HalfVAE(2, strength=-1.0)
    Traceback (most recent call last):
        ...
    ValueError: Argument `strength` must be at least 0. Received: strength=-1.0
    >>> ki.tuning.HyperModel("half_vae", latent_dim=2).space["strength"]
    (0.5, 2.0)
    """

    def add(cls):
        if not issubclass(cls, GenerativeModel):
            raise argument_error("cls", "a model of this package", cls, TypeError)
        other = members.get(name, cls)
        # A module that is read again brings its classes again.
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise argument_error("name", f"a new one; this is that of {other.__name__}", name)
        missing = [needed for needed in _NEEDED if needed not in constructor_parameters(cls)]
        if missing:
            raise TypeError(f"The constructor of {cls.__name__} must take {' and '.join(missing)}.")
        if "__init__" in vars(cls):
            cls.__init__ = _checked(cls.__init__)
        package = cls.__module__.partition(".")[0]
        members[name] = keras.saving.register_keras_serializable(package)(cls)
        return cls

    return add


def _checked(constructor):
    """Returns `constructor` with its annotated arguments checked, and fixed ones refused."""
    signature = inspect.signature(constructor)

    @functools.wraps(constructor)
    def checked(self, *arguments, **settings):
        for name in getattr(self, "fixed_arguments", ()):
            if name in settings and name not in signature.parameters:
                raise TypeError(
                    f"Argument `{name}` must be left out: {type(self).__name__} fixes it. "
                    f"Received: {name}={settings[name]!r}"
                )
        try:
            given = signature.bind(self, *arguments, **settings)
        except TypeError:
            return constructor(self, *arguments, **settings)  # which says it in better words
        for name, value in given.arguments.items():
            known = signature.parameters[name]
            if isinstance(known.annotation, Parameter) and value is not known.default:
                given.arguments[name] = known.annotation.check(name, value)
        return constructor(*given.args, **given.kwargs)

    checked.__signature__ = signature  # Keras looks at it in two ways, which have to agree
    return checked


def get(model):
    """Returns the class of a registered model.

    Args:
        model: its name, or the class itself.

    Raises:
        ValueError: for an unknown name.
        TypeError: for anything else.
    """
    if isinstance(model, str):
        return members[check_choice("model", model, members)]
    if model not in members.values():
        expected = "a registered model or its name (keras_infovae.register_model)"
        raise argument_error("model", expected, model, TypeError)
    return model


def name_of(model_class):
    """Returns the name of a registered class."""
    return next(name for name, cls in members.items() if cls is model_class)


def settings_of(model_class):
    """Returns {argument: (its `Parameter`, its default)} of a model, as `parameters.settings`.

    `kernel` is among them where there is a divergence; `make` knows it.
    """
    return settings.settings_of(model_class, KERNEL)


def make(model_class, kernel=None, **arguments):
    """Returns a model, not built yet, of arguments by name or as objects.

    Args:
        model_class: a registered class.
        kernel: the kernel of the divergence. Default None: the divergence's own.
        **arguments: of the constructor.

    Raises:
        ValueError, TypeError: naming the argument.
    """
    if kernel is not None:
        default = constructor_parameters(model_class)["divergence"].default
        divergence = divergences.get(arguments.get("divergence") or default or "mmd")
        if "kernel" not in divergence.get_config():
            raise argument_error("kernel", "left out for a divergence that has none", kernel)
        arguments["divergence"] = type(divergence)(kernel=kernel)
    return model_class(**arguments)
