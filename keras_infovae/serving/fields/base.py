"""The base of what a request holds."""


class Field:
    """One input of signatures, with the batch as its first axis.

    Attributes:
        name: of the input.
        holds_condition: whether what it holds has the condition of a model in it. Default False.
    """

    name = None
    holds_condition = False

    def check(self, signature, served):
        """Raises ValueError, with the reason, where the model cannot be given it.

        Args:
            signature: the name of the one that takes it.
            served: the `ServedModel`.
        """

    def spec(self, served):
        """Returns its TensorSpec."""
        raise NotImplementedError(f"{type(self).__name__} does not define `spec`")

    def read(self, served, tensor):
        """Returns {name: tensor} of what the model is given; raises, when run, for bad values."""
        raise NotImplementedError(f"{type(self).__name__} does not define `read`")

    def sample(self, samples):
        """Returns a row for each of the `Samples`: an array, or a list of bytes."""
        raise NotImplementedError(f"{type(self).__name__} does not define `sample`")

    def x(self, samples):
        """Returns the model's x, NumPy, that `sample` holds; None for what holds none."""
