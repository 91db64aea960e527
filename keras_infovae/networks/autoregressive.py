"""The base of decoders that read x as they describe it."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_infovae.networks.autoregressive_distribution import autoregressive_distribution
from keras_infovae.networks.loops import loop
from keras_infovae.typing import Config, Distribution, Dtype, Likelihood, Shape, Tensor
from keras_infovae.utils import row_random
from keras_infovae.utils.checks import check_integer, check_integers
from keras_infovae.utils.serialization import constructor_config, deserialize_values, register


@register
class AutoregressiveDecoder(keras.Model):
    """A decoder of p(x|z) = prod_i p(x_i | x_1, ..., x_{i-1}, z), with x_i what is at position i.

    It is called as `decoder([z, x])` and returns the likelihood's parameters [n, *parameter_shape]:
    those at a position depend on z, and on x at earlier positions only. All positions are computed
    at once where x is known, and one after another where x is drawn. What is at one position
    (the channels of a pixel, the categories of a token) is drawn together, as the likelihood says.

    A subclass gives `position_axes` (how many of the first axes of x are positions; their order is
    that of the memory), makes its layers in `build` and defines `parameters`. It may override
    `draw`, whose plain loop computes all positions anew for each. Every constructor argument is an
    attribute of the same name; from these it is saved and restored.

    Args:
        latent_dim: the number of dimensions of z.
        parameter_shape: the shape of the output per example, which is
            `likelihood.parameter_shape(event_shape)`.
        event_shape: the shape of x. Default None: `parameter_shape`, as it is for likelihoods with
            one parameter per value.
        name: the model's name. Default "decoder".
        dtype: a Keras dtype policy or its name. Default None: the global one.

    Raises:
        ValueError, TypeError: for anything but positive integers, or for a `parameter_shape`
            that does not begin with the positions of x.
    """

    position_axes = 1

    def __init__(
        self,
        latent_dim: int,
        parameter_shape: Shape,
        event_shape: Shape | None = None,
        name: str = "decoder",
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = check_integer("latent_dim", latent_dim)
        self.parameter_shape = tuple(check_integers("parameter_shape", parameter_shape))
        if event_shape is None:
            event_shape = parameter_shape
        self.event_shape = tuple(check_integers("event_shape", event_shape))
        axes = self.position_axes
        if len(self.event_shape) < axes or self.parameter_shape[:axes] != self.event_shape[:axes]:
            raise ValueError(
                f"Arguments `parameter_shape` and `event_shape` must begin with the same {axes} "
                f"axes, the positions of x. Received: parameter_shape={self.parameter_shape}, "
                f"event_shape={self.event_shape}"
            )

    # === What a subclass defines ===

    def parameters(self, z: Tensor, x: Tensor, training: bool = False) -> Tensor:
        """Returns the parameters [n, *parameter_shape] for z [n, latent_dim], x [n, *event_shape].

        What it gives for a position must not depend on x at this position or a later one.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `parameters`")

    def read(self, x: Tensor, training: bool = False) -> Any:
        """Returns what the network makes of x before it knows z, or None where that is nothing.

        A member that returns something defines `parameters_of_read(z, read, training)` too. What
        asks for many z, a Markov chain, has it computed once. Default None.
        """
        return None

    def log_prob(
        self,
        z: Tensor,
        x: Tensor,
        likelihood: Likelihood,
        context: Tensor | None = None,
        training: bool = False,
        read: Any = None,
    ) -> Tensor:
        """Returns log p(x|z) [n] of x [n, *event_shape] for z [n, latent_dim].

        A member may leave out what `likelihood.counted(x)` says does not count. The other arguments
        are those of `distribution`.
        """
        if read is None:
            parameters = self([z, likelihood.features(x)], training=training)
        else:
            parameters = self.parameters_of_read(z, read, training)
        return likelihood.distribution(parameters, context).log_prob(x)

    @property
    def feature_shape(self) -> Shape:
        """The shape of what the network reads of one x. Default that of x."""
        return self.event_shape

    # === Use ===

    def call(self, inputs: Sequence[Tensor], training: bool = False) -> Tensor:
        """Returns the parameters [n, *parameter_shape] for `inputs` = [z, x]."""
        z, x = inputs
        expected = tf.TensorShape([self.latent_dim]), tf.TensorShape(self.feature_shape)
        for tensor, shape in zip((z, x), expected):
            if not tensor.shape[1:].is_compatible_with(shape):
                sizes = ", ".join(map(str, self.feature_shape))
                raise ValueError(
                    f"{type(self).__name__} needs z [n, {self.latent_dim}] and x [n, {sizes}]. "
                    f"Received: shapes {tuple(z.shape)} and {tuple(x.shape)}"
                )
        z, x = (tf.ensure_shape(t, [None, *shape]) for t, shape in zip((z, x), expected))
        return self.parameters(z, x, training)

    def distribution(
        self,
        z: Tensor,
        likelihood: Likelihood,
        context: Tensor | None = None,
        training: bool = False,
        read: Any = None,
    ) -> Distribution:
        """Returns p(x|z), a TFP distribution with batch shape [n] and event shape that of x.

        `log_prob` takes one pass over all positions, `sample` one step per position. `mean` is that
        of the conditionals along one path, an unbiased estimate of the mean of p(x|z), which has no
        closed form. Every row's path is drawn with the same fixed seed: a row's mean depends on its
        own z alone. Of values without a mean, tokens, it is the likeliest at each position given
        those before it.

        Args:
            z: [n, latent_dim].
            likelihood: a likelihood whose parameters at a position describe x there. The network
                reads `likelihood.features(x)`.
            context: what the likelihood's own `context(x)` gave. Default None.
            training: whether `log_prob` is for training. Default False.
            read: what `read` gave for the features of the x that `log_prob` is asked for, one row
                for each of z. Default None: it is computed.

        Raises:
            ValueError: for a likelihood that does not describe each position by itself.
        """
        self.check_likelihood(likelihood)
        return autoregressive_distribution(self, z, likelihood, context, training, read)

    def check_likelihood(self, likelihood: Likelihood) -> None:
        """Raises ValueError unless `likelihood` describes each position of x by itself."""
        if not likelihood.describes_positions(self.event_shape, self.position_axes):
            raise ValueError(
                f"The likelihood {type(likelihood).__name__} cannot describe one position of x "
                f"alone, as {type(self).__name__} needs: its values or its weights belong to "
                f"several positions. Received: x of shape {self.event_shape} per example, whose "
                f"first {self.position_axes} axes are positions. Choose a likelihood (or its scale "
                "or dispersion) that is the same at all of them, or a decoder that does not read x."
            )

    def draw(
        self, z: Tensor, likelihood: Likelihood, seeds: Tensor, context: Tensor | None = None
    ) -> Tensor:
        """Returns one draw of x [n, *event_shape] for z [n, latent_dim].

        Row i follows from z[i], context[i] and its seed; seeds are int32 [n, 2]. This is the plain
        loop: at each position it computes the parameters of all of them.
        """
        ones = [1] * self.position_axes
        rest = self.parameter_shape[self.position_axes :]
        size = math.prod(self.event_shape[: self.position_axes])
        position_seeds = row_random.fold_in(seeds, tf.range(size))

        def step(position, x):
            parameters = tf.reshape(self([z, likelihood.features(x)]), [-1, size, *rest])
            here = tf.reshape(parameters[:, position], [-1, *ones, *rest])
            value = self.draw_position(here, likelihood, position_seeds[position], context)
            value = tf.reshape(value, [-1, 1, math.prod(value.shape[1:])])
            flat = tf.reshape(x, [-1, size, value.shape[-1]])
            flat = tf.where(tf.range(size)[:, None] == position, value, flat)
            return (tf.reshape(flat, [-1, *self.event_shape]),)

        return loop(size, step, (tf.zeros([tf.shape(z)[0], *self.event_shape]),))[0]

    def draw_position(
        self,
        parameters: Tensor,
        likelihood: Likelihood,
        seeds: Tensor,
        context: Tensor | None = None,
    ) -> Tensor:
        """Returns a draw of x at one position, float32 [n, 1, ..., *rest of event_shape].

        Args:
            parameters: what belongs to it, [n, 1, ..., *rest of parameter_shape], with one axis of
                length 1 in place of each of the axes of positions.
            seeds: int32 [n, 2], those of the rows with the number of the position folded in.
        """
        value = likelihood.draw_rows(parameters, seeds, context)
        expected = [1] * self.position_axes + list(self.event_shape[self.position_axes :])
        if value.shape[1:].as_list() != expected:
            raise ValueError(
                f"The likelihood {type(likelihood).__name__} cannot describe one position of x "
                f"alone, as {type(self).__name__} needs: it drew {value.shape[1:]} where "
                f"{tuple(expected)} was due."
            )
        return tf.cast(value, tf.float32)

    # === Saving ===

    def get_config(self) -> Config:
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        policy = keras.saving.serialize_keras_object(self.dtype_policy)
        return constructor_config(self) | {"dtype": policy}

    @classmethod
    def from_config(cls, config: Config) -> "AutoregressiveDecoder":
        """Returns the decoder that `get_config` described."""
        return cls(**deserialize_values(config))

    def get_build_config(self) -> Config:
        """Returns the shapes of z and x."""
        return {"input_shape": [[None, self.latent_dim], [None, *self.event_shape]]}

    def build_from_config(self, config: Config) -> None:
        """Makes the layers and weights of a decoder that is being restored."""
        if not self.built:
            self.build(config["input_shape"])
