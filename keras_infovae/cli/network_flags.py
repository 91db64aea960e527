"""The flags of the networks that read and write texts: the arguments of `networks.Recurrent`."""

from keras_infovae.cli import sources
from keras_infovae.utils.constructors import constructor_parameters

_TEXTS = {
    "units": ("SIZE", "the size of the recurrent state."),
    "embedding_units": ("SIZE", "the size of the vector of a token."),
    "bidirectional": (None, "let the encoder read in both directions."),
    "word_dropout": (
        "SHARE",
        "the share of tokens, from 0 to below 1, that the decoder is not told while training, so "
        "that it needs z.",
    ),
    "cell": ("NAME", "gru or lstm."),
    "tie_embeddings": (None, "put a token out by the vector that it is read by."),
}
_OF_DATA = ("vocabulary_size",)  # which follows from the texts


def parameters():
    """Returns {argument: its default} of the networks."""
    network = sources.read("keras_infovae.networks.recurrent", "Recurrent")
    found = constructor_parameters(network)
    return {name: found[name].default for name in found if name not in _OF_DATA}


def define(flag_set):
    """Adds a flag for each argument of the networks to `flag_set`."""
    for name, default in parameters().items():
        value, text = _TEXTS[name]
        text = f"Of texts: {text}"
        if isinstance(default, bool):
            flag_set.boolean(name, text, default=None, shown="on" if default else "off")
        elif isinstance(default, float):
            flag_set.number(name, value, text, shown=f"{default:g}", minimum=0)
        elif isinstance(default, int):
            flag_set.integer(name, value, text, shown=str(default))
        else:
            flag_set.text(name, value, text, shown=default)


def settings(flags):
    """Returns {argument: value} of the flags that were given."""
    given = {name: getattr(flags, name) for name in parameters()}
    return {name: value for name, value in given.items() if value is not None}
