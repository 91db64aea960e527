"""The search space of InfoVAE."""

import itertools

import keras

from keras_infovae import divergences, models, networks
from keras_infovae.tuning import choices
from keras_infovae.utils.checks import argument_error

_DEFAULTS = {
    "network": "mlp",
    "hidden_units": ["128", "256-128", "512-256"],
    "filters": ["32", "32-64"],
    "latent_dim": [8, 16, 32],
    "alpha": [0.0, 0.25, 0.5, 0.75, 1.0],
    "lambda_": ["auto", 100.0, 1000.0],
    "beta": (0.25, 8.0),
    "divergence": "mmd",
    "kernel": ["gaussian", "inverse_multiquadratic", "rational_quadratic"],
    "likelihood": "bernoulli",
    "optimizer": "adam",
    "learning_rate": (1e-4, 1e-2),
    "batch_size": [64, 128],
}


class HyperInfoVAE:
    """The search space of `InfoVAE`; an instance is a `keras_tuner.HyperModel`.

    Each argument is a hyperparameter of that name. A single value fixes it, a list is what it is
    chosen from, and a pair (low, high), a tuple, a range from which numbers are drawn: latent_dim
    and batch_size evenly, learning_rate and beta evenly in their logarithm. The default, with which
    a search begins, is the first of a list and the middle of a range. `hidden_units` counts for the
    network "mlp", `filters` for "conv", and `kernel` for divergences that have one.

    KerasTuner is imported when an instance is made.

    Args:
        network: "mlp" (default) or "conv".
        hidden_units: sizes of the encoder's layers, as text: default "128", "256-128", "512-256".
        filters: of each halving of an image, as text: default "32", "32-64".
        latent_dim: default 8, 16 or 32.
        alpha: default 0, 0.25, 0.5, 0.75 or 1; at most 1.
        lambda_: default "auto", 100 or 1,000; all pairs must have alpha + lambda_ >= 1.
        divergence: default "mmd".
        kernel: default "gaussian", "inverse_multiquadratic" or "rational_quadratic".
        likelihood: default "bernoulli".
        optimizer: name of a Keras optimizer. Default "adam".
        learning_rate: default from 1e-4 to 1e-2.
        batch_size: default 64 or 128; at least 2.

    Raises:
        ValueError, TypeError: naming the argument, when any point of the space is no valid model.

    Example:

    >>> import keras_tuner
    >>> import keras_infovae as ki
    >>> space = ki.tuning.HyperInfoVAE(latent_dim=[2, 4], alpha=0.5)
    >>> model = space.build(keras_tuner.HyperParameters())
    >>> model.latent_dim, model.alpha
    (2, 0.5)

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, equation 6.
    """

    model_class = models.InfoVAE
    hyperparameters = tuple(name for name in _DEFAULTS if name != "beta")

    def __new__(cls, **space):
        import keras_tuner  # slow to import, so that the base comes with the first instance

        if not issubclass(cls, keras_tuner.HyperModel):
            cls = type(cls.__name__, (cls, keras_tuner.HyperModel), {"__doc__": cls.__doc__})
        return object.__new__(cls)

    def __init__(self, **space):
        for name in space:
            if name not in self.hyperparameters:
                known = ", ".join(self.hyperparameters)
                raise argument_error(name, f"left out; there are {known}", space[name], TypeError)
        given = {name: _DEFAULTS[name] for name in self.hyperparameters} | space
        self.space = {name: choices.check(name, value) for name, value in given.items()}
        self._check_points()
        super().__init__()

    def build(self, hp):
        """Returns a compiled model, not built yet, of the values that `hp` chooses."""
        values = self._values(hp)
        model = self._model(values)
        optimizer = keras.optimizers.get(values["optimizer"])
        optimizer.learning_rate = values["learning_rate"]
        model.compile(optimizer)
        return model

    def fit(self, hp, model, *arguments, **options):
        """Trains `model` in batches of the chosen size; returns its history."""
        return model.fit(*arguments, batch_size=hp.get("batch_size"), **options)

    def check_data(self, **arrays):
        """Raises ValueError or TypeError where some model of the space cannot take the examples.

        Args:
            **arrays: of shape [n, ...] each, by the names for the error.
        """
        first = {name: values[0] for name, values in self.space.items() if name != "kernel"}
        names = ("network", "likelihood")
        for words in itertools.product(*(self.space[name] for name in names)):
            model = self._model(first | dict(zip(names, words)))
            for name, x in arrays.items():
                model.build(model.example_spec.array(x, name).shape)

    def _values(self, hp):
        values = {}
        for name, value in self.space.items():
            parent, parent_values = self._condition(name)
            # No condition where it always holds: KerasTuner's chief prints the conditions it reads.
            if parent is None or set(self.space[parent]) <= set(parent_values):
                values[name] = choices.declare(hp, name, value)
            elif parent_values:
                with hp.conditional_scope(parent, parent_values):
                    chosen = choices.declare(hp, name, value)
                if values[parent] in parent_values:
                    values[name] = chosen
        return values

    def _condition(self, name):
        """Returns the hyperparameter on which `name` depends, or None, and its values."""
        if name in ("hidden_units", "filters"):
            word = "mlp" if name == "hidden_units" else "conv"
            return "network", [word] if word in self.space["network"] else []
        if name == "kernel":
            names = self.space["divergence"]
            return "divergence", [n for n in names if "kernel" in divergences.get(n).get_config()]
        return None, None

    def _model(self, values):
        divergence = divergences.get(values["divergence"])
        if "kernel" in values:
            divergence = type(divergence)(kernel=values["kernel"])
        if values["network"] == "conv":
            network = networks.Conv(choices.sizes("filters", values["filters"]))
        else:
            network = networks.MLP(choices.sizes("hidden_units", values["hidden_units"]))
        weights = {n: values[n] for n in ("alpha", "lambda_", "beta") if n in values}
        return self.model_class(
            values["latent_dim"],
            divergence=divergence,
            likelihood=values["likelihood"],
            encoder=network,
            decoder=network,
            **weights,
        )

    def _check_points(self):
        """Makes a model at every corner of what the constructor of the model decides on."""
        for name in self.space["network"]:
            if name not in ("mlp", "conv"):
                raise argument_error("network", "'mlp' or 'conv'", name)
        for name in self.space["optimizer"]:
            try:
                keras.optimizers.get(name)
            except ValueError:  # Keras's own words do not name the argument
                raise argument_error("optimizer", "a Keras optimizer's name", name) from None
        names = [n for n in self.space if n not in ("optimizer", "learning_rate", "batch_size")]
        first = {name: self.space[name][0] for name in names}
        # Weights and divergence bear on each other; each of the others is tried by itself.
        joint = [n for n in ("alpha", "lambda_", "beta", "divergence") if n in self.space]
        points = itertools.product(*(self.space[name] for name in joint))
        tried = [first | dict(zip(joint, point)) for point in points]
        tried += [first | {n: value} for n in names for value in self.space[n]]
        tried += [
            first | {"network": word, sizes: value}
            for word, sizes in (("mlp", "hidden_units"), ("conv", "filters"))
            if word in self.space["network"]
            for value in self.space[sizes]
        ]
        _, with_kernel = self._condition("kernel")
        for values in tried:
            if values["divergence"] not in with_kernel:
                values.pop("kernel")
            self._model(values)
