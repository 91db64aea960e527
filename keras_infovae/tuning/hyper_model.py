"""The search space of a model, whichever it is."""

from __future__ import annotations

import copy
import inspect
import itertools
from typing import Any

import keras

from keras_infovae import divergences, networks
from keras_infovae.models import registry
from keras_infovae.parameters import Member, Number, choices
from keras_infovae.parameters.searched import NETWORKS, OF_NETWORKS, hyperparameters_of, sizes
from keras_infovae.typing import Model
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.constructors import constructor_parameters
from keras_infovae.utils.serialization import deserialize_values

_BY_THEMSELVES = ("learning_rate", "likelihood", "kernel")  # they bear on no other choice


class HyperModel:
    """The search space of a registered model; an instance is a `keras_tuner.HyperModel`.

    Each argument of the model's constructor that is a number or a name (those annotated as
    `ki.parameters`) is a hyperparameter of that name. A single value fixes it, a list is what it is
    chosen from, and a pair (low, high), a tuple, a range from which numbers are drawn: evenly, or
    (most weights, the learning rate) evenly in their logarithm. What is not given is searched over
    the range that the annotation names, and left at the model's default where it names none. An
    object (a schedule, a prior, a condition) is an argument of all models of the space. A search
    begins with the first of each list and the middle of each range.

    KerasTuner is imported when an instance is made.

    Args:
        model: a registered model, its name or its class.
        **space: by name; besides the arguments of the model

            network: of encoder and decoder, "mlp" (default) or "conv".
            hidden_units: sizes of the encoder's layers, as text: default "128", "256-128",
                "512-256". For the network "mlp".
            filters: of each halving of an image, as text: default "32", "32-64". For "conv".
            kernel: where the divergence has one and counts, default "gaussian",
                "inverse_multiquadratic" or "rational_quadratic".
            optimizer: name of a Keras optimizer. Default "adam".
            learning_rate: default from 1e-4 to 1e-2.
            batch_size: default 64 or 128; at least 2.

    Raises:
        ValueError, TypeError: naming the argument, when any point of the space is no valid model.

    Attributes:
        space: {name: a list, or a range as a tuple}.

    Example:

    >>> import keras_tuner
    >>> import keras_infovae as ki
    >>> space = ki.tuning.HyperModel("beta_vae", latent_dim=[2, 4], beta=(0.5, 8.0))
    >>> model = space.build(keras_tuner.HyperParameters())
    >>> model.latent_dim, model.beta
    (2, 2.0)
    """

    def __new__(cls, model, **space):
        import keras_tuner  # slow to import, so that the base comes with the first instance

        if not issubclass(cls, keras_tuner.HyperModel):
            cls = type(cls.__name__, (cls, keras_tuner.HyperModel), {"__doc__": cls.__doc__})
        return object.__new__(cls)

    def __init__(self, model: Any, **space: Any) -> None:
        self.model_class = registry.get(model)
        self._known = hyperparameters_of(self.model_class, registry.settings_of(self.model_class))
        arguments = constructor_parameters(self.model_class)
        objects = {n: v for n, v in space.items() if n in arguments and hasattr(v, "get_config")}
        self._objects = {n: keras.saving.serialize_keras_object(v) for n, v in objects.items()}
        for name, value in space.items():
            if name not in self._known and name not in objects:
                known = ", ".join(self._known)
                raise argument_error(name, f"left out; there are {known}", value, TypeError)
        self._leave_out_networks(space)
        self.space = {}
        for name, (parameter, default) in self._known.items():
            value = space.get(name, parameter.search)
            if value is None and default is inspect.Parameter.empty:
                value = parameter.suggestion
                if value is None:
                    raise argument_error(name, "given: the model needs it", value)
            if value is not None and name not in objects:
                self.space[name] = choices.check(name, parameter, value)
        if not self._with_kernel():
            if "kernel" in space:
                expected = "left out for a divergence that has none"
                raise argument_error("kernel", expected, space["kernel"])
            self.space.pop("kernel", None)
        self.corners = [self._model(values) for values in self._corner_values()]
        if "kernel" not in space and all(model.least_batch == 1 for model in self.corners):
            self.space.pop("kernel", None)  # a divergence that counts nowhere
        super().__init__()

    def _leave_out_networks(self, space):
        """Leaves out what decides on networks where all of them are given."""
        parts = [p for p in NETWORKS if p in constructor_parameters(self.model_class)]
        if not parts or not set(parts) <= set(self._objects):
            return
        for name in OF_NETWORKS:
            if name in space:
                expected = f"left out where {' and '.join(parts)} are given"
                raise argument_error(name, expected, space[name])
            self._known.pop(name, None)

    @property
    def config(self) -> Any:
        """What is searched, a JSON-compatible dictionary."""
        return {"model": registry.name_of(self.model_class)} | self.space | self._objects

    def build(self, hp: Any) -> Model:
        """Returns a compiled model, not built yet, of the values that `hp` chooses."""
        values = self._values(hp)
        model = self._model(values)
        if not self.model_class.trains_by_gradients:
            model.compile()
            return model
        optimizer = keras.optimizers.get(values["optimizer"])
        optimizer.learning_rate = values["learning_rate"]
        model.compile(optimizer)
        return model

    def fit(self, hp: Any, model: Model, *arguments: Any, **options: Any) -> Any:
        """Trains `model` in batches of the chosen size; returns its history."""
        return model.fit(*arguments, batch_size=hp.get("batch_size"), **options)

    def check_data(self, **arrays: Any) -> Model:
        """Raises ValueError or TypeError where some model of the space cannot take the examples.

        Args:
            **arrays: of shape [n, ...] each, by the names for the error.

        Returns:
            A model that is built for them.
        """
        first = {name: values[0] for name, values in self.space.items() if name != "kernel"}
        names = [name for name in ("network", "likelihood") if name in self.space]
        for words in itertools.product(*(self.space[name] for name in names)):
            model = self._model(first | dict(zip(names, words)))
            for name, x in arrays.items():
                model.build(model.example_spec.array(x, name).shape)
        return model

    def _values(self, hp):
        values = {}
        for name, value in self.space.items():
            parent, parent_values = self._condition(name)
            # No condition where it always holds: KerasTuner's chief prints the conditions it reads.
            if parent is None or set(self.space[parent]) <= set(parent_values):
                values[name] = choices.declare(hp, name, self._known[name][0], value)
            elif parent_values:
                with hp.conditional_scope(parent, parent_values):
                    chosen = choices.declare(hp, name, self._known[name][0], value)
                if values[parent] in parent_values:
                    values[name] = chosen
        return values

    def _condition(self, name):
        """Returns the hyperparameter on which `name` depends, or None, and its values."""
        if name in ("hidden_units", "filters") and "network" in self.space:
            word = "mlp" if name == "hidden_units" else "conv"
            return "network", [word] if word in self.space["network"] else []
        if name == "kernel" and "divergence" in self.space:
            return "divergence", self._with_kernel()
        return None, None

    def _with_kernel(self):
        """Returns the names of the divergences of the space that have a kernel."""
        if "divergence" not in self._known or "divergence" in self._objects:
            return []
        names = self.space.get("divergence", [self._known["divergence"][1]])
        return [n for n in names if n and "kernel" in divergences.get(n).get_config()]

    def _model(self, values):
        settings = registry.settings_of(self.model_class)
        arguments = {name: value for name, value in values.items() if name in settings}
        if "network" in values:
            conv = values["network"] == "conv"
            kind, name = (networks.Conv, "filters") if conv else (networks.MLP, "hidden_units")
            given = {part: kind(sizes(values[name])) for part in NETWORKS}
            taken = constructor_parameters(self.model_class)
            arguments |= {part: network for part, network in given.items() if part in taken}
        # A copy: Keras takes the configs of networks apart as it reads them.
        arguments |= deserialize_values(copy.deepcopy(self._objects))
        return registry.make(self.model_class, **arguments)

    def _corner_values(self):
        """Gives the values of every corner of what the constructor of the model decides on."""
        first = {name: values[0] for name, values in self.space.items() if name != "kernel"}
        # Weights and parts bear on each other; each of the others is tried by itself.
        joint = [name for name in self.space if isinstance(self._known[name][0], (Number, Member))]
        joint = [name for name in joint if name not in _BY_THEMSELVES]
        for point in itertools.product(*(self.space[name] for name in joint)):
            yield first | dict(zip(joint, point))
        for name in set(self.space) - set(joint):
            for value in self.space[name]:
                parent, parent_values = self._condition(name)
                if parent is None or parent_values:
                    given = {} if parent is None else {parent: parent_values[0]}
                    yield first | given | {name: value}
