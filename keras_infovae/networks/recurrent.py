"""Recurrent networks for sequences."""

import keras

from keras_infovae.networks.base import Network
from keras_infovae.networks.recurrent_cells import CELLS
from keras_infovae.networks.recurrent_decoder import RecurrentDecoder
from keras_infovae.typing import KerasModel, Likelihood, Shape
from keras_infovae.utils.checks import (
    argument_error,
    check_boolean,
    check_choice,
    check_integer,
    check_number,
)
from keras_infovae.utils.serialization import constructor_config, register

_LAYERS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


@register
class Recurrent(Network):
    """Recurrent networks for sequences: tokens as numbers or one-hot, [length, vocabulary].

        p(x|z) = prod_i p(x_i | x_1, ..., x_{i-1}, z),      i = 1, ..., length

    The decoder is told z in its first state and, beside the token before, at every step. It can
    describe sequences without z, which a VAE (alpha = 0, lambda_ = 1) may then leave unused; a
    larger alpha rewards its use, and `word_dropout` makes it needed. The encoder reads the
    sequence, in both directions unless told otherwise, and one dense layer follows its last states.

    Sequences of tokens by their numbers (`ki.likelihoods.TokenSequence`, which `ki.text.Text` makes
    of strings) end by themselves, and the encoder does not read what comes after. One-hot sequences
    have one length: give the vocabulary a category for what comes after the end.

    Args:
        units: size of the recurrent state, of the encoder's in each direction. Default 128.
        embedding_units: size of the linear map of a token. Default 64.
        bidirectional: whether the encoder reads in both directions. Default True.
        word_dropout: the share of tokens that the decoder is not told in training, in [0, 1). They
            are zeros to it, like the one before the first. Default 0.
        cell: "gru" (default) or "lstm".
        tie_embeddings: whether the decoder puts a token out by the vector that it reads it by: a
            linear map of the state, times the embeddings. For tokens by their numbers. Default
            False.
        vocabulary_size: how many tokens there are, where x is their numbers. Default None: what the
            model's likelihood says, and else x is one-hot, or numbers.

    Raises:
        ValueError, TypeError: for anything but positive integers, a share outside [0, 1), or x that
            is not a sequence.

    Example:

    >>> import keras_infovae as ki
    >>> import tensorflow as tf
    >>> decoder = ki.networks.Recurrent(units=8).decoder(latent_dim=2, output_shape=(5, 20))
    >>> p = decoder.distribution(tf.zeros([3, 2]), ki.likelihoods.Categorical())
    >>> p.sample(seed=0).shape
    TensorShape([3, 5, 20])

    References:
        Bowman et al., Generating Sentences from a Continuous Space, arXiv:1511.06349, section 3.1
        (word dropout).
        Press and Wolf, Using the Output Embedding to Improve Language Models, arXiv:1608.05859
        (tied embeddings).
    """

    def __init__(
        self,
        units: int = 128,
        embedding_units: int = 64,
        bidirectional: bool = True,
        word_dropout: float = 0.0,
        cell: str = "gru",
        tie_embeddings: bool = False,
        vocabulary_size: int | None = None,
    ) -> None:
        self.units = check_integer("units", units)
        self.embedding_units = check_integer("embedding_units", embedding_units)
        self.bidirectional = check_boolean("bidirectional", bidirectional)
        self.word_dropout = check_number("word_dropout", word_dropout, minimum=0)
        if self.word_dropout >= 1:
            raise argument_error("word_dropout", "less than 1", self.word_dropout)
        self.cell = check_choice("cell", cell, CELLS)
        self.tie_embeddings = check_boolean("tie_embeddings", tie_embeddings)
        self.vocabulary_size = vocabulary_size
        if vocabulary_size is not None:
            self.vocabulary_size = check_integer("vocabulary_size", vocabulary_size, 2)

    def for_likelihood(self, likelihood: Likelihood) -> "Network":
        size = getattr(likelihood, "vocabulary_size", None)
        if self.vocabulary_size == size:
            return self
        if self.vocabulary_size is not None:
            expected = f"{size}, that of the likelihood, or left out"
            raise argument_error("vocabulary_size", expected, self.vocabulary_size)
        return type(self)(**constructor_config(self) | {"vocabulary_size": size})

    def encoder(self, event_shape: Shape, output_size: int) -> KerasModel:
        _check_sequence("encoder", event_shape)
        x = keras.Input(event_shape, name="x")
        layer = _LAYERS[self.cell](self.units)
        if self.bidirectional:
            layer = keras.layers.Bidirectional(layer)
        if self.vocabulary_size is None:
            tokens = x if len(event_shape) == 2 else keras.layers.Reshape((*event_shape, 1))(x)
            state = layer(keras.layers.Dense(self.embedding_units)(tokens))
        else:
            numbers = keras.ops.cast(x[:, :, 0], "int32")
            tokens = keras.layers.Embedding(self.vocabulary_size, self.embedding_units)(numbers)
            if event_shape[1] > 1:  # a condition
                tokens = keras.layers.Concatenate()([tokens, x[:, :, 1:]])
            state = layer(tokens, mask=keras.ops.not_equal(numbers, 0))
        encoder = keras.Model(x, keras.layers.Dense(output_size)(state), name="encoder")
        encoder.autocast = False  # half precision would round the numbers of tokens
        return encoder

    def decoder(
        self, latent_dim: int, output_shape: Shape, event_shape: Shape | None = None
    ) -> KerasModel:
        event_shape = tuple(output_shape if event_shape is None else event_shape)
        _check_sequence("decoder", event_shape)
        decoder = RecurrentDecoder(
            latent_dim,
            output_shape,
            event_shape,
            units=self.units,
            embedding_units=self.embedding_units,
            word_dropout=self.word_dropout,
            cell=self.cell,
            tie_embeddings=self.tie_embeddings,
            vocabulary_size=self.vocabulary_size,
        )
        decoder.build()
        return decoder


def _check_sequence(argument, shape):
    if len(shape) not in (1, 2):
        raise ValueError(
            f"Argument `{argument}`='recurrent' needs sequences of shape [length] or [length, "
            f"vocabulary]. Received: x of shape {tuple(shape)} per example. "
            "Use 'conv' or 'pixel_cnn' for images."
        )
