"""A prior of the user's own."""

from collections.abc import Callable

import keras

from keras_infovae.distributions.priors.base import SUPPORTS, Prior
from keras_infovae.typing import Config, Distribution, Shape
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import argument_error, check_choice
from keras_infovae.utils.serialization import register


@register
class UserDefinedPrior(Prior):
    """A prior made by a function of your own, without trainable weights.

    A saved model keeps the function's registered name, not its code: the function has to be
    registered with Keras, and the module that registers it imported before the model is loaded. For
    a prior with weights, extend `ki.priors.Prior`.

    Args:
        builder: a function registered by `keras.saving.register_keras_serializable(package)`, or
            its registered name. `builder(latent_dim)` returns a TFP distribution over float32 with
            batch shape [] and event shape [latent_dim].
        has_density: whether it has a log density. Default True. False leaves out what needs one.
        support: "euclidean" (default), or "sphere" where all its z have length 1.

    Raises:
        TypeError: for a builder that is not a function, or returns no TFP distribution.
        ValueError: for a function that is not registered, or the wrong shape of z.

    Example:

    >>> import keras
    >>> import tensorflow_probability as tfp
    >>> import keras_infovae as ki
    >>> @keras.saving.register_keras_serializable("my_project")
    ... def laplace_prior(latent_dim):
    ...     tfd = tfp.distributions
    ...     return tfd.Independent(tfd.Laplace([0.0] * latent_dim, 1.0), 1)
    >>> prior = ki.priors.UserDefinedPrior(laplace_prior)
    >>> prior.get_config()["builder"]
    'my_project>laplace_prior'
    >>> round(float(prior.distribution(2).log_prob([0.0, 0.0])), 4)  # 2 log(1/2)
    -1.3863
    """

    def __init__(
        self, builder: str | Callable, has_density: bool = True, support: str = "euclidean"
    ) -> None:
        super().__init__()
        self.builder = _check_builder(builder)
        self.has_density = bool(has_density)
        self.support = check_choice("support", support, SUPPORTS)

    def get_config(self) -> Config:
        name = keras.saving.get_registered_name(self.builder)
        return {**super().get_config(), "builder": name}

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        self.distribution(latent_dim)  # its errors, before anything is trained
        self.built = True

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        result = self.builder(latent_dim)
        if not isinstance(result, tfp.distributions.Distribution):
            raise argument_error(
                "builder", "a function that returns a TFP distribution", result, TypeError
            )
        event_shape, batch_shape = result.event_shape.as_list(), result.batch_shape.as_list()
        if event_shape != [latent_dim] or batch_shape:
            raise ValueError(
                f"Argument `builder` must return a distribution with event shape [{latent_dim}] "
                f"and batch shape []. Received: event shape {event_shape} and batch shape "
                f"{batch_shape}"
            )
        if result.dtype != "float32":
            raise argument_error("builder", "a function that returns one of float32", result.dtype)
        return result


def _check_builder(builder):
    """Returns the function that `builder` is or names."""
    if isinstance(builder, str):
        function = keras.saving.get_registered_object(builder)
        if function is None:
            raise argument_error(
                "builder",
                "the name of a registered function: import the module that registers it first",
                builder,
            )
        return function
    if not callable(builder):
        raise argument_error("builder", "a function of latent_dim", builder, TypeError)
    name = keras.saving.get_registered_name(builder)
    if keras.saving.get_registered_object(name) is not builder:
        raise argument_error(
            "builder",
            "registered, so that a saved model can name it: put "
            "@keras.saving.register_keras_serializable('my_project') above the function",
            builder,
        )
    return builder
