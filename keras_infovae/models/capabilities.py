"""What a model can do, and why it cannot do the rest."""

NAMES = (
    "reconstruct",  # x from its own code
    "encode",  # a code z for x
    "decode",  # x for a code z
    "generate",  # new x
    "elbo",  # a lower bound of log p(x)
    "log_prob",  # log p(x) itself
    "log_prob_in_graph",  # as a function of rows, which scores, reports, searches and servers go by
    "score",  # how unusual x is
    "impute",  # missing values of x from the others
    "prior",  # p(z), to draw from
    "likelihood",  # log p(x|z)
    "posterior",  # q(z|x) with a density
    "joint",  # log p(x, z)
)


class Capabilities:
    """Which of `capabilities.NAMES` a model has: `"elbo" in model.capabilities`.

    Args:
        missing: {name: why the model has it not, as the end of a sentence}; the rest it has.

    Example:

    >>> import keras_infovae as ki
    >>> sorted(set(ki.VAE(2).capabilities) - set(ki.VAE(2, num_samples=2).capabilities))
    []
    >>> "log_prob" in ki.VAE(2).capabilities
    False
    """

    def __init__(self, missing):
        self._missing = dict(missing)

    def __contains__(self, name):
        return name in NAMES and name not in self._missing

    def __iter__(self):
        return (name for name in NAMES if name not in self._missing)

    def __repr__(self):
        return f"Capabilities({', '.join(self)})"

    def with_(self, name):
        """Returns these capabilities and `name`, one of NAMES."""
        return Capabilities({key: why for key, why in self._missing.items() if key != name})

    def require(self, name, what=None):
        """Raises ValueError, with the reason, where the model does not have `name`.

        Args:
            name: one of NAMES.
            what: what needs it, as the error begins. Default None: its own name.
        """
        if name in self._missing:
            raise ValueError(f"{what or f'`{name}`'} {self._missing[name]}")
